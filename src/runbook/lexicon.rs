//! The words that runbooks use, in ten languages, as readable tables beside this file; all languages are active at once.
//!
//! A title has roles, a table's header a meaning, and the grammars find units, weekdays, comparators and verbs here.
//! Matching is by whole phrase on folded text, longest first. Nothing here knows any particular runbook.

pub mod phrases;
#[cfg(test)]
mod tests;

use crate::fold::key;
use crate::model::Action;
use phrases::Phrases;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a section is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Severity,
    Escalation,
    Diagnose,
    Remediate,
    Verify,
    Rollback,
    Deploy,
    Threshold,
    Schedule,
    Contacts,
    /// Texts to fill in and examples: nothing is defined here and nothing is to be run.
    Template,
    ExpectedOutput,
    Prohibition,
    Postmortem,
    Checklist,
    Endpoint,
    Symptoms,
    Causes,
    /// How incidents are answered: steps with times are deadlines here.
    Response,
    /// One kind of trouble: scenario, alert, case.
    Playbook,
    QuickReference,
    /// What happened once, and who changed the document.
    History,
    Communication,
    Prerequisites,
    /// Purpose, scope, table of contents, further reading.
    Overview,
}

/// What a column is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    Level,
    Name,
    Description,
    Impact,
    Examples,
    Response,
    Resolution,
    UpdateEvery,
    EscalateTo,
    After,
    Who,
    Step,
    Metric,
    Good,
    Target,
    Warning,
    Critical,
    /// A lone limit whose level is not said.
    Limit,
    Hold,
    Unit,
    Role,
    Contact,
    Phone,
    Email,
    Channel,
    Responsibility,
    Zone,
    Availability,
    Issue,
    Fix,
    Action,
    Command,
    Cadence,
    When,
    Task,
    Url,
    Service,
    Authority,
    Scope,
    Condition,
    Status,
    Date,
    Kind,
    Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    BusinessDay,
    BusinessHour,
}

impl Unit {
    pub fn seconds(self) -> f64 {
        match self {
            Unit::Millisecond => 0.001,
            Unit::Second => 1.0,
            Unit::Minute => 60.0,
            Unit::Hour | Unit::BusinessHour => 3600.0,
            Unit::Day | Unit::BusinessDay => 86_400.0,
            Unit::Week => 7.0 * 86_400.0,
            Unit::Month => 30.0 * 86_400.0,
            Unit::Quarter => 91.0 * 86_400.0,
            Unit::Year => 365.0 * 86_400.0,
        }
    }

    pub fn business(self) -> bool {
        matches!(self, Unit::BusinessDay | Unit::BusinessHour)
    }
}

/// What a word before or behind a duration makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    UpTo,
    AtLeast,
    About,
    /// "after 15 minutes", "15分後": a delay.
    After,
    /// "first 15 minutes": from the start.
    First,
    /// "last 5 minutes": looks back.
    Last,
    /// "for 5 minutes": holds, waits.
    For,
    Every,
}

/// Times that are said without a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    Now,
    NextBusinessDay,
    NextDay,
    EndOfDay,
    BestEffort,
    /// Business hours, on working days: what stands beside it does not count around the clock.
    BusinessTime,
    AroundTheClock,
}

/// How often, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Often {
    Hourly,
    Daily,
    Weekdays,
    Weekly,
    Biweekly,
    Monthly,
    Quarterly,
    Yearly,
    /// Known to be a rhythm, but none that has a name here ("twice a year").
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayPart {
    Am,
    Pm,
    Noon,
    Midnight,
    /// "o'clock", "Uhr", "時": behind the number of an hour.
    Clock,
    /// Vague: morning, evening, end of day.
    Some,
    /// "at", "um", "à": before an hour.
    At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
}

