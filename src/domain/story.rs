//! Scripted incidents for tests: what people, alerts, timers and pagers did in some nights, decided by the real
//! decision function. Between them every kind of event occurs. Compiled for tests only, here and for the words of
//! the bot; never looks at what is said about it.

#![allow(dead_code)] // compiled in two packages' tests, and each uses its part

use chrono::NaiveDate;
use firebell_domain::alert::{Alert, AlertStatus, Delivery};
use firebell_domain::chat::ChatRule;
use firebell_domain::decide::{Because, Declaration, Input, SendOutcome, Unreadable, decide, declare};
use firebell_domain::directory::{Directory, EscalationPolicy, Person, Service, Step, Target};
use firebell_domain::event::{Actor, IncidentEvent, KeptAs};
use firebell_domain::hours::{When, WorkingHours};
use firebell_domain::id::{ChannelId, IncidentId, PersonId, PolicyId, ServiceId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{IntentNo, Live, What};
use firebell_domain::playbook::{self, Part, Playbook, Risk};
use firebell_domain::postmortem::Chapter;
use firebell_domain::severity::{Clocks, Severity};
use firebell_domain::status::{IncidentStatus, PostmortemStatus};
use firebell_domain::time::Timestamp;
use firebell_domain::timer::timers;

/// One decision of a story, with the incident before and after it.
pub struct Scene {
    pub name: &'static str,
    pub before: Option<Incident>,
    pub events: Vec<IncidentEvent>,
    pub after: Incident,
    pub now: Timestamp,
}

pub struct Story {
    pub name: &'static str,
    pub scenes: Vec<Scene>,
    pub directory: Directory,
    pub incident: Incident,
    now: Timestamp,
}

pub fn at(time: &str) -> Timestamp {
    Timestamp::from(chrono::DateTime::parse_from_rfc3339(time).expect("a time").to_utc())
}

pub fn severity(level: &str) -> Severity {
    let scale = [("P1", "Critical", 1, Some(300)), ("P2", "High", 2, Some(900)), ("P3", "Medium", 3, None)];
    let of = |(level, name, rank, response_s): (&str, &str, u32, Option<i64>)| Severity {
        level: level.into(),
        name: name.into(),
        rank,
        response_s,
        ..Severity::new("", "", 1)
    };
    scale.into_iter().find(|s| s.0 == level).map(of).expect("a severity of the story")
}

pub fn person(name: &str) -> Actor {
    Actor::person(name, "room")
}

fn step(targets: &[Target]) -> Step {
    Step::new(targets.to_vec(), 300)
}

fn named(name: &str) -> Target {
    Target::Person(PersonId::from(name))
}

/// ana and bo can be paged, cy cannot; two levels that repeat until somebody answers.
pub fn directory() -> Directory {
    let human = |name: &str, methods: &[&str]| Person {
        name: name.to_string(),
        time_zone: chrono_tz::UTC,
        contact_methods: methods.iter().map(|m| ChannelId::from(*m)).collect(),
    };
    let mut d = Directory::default();
    d.people.insert("ana".into(), human("Ana Ruiz", &["pagerduty"]));
    d.people.insert("bo".into(), human("Bo Lind", &["pagerduty", "webhook.ops"]));
    d.people.insert("cy".into(), human("Cy Okoro", &[]));
    d.severities = vec![severity("P1"), severity("P2"), severity("P3")];
    d.services.insert("payments".into(), Service { owners: vec!["bo".into()], ..Service::default() });
    d.pagers = vec!["pagerduty".into(), "webhook.ops".into()];
    d.notice_channels = vec!["webhook.ops".into()];
    policy(&mut d, vec![step(&[named("ana")]), step(&[named("bo"), named("cy")])], None);
    d
}

fn policy(d: &mut Directory, steps: Vec<Step>, repeat_max: Option<u32>) {
    let name = PolicyId::from("default");
    d.policies.insert(name.clone(), EscalationPolicy::new(name, steps, repeat_max));
}

pub fn alert(fingerprint: &str, status: AlertStatus, starts_at: Timestamp, summary: &str) -> Alert {
    let link = (status == AlertStatus::Firing).then(|| format!("https://prometheus.example.org/alerts/{fingerprint}"));
    Alert { fingerprint: fingerprint.into(), status, starts_at, summary: summary.into(), link }
}

fn delivery(alerts: Vec<Alert>, group_status: AlertStatus, truncated: u32) -> Delivery {
    Delivery { source: "prometheus".into(), group: "{service=\"payments\"}".into(), alerts, group_status, truncated }
}

impl Story {
    fn begin(name: &'static str, no: i64, directory: Directory, actor: &Actor, declaration: &Declaration) -> Story {
        let now = at("2026-11-21T03:05:10Z");
        let d = declare(IncidentId(no), declaration, actor, &directory, now).expect("declared");
        let first = Scene { name: "declared", before: None, events: d.events, after: d.incident.clone(), now };
        Story { name, scenes: vec![first], directory, incident: d.incident, now }
    }

    fn wait(&mut self, seconds: i64) -> &mut Self {
        self.now = self.now.plus_s(seconds);
        self
    }

    fn says(&mut self, name: &'static str, actor: &Actor, input: Input) -> &mut Self {
        let d = decide(&self.incident, &input, actor, &self.directory, self.now).expect(name);
        let before = std::mem::replace(&mut self.incident, d.incident.clone());
        self.scenes.push(Scene { name, before: Some(before), events: d.events, after: d.incident, now: self.now });
        self
    }

    /// Waits for the timer that leads on and lets it fire, after the clocks that are due before it.
    fn timer(&mut self, name: &'static str) -> &mut Self {
        loop {
            let due = timers(&self.incident).min_by_key(|t| (t.due_at, t.kind)).expect("a timer");
            self.now = self.now.max(due.due_at);
            if due.kind.leads_on() {
                return self.says(name, &Actor::Engine, Input::TimerDue(due));
            }
            self.says(due.kind.as_str(), &Actor::Engine, Input::TimerDue(due));
        }
    }

    /// Lets pass what is due within so many seconds.
    fn clocks(&mut self, seconds: i64) -> &mut Self {
        let end = self.now.plus_s(seconds);
        while let Some(due) = timers(&self.incident).min_by_key(|t| (t.due_at, t.kind)).filter(|t| t.due_at <= end) {
            self.now = self.now.max(due.due_at);
            self.says(due.kind.as_str(), &Actor::Engine, Input::TimerDue(due));
        }
        self.now = end;
        self
    }

    fn claim(&mut self, no: IntentNo) -> &mut Self {
        let due_at = self.incident.live.get(&no).map(|l| l.due_at).expect("a live intent");
        self.now = self.now.max(due_at);
        self.says("claimed", &Actor::Engine, Input::Claim { no, worker: "w1".into() })
    }

    fn outcome(&mut self, name: &'static str, no: IntentNo, outcome: SendOutcome) -> &mut Self {
        let claim_seq = self.claim_seq(no);
        self.says(name, &Actor::Engine, Input::Delivered { no, claim_seq, outcome })
    }

    fn lost(&mut self, name: &'static str, no: IntentNo) -> &mut Self {
        let claim_seq = self.claim_seq(no);
        self.says(name, &Actor::Engine, Input::ClaimLost { no, claim_seq })
    }

    fn claim_seq(&self, no: IntentNo) -> i64 {
        let live = self.incident.live.get(&no).expect("a live intent");
        live.claim.as_ref().map(|c| c.seq).expect("claimed")
    }

    fn sent(&mut self, no: IntentNo) -> &mut Self {
        let receipt = Some(format!("r-{no}"));
        self.claim(no).outcome("sent", no, SendOutcome::Done { receipt })
    }

    /// The number of the newest live intent that is a page.
    fn page(&self) -> IntentNo {
        let pages = self.incident.live.values().rev();
        pages.filter(|l| matches!(l.intent.what, What::Page(_))).map(|l| l.intent.no).next().expect("a live page")
    }

    pub fn events(&self) -> Vec<IncidentEvent> {
        self.scenes.iter().flat_map(|s| s.events.iter().cloned()).collect()
    }
}

fn declaration(level: &str, title: &str) -> Declaration {
    Declaration {
        title: title.into(),
        severity: severity(level),
        service: Some(ServiceId::from("payments")),
        private: false,
        because: None,
    }
}

/// Somebody declares it by hand; sends fail, Firebell crashes, it is handed back, snoozed, resolved and reopened.
pub fn bad_night() -> Story {
    let (ana, bo, cy) = (person("ana"), person("bo"), Actor::person("cy", "the local token"));
    let d = declaration("P2", "checkout is down");
    let mut s = Story::begin("bad_night", 42, directory(), &cy, &d);
    s.sent(1).claim(2);
    s.wait(1).outcome(
        "retried",
        2,
        SendOutcome::Retry { after_s: Some(4), why: "vendor answered 503".into(), maybe_sent: false },
    );
    s.sent(2).timer("level 2");
    let page = s.page();
    s.claim(page).outcome("gave up", page, SendOutcome::Never { why: "routing key refused".into() });
    let page = s.page();
    s.claim(page).wait(40).lost("crashed", page).claim(page);
    s.wait(1).says("noted", &cy, Input::Note { text: "first look:\n<b>500</b> from `/pay` | **all** zones".into() });
    s.says("severity", &cy, Input::SetSeverity { severity: severity("P1"), reason: "every zone is affected".into() });
    s.wait(20).says("acknowledged", &bo, Input::Acknowledge);
    s.wait(30).lost("left alone", page);
    s.says("lead", &bo, Input::AssignLead { person: "ana".into() });
    s.says("role", &bo, Input::AssignRole { role: "Scribe".into(), person: "cy".into() });
    let text = "need a second pair of eyes".to_string();
    s.wait(60).says("paged", &bo, Input::Page { whom: named("ana"), text });
    let identified = IncidentStatus::Identified;
    s.wait(240).says("status", &ana, Input::SetStatus { status: identified, text: "a bad deploy".into() });
    s.says("update", &ana, Input::PostUpdate { text: "Card payments fail. Next update at 04:00 UTC.".into() });
    s.wait(60).says("handed back", &bo, Input::Unacknowledge { reason: "battery is empty".into() });
    s.wait(20).says("snoozed", &ana, Input::Snooze { until: at("2026-11-21T03:30:00Z") });
    s.timer("snooze over");
    s.wait(30).says("acknowledged again", &ana, Input::Acknowledge);
    s.wait(30).says("snoozed while taken", &ana, Input::Snooze { until: at("2026-11-21T03:33:00Z") });
    s.timer("acknowledgement lapsed");
    s.wait(10).says("acknowledged once more", &ana, Input::Acknowledge);
    s.wait(30).says("escalated", &ana, Input::Escalate);
    let due = NaiveDate::from_ymd_opt(2026, 12, 1);
    let text = "canary before every deploy".to_string();
    s.wait(30).says("action", &ana, Input::AddAction { text, owner: Some("bo".into()), due });
    s.says("second action", &ana, Input::AddAction { text: "tell the card partner".into(), owner: None, due: None });
    s.says("action done", &cy, Input::FinishAction { no: 2 });
    let text = String::new();
    s.wait(600).says("mitigated", &ana, Input::SetStatus { status: IncidentStatus::Monitoring, text });
    s.wait(900).says("resolved", &ana, Input::Resolve { text: "rolled back to 4.2".into() });
    s.wait(120).says("reopened", &bo, Input::Reopen { reason: "errors are back".into() });
    s.wait(10).says("acknowledged at last", &bo, Input::Acknowledge);
    s.wait(300).says("resolved for good", &bo, Input::Resolve { text: String::new() });
    s
}

/// Alerts declare it; nobody answers until the policy is used up; they clear, fire again and end by themselves.
pub fn alerts_alone() -> Story {
    let (source, t0) = (Actor::Source { name: "prometheus".into() }, at("2026-11-21T03:01:00Z"));
    let mut directory = directory();
    policy(&mut directory, vec![step(&[named("ana")])], Some(0));
    use AlertStatus::{Firing, Resolved};
    let two = vec![alert("a1", Firing, t0, "5xx above 5 %"), alert("a2", Firing, t0, "latency above 2 s")];
    let because = Some(Because::Alerts(delivery(two, Firing, 0)));
    let d = Declaration { because, ..declaration("P1", "payments: 5xx above 5 %") };
    let mut s = Story::begin("alerts_alone", 43, directory, &source, &d);
    s.sent(2).timer("used up");
    let both = vec![alert("a1", Resolved, t0, "5xx above 5 %"), alert("a2", Resolved, t0, "latency above 2 s")];
    s.wait(60).says("cleared", &source, Input::Alerts(delivery(both.clone(), Resolved, 0)));
    let t1 = at("2026-11-21T03:12:00Z");
    let again = vec![alert("a1", Firing, t1, "5xx above 5 %")];
    s.wait(30).says("fires again", &source, Input::Alerts(delivery(again, Firing, 3)));
    s.sent(4);
    let over = vec![alert("a1", Resolved, t1, "5xx above 5 %")];
    s.wait(30).says("cleared again", &source, Input::Alerts(delivery(over, Resolved, 0)));
    s.timer("ended by itself");
    let t2 = at("2026-11-21T03:25:00Z");
    s.wait(400).says(
        "alerts reopen it",
        &source,
        Input::Alerts(delivery(vec![alert("a1", Firing, t2, "5xx above 5 %")], Firing, 0)),
    );
    let input = Unreadable {
        source: "prometheus".into(),
        problem: "not JSON at byte 7".into(),
        bytes: 11,
        kept: "{\"alerts\": <script>".into(),
        kept_as: KeptAs::Text,
    };
    s.says("unreadable", &source, Input::Unreadable(input));
    s.wait(60).says("acknowledged", &person("ana"), Input::Acknowledge);
    let end = vec![alert("a1", Resolved, t2, "5xx above 5 %")];
    s.wait(60).says("monitoring by itself", &source, Input::Alerts(delivery(end, Resolved, 0)));
    s
}

/// Somebody takes it and falls asleep: reminders, "still working?", and the next one is found; the post-mortem too
/// is late.
pub fn fell_asleep() -> Story {
    let (ana, bo) = (person("ana"), person("bo"));
    let mut directory = directory();
    let name = PolicyId::from("default");
    let mut levels = vec![step(&[named("ana")]), step(&[named("bo"), Target::Pager("webhook.ops".into())])];
    levels.insert(0, Step { when: When::WorkingHours, ..step(&[Target::Owners]) });
    let hours = WorkingHours { zone: chrono_tz::UTC, days: vec![chrono::Weekday::Mon], from_min: 540, to_min: 1_020 };
    let policy = EscalationPolicy {
        hours: Some(hours),
        ack_timeout_s: Some(1_200),
        ..EscalationPolicy::new(name.clone(), levels, None)
    };
    directory.policies.insert(name, policy);
    let clocks = Clocks {
        diagnose_s: Some(1_800),
        mitigate_s: Some(7_200),
        postmortem_s: Some(86_400),
        update_every_s: Some(900),
        lead_within_s: Some(600),
        ..Clocks::default()
    };
    let d = Declaration { severity: Severity { clocks, ..severity("P1") }, ..declaration("P1", "search is down") };
    let mut s = Story::begin("fell_asleep", 48, directory, &bo, &d);
    let page = s.page();
    s.sent(page).wait(120).says("acknowledged", &ana, Input::Acknowledge);
    s.clocks(1_210);
    let question = s.page();
    s.sent(question).wait(60).says("still here", &ana, Input::Acknowledge);
    s.says("updates put off", &ana, Input::SnoozeUpdates { until: at("2026-11-21T04:30:00Z") });
    s.clocks(1_600);
    let page = s.page();
    s.sent(page).timer("level 3");
    let page = s.page();
    s.sent(page).wait(30).says("somebody else", &bo, Input::Acknowledge);
    s.says("lead", &bo, Input::AssignLead { person: "bo".into() });
    s.wait(300).says("resolved", &bo, Input::Resolve { text: "restarted the index".into() });
    s.clocks(90_000);
    s.says("review", &bo, Input::SetPostmortem { status: PostmortemStatus::InReview });
    let texts = [
        (Chapter::Impact, "Search answered nothing for an hour."),
        (Chapter::Factors, "The index was rebuilt by hand.\n\n- nobody else knew how\n- nothing said that it ran"),
    ];
    let texts = texts.map(|(c, t)| (c, t.to_string()));
    s.wait(300).says("written", &bo, Input::EditPostmortem { base: 0, texts: texts.into() });
    let lessons = "The rebuild is a job with an alert now, see https://example.org/jobs/7";
    let texts = [(Chapter::Lessons, lessons.to_string())].into();
    s.wait(120).says("written on", &ana, Input::EditPostmortem { base: 1, texts });
    s.wait(60).says("published", &ana, Input::SetPostmortem { status: PostmortemStatus::Published });
    s
}

/// It is over, and what is left to do is not done: the draft is overdue, an item is late, another has no owner.
pub fn left_to_do() -> Story {
    let (ana, bo) = (person("ana"), person("bo"));
    let mut directory = directory();
    if let Some(bo) = directory.people.get_mut(&PersonId::from("bo")) {
        bo.time_zone = chrono_tz::America::New_York;
    }
    let clocks = Clocks { postmortem_s: Some(2 * 86_400), ..Clocks::default() };
    let d = Declaration { severity: Severity { clocks, ..severity("P1") }, ..declaration("P1", "refunds fail") };
    let mut s = Story::begin("left_to_do", 49, directory, &ana, &d);
    s.wait(60).says("acknowledged", &ana, Input::Acknowledge);
    s.says("lead", &ana, Input::AssignLead { person: "ana".into() });
    s.wait(600).says("resolved", &ana, Input::Resolve { text: "rolled back".into() });
    let action = |text: &str, owner: Option<&str>, day: &str| Input::AddAction {
        text: text.into(),
        owner: owner.map(PersonId::from),
        due: Some(day.parse().expect("a day")),
    };
    s.says("item", &ana, action("write a test for refunds", Some("bo"), "2026-11-24"));
    s.says("item without an owner", &ana, action("tell the bank", None, "2026-11-23"));
    s.clocks(5 * 86_400);
    s.says("done", &bo, Input::FinishAction { no: 2 });
    s.clocks(5 * 86_400);
    s.says("published", &ana, Input::SetPostmortem { status: PostmortemStatus::Published });
    s
}

/// The levels reach nobody, so every pager is paged; it was no incident.
pub fn nobody_there() -> Story {
    let mut directory = directory();
    let late = Target::Schedule("primary".into());
    policy(&mut directory, vec![step(&[late]), step(&[named("cy"), named("dee")])], None);
    let mut s = Story::begin("nobody_there", 44, directory, &person("cy"), &declaration("P2", "search is slow"));
    s.sent(2).timer("every pager again");
    s.wait(60).says("cancelled", &person("cy"), Input::Cancel { reason: "a load test".into() });
    s
}

/// No pager is configured at all, and the incident is private.
pub fn no_pager() -> Story {
    let directory = Directory { severities: directory().severities, ..Directory::default() };
    let d = Declaration { private: true, service: None, ..declaration("P3", "a laptop was stolen") };
    let mut s = Story::begin("no_pager", 45, directory, &person("ana"), &d);
    s.timer("still nobody");
    s.wait(5).says("acknowledged", &person("ana"), Input::Acknowledge);
    s.wait(5).says("update", &person("ana"), Input::PostUpdate { text: "The disk is encrypted.".into() });
    s
}

/// One incident ends into another: the one that ends, and the one that takes it up.
pub fn merged() -> [Story; 2] {
    let (ana, cy) = (person("ana"), person("cy"));
    let mut part = Story::begin("merged_part", 46, directory(), &cy, &declaration("P2", "cards are refused"));
    part.wait(30).says("merged", &ana, Input::Merge { into: IncidentId(47) });
    let mut whole = Story::begin("merged_whole", 47, directory(), &ana, &declaration("P1", "checkout is down"));
    let groups = alerts_alone().incident.groups;
    let absorb = Input::Absorb { from: IncidentId(46), title: "cards are refused".into(), groups };
    whole.wait(30).says("absorbed", &ana, absorb);
    [part, whole]
}

/// A playbook of the runbook is followed step by step.
pub fn followed() -> Story {
    let (ana, bo) = (person("ana"), person("bo"));
    let mut s = Story::begin("followed", 49, directory(), &ana, &declaration("P2", "orders wait in the queue"));
    let page = s.page();
    s.sent(page).wait(60).says("acknowledged", &ana, Input::Acknowledge);
    let step = |part, under, text: &str, line, risk| playbook::Step {
        part,
        text: text.into(),
        written: None,
        line,
        under,
        risk,
        why: None,
        fill: Vec::new(),
        caution: None,
        runs_on: None,
    };
    let mut close = step(Part::Resolve, Some(2), "rabbitmqctl close_connection <pid> stuck", 94, Some(Risk::Destroy));
    close.fill = vec!["<pid>".into()];
    let mut drain = step(Part::Verify, None, "watch rabbitmqctl list_queues", 97, Some(Risk::Read));
    drain.caution = Some("never ends by itself: stop it with Ctrl-C".into());
    let mut scale =
        step(Part::Resolve, Some(4), "kubectl -n prod scale deploy/orders --replicas=4", 96, Some(Risk::Mutate));
    close.runs_on = Some("broker".into());
    scale.runs_on = Some("cluster".into());
    scale.written = Some("kubectl -n <namespace> scale deploy/orders --replicas=4".into());
    let steps = vec![
        step(Part::Investigate, None, "rabbitmqctl list_queues name messages", 91, Some(Risk::Read)),
        step(Part::Condition, None, "If one consumer is stuck", 93, None),
        close,
        step(Part::Condition, None, "If all of them are busy", 95, None),
        scale,
        drain,
    ];
    let (system, name) = ("shop".to_string(), "Queue is full".to_string());
    let playbook = Playbook { system, name, file: "runbooks/shop.md".into(), revision: "5f2a9c01".into(), steps };
    let tick = |done, text: &str| Input::TickStep { done, text: text.into() };
    s.wait(30).says("playbook", &ana, Input::StartPlaybook { playbook });
    s.wait(40).says("looked", &ana, tick(true, "31,000 messages"));
    s.wait(20).says("not so", &bo, tick(false, ""));
    s.wait(20).says("so", &bo, tick(true, ""));
    s.wait(90).says("did not work", &bo, tick(false, "quota exceeded"));
    s.wait(300).says("all had their turn", &ana, tick(true, "the queue drains"));
    s.says("resolved", &ana, Input::Resolve { text: "it drained by itself".into() });
    s
}

/// One that lives in a chat: its channel is made late, one piece of furniture never comes, people then use another.
fn in_chat() -> Story {
    let mut d = directory();
    let rooms = Default::default();
    d.chats = vec![ChatRule { channel: "slack".into(), opens: true, announces: true, own_only: false, rooms }];
    let ana = Actor::person("ana", "slack");
    let declaration = Declaration {
        title: "Café checkout: 5xx <!channel> & more".into(),
        severity: severity("P1"),
        service: Some("payments".into()),
        private: false,
        because: None,
    };
    let mut s = Story::begin("in_chat", 42, d, &ana, &declaration);
    let task = |s: &Story, word: &str| {
        let same = |l: &&Live| matches!(&l.intent.what, What::Room { task, .. } if task.word() == word);
        s.incident.live.values().find(same).map(|l| l.intent.no).expect("a task")
    };
    let done = |s: &mut Story, word: &str, receipt: &str| {
        let no = task(s, word);
        let receipt = Some(receipt.to_string());
        s.claim(no).wait(1).outcome("task done", no, SendOutcome::Done { receipt });
    };
    done(&mut s, "announce", "C0NEWS/1.1");
    s.wait(20).says("acknowledged", &ana, Input::Acknowledge);
    done(&mut s, "open", "C0INC42");
    done(&mut s, "card", "C0INC42/2.1");
    let topic = task(&s, "topic");
    s.claim(topic).outcome("topic given up", topic, SendOutcome::Never { why: "slack: no permission".into() });
    s.wait(30).says("noted", &Actor::person("bo", "room"), Input::Note { text: "rolled back <b>release 7</b>".into() });
    let place = Input::UseRoom { chat: "slack".into(), place: "C0WAR".into() };
    s.wait(5).says("another channel", &ana, place);
    s.wait(60).says("resolved", &ana, Input::Resolve { text: "release 7 was rolled back".into() });
    s
}

pub fn all() -> Vec<Story> {
    let [part, whole] = merged();
    vec![
        bad_night(),
        alerts_alone(),
        fell_asleep(),
        left_to_do(),
        nobody_there(),
        no_pager(),
        part,
        whole,
        followed(),
        in_chat(),
    ]
}

/// Compares with a file under `tests/golden/` of the project; `UPDATE_EXPECT=1` rewrites it.
pub fn golden(root: &str, name: &str, actual: &str) {
    let path = std::path::Path::new(root).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of goldens");
        std::fs::write(&path, actual).expect("a golden written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let first = expected.lines().zip(actual.lines()).position(|(e, a)| e != a);
    let line = first.unwrap_or(expected.lines().count().min(actual.lines().count()));
    let (e, a) = (expected.lines().nth(line), actual.lines().nth(line));
    assert!(
        expected == actual,
        "{} line {}:\n  expected {e:?}\n  is       {a:?}\nUPDATE_EXPECT=1 rewrites it",
        path.display(),
        line + 1
    );
}

/// Every string in an event that people or machines wrote, by its key in the stored form.
const TEXTS: [&str; 12] =
    ["title", "reason", "text", "why", "worker", "receipt", "source", "group", "summary", "problem", "kept", "via"];
/// Words of our own that stand under the same keys.
const OURS: [&str; 19] = [
    "no_contact_method",
    "unknown",
    "nobody_there",
    "escalation",
    "by_hand",
    "nobody_reached",
    "declared",
    "not_acknowledged",
    "resumed",
    "pages_failed",
    "acknowledged",
    "snoozed",
    "alerts_cleared",
    "ended",
    "text",
    "base64",
    "still_working",
    "superseded",
    "firing",
];

fn each_text(v: &mut serde_json::Value, what: &mut impl FnMut(&mut String)) {
    match v {
        serde_json::Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    serde_json::Value::String(s) if TEXTS.contains(&key.as_str()) => {
                        if !OURS.contains(&s.as_str()) && !s.is_empty() {
                            what(s);
                        }
                    }
                    other => each_text(other, what),
                }
            }
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(|v| each_text(v, what)),
        _ => {}
    }
}

/// The logs of all stories with everything that people or machines wrote replaced by one text.
pub fn with_texts(text: &str) -> Vec<Vec<IncidentEvent>> {
    let logs: Vec<Vec<IncidentEvent>> = all().iter().map(Story::events).collect();
    let mut json = serde_json::to_value(logs).expect("json");
    each_text(&mut json, &mut |s| *s = text.to_string());
    serde_json::from_value(json).expect("events")
}

/// Everything that people or machines wrote in a log.
pub fn texts(events: &[IncidentEvent]) -> Vec<String> {
    let mut found = Vec::new();
    let mut json = serde_json::to_value(events).expect("json");
    each_text(&mut json, &mut |s| found.push(s.clone()));
    // Of what was written in the post-mortem, what stands now.
    let written = Incident::replay(events).expect("a log").expect("an incident").written;
    found.extend(written.texts.into_values());
    found
}
