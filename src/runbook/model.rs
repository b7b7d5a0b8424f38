//! What Firebell understood of a runbook, in the shape that `firebell runbook show --format json` prints.
//!
//! Lines are those of the file as given, from 1; times are seconds; what the document does not say is absent
//! (`null`), never 0 or "". Field names are a contract: others read this JSON.

use serde::{Deserialize, Serialize};

/// A line of the file as given, from 1.
pub type Line = u32;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Runbook {
    pub title: Option<String>,
    /// As the document names the system it is about.
    pub system: Option<String>,
    pub version: Option<String>,
    pub severities: Vec<Severity>,
    pub phases: Vec<Phase>,
    pub escalation: Vec<Escalation>,
    pub contacts: Vec<Contact>,
    pub commands: Vec<Command>,
    pub thresholds: Vec<Threshold>,
    pub playbooks: Vec<Playbook>,
    pub quick_reference: Vec<QuickFix>,
    pub rules: Vec<Rule>,
    pub schedules: Vec<Schedule>,
    pub checklists: Vec<Checklist>,
    pub endpoints: Vec<Endpoint>,
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Severity {
    /// As printed: `P1`, `SEV1`.
    pub level: String,
    pub name: Option<String>,
    /// 1 is worst; from the order of definition, never from the digit.
    pub rank: u32,
    pub description: Option<String>,
    pub response_time_s: Option<u64>,
    pub resolution_time_s: Option<u64>,
    /// One of the two times was said in business days or hours: no clock may count it as plain seconds.
    pub business_time: bool,
    pub line: Line,
}

/// A step of responding that has a name and a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    pub severity: Option<String>,
    pub name: String,
    /// From and to, counted from the start of the incident.
    pub window: Option<[u64; 2]>,
    pub deadline_s: Option<u64>,
    pub actions: Vec<String>,
    pub command_lines: Vec<Line>,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// The severity or the level this stands under.
    pub scope: Option<String>,
    /// From 1 within the scope.
    pub order: u32,
    pub target: String,
    pub after_s: Option<u64>,
    pub action: Action,
    pub response_time_s: Option<u64>,
    pub authority: Vec<String>,
    pub line: Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Page,
    Notify,
    Escalate,
    Ticket,
    Assign,
    Bridge,
    Schedule,
    Handoff,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub role: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub channel: Option<String>,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    pub line: Line,
    pub line_end: Line,
    /// As an operator would type it: without prompt and comment, continuation lines joined by one space.
    pub text: String,
    /// The fence's label as written; `null` for inline code and fences without one.
    pub lang: Option<String>,
    /// Titles of the headings it stands under, outermost first.
    pub section: Vec<String>,
    /// What the lines above or behind it say about it.
    pub comment: Option<String>,
    pub risk: Risk,
    pub executor: Executor,
    pub mode: Mode,
    /// As written.
    pub placeholders: Vec<String>,
    /// References, never values.
    pub secrets: Vec<String>,
    /// Why it cannot work as written.
    pub problem: Option<String>,
}

/// `Read < Mutate < Destroy`: the worst part decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Changes nothing.
    Read,
    /// Changes state, but is routine or can be undone.
    Mutate,
    /// Loses data, or cuts service or access.
    Destroy,
}

/// The innermost client that does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    Docker,
    Compose,
    Http,
    Prometheus,
    Postgres,
    Mysql,
    Redis,
    Kubernetes,
    Host,
    Ssh,
    Git,
    Tls,
    Script,
    Package,
    Cloud,
    AppCli,
    Interactive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Oneshot,
    /// Never ends by itself.
    Stream,
    /// Blocks until something is so.
    Wait,
    /// Needs a keyboard.
    Tty,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    pub metric: String,
    pub warning: Option<Bound>,
    pub critical: Option<Bound>,
    pub unit: Option<String>,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// `>`, `>=`, `<`, `<=`, `=`: as written.
    pub op: String,
    pub value: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Playbook {
    pub name: String,
    pub symptoms: Vec<String>,
    pub conditions: Vec<Condition>,
    /// Lines of commands.
    pub investigation: Vec<Line>,
    pub resolution: Vec<Line>,
    pub verification: Vec<Line>,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub text: String,
    pub line: Line,
    /// Lines of the commands to run if it holds.
    pub commands: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuickFix {
    pub issue: String,
    pub fix: Option<String>,
    pub command: Option<String>,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub condition: String,
    pub action: String,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub name: String,
    pub cadence: Option<Cadence>,
    /// As the document says it.
    pub when: Option<String>,
    /// Five POSIX fields, only where cron says exactly that.
    pub cron: Option<String>,
    pub tasks: Vec<String>,
    pub command_lines: Vec<Line>,
    pub line: Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cadence {
    Hourly,
    Daily,
    Weekly,
    Biweekly,
    Monthly,
    Quarterly,
    Yearly,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checklist {
    pub name: String,
    pub items: Vec<String>,
    /// Where each item stands: for whoever follows it, and no part of what is printed.
    #[serde(skip)]
    pub item_lines: Vec<Line>,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    pub url: String,
    pub what: Option<String>,
    pub line: Line,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: FindingKind,
    /// The rule's name, which a comment in the Markdown may silence.
    pub rule: String,
    pub level: Level,
    pub lines: Vec<Line>,
    /// Why, and what to write instead.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingKind {
    Contradiction,
    Broken,
    Hazard,
    Placeholder,
    Secret,
    Encoding,
    Gap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Following the line would fail, or do something else than it says.
    Error,
    Warning,
    Note,
}
