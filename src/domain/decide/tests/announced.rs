//! Where incidents are announced: at home all, in a workspace of its own what was declared there, nowhere what is private.

use super::*;
use crate::chat::{ChatRule, RoomTask};

const BETA: &str = "slack T0BETA";

fn rule(channel: &str, own_only: bool) -> ChatRule {
    let (channel, rooms) = (ChannelId::from(channel), Default::default());
    ChatRule { opens: channel.as_str() == "slack", announces: true, channel, own_only, rooms }
}

/// Home, one workspace that hears of its own incidents, one that hears of all.
fn chats() -> Directory {
    let chats = vec![rule("slack", false), rule(BETA, true), rule("slack T0GAMMA", false)];
    Directory { chats, ..directory() }
}

fn declared(actor: &Actor, private: bool) -> Case {
    let decision = declare(IncidentId(1), &Declaration { private, ..declaration(None) }, actor, &chats(), START);
    let decision = decision.expect("declared");
    let outbox = rows(None, &decision.events);
    Case { directory: chats(), now: START, incident: decision.incident, log: decision.events, outbox }
}

/// Where an announcement is on its way to.
fn announced(case: &Case) -> Vec<&str> {
    let task = |l: &&crate::intent::Live| matches!(l.intent.what, What::Room { task: RoomTask::Announce, .. });
    case.incident.live.values().filter(task).map(|l| l.intent.channel.as_str()).collect()
}

#[test]
fn an_incident_is_announced_where_it_was_declared_and_where_all_are() {
    for (actor, told) in [
        (Actor::person("ana", BETA), &["slack", BETA, "slack T0GAMMA"][..]),
        (Actor::person("ana", "slack"), &["slack", "slack T0GAMMA"]),
        (Actor::person("ana", "slack T0BETA1"), &["slack", "slack T0GAMMA"]),
        (Actor::person("ana", "room"), &["slack", "slack T0GAMMA"]),
        (Actor::Source { name: "prom".into() }, &["slack", "slack T0GAMMA"]),
    ] {
        let mut case = declared(&actor, false);
        assert_eq!(announced(&case), told, "{actor:?}");
        // Who takes it, and where, changes nothing of that.
        case.as_person("bo", BETA, Input::Acknowledge).expect("taken");
        assert_eq!(announced(&case), told, "{actor:?}");
    }
}

#[test]
fn a_private_incident_is_announced_nowhere() {
    for via in ["slack", BETA, "room"] {
        let case = declared(&Actor::person("ana", via), true);
        assert_eq!(announced(&case), [""; 0], "{via}");
        assert!(!case.incident.rooms.contains_key(&ChannelId::from(BETA)), "{via}");
    }
}

#[test]
fn an_announcement_in_a_workspace_follows_the_incident_and_knows_its_place() {
    let mut case = declared(&Actor::person("ana", BETA), false);
    let (beta, home) = (ChannelId::from(BETA), ChannelId::from("slack"));
    let of = |case: &Case, channel: &ChannelId| {
        let mut all = case.incident.live.values().filter(|l| {
            l.intent.channel == *channel && matches!(l.intent.what, What::Room { task: RoomTask::Announce, .. })
        });
        all.next().map(|l| l.intent.no)
    };
    let receipt = |text: &str| SendOutcome::Done { receipt: Some(text.into()) };
    let no = of(&case, &beta).expect("an announcement");
    let seq = case.claim(no);
    case.deliver(no, seq, receipt("C0NEWS/1.1")).expect("posted");
    assert_eq!(of(&case, &beta), None, "it shows how things stand");
    assert_eq!(case.incident.place_in(&beta), None);
    let place = Input::UseRoom { chat: home.clone(), place: "T0BETA:C0INC1".into() };
    case.as_person("ana", BETA, place).expect("a place");
    assert_eq!(case.incident.place_in(&beta), Some("T0BETA:C0INC1"), "the platform's own");
    let no = of(&case, &beta).expect("an edit, which names the place");
    let seq = case.claim(no);
    case.deliver(no, seq, receipt("C0NEWS/1.1")).expect("edited");
    let room = &case.incident.rooms[&beta];
    assert_eq!((room.announced.as_deref(), room.place.as_deref()), (Some("C0NEWS/1.1"), None));
    // In the workspace's own chat nothing else is ever done: its channel is a place of the platform.
    let elsewhere = case.incident.live.values().filter(|l| l.intent.channel == beta);
    assert_eq!(elsewhere.count(), 0);
}