/// Conditions that an escalation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unless {
    Acknowledged,
    Resolved,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Language {
    roles: BTreeMap<Role, Vec<String>>,
    headers: BTreeMap<Header, Vec<String>>,
    units: BTreeMap<Unit, Vec<String>>,
    /// Keys are numbers.
    numbers: BTreeMap<String, Vec<String>>,
    before: BTreeMap<Bound, Vec<String>>,
    behind: BTreeMap<Bound, Vec<String>>,
    between: Vec<String>,
    and: Vec<String>,
    moments: BTreeMap<Moment, Vec<String>>,
    often: BTreeMap<Often, Vec<String>>,
    every: Vec<String>,
    every_other: Vec<String>,
    /// "twice a", "3 mal pro": the count is kept in the words only.
    times_per: Vec<String>,
    /// Keys are days, 0 is Sunday.
    weekdays: BTreeMap<String, Vec<String>>,
    months: BTreeMap<String, Vec<String>>,
    /// Keys are positions in the month, -1 is the last.
    ordinals: BTreeMap<String, Vec<String>>,
    day_parts: BTreeMap<DayPart, Vec<String>>,
    compare: BTreeMap<Compare, Vec<String>>,
    /// Words before the number of a level: severity, priority, tier.
    level_labels: Vec<String>,
    /// Words that name a level by themselves; keys order them, 1 is worst.
    level_words: BTreeMap<String, Vec<String>>,
    /// Verbs of escalation sentences.
    actions: BTreeMap<Action, Vec<String>>,
    /// Words between a verb and its target that are no part of the target.
    to: Vec<String>,
    unless: BTreeMap<Unless, Vec<String>>,
    /// Words that open a condition.
    conditions: Vec<String>,
    /// Words that end the target of a sentence: a means, a reason.
    means: Vec<String>,
    /// What tells a person or group from a thing.
    people: Vec<String>,
    /// Words for which the target of "create" is a ticket, or a call.
    tickets: Vec<String>,
    bridges: Vec<String>,
    /// Words of trouble: a title with one of them is about a failure, not about a routine.
    trouble: Vec<String>,
    /// Names of ways to reach someone: `Email: a@b`.
    media: Vec<String>,
    /// Address still to be filled in.
    open: Vec<String>,
    /// Statistics behind or before a metric.
    statistics: Vec<String>,
    /// Words by which a bullet says what one should see, so that crossing it is the alarm.
    should_be: Vec<String>,
}

/// All languages together.
#[derive(Debug, Default)]
pub struct Lexicon {
    pub roles: Phrases<Role>,
    pub headers: Phrases<Header>,
    pub units: Phrases<Unit>,
    pub numbers: Phrases<f64>,
    pub before: Phrases<Bound>,
    pub behind: Phrases<Bound>,
    pub between: Phrases<()>,
    pub and: Phrases<()>,
    pub moments: Phrases<Moment>,
    pub often: Phrases<Often>,
    pub every: Phrases<()>,
    pub every_other: Phrases<()>,
    pub times_per: Phrases<()>,
    pub weekdays: Phrases<u8>,
    pub months: Phrases<u8>,
    pub ordinals: Phrases<i8>,
    pub day_parts: Phrases<DayPart>,
    pub compare: Phrases<Compare>,
    pub level_labels: Phrases<()>,
    pub level_words: Phrases<u8>,
    pub actions: Phrases<Action>,
    pub to: Phrases<()>,
    pub unless: Phrases<Unless>,
    pub conditions: Phrases<()>,
    pub means: Phrases<()>,
    pub people: Phrases<()>,
    pub tickets: Phrases<()>,
    pub bridges: Phrases<()>,
    pub trouble: Phrases<()>,
    pub media: Phrases<()>,
    pub open: Phrases<()>,
    pub statistics: Phrases<()>,
    pub should_be: Phrases<()>,
    /// Whatever a rhythm can begin with, of the tables above.
    pub recurring: Phrases<()>,
}

const LANGUAGES: &[(&str, &str)] = &[
    ("en", include_str!("lexicon/en.toml")),
    ("de", include_str!("lexicon/de.toml")),
    ("fr", include_str!("lexicon/fr.toml")),
    ("es", include_str!("lexicon/es.toml")),
    ("pt", include_str!("lexicon/pt.toml")),
    ("it", include_str!("lexicon/it.toml")),
    ("ru", include_str!("lexicon/ru.toml")),
    ("zh", include_str!("lexicon/zh.toml")),
    ("ja", include_str!("lexicon/ja.toml")),
    ("ko", include_str!("lexicon/ko.toml")),
];

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    // That every table is readable is a test's business: what ships is what was tested.
    for language in LANGUAGES.iter().filter_map(|(_, text)| toml::from_str::<Language>(text).ok()) {
        lexicon.learn(&language);
    }
    lexicon
});

