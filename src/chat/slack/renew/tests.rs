//! What two replicas do to one row of the store: whose pair of tokens is in it at the end.

use super::*;
use crate::app::App;
use crate::chat::slack::Mapped;
use crate::chat::slack::vault::Vault;
use crate::chat::slack::workspace::lock;
use crate::clock::Clock;
use crate::config::{self, Address};
use crate::store::{Lock, Mode};
use firebell_domain::directory::Directory;
use secrecy::SecretSlice;
use std::sync::atomic::{AtomicU32, Ordering};

const TEAM: &str = "T0ACME";
const NOW: Timestamp = Timestamp(1_767_603_600_000_000);

static HOUSES: AtomicU32 = AtomicU32::new(0);

/// One store, in which the app is installed.
struct House {
    app: App,
    clock: Clock,
    folder: std::path::PathBuf,
    _lock: Lock,
}

impl Drop for House {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn key(n: u8) -> SecretSlice<u8> {
    vec![n; 32].into()
}

fn pair(name: &str) -> Tokens {
    Tokens { bot: format!("xoxe.xoxb-1-{name}").into(), refresh: Some(format!("xoxe-1-{name}").into()) }
}

impl House {
    async fn new() -> House {
        rustls::crypto::ring::default_provider().install_default().ok();
        let no = HOUSES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("firebell-renew-{}-{no}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let database = format!("sqlite://{}", folder.join("firebell.db").display());
        let (store, lock) = store::open(&database, Mode::Serve).await.unwrap();
        let clock = Clock::set_to(NOW);
        let app = App::start(store, clock.clone(), Directory::default(), "http://bell.example".into(), "test");
        let house = House { app: app.await.unwrap(), clock, folder, _lock: lock };
        house.install("first").await;
        house
    }

    /// Somebody presses Allow at Slack.
    async fn install(&self, name: &str) {
        let row = store::Workspace {
            team: TEAM.into(),
            name: "Acme".into(),
            sealed: Vault::new(&key(1), None).unwrap().seal(TEAM, &pair(name)).unwrap(),
            obtained_at: self.clock.now().0,
            expires_at: self.clock.now().plus_s(43_200).0,
            standing: CONNECTED.into(),
            ..store::Workspace::default()
        };
        self.app.store().install_workspace(CHANNEL, &row).await.unwrap();
    }

    /// A process that has looked at the store, and seals with the first of these keys.
    async fn replica(&self, seals: u8, before: Option<u8>) -> Slack {
        let at = |text: &str| Address::new(reqwest::Url::parse(text).unwrap());
        let settings = config::Slack {
            app_token: None,
            bot_token: None,
            signing_secret: None,
            oauth: Some(config::SlackOauth {
                client_id: "111.222".into(),
                client_secret: "c1ient-5ecret".into(),
                token_key: key(seals),
                previous_token_key: before.map(key),
                site_url: at("http://127.0.0.1:1"),
                workspaces: Vec::new(),
            }),
            api_url: at("http://127.0.0.1:1/api"),
            command: "/incident".into(),
            open_channels: true,
            home: config::SlackWorkspace::default(),
            elsewhere: Default::default(),
        };
        let slack = Slack::new(settings, self.app.clone(), Mapped::default()).unwrap();
        slack.look().await;
        slack
    }

    async fn stored(&self) -> store::Workspace {
        self.app.store().workspaces(CHANNEL).await.unwrap().remove(0)
    }

    /// The pair that is stored, by its name, opened with one key.
    async fn pair(&self, with: u8) -> String {
        let opened = Vault::new(&key(with), None).unwrap().open(TEAM, &self.stored().await.sealed).unwrap();
        opened.bot.expose_secret().trim_start_matches("xoxe.xoxb-1-").to_string()
    }
}

fn row_of(slack: &Slack) -> store::Workspace {
    lock(&slack.at.row).clone().expect("it has looked")
}

/// That a renewal has begun is recorded, and Slack has given the new pair.
async fn begun(house: &House, slack: &Slack) -> store::Workspace {
    let begun = store::Workspace { renewing_since: house.clock.now().0, ..row_of(slack) };
    assert!(house.app.store().change_workspace(CHANNEL, &begun).await.unwrap());
    house.clock.advance_s(3_600);
    store::Workspace { version: begun.version + 1, ..begun }
}

fn given(house: &House, name: &str) -> Given {
    let expires_at = house.clock.now().plus_s(43_200).0;
    Given { tokens: pair(name), expires_at, scopes: "chat:write".into() }
}

#[tokio::test]
async fn a_renewed_pair_is_recorded_over_what_another_replica_noted_of_the_old_one() {
    let house = House::new().await;
    let (one, two) = (house.replica(1, None).await, house.replica(1, None).await);
    let row = begun(&house, &one).await;
    // The database was away for longer than the lease: another replica takes over, and Slack takes the old pair no more.
    two.look().await;
    assert!(two.settled(row_of(&two), UNRENEWABLE).await);
    two.look().await;
    assert!(!two.troubled().is_empty(), "the other replica says so");
    assert!(one.recorded(row, given(&house, "renewed"), "Acme").await);
    let stored = house.stored().await;
    assert_eq!((house.pair(1).await.as_str(), stored.standing.as_str()), ("renewed", CONNECTED));
    assert_eq!(stored.renewing_since, 0);
    two.look().await;
    assert_eq!((row_of(&two).sealed, two.troubled()), (stored.sealed, Vec::new()), "the other one has it");
}

#[tokio::test]
async fn a_renewed_pair_does_not_replace_one_that_was_installed_meanwhile() {
    let house = House::new().await;
    let (one, two) = (house.replica(1, None).await, house.replica(1, None).await);
    let row = begun(&house, &one).await;
    house.install("installed").await;
    let installed = house.stored().await;
    assert!(one.recorded(row, given(&house, "renewed"), "Acme").await);
    assert_eq!((house.pair(1).await.as_str(), house.stored().await), ("installed", installed.clone()));
    for replica in [one, two] {
        replica.look().await;
        assert_eq!(row_of(&replica), installed, "and it is what is used");
    }
}

#[tokio::test]
async fn a_renewed_pair_is_recorded_over_the_old_one_that_another_replica_sealed_anew() {
    let house = House::new().await;
    let one = house.replica(1, None).await;
    let row = begun(&house, &one).await;
    // A new key is rolled out: the next replica seals what it finds with it, which is the old pair.
    let two = house.replica(2, Some(1)).await;
    assert_eq!(house.pair(2).await, "first");
    assert!(one.recorded(row, given(&house, "renewed"), "Acme").await);
    assert_eq!(house.pair(1).await, "renewed");
    two.look().await;
    assert_eq!(house.pair(2).await, "renewed", "sealed anew again, and used");
    assert_eq!(row_of(&two).sealed, house.stored().await.sealed);
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_not_made_again_over_a_later_one() {
    let house = House::new().await;
    let (one, two) = (house.replica(1, None).await, house.replica(1, None).await);
    let row = begun(&house, &one).await;
    assert!(one.recorded(row.clone(), given(&house, "renewed"), "Acme").await);
    two.look().await;
    let later = begun(&house, &two).await;
    assert!(two.recorded(later, given(&house, "once more"), "Acme").await);
    let stored = house.stored().await;
    assert!(one.recorded(row, given(&house, "renewed"), "Acme").await);
    assert_eq!((house.pair(1).await.as_str(), house.stored().await), ("once more", stored));
}
