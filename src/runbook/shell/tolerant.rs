//! A best reading of a text that no shell would accept: rough words, the same knowledge.
//!
//! Whatever it is, it is not called `read` unless every command in it is a known reading one and nothing in the text
//! could write.

use super::arg::Arg;
use super::part::{Part, Work};
use super::walk::{Stdin, Walk};
use crate::knowledge::knows;
use crate::model::Risk;

pub fn judge(walk: &mut Walk, text: &str) -> Part {
    let rough = commands(text);
    let mut whole: Option<Part> = None;
    for words in &rough.commands {
        let args: Vec<Arg> = words.iter().map(|w| Arg::plain(w)).collect();
        let part = walk.deeper(|w| w.argv(&args, &Stdin::None));
        match &mut whole {
            None => whole = Some(part),
            Some(whole) if whole.work < Work::Does => whole.join(part),
            Some(whole) => whole.absorb(part),
        }
    }
    let mut part = whole.unwrap_or_default();
    let known = rough.commands.iter().all(|words| words.first().is_some_and(|w| knows(w)));
    if rough.writes || !known || rough.commands.is_empty() {
        part.raise(Risk::Mutate, "no shell would accept it");
    }
    part
}

#[derive(Default)]
struct Rough {
    commands: Vec<Vec<String>>,
    /// Something in it could write a file, or run something that was not looked at.
    writes: bool,
}

/// Splits at white space and operators, quotes kept together, a quote without an end taken to the end.
fn commands(text: &str) -> Rough {
    let mut rough = Rough::default();
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut chars = text.chars().peekable();
    let mut quote: Option<char> = None;
    while let Some(c) = chars.next() {
        match quote {
            Some(q) if c == q => quote = None,
            Some('"') if c == '`' || (c == '$' && chars.peek() == Some(&'(')) => rough.writes = true,
            Some(_) => word.get_or_insert_default().push(c),
            None => match c {
                '\'' | '"' => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                '\\' => word.get_or_insert_default().extend(chars.next()),
                ' ' | '\t' => words.extend(word.take()),
                '\n' | ';' | '|' => {
                    words.extend(word.take());
                    rough.end(&mut words);
                }
                // In the middle of a word it is an address or an expression that somebody forgot to quote.
                '&' if word.as_ref().is_some_and(|w| w.contains("://")) && chars.peek() != Some(&'&') => {
                    word.get_or_insert_default().push(c);
                }
                '&' => {
                    words.extend(word.take());
                    rough.end(&mut words);
                }
                // What runs inside is a command of its own.
                '<' | '>' if chars.peek() == Some(&'(') => {
                    rough.writes = true;
                    chars.next();
                    words.extend(word.take());
                    rough.end(&mut words);
                }
                '>' | '`' => {
                    let duplicates = c == '>' && chars.peek() == Some(&'&');
                    rough.writes |= !duplicates;
                    if duplicates {
                        chars.next();
                        chars.next_if(char::is_ascii_digit);
                        word = None;
                    } else {
                        words.extend(word.take());
                    }
                }
                '$' if chars.peek() == Some(&'(') => {
                    rough.writes = true;
                    chars.next();
                    words.extend(word.take());
                    rough.end(&mut words);
                }
                '(' | ')' if word.is_none() && words.is_empty() => {}
                _ => word.get_or_insert_default().push(c),
            },
        }
    }
    words.extend(word);
    rough.end(&mut words);
    rough
}

impl Rough {
    fn end(&mut self, words: &mut Vec<String>) {
        let structure = |w: &String| {
            matches!(
                w.as_str(),
                "if" | "then" | "else" | "elif" | "fi" | "do" | "done" | "while" | "until" | "{" | "}" | "!"
            )
        };
        let start = words.iter().position(|w| !structure(w)).unwrap_or(words.len());
        let mut command: Vec<String> = words.drain(..).skip(start).collect();
        // `for x in a b` runs nothing itself.
        if command.first().is_some_and(|w| w == "for" || w == "case" || w == "esac") {
            command.clear();
        }
        if !command.is_empty() {
            self.commands.push(command);
        }
    }
}