pub fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    fn learn(&mut self, from: &Language) {
        table(&mut self.roles, &from.roles);
        table(&mut self.headers, &from.headers);
        table(&mut self.units, &from.units);
        numbered(&mut self.numbers, &from.numbers);
        table(&mut self.before, &from.before);
        table(&mut self.behind, &from.behind);
        table(&mut self.moments, &from.moments);
        table(&mut self.often, &from.often);
        numbered(&mut self.weekdays, &from.weekdays);
        numbered(&mut self.months, &from.months);
        numbered(&mut self.ordinals, &from.ordinals);
        table(&mut self.day_parts, &from.day_parts);
        table(&mut self.compare, &from.compare);
        numbered(&mut self.level_words, &from.level_words);
        table(&mut self.actions, &from.actions);
        table(&mut self.unless, &from.unless);
        for (into, words) in [
            (&mut self.between, &from.between),
            (&mut self.and, &from.and),
            (&mut self.every, &from.every),
            (&mut self.every_other, &from.every_other),
            (&mut self.times_per, &from.times_per),
            (&mut self.level_labels, &from.level_labels),
            (&mut self.to, &from.to),
            (&mut self.conditions, &from.conditions),
            (&mut self.means, &from.means),
            (&mut self.people, &from.people),
            (&mut self.tickets, &from.tickets),
            (&mut self.bridges, &from.bridges),
            (&mut self.trouble, &from.trouble),
            (&mut self.media, &from.media),
            (&mut self.open, &from.open),
            (&mut self.statistics, &from.statistics),
            (&mut self.should_be, &from.should_be),
        ] {
            words.iter().for_each(|w| into.add(w, ()));
        }
        let hours = |part: &DayPart| matches!(part, DayPart::Noon | DayPart::Midnight | DayPart::Am | DayPart::Pm);
        let rhythms = (from.often.values())
            .chain(from.weekdays.values())
            .chain(from.months.values())
            .chain(from.ordinals.values())
            .chain(from.before.get(&Bound::Every))
            .chain(from.behind.get(&Bound::Every))
            .chain(std::iter::once(&from.every_other))
            .chain(from.day_parts.iter().filter(|(part, _)| hours(part)).map(|(_, words)| words));
        rhythms.flatten().for_each(|w| self.recurring.add(w, ()));
    }
}

fn table<T: Copy>(into: &mut Phrases<T>, from: &BTreeMap<T, Vec<String>>) {
    for (means, phrases) in from {
        phrases.iter().for_each(|p| into.add(p, *means));
    }
}

fn numbered<T: Copy + std::str::FromStr>(into: &mut Phrases<T>, from: &BTreeMap<String, Vec<String>>) {
    for (number, phrases) in from {
        if let Ok(means) = number.parse::<T>() {
            phrases.iter().for_each(|p| into.add(p, means));
        }
    }
}

/// What a section with this title is for, in the order of its words, each once.
pub fn roles(title: &str) -> Vec<Role> {
    let mut found: Vec<Role> = Vec::new();
    for (_, role) in lexicon().roles.all(&key(title)) {
        if !found.contains(&role) {
            found.push(role);
        }
    }
    found
}

/// What a column with this header is about: the whole cell, the cell without its parenthesis, or its longest phrase.
pub fn header(cell: &str) -> Option<Header> {
    const WORDS_MAX: usize = 7;
    let whole = key(cell);
    let headers = &lexicon().headers;
    headers.whole(&whole).or_else(|| {
        let bare = key(whole.split(['(', '[', '/']).next().unwrap_or_default());
        let same = bare == whole;
        headers.whole(&bare).filter(|_| !same).or_else(|| {
            let short = whole.split_whitespace().count() <= WORDS_MAX;
            let longest = || headers.longest(&bare).or_else(|| headers.longest(&whole).filter(|_| !same));
            short.then(longest).flatten().map(|(_, h)| h)
        })
    })
}
