//! `<pre>` blocks, which some exports have instead of fences: read as a fence without a label.

use super::{Around, Before, Commands, fence};
use crate::document::{Fence, SectionId};
use crate::model::Line;

/// Finds the block in lines of HTML and reads it.
pub fn read(lines: &[(Line, String)], section: SectionId, around: &Around, before: &Before, out: &mut Commands) {
    let mut body: Vec<(Line, String)> = Vec::new();
    let mut inside = false;
    for (line, raw) in lines {
        let lower = raw.to_ascii_lowercase();
        let mut text = raw.as_str();
        if !inside {
            let Some(at) = lower.find("<pre") else { continue };
            inside = true;
            text = raw[at..].split_once('>').map_or("", |p| p.1);
        }
        let end = text.to_ascii_lowercase().find("</pre");
        let text = end.map_or(text, |at| &text[..at]);
        let plain = plain(text);
        if !(plain.trim().is_empty() && (body.is_empty() || end.is_some())) {
            body.push((*line, plain));
        }
        if end.is_some() {
            inside = false;
        }
    }
    if body.is_empty() {
        return;
    }
    let fence = Fence { lang: None, body, indented: false, closed: true };
    fence::read(&fence, section, around, before, out);
}

/// Without tags and entities. A placeholder such as `<pod>` is written `&lt;pod&gt;` here.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        match rest[at..].find('>') {
            Some(end) => rest = &rest[at + end + 1..],
            None => {
                plain.push_str(&rest[at..]);
                rest = "";
            }
        }
    }
    plain.push_str(rest);
    plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}
