//! Incidents in Slack, as people live them: the real bot beside the test Slack, over sockets or HTTP.
//!
//! Each test is a conversation; what a real Slack would not have let pass fails it at its end.

mod crash;
mod follow;
mod forms;
mod frozen;
mod http;
mod install;
mod judged;
mod killed;
mod looks;
mod night;
mod people;
mod places;
mod pressed;
mod set_up;
mod several;
mod sockets;
mod tables;
mod tokens;
mod trouble;

use crate::fake_slack::{FakeSlack, Setup};
use crate::harness::serve::Serve;

/// A bot with a Slack around it.
pub struct Both {
    pub slack: FakeSlack,
    pub bot: Serve,
}

/// The configuration of a bot in this Slack, by sockets.
pub fn by_socket(slack: &FakeSlack, more: &str) -> String {
    format!("{}\n{more}\n{PEOPLE}", table(slack))
}

/// The table `[slack]` alone.
pub fn table(slack: &FakeSlack) -> String {
    format!(
        "[slack]\nbot_token = {:?}\napp_token = {:?}\napi_url = {:?}\nannounce = \"#incidents\"",
        slack.bot_token(),
        slack.app_token(),
        slack.api_url()
    )
}

/// Ana by her member id, bo by his address, cy not at all.
pub const PEOPLE: &str = "[people.ana]\nname = \"Ana Ruiz\"\nslack = \"UANA\"\n[people.bo]\nname = \"Bo Lind\"\nemail = \"bo@example.com\"\n";

impl Both {
    pub async fn start() -> Both {
        Both::start_in(Setup::default().start(), "").await
    }

    pub async fn start_in(slack: FakeSlack, more: &str) -> Both {
        let bot = Serve::start(&by_socket(&slack, more)).await;
        slack.connected(2).await;
        Both { slack, bot }
    }

    /// The log adds up, Slack was content, and no token stands in what the bot has printed.
    pub async fn finish(mut self) {
        // Ended first: what is under way would be between the log and what follows from it.
        self.bot.terminate().await;
        self.bot.assert_log_is_whole().await;
        let log = self.bot.log();
        for secret in [self.slack.bot_token(), self.slack.app_token(), self.slack.signing_secret()] {
            assert!(!log.contains(&secret), "a secret stands in the log:\n{log}");
        }
        assert!(
            !log.contains("/commands/T0") && !log.contains("ticket="),
            "an address that is a capability stands in the log"
        );
        self.slack.complaints();
    }
}

/// What the bot printed helps to see why a test failed.
impl Drop for Both {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the bot's log:\n{}", self.bot.log());
            let calls =
                self.slack.see(|w| w.calls.iter().map(|c| format!("{} {}", c.method, c.outcome)).collect::<Vec<_>>());
            eprintln!("what it called:\n{}", calls.join("\n"));
        }
    }
}

/// What an acknowledgement said.
pub fn told(reply: &crate::fake_slack::Reply) -> String {
    assert_eq!(reply.error, None, "Slack was answered in time");
    assert!(reply.took.as_millis() < 3_000, "within three seconds, not {:?}", reply.took);
    reply.body["text"].as_str().unwrap_or_default().to_owned()
}
