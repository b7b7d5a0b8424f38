//! Which commands only read: those that the server itself flags so, and a few that report and that no server flags.
//! A script is only taken in its read-only form.

use super::show::{items, text};
use redis::Value;

/// Reports, by command and subcommand. What is not here and not flagged changes something.
const REPORTS: &[(&str, &[&str])] = &[
    ("PING", &[]),
    ("ECHO", &[]),
    ("INFO", &[]),
    ("TIME", &[]),
    ("LASTSAVE", &[]),
    ("ROLE", &[]),
    ("COMMAND", &["", "COUNT", "DOCS", "INFO", "LIST", "GETKEYS"]),
    ("CONFIG", &["GET"]),
    ("CLIENT", &["LIST", "INFO", "ID", "GETNAME"]),
    ("SLOWLOG", &["GET", "LEN"]),
    ("LATENCY", &["LATEST", "HISTORY", "DOCTOR", "GRAPH", "HISTOGRAM"]),
    ("MEMORY", &["USAGE", "STATS", "DOCTOR", "MALLOC-STATS"]),
    (
        "CLUSTER",
        &["INFO", "NODES", "SLOTS", "SHARDS", "MYID", "KEYSLOT", "COUNTKEYSINSLOT", "REPLICAS", "SLAVES", "LINKS"],
    ),
    ("PUBSUB", &["CHANNELS", "NUMSUB", "NUMPAT"]),
    ("MODULE", &["LIST"]),
    ("SCRIPT", &["EXISTS"]),
    ("ACL", &["WHOAMI", "CAT"]),
];

pub fn is_report(command: &[String]) -> bool {
    let word = |at: usize| command.get(at).map(|w| w.to_uppercase()).unwrap_or_default();
    REPORTS.iter().any(|(verb, subs)| word(0) == *verb && (subs.is_empty() || subs.contains(&word(1).as_str())))
}

/// What to ask the server by COMMAND INFO: newer ones know each subcommand by itself.
pub fn names(command: &[String]) -> [String; 2] {
    let verb = command.first().map(|w| w.to_lowercase()).unwrap_or_default();
    let sub = command.get(1).map(|w| w.to_lowercase()).unwrap_or_default();
    [format!("{verb}|{sub}"), verb]
}

/// Of the server's answer to COMMAND INFO for these two: the first that it knows.
pub fn is_flagged(answer: &Value) -> Result<bool, String> {
    let known = items(answer).unwrap_or_default().iter().find_map(items).filter(|i| !i.is_empty());
    let Some(entry) = known else { return Err("the server does not know this command".to_string()) };
    let flags = entry.get(2).and_then(items).unwrap_or_default();
    let has = |flag: &str| flags.iter().filter_map(text).any(|f| f == flag);
    Ok(has("readonly") && !has("write"))
}
