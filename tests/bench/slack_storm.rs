//! A storm in Slack: so many incidents declared at once, under the limits that Slack publishes (20 new channels, 50 edits,
//! some hundred messages a minute, one message a second in a channel), by the real clock: how soon each is announced, how
//! soon it has its channel, and what an acknowledgement's answer takes meanwhile. 500 take about half an hour.

use crate::fake_slack::{FakeSlack, Setup, World};
use crate::figures::percentiles;
use crate::harness::eventually;
use crate::harness::serve::Serve;
use crate::machine;
use crate::timers::each;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Beyond what the limits alone need it has hung.
const SLACK: Duration = Duration::from_secs(600);
const ACKNOWLEDGE_EVERY: Duration = Duration::from_secs(2);
/// How often it says what it is at.
const TELL_EVERY: Duration = Duration::from_secs(30);

pub async fn run(incidents: u64) -> Value {
    let slack = Setup::default().start();
    let config = format!(
        "[log]\nfilter = \"warn\"\n[slack]\nbot_token = {:?}\napp_token = {:?}\napi_url = {:?}\nannounce = \"#incidents\"\n\
         [people.ana]\nslack = \"UANA\"\n",
        slack.bot_token(),
        slack.app_token(),
        slack.api_url()
    );
    let serve = Serve::start(&config).await;
    slack.connected(2).await;
    let began = Instant::now();
    let one = |n| {
        ("/api/v1/incidents".to_string(), json!({"severity": "P1", "title": format!("bench-{n} is down")}).to_string())
    };
    let ids = each(&serve, incidents as usize, one).await;
    let declared = began.elapsed();
    let wanted = ids.len();
    let bound = Duration::from_secs(incidents * 60 / 19) + SLACK;
    let (mut answers, mut announced, mut opened) = (Vec::new(), None, None);
    let (mut next, mut told) = (Instant::now(), Instant::now());
    let mut left = ids.iter();
    eventually("every incident is announced and has its channel", bound, async || {
        let (lines, channels) = slack.see(|w| (announcements(w), rooms(w)));
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            eprintln!("{:4} s  {lines} announced, {channels} channels", began.elapsed().as_secs());
        }
        announced = announced.or((lines >= wanted).then(|| began.elapsed()));
        opened = opened.or((channels >= wanted).then(|| began.elapsed()));
        if Instant::now() >= next
            && let Some(id) = left.next()
        {
            next = Instant::now() + ACKNOWLEDGE_EVERY;
            answers.push(acknowledged(&slack, id).await);
        }
        opened.is_some() && announced.is_some()
    })
    .await;
    let refused = slack.see(|w| {
        let methods =
            ["chat.postMessage", "chat.update", "conversations.create", "conversations.invite", "bookmarks.add"];
        methods.iter().map(|m| (m.to_string(), json!(w.limits.refused(m)))).collect::<serde_json::Map<_, _>>()
    });
    let seconds = |d: Option<Duration>| d.map(|d| (d.as_secs_f64() * 10.0).round() / 10.0);
    json!({
        "benchmark": "slack-storm", "machine": machine(), "incidents": wanted,
        "limits": "the published tiers, by the real clock",
        "all_declared_s": seconds(Some(declared)), "all_announced_s": seconds(announced),
        "last_channel_s": seconds(opened), "at_least_by_the_limit_s": (wanted as u64).saturating_sub(20) * 60 / 20,
        "acknowledged_meanwhile": percentiles(&mut answers), "refused_by_slack_429": refused,
    })
}

async fn acknowledged(slack: &FakeSlack, id: &str) -> Duration {
    let at = Instant::now();
    let reply = slack.ana().says("general", &format!("/incident {id} ack")).await;
    assert_eq!(reply.error, None, "{id}");
    at.elapsed()
}

/// With or without buttons: those of an incident that has its channel are there.
fn announcements(world: &World) -> usize {
    world.messages_in(world.home(), "incidents").iter().filter(|m| m.thread().is_none()).count()
}

fn rooms(world: &World) -> usize {
    world.team(world.home()).channels.values().filter(|c| c.name.starts_with("inc-")).count()
}
