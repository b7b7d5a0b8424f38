//! Ties comments to the commands around them, and commands to each other.

use super::{Entry, Reader};
use crate::commands::notes::{self, Choice};
use crate::commands::scan::{self, Joined};
use crate::commands::session::Session;
use crate::commands::{Found, phrases};
use crate::shell::Tongue;
use std::sync::Arc;

impl Reader<'_> {
    pub fn note(&mut self, at: usize, comment: &str) {
        let Some(comment) = scan::note(comment) else { return };
        let lower = comment.to_lowercase();
        let title = lower.trim_end_matches([':', '：', ' ']);
        let list = phrases::phrases();
        if phrases::is(title, &list.output)
            || lower.ends_with([':', '：']) && phrases::begins(&lower, &list.output).is_some()
        {
            self.output = true;
        }
        let under = self.entries.len() > self.paragraph && self.comments.is_empty();
        // A run of comments is judged by what stands behind all of it.
        let mut next = at + 1;
        while next < self.lines.len() && next < at + 40 && self.comment(self.lines[next].1.trim()).is_some() {
            next += 1;
        }
        let last = self.lines.get(next).is_none_or(|l| l.1.trim().is_empty());
        let result = notes::expectation(&comment);
        let option = notes::option(&comment);
        if under && (last || result.is_some() || option.is_some()) {
            if let Some(entry) = self.entries.last_mut() {
                let found = &mut entry.found;
                found.expectation = found.expectation.take().or(result);
                found.option = found.option.take().or(option);
                found.comment = Some(match found.comment.take() {
                    Some(above) => format!("{above}\n{comment}"),
                    None => comment,
                });
            }
            return;
        }
        // Comments of an earlier paragraph without a command were steps for a person.
        let apart = at > 0 && self.lines[at - 1].1.trim().is_empty();
        if apart {
            self.comments.clear();
        }
        if self.comments.len() < 40 {
            self.comments.push(comment);
        }
    }

    pub fn push(&mut self, joined: Joined, at: usize, tongue: Tongue, session: Option<Session>) -> usize {
        let taken = joined.taken.max(1);
        if joined.text.is_empty() {
            return taken;
        }
        self.known += 1;
        self.first_known.get_or_insert(true);
        if self.names.len() != self.assigned.len() {
            self.assigned = Arc::from(self.names.clone());
        }
        let fresh = !self.comments.is_empty();
        if fresh {
            self.lead = notes::lead(&std::mem::take(&mut self.comments));
        }
        let lead = &self.lead;
        let behind = joined.comment;
        let expectation =
            behind.as_deref().and_then(notes::expectation).or_else(|| lead.expectation.clone().filter(|_| fresh));
        let option = behind.as_deref().and_then(notes::option).or_else(|| lead.option.clone().filter(|_| fresh));
        let forbidden = match &behind {
            Some(note) if notes::forbids(note) => Some(note.clone()),
            _ => lead.text.clone().filter(|_| lead.forbids),
        };
        let comment = match (lead.text.clone(), behind) {
            (Some(above), Some(behind)) => Some(format!("{above}\n{behind}")),
            (above, behind) => above.or(behind),
        };
        let line = self.lines[at].0;
        let found = Found {
            line,
            line_end: joined.last.max(line),
            text: joined.text,
            lang: self.spec.lang.clone(),
            section: self.spec.section,
            comment,
            tongue,
            assigned: self.assigned.clone(),
            session,
            unit: self.unit,
            alternative: None,
            condition: lead.condition.clone(),
            option,
            inline: false,
            expectation,
            problem: joined.problem,
        };
        let choice = lead.choice;
        self.entries.push(Entry { found, forbidden });
        self.choose(choice);
        taken
    }

    /// Puts the command that was just found into the choice it belongs to.
    fn choose(&mut self, choice: Option<Choice>) {
        let last = self.entries.len() - 1;
        let line = self.entries[last].found.line;
        match choice {
            Some(Choice::Numbered) => {
                let group = *self.numbered.get_or_insert(line);
                self.entries[last].found.alternative = Some(group);
            }
            Some(Choice::Or) => {
                // Instead of what the paragraph above does, or the line above in the same one.
                let own =
                    self.paragraph < last && self.entries[last - 1].found.comment != self.entries[last].found.comment;
                let from = if own { last - 1 } else { self.paragraph_before };
                let to = if own { last } else { self.paragraph };
                let group = self.entries[from..to].iter().find_map(|e| e.found.alternative);
                let group = group.or_else(|| self.entries[from..to].first().map(|e| e.found.line)).unwrap_or(line);
                for entry in &mut self.entries[from..to] {
                    entry.found.alternative = Some(group);
                }
                self.entries[last].found.alternative = Some(group);
            }
            None => {
                if last > self.paragraph && opposite(&self.entries[last - 1].found.text, &self.entries[last].found.text)
                {
                    let group = self.entries[last - 1].found.alternative.unwrap_or(self.entries[last - 1].found.line);
                    self.entries[last - 1].found.alternative = Some(group);
                    self.entries[last].found.alternative = Some(group);
                }
            }
        }
    }
}

/// Two lines that differ only in start, stop, restart and the like.
fn opposite(a: &str, b: &str) -> bool {
    const VERBS: [&str; 12] =
        ["start", "stop", "restart", "reload", "enable", "disable", "up", "down", "pause", "unpause", "resume", "kill"];
    let (a, b): (Vec<&str>, Vec<&str>) =
        (a.split_whitespace().take(40).collect(), b.split_whitespace().take(40).collect());
    let mut different = a.iter().zip(&b).filter(|(x, y)| x != y);
    a.len() == b.len()
        && different.next().is_some_and(|(x, y)| VERBS.contains(x) && VERBS.contains(y))
        && different.next().is_none()
}
