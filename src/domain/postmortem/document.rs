//! A document without a markup: headings and blocks of text, none of them escaped. Every layout makes one, and every
//! format renders it, so that no fact is in one format and missing from another.

use super::course::Course;
use crate::time::Timestamp;
use crate::timeline::Importance;
use chrono_tz::Tz;

#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub title: String,
    pub sections: Vec<Section>,
}

/// A heading (none for what stands under the title) and what is under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// 2 or 3, as headings count.
    pub level: u8,
    pub heading: Option<String>,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Para(String),
    /// A word of ours to whoever edits the document.
    Aside(String),
    List(Vec<String>),
    /// Action items: done or not, and what.
    Tasks(Vec<(bool, String)>),
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    Timeline(Vec<Moment>),
    /// What a machine sent, line by line.
    Quote(String),
    /// The picture of the course, where the format has pictures.
    Chart(Course),
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub at: Timestamp,
    /// `ana (room)`.
    pub who: String,
    pub text: String,
    pub importance: Importance,
}

/// In whose zone times are read. UTC stands beside every time that is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl Default for Zone {
    fn default() -> Self {
        Zone(Tz::UTC)
    }
}

impl Zone {
    /// A name of the time zone database, in any case: `Europe/Madrid`.
    pub fn parse(name: &str) -> Option<Self> {
        name.trim().parse().ok().map(Zone).or_else(|| {
            let same = |z: &&Tz| z.name().eq_ignore_ascii_case(name.trim());
            chrono_tz::TZ_VARIANTS.iter().find(same).copied().map(Zone)
        })
    }

    pub fn is_utc(self) -> bool {
        self.0 == Tz::UTC
    }

    /// "2026-11-21 03:05:10", and elsewhere "2026-11-21 04:05:10 CET (03:05:10 UTC)", with the day where it is
    /// another one there.
    pub fn time(self, at: Timestamp) -> String {
        let (utc, local) = (at.utc(), at.utc().with_timezone(&self.0));
        match (self.is_utc(), utc.date_naive() == local.date_naive()) {
            (true, _) => utc.format("%Y-%m-%d %H:%M:%S").to_string(),
            (false, true) => format!("{} ({})", self.local(at), utc.format("%H:%M:%S UTC")),
            (false, false) => format!("{} ({})", self.local(at), utc.format("%Y-%m-%d %H:%M:%S UTC")),
        }
    }

    /// Only as the reader's own clock shows it, with the zone's name.
    pub fn local(self, at: Timestamp) -> String {
        at.utc().with_timezone(&self.0).format("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// "Times are UTC."
    pub fn said(self) -> String {
        match self.is_utc() {
            true => "Times are UTC.".to_string(),
            false => format!("Times are those of {}, with UTC beside them.", self.0.name()),
        }
    }

    /// For the head of a column of times.
    pub fn head(self, what: &str) -> String {
        match self.is_utc() {
            true => format!("{what} (UTC)"),
            false => what.to_string(),
        }
    }
}
