//! What there is around the bot of the recorded run: a Slack, a Discord, a pager, a Docker daemon with one container that
//! has ended badly, a shop whose health check fails. Everything real but the vendors; says nothing of what should happen.

use crate::fake_discord::Discord;
use crate::fake_slack::FakeSlack;
use crate::harness::docker::Daemon;
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::serve::Serve;
use crate::harness::wire::Wire;
use crate::harness::{BOUND, eventually};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use std::fs;
use std::time::Duration;

const SECRET: &str = "between firebell and the pager";

/// After an outage a platform is asked one thing in up to half a minute.
const QUIET_BOUND: Duration = Duration::from_secs(90);

pub struct Stage {
    pub slack: FakeSlack,
    pub discord: Discord,
    pub pager: FakeWebhook,
    pub bot: Serve,
    pub shop: Wire,
    /// Ends with the test, and with it what runs in it.
    _daemon: Daemon,
}

impl Stage {
    pub async fn set() -> Stage {
        let daemon = Daemon::start().await;
        daemon.container("shop-web", &[], "trap 'exit 0' TERM; echo listening on 8080; while :; do sleep 0.1; done");
        daemon.container("shop-payments", &[], "echo connecting to the bank; echo out of memory; exit 137");
        let ended = async || daemon.state("shop-payments", "{{.State.Status}}") == "exited";
        eventually("one container has ended", BOUND, ended).await;
        let unwell = || async { (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"down","payments":"unreachable"}"#) };
        let shop = Wire::serve(Router::new().route("/health", get(unwell)));
        let (slack, discord, pager) = (FakeSlack::start(), Discord::start(), FakeWebhook::start(SECRET));
        let mut bot = Serve::configured(&config(&slack, &discord, &pager, &daemon, &shop));
        let folder = bot.folder().join("runbooks");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("shop.md"), RUNBOOK.replace("http://shop", &shop.url())).expect("written");
        fs::write(folder.join("shop.overlay.toml"), OVERLAY).expect("written");
        bot.start_again().await;
        slack.connected(2).await;
        discord.eventually("the commands are registered", |s| !s.commands.is_empty()).await;
        Stage { slack, discord, pager, bot, shop, _daemon: daemon }
    }

    /// Waits until nothing waits to be brought to these chats, and nothing is on its way anywhere.
    pub async fn quiet(&self, chats: &[&str]) {
        eventually(&format!("nothing waits for {chats:?}"), QUIET_BOUND, async || {
            let all = self.bot.get("/health/components").await.json();
            let outbox = &all["components"]["outbox"];
            let waits = |entry: &serde_json::Value| chats.iter().any(|chat| entry["channel"] == *chat);
            outbox["being_sent"] == 0 && outbox["waiting"].as_array().is_some_and(|w| !w.iter().any(waits))
        })
        .await;
        if chats.contains(&"slack") {
            self.slack.settled().await;
        }
    }

    /// The incident's own channel.
    pub fn slack_room(&self) -> String {
        "inc-1-checkout-answers-502".to_string()
    }

    pub fn discord_room(&self) -> u64 {
        self.discord.channel("inc-1-checkout-answers-502").id
    }

    /// The log adds up, and neither platform was asked for what it does not do.
    pub async fn strike(mut self) {
        self.bot.terminate().await;
        self.bot.assert_log_is_whole().await;
        self.slack.complaints();
        self.discord.finish().await;
    }
}

fn config(slack: &FakeSlack, discord: &Discord, pager: &FakeWebhook, daemon: &Daemon, shop: &Wire) -> String {
    let (ana, bo) = (discord.ana().id, discord.bo().id);
    let by_slack = crate::slack::table(slack);
    format!(
        r#"{by_slack}
[discord]
token = "{}"
application_id = "{}"
public_key = "{}"
guild_id = "{}"
api_url = "{}"
announce = "{}"

[people.ana]
name = "Ana Ruiz"
slack = "UANA"
discord = "{ana}"
[people.bo]
name = "Bo Lind"
email = "bo@example.com"
discord = "{bo}"
contact = [{{ via = "webhook.ops" }}]
[people.cy]
name = "Cy Moss"

[services.checkout]
system = "Shop"
owners = ["bo"]

[[policies.default.levels]]
page = ["@bo"]
delay = "1h"

[paging.webhook.ops]
url = "{}"
secret = "{SECRET}"

[targets.shop-docker]
kind = "docker"
address = "unix://{}"
[targets.shop-web]
kind = "http"
address = "{}"
"#,
        discord.token(),
        discord.application_id(),
        discord.public_key(),
        discord.guild_id(),
        discord.api_url(),
        discord.channel("incidents").id,
        pager.url(),
        daemon.socket().display(),
        shop.url(),
    )
}

const OVERLAY: &str = r#"
[[targets]]
name = "docker"
target = "shop-docker"
[[targets]]
name = "http"
target = "shop-web"
"#;

const RUNBOOK: &str = r#"# Shop

**System**: Shop

## Severity levels

| Level | Name | Meaning |
|---|---|---|
| P1 | Critical | Nobody can buy |
| P2 | High | Some cannot buy |

## Health checks

```bash
# Every container, also those that have ended
docker ps -a

# Payments
docker inspect shop-payments
docker logs --tail 20 shop-payments

# The shop itself
curl -fsS http://shop/health
```
"#;
