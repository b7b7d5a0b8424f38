//! What people write in a post-mortem: a text per chapter, in versions. Each save is an event with the texts that it
//! changed; which version somebody wrote over is part of what they save, so that nobody's text is lost to another's.
//! Knows no layout and no markup.

use super::document::Block;
use super::layout::Part;
use crate::decide::Decider;
use crate::event::{Actor, Event, IncidentEvent};
use crate::limits;
use crate::refusal::Refusal;
use crate::status::PostmortemStatus;
use crate::text;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A part that no log can write. Names are persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chapter {
    Summary,
    Impact,
    Factors,
    Lessons,
    WentWell,
    Lucky,
}

impl Chapter {
    pub const ALL: [Chapter; 6] =
        [Chapter::Summary, Chapter::Impact, Chapter::Factors, Chapter::Lessons, Chapter::WentWell, Chapter::Lucky];

    /// As it is persisted and as programs name it.
    pub fn as_str(self) -> &'static str {
        self.part().as_str()
    }

    pub fn as_words(self) -> &'static str {
        match self {
            Chapter::Summary => "summary",
            Chapter::Impact => "impact",
            Chapter::Factors => "contributing factors",
            Chapter::Lessons => "lessons",
            Chapter::WentWell => "what went well",
            Chapter::Lucky => "where we were lucky",
        }
    }

    pub fn part(self) -> Part {
        match self {
            Chapter::Summary => Part::Summary,
            Chapter::Impact => Part::Impact,
            Chapter::Factors => Part::Factors,
            Chapter::Lessons => Part::Lessons,
            Chapter::WentWell => Part::WentWell,
            Chapter::Lucky => Part::Lucky,
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == name)
    }
}

pub type Texts = BTreeMap<Chapter, String>;

/// What stands written now. Version 0 is the one before anybody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Written {
    pub version: u32,
    /// Without empty ones.
    pub texts: Texts,
    pub by: Option<Actor>,
    pub at: Option<Timestamp>,
}

impl Written {
    pub fn is_empty(&self) -> bool {
        self.version == 0
    }

    pub fn text(&self, chapter: Chapter) -> &str {
        self.texts.get(&chapter).map_or("", String::as_str)
    }

    /// A save follows; `false` where it cannot.
    pub fn save(&mut self, version: u32, texts: &Texts, by: &Actor, at: Timestamp) -> bool {
        if version != self.version.saturating_add(1) {
            return false;
        }
        self.texts.extend(texts.iter().map(|(c, t)| (*c, t.clone())));
        self.texts.retain(|_, t| !t.is_empty());
        (self.version, self.by, self.at) = (version, Some(by.clone()), Some(at));
        true
    }
}

/// One save, with everything as it stood then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub no: u32,
    pub at: Timestamp,
    pub by: Actor,
    /// What this save changed, in the order of the chapters.
    pub changed: Vec<Chapter>,
    pub texts: Texts,
}

/// Every version there was, oldest first.
pub fn versions(events: &[IncidentEvent]) -> Vec<Version> {
    let mut written = Written::default();
    let mut all = Vec::new();
    for event in events {
        if let Event::PostmortemEdited { version, texts } = &event.body
            && written.save(*version, texts, &event.actor, event.at)
        {
            all.push(Version {
                no: *version,
                at: event.at,
                by: event.actor.clone(),
                changed: texts.keys().copied().collect(),
                texts: written.texts.clone(),
            });
        }
    }
    all
}

/// Somebody saves texts that they wrote over version `base`. Chapters that are not among them stay as they are.
pub(crate) fn edit(d: &mut Decider, base: u32, texts: &Texts) -> Result<(), Refusal> {
    let (id, written) = (d.incident.id, &d.incident.written);
    if d.incident.course.postmortem == PostmortemStatus::Published {
        return Err(Refusal::PostmortemPublished { id });
    }
    let mut changed = Texts::new();
    for (chapter, said) in texts {
        let said = text::block_of(chapter.as_words(), said, limits::POSTMORTEM_CHARS_MAX)?;
        if said != written.text(*chapter) {
            changed.insert(*chapter, said);
        }
    }
    // A form that is sent twice has nothing new in it the second time.
    if changed.is_empty() {
        return Err(Refusal::PostmortemUnchanged { id, version: written.version });
    }
    if base != written.version {
        let by = written.by.as_ref().map_or(String::new(), Actor::shown);
        return Err(Refusal::PostmortemMoved { id, base, version: written.version, by, at: written.at });
    }
    d.emit(Event::PostmortemEdited { version: base.saturating_add(1), texts: changed });
    Ok(())
}

/// A text as blocks: an empty line ends a paragraph, and lines that all begin with a dash or a star are a list.
/// Nothing else in it is markup.
pub fn blocks(text: &str) -> Vec<Block> {
    let item = |line: &str| line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).map(|i| i.trim().to_string());
    let mut all = Vec::new();
    let (mut lines, mut list): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).chain([""]) {
        let item = item(line).filter(|i| !i.is_empty());
        if !lines.is_empty() && (line.is_empty() || item.is_some()) {
            all.push(Block::Para(lines.join("\n")));
            lines.clear();
        }
        if !list.is_empty() && item.is_none() {
            all.push(Block::List(std::mem::take(&mut list)));
        }
        match item {
            Some(item) => list.push(item),
            None if line.is_empty() => {}
            None => lines.push(line),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_line_ends_a_paragraph_and_dashes_are_a_list() {
        let para = |t: &str| Block::Para(t.to_string());
        let list = |all: &[&str]| Block::List(all.iter().map(ToString::to_string).collect());
        assert_eq!(blocks(""), []);
        assert_eq!(blocks("One.\nTwo.\n\n\nThree."), [para("One.\nTwo."), para("Three.")]);
        assert_eq!(blocks("Why:\n- a\n* b\n\n- c\nEnd"), [para("Why:"), list(&["a", "b"]), list(&["c"]), para("End")]);
        assert_eq!(blocks("-\n-1 is not an item"), [para("-\n-1 is not an item")]);
    }

    #[test]
    fn a_chapters_name_is_what_is_stored() {
        for chapter in Chapter::ALL {
            assert_eq!(serde_json::to_value(chapter).expect("json"), chapter.as_str());
            assert_eq!(Chapter::parse(chapter.as_str()), Some(chapter));
        }
        assert_eq!(Chapter::parse("timeline"), None);
    }
}
