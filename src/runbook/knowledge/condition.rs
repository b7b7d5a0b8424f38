//! One condition of an entry, such as `--replicas=0`: whether the words of a command meet it.
//!
//! A value that cannot be read before the command runs meets every condition it could meet; an operand that cannot be
//! read meets none, since entries say with `worst` what it may be.

use super::OPAQUE;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `-f`, `--force`: the option is there, with or without a value.
    Option(String),
    /// `--replicas=0`: the option's value, as a pattern with `*`.
    Value(String, String),
    /// `-c==show *`: the option is there, and each of its values fits.
    Each(String, String),
    /// `word`, `/dev/*`: some operand.
    Operand(String),
    /// `@1=pod*`: the operand at this place behind the path, from 1.
    At(usize, String),
    /// `#0`: no operand at all.
    NoOperand,
    /// `#bare`: nothing stands behind the tool or its subcommand.
    Bare,
}

impl Condition {
    pub fn read(text: &str) -> Result<Self, String> {
        if text == "#0" {
            return Ok(Self::NoOperand);
        }
        if text == "#bare" {
            return Ok(Self::Bare);
        }
        if let Some(rest) = text.strip_prefix('@') {
            let (place, pattern) = rest.split_once('=').ok_or_else(|| format!("`{text}` has no `=`"))?;
            let place: usize = place.parse().map_err(|_| format!("`{text}` has no number behind `@`"))?;
            if place == 0 || pattern.is_empty() {
                return Err(format!("`{text}`: places count from 1 and the pattern may not be empty"));
            }
            return Ok(Self::At(place, pattern.to_owned()));
        }
        if text.is_empty() {
            return Err("an empty condition".to_owned());
        }
        if text.starts_with('-') && text.len() > 1 {
            if let Some((name, value)) = text.split_once("==") {
                return Ok(Self::Each(name.to_owned(), value.to_owned()));
            }
            return Ok(match text.split_once('=') {
                Some((name, value)) => Self::Value(name.to_owned(), value.to_owned()),
                None => Self::Option(text.to_owned()),
            });
        }
        Ok(Self::Operand(text.to_owned()))
    }
}

/// `*` stands for any text, the empty one too.
pub fn glob(pattern: &str, text: &str) -> bool {
    if !pattern.as_bytes().contains(&b'*') {
        return pattern == text;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether the text, once its unreadable parts are known, could be what the pattern says.
pub fn could_be(pattern: &str, text: &str) -> bool {
    if !text.contains(OPAQUE) {
        return glob(pattern, text);
    }
    // Only what is readable at both ends can speak against it.
    let before = text.split(OPAQUE).next().unwrap_or("");
    let after = text.rsplit(OPAQUE).next().unwrap_or("");
    let start = pattern.split('*').next().unwrap_or("");
    let end = pattern.rsplit('*').next().unwrap_or("");
    let fits_start = before.starts_with(start) || start.starts_with(before);
    let fits_end = after.ends_with(end) || end.ends_with(after);
    fits_start && fits_end
}
