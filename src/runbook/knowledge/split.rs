//! Tells the words of a command apart: options, their values, operands, and the command that a wrapper runs.
//!
//! Knows from an entry which options take a value; looks at nothing but words.

use super::OPAQUE;
use super::entry::{Tool, Use};

/// The words behind the subcommand, told apart. Places are those in the command, the tool itself being 0.
#[derive(Debug, Default)]
pub struct Split {
    pub options: Vec<Given>,
    pub operands: Vec<usize>,
    /// The commands that it runs.
    pub inner: Vec<InnerAt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InnerAt {
    Words(std::ops::Range<usize>),
    /// What stands behind the `=` of this word.
    Attached(usize),
}

#[derive(Debug)]
pub struct Given {
    pub name: String,
    pub value: Option<String>,
    /// Where the option stands, and its value if that is a word of its own.
    pub at: usize,
    pub value_at: Option<usize>,
}

impl Split {
    /// The values given to any of these options, in order.
    pub fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Given> {
        self.options.iter().filter(|o| names.contains(&o.name.as_str()))
    }

    pub fn has(&self, names: &[&str]) -> bool {
        self.values(names).next().is_some()
    }

    pub(super) fn shift(&mut self, by: usize) {
        self.operands.iter_mut().for_each(|at| *at += by);
        for inner in &mut self.inner {
            *inner = match inner {
                InnerAt::Words(range) => InnerAt::Words(range.start + by..range.end + by),
                InnerAt::Attached(at) => InnerAt::Attached(*at + by),
            };
        }
        for option in &mut self.options {
            option.at += by;
            option.value_at = option.value_at.map(|at| at + by);
        }
    }
}

/// As [`walk`], but what belongs to the inner command is not the wrapper's own.
pub(super) fn walk_to_inner(
    words: &[&str],
    from: usize,
    takes: &dyn Fn(&str) -> bool,
    tool: &Tool,
    entry: &Use,
    all: &mut Split,
) {
    let Some(inner) = &entry.inner else { return };
    let (options, until) = (inner.options.list(), inner.until.list());
    if !until.is_empty() {
        // `find … -exec rm {} ;`: cut the inner commands out, what is left is the wrapper's.
        let mut at = from;
        let mut own = from;
        while at < words.len() {
            if options.iter().any(|o| o == words[at]) {
                let end = (at + 1..words.len()).find(|&i| until.iter().any(|u| u == words[i])).unwrap_or(words.len());
                walk(words, own..at, takes, tool, all);
                all.inner.push(InnerAt::Words(at + 1..end));
                own = (end + 1).min(words.len());
                at = end;
            }
            at += 1;
        }
        walk(words, own..words.len(), takes, tool, all);
        return;
    }
    if !options.is_empty() {
        let takes_text = |o: &str| takes(o) || options.iter().any(|x| x == o);
        let mut own = Split::default();
        walk(words, from..words.len(), &takes_text, tool, &mut own);
        for given in own.options.iter().filter(|o| options.contains(&o.name)) {
            all.inner.push(given.value_at.map_or(InnerAt::Attached(given.at), |at| InnerAt::Words(at..at + 1)));
        }
        all.options.append(&mut own.options);
        all.operands.append(&mut own.operands);
        return;
    }
    let marker = inner.marker.as_deref().and_then(|m| words.iter().skip(from).position(|w| *w == m)).map(|p| p + from);
    let mut own = Split::default();
    walk(words, from..marker.unwrap_or(words.len()), takes, tool, &mut own);
    let first = match marker {
        Some(marker) => Some(marker + 1),
        None => own.operands.get(inner.skip).copied(),
    };
    if let Some(first) = first {
        own.options.retain(|o| o.at < first);
        own.operands.retain(|&at| at < first);
        if first < words.len() {
            all.inner.push(InnerAt::Words(first..words.len()));
        }
    }
    all.options.append(&mut own.options);
    all.operands.append(&mut own.operands);
}

/// Tells options, their values and operands apart.
pub(super) fn walk(
    words: &[&str],
    range: std::ops::Range<usize>,
    takes: &dyn Fn(&str) -> bool,
    tool: &Tool,
    into: &mut Split,
) {
    let mut at = range.start;
    while at < range.end {
        let word = words[at];
        let here = at;
        at += 1;
        if word == "--" {
            into.operands.extend(at..range.end);
            return;
        }
        if !word.starts_with('-') || word == "-" || word[1..].starts_with(OPAQUE) {
            into.operands.push(here);
            continue;
        }
        let whole = word.starts_with("--") || tool.long_dash || word.chars().count() == 2 || takes(word);
        if whole {
            let (name, mut value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word, None),
            };
            let mut value_at = None;
            if value.is_none() && takes(name) && at < range.end {
                value = Some(words[at].to_owned());
                value_at = Some(at);
                at += 1;
            }
            into.options.push(Given { name: name.to_owned(), value, at: here, value_at });
            continue;
        }
        // Several letters: each an option, the rest a value as soon as one takes a value.
        let letters = word[1..].char_indices();
        for (place, letter) in letters {
            let name = format!("-{letter}");
            let rest = &word[1 + place + letter.len_utf8()..];
            if let Some(value) = rest.strip_prefix('=') {
                into.options.push(Given { name, value: Some(value.to_owned()), at: here, value_at: None });
                break;
            }
            if tool.attached.contains(&name) {
                let value = (!rest.is_empty()).then(|| rest.to_owned());
                into.options.push(Given { name, value, at: here, value_at: None });
                break;
            }
            if takes(&name) {
                let own = (!rest.is_empty()).then(|| rest.to_owned());
                let next = (own.is_none() && at < range.end).then(|| words[at].to_owned());
                let value_at = next.is_some().then_some(at);
                at += usize::from(next.is_some());
                into.options.push(Given { name, value: own.or(next), at: here, value_at });
                break;
            }
            into.options.push(Given { name, value: None, at: here, value_at: None });
        }
    }
}
