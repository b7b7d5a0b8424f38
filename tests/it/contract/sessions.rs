//! Sessions are people's, and what ends one says which: on both databases, and to every replica.

use super::store::{Bench, START, on_both};
use firebell::store::{Ended, Ending, Right, Store};

impl Bench {
    async fn signed_in(&self, person: &str, hash: &str) {
        let right = Right { person: person.into(), admin: false };
        self.store.add_invitation(hash, &right, START.plus_s(60)).await.unwrap();
        let redeemed =
            self.store.redeem_invitation(hash, hash, "Firefox on Linux", START, START.plus_s(3_600)).await.unwrap();
        assert_eq!(redeemed, Some(right));
    }

    async fn hashes(&self, person: Option<&str>) -> Vec<String> {
        self.store.sessions(person, START).await.unwrap().into_iter().map(|s| s.hash).collect()
    }
}

on_both! {
    async fn sessions_end_one_by_one_all_but_one_or_all_and_never_somebody_elses(b: Bench) {
        for (person, hash) in [("ana", "a1"), ("ana", "a2"), ("ana", "b3"), ("bo", "a9")] {
            b.signed_in(person, hash).await;
        }
        assert_eq!(b.hashes(None).await, ["a1", "a2", "b3", "a9"]);
        let first = &b.store.sessions(Some("bo"), START).await.unwrap()[0];
        assert_eq!((first.browser.as_str(), first.created_at, first.admin), ("Firefox on Linux", START, false));
        assert!(b.store.sessions(None, START.plus_s(3_600)).await.unwrap().is_empty(), "they expire");
        let ended = async |person, which| {
            let mut ended = b.store.end_sessions(person, which).await.unwrap();
            ended.sessions.sort();
            (ended.sessions, ended.links)
        };
        assert_eq!(ended("ana", Ending::One("a9")).await, (vec![], 0), "that is bo's");
        assert_eq!(ended("ana", Ending::One("b3")).await, (vec!["b3".to_string()], 0));
        assert_eq!(ended("ana", Ending::Others("a2")).await, (vec!["a1".to_string()], 0));
        b.store.add_invitation("link", &Right { person: "ana".into(), admin: false }, START.plus_s(60)).await.unwrap();
        assert_eq!(ended("ana", Ending::All).await, (vec!["a2".to_string()], 1));
        assert_eq!(b.store.end_sessions("ana", Ending::All).await.unwrap(), Ended::default());
        assert_eq!(b.hashes(None).await, ["a9"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_replicas_on_a_real_postgres_hear_which_session_is_over() {
    let b = Bench::pg().await;
    let Store::Pg(pool) = &b.store else { panic!("this is Postgres") };
    let mut listener = sqlx::postgres::PgListener::connect_with(pool).await.expect("it listens");
    listener.listen("firebell").await.expect("it listens");
    b.signed_in("ana", "a1").await;
    b.store.end_sessions("ana", Ending::All).await.unwrap();
    let heard =
        tokio::time::timeout(crate::harness::BOUND, listener.recv()).await.expect("in time").expect("it is told");
    assert_eq!(heard.payload(), "session:a1");
}
