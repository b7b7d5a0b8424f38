//! What a request of curl, wget or HTTPie does: by its method, by what it writes here, by the words of its path, which
//! only ever raise; whether its client takes the address as it is written; and who can send it instead.
//! Never sends anything, never resolves a host.

mod address;
mod curl;
mod others;
mod raw;

use std::sync::OnceLock;

use serde::Deserialize;

pub use curl::curl;
pub use others::{httpie, wget};
pub use raw::{Raw, in_shell};

use super::inner::Inner;
use crate::model::{Executor, Risk};

#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub inner: Inner,
    /// `Http`, or `Prometheus` for an address that only Prometheus answers.
    pub executor: Executor,
}

/// A word that cannot be read before it runs.
const OPAQUE: char = '\u{FFFC}';

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    curl_values: String,
    curl_switches: String,
    curl_short_values: String,
    curl_short_switches: String,
    curl_writes: String,
    asks: String,
    destroys: String,
    changes: String,
    copies: String,
    prometheus: String,
    prometheus_here: String,
}

fn table() -> &'static File {
    static TABLE: OnceLock<File> = OnceLock::new();
    TABLE.get_or_init(|| toml::from_str(include_str!("../knowledge/verbs/http.toml")).unwrap_or_default())
}

fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|w| w == word)
}

/// What the method does to the path; the body only matters where one address takes questions and orders alike.
fn method(method: &str, url: &str, body: Option<&str>) -> Inner {
    let upper = method.to_ascii_uppercase();
    let path = address::path(url);
    let why = format!("http {upper}");
    let base = match upper.as_str() {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PROPFIND" | "REPORT" | "SEARCH" | "QUERY" => Risk::Read,
        "DELETE" => Risk::Destroy,
        m if m.contains(OPAQUE) => Risk::Destroy,
        _ => Risk::Mutate, // PURGE drops a copy, not the thing
    };
    if base == Risk::Mutate && upper == "POST" && (address::asks(&path) || graphql_query(&path, body)) {
        return Inner::new(Risk::Read, "http POST that asks");
    }
    let inner = Inner::new(base, why);
    match address::says(&path, base > Risk::Read) {
        Some((risk, word)) => inner.floor(risk, &format!("http {upper} …/{word}")),
        None => inner,
    }
}

/// A body in sight that asks and orders nothing.
fn graphql_query(path: &str, body: Option<&str>) -> bool {
    let body = body.unwrap_or("");
    path.trim_end_matches('/').ends_with("/graphql")
        && body.contains("query")
        && !body.contains("mutation")
        && !body.starts_with('@')
        && !body.contains(OPAQUE)
}

fn executor(urls: &[String]) -> Executor {
    let prometheus = urls.iter().any(|u| address::is_prometheus(u));
    if prometheus { Executor::Prometheus } else { Executor::Http }
}

#[cfg(test)]
mod tests;
