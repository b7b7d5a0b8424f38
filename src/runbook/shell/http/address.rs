//! An address, as far as it tells what a request does. Text only; nothing is resolved.

use super::{OPAQUE, listed, table};
use crate::model::Risk;

/// Without scheme, host, query and fragment; begins with a slash.
pub(super) fn path(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    rest.find('/').map_or_else(|| "/".to_owned(), |at| rest[at..].to_owned())
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].rsplit('@').next().unwrap_or("")
}

fn query(url: &str) -> &str {
    url.split_once('?').map_or("", |(_, q)| q)
}

/// A POST here only asks.
pub(super) fn asks(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    table().asks.split_whitespace().any(|end| {
        let end: Vec<&str> = end.split('/').collect();
        let Some(from) = parts.len().checked_sub(end.len()) else { return false };
        parts[from..].iter().zip(&end).all(|(p, e)| *e == "*" || p == e)
    })
}

/// What a word of the path says the request does. In a question (`GET`) only a whole part of the path says so.
pub(super) fn says(path: &str, orders: bool) -> Option<(Risk, String)> {
    let mut worst: Option<(Risk, String)> = None;
    let lower = path.to_lowercase();
    let copy = lower.split(|c: char| !c.is_alphanumeric()).any(|w| listed(&table().copies, w));
    for part in lower.split('/').filter(|p| !p.is_empty()) {
        let whole = std::iter::once(part);
        let words = part.split(['-', '_', '.', ':']).filter(|w| orders && !w.is_empty());
        for word in whole.chain(words) {
            let cached = copy && matches!(word, "delete" | "drop" | "remove" | "wipe" | "purge" | "erase");
            let risk = match () {
                () if cached || listed(&table().changes, word) => Risk::Mutate,
                () if listed(&table().destroys, word) => Risk::Destroy,
                // `clear-cache`, `cache_clear` as one part of a question's path.
                () if compound(word) => Risk::Mutate,
                () => continue,
            };
            if worst.as_ref().is_none_or(|(w, _)| risk > *w) {
                worst = Some((risk, word.to_owned()));
            }
        }
    }
    worst
}

fn compound(part: &str) -> bool {
    let mut words = part.split(['-', '_']);
    let (Some(a), Some(b), None) = (words.next(), words.next(), words.next()) else { return false };
    let acts = |w: &str| matches!(w, "clear" | "flush" | "purge" | "invalidate" | "reset" | "reload");
    let what = |w: &str| matches!(w, "cache" | "caches" | "queue" | "queues" | "all" | "config" | "db" | "index");
    acts(a) && what(b) || what(a) && acts(b)
}

pub(super) fn is_prometheus(url: &str) -> bool {
    let path = path(url);
    let Some((before, after)) = path.split_once("/api/v1/") else { return path.ends_with("/federate") };
    if before.ends_with("/loki") || before.ends_with("/tempo") {
        return false;
    }
    let first = after.split('/').next().unwrap_or("");
    if listed(&table().prometheus, first) {
        return true;
    }
    let host = host(url).to_lowercase();
    let named = ["prom", "thanos", "mimir", "cortex", "victoria", "vmselect"].iter().any(|n| host.contains(n));
    let port = [":9090", ":9091", ":8428", ":8481", ":10902", ":10904"].iter().any(|p| host.ends_with(p));
    (named || port) && listed(&table().prometheus_here, first)
}

/// The server goes on sending: `?watch=true`, `?follow=1`, or a stream that is not buffered.
pub(super) fn streams(url: &str, unbuffered: bool) -> bool {
    let on = |name: &str| {
        query(url).split('&').any(|p| p.split_once('=').is_some_and(|(n, v)| n == name && matches!(v, "1" | "true")))
    };
    let path = path(url);
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    on("watch")
        || on("follow")
        || unbuffered && matches!(last, "stream" | "events" | "sse" | "watch" | "tail" | "listen")
}

/// What curl does not take: a part in brackets that is no range, a blank. `globs`: it was not told to leave them alone.
pub(super) fn refused_by_curl(url: &str, globs: bool) -> Option<String> {
    if url.contains(OPAQUE) {
        return None; // a part of it is not known yet
    }
    if url.contains([' ', '\n', '\t']) && url.contains("://") {
        return Some("curl refuses an address with a blank in it (exit 3); use -G --data-urlencode".to_owned());
    }
    if !globs {
        return None;
    }
    globbing(url)
}

fn globbing(url: &str) -> Option<String> {
    let bytes = url.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'[' => {
                let Some(length) = url[at..].find(']') else { return Some(brackets("[")) };
                let inside = &url[at + 1..at + length];
                if !(inside.is_empty() || range(inside) || literal_address(inside)) {
                    return Some(brackets(&format!("[{inside}]")));
                }
                at += length + 1;
            }
            b'{' => {
                let length = url[at..].find('}')?;
                let inside = &url[at + 1..at + length];
                if inside.is_empty() || inside.contains('{') {
                    return Some(brackets(&format!("{{{inside}}}")));
                }
                // `up{job="x"}` is sent without its braces.
                if inside.contains('=') && url[..at].contains('?') {
                    return Some(format!(
                        "curl takes {{{inside}}} for a list and sends it without the braces; add -g, or use -G --data-urlencode"
                    ));
                }
                at += length + 1;
            }
            c @ (b']' | b'}') => return Some(brackets(&char::from(c).to_string())),
            _ => at += 1,
        }
    }
    None
}

fn brackets(what: &str) -> String {
    format!("curl refuses {what} in an address (exit 3); add -g, or use -G --data-urlencode")
}

/// `1-10`, `01-10:2`, `a-z`.
fn range(inside: &str) -> bool {
    let (span, step) = inside.split_once(':').map_or((inside, "1"), |(s, n)| (s, n));
    let Some((from, to)) = span.split_once('-') else { return false };
    let digits = |s: &str| !s.is_empty() && s.len() < 19 && s.bytes().all(|b| b.is_ascii_digit());
    let letter = |s: &str| s.len() == 1 && s.bytes().all(|b| b.is_ascii_alphabetic());
    digits(step) && (digits(from) && digits(to) || letter(from) && letter(to) && from <= to)
}

/// `[::1]`.
fn literal_address(inside: &str) -> bool {
    inside.contains("::") || inside.matches(':').count() == 7
}
