//! A lease is one holder's until it has run out or is given back: on both databases.

use super::store::{Bench, START, on_both};

const NAME: &str = "discord.gateway";

on_both! {
    async fn a_lease_is_one_holders_until_it_has_run_out_or_is_given_back(b: Bench) {
        let s = &b.store;
        let at = |seconds: i64| START.plus_s(seconds);
        assert!(s.hold_lease(NAME, "one", at(0), at(15)).await.unwrap(), "nobody had it");
        assert!(!s.hold_lease(NAME, "other", at(14), at(29)).await.unwrap(), "it has not run out");
        assert!(s.hold_lease(NAME, "one", at(10), at(25)).await.unwrap(), "its holder keeps it");
        assert!(!s.hold_lease(NAME, "other", at(20), at(35)).await.unwrap(), "it was kept");
        assert!(s.hold_lease("another one", "other", at(20), at(35)).await.unwrap(), "by name");
        assert!(s.hold_lease(NAME, "other", at(25), at(40)).await.unwrap(), "it has run out");
        assert!(!s.hold_lease(NAME, "one", at(26), at(41)).await.unwrap(), "whose it was knows that it is not any more");
        s.give_lease_back(NAME, "one").await.unwrap();
        assert!(!s.hold_lease(NAME, "third", at(27), at(42)).await.unwrap(), "only its holder gives it back");
        s.give_lease_back(NAME, "other").await.unwrap();
        assert!(s.hold_lease(NAME, "third", at(27), at(42)).await.unwrap(), "at once");
    }
}
