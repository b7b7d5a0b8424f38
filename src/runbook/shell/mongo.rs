//! What MongoDB's shell is told: names of methods and commands, taken from the text. No JavaScript is understood.

use super::client::Told;
use super::part::{Part, Work};
use super::walk::Stdin;
use crate::knowledge::OPAQUE;
use crate::model::{Executor, Risk};

const DESTROYS: &[&str] = &[
    "drop",
    "dropDatabase",
    "dropIndex",
    "dropIndexes",
    "dropUser",
    "deleteOne",
    "deleteMany",
    "remove",
    "findOneAndDelete",
    "bulkWrite",
    "shutdownServer",
    "dropRole",
    "dropAllUsersFromDatabase",
    "killOp",
    "dropSearchIndex",
];

const READS: &[&str] = &[
    "find",
    "findOne",
    "count",
    "countDocuments",
    "estimatedDocumentCount",
    "distinct",
    "stats",
    "serverStatus",
    "status",
    "hello",
    "isMaster",
    "ismaster",
    "printjson",
    "print",
    "pretty",
    "limit",
    "sort",
    "skip",
    "toArray",
    "forEach",
    "explain",
    "getIndexes",
    "getCollectionNames",
    "getCollectionInfos",
    "currentOp",
    "getMongo",
    "getDB",
    "getSiblingDB",
    "getCollection",
    "printReplicationInfo",
    "printSecondaryReplicationInfo",
    "printSlaveReplicationInfo",
    "conf",
    "config",
    "ping",
    "version",
    "buildInfo",
    "hostInfo",
    "getProfilingStatus",
    "getProfilingLevel",
    "totalSize",
    "dataSize",
    "storageSize",
    "tojson",
    "JSON",
    "stringify",
    "map",
    "filter",
    "ISODate",
    "ObjectId",
    "Date",
    "length",
    "latencyStats",
    "getReplicationInfo",
    "listCollections",
    "getName",
    "show",
    "getShardDistribution",
    "listCommands",
    "adminCommand",
    "runCommand",
    "hint",
    "readPref",
    "maxTimeMS",
    "getUsers",
    "slice",
    "join",
    "getLogComponents",
];

pub fn judge(part: &mut Part, told: &Told<'_>) {
    let mut texts = told.values(&["--eval"]);
    let files: Vec<String> = told.values(&["-f", "--file"]);
    let scripts: Vec<String> = told
        .operands()
        .iter()
        .map(|a| a.text.clone())
        .filter(|t| t.ends_with(".js") || t.ends_with(".mongodb"))
        .collect();
    for file in files.iter().chain(&scripts) {
        part.raise(Risk::Mutate, format!("mongosh runs {file}"));
        part.flags.unknown_tool = true;
    }
    if texts.is_empty() && files.is_empty() && scripts.is_empty() {
        match told.stdin {
            Stdin::Text(text) => texts.push(text.clone()),
            Stdin::None => return part.console("mongosh"),
            _ => return part.raise(Risk::Destroy, "mongosh runs what cannot be read"),
        }
    }
    for text in &texts {
        let (risk, why) = script(text);
        part.raise(risk, why);
    }
}

/// What is typed at its own prompt.
pub fn statement(text: &str) -> Part {
    let mut part = Part { work: Work::Does, executor: Executor::AppCli, ..Part::default() };
    let (risk, why) = script(text);
    part.raise(risk, why);
    part
}

/// By the names that are called.
fn script(text: &str) -> (Risk, String) {
    let called = called(text);
    if let Some(name) = called.iter().find(|n| DESTROYS.contains(n)) {
        return (Risk::Destroy, format!("mongo {name}"));
    }
    // Commands by name: only those that are known to look may stand in the argument.
    let by_name = called.iter().any(|n| matches!(*n, "runCommand" | "adminCommand"));
    if by_name {
        let looks = [
            "ping",
            "serverStatus",
            "replSetGetStatus",
            "listDatabases",
            "buildInfo",
            "currentOp",
            "isMaster",
            "hello",
            "dbStats",
            "collStats",
            "getParameter",
            "connPoolStats",
            "getCmdLineOpts",
            "top",
            "hostInfo",
        ];
        if !looks.iter().any(|l| text.contains(l)) {
            return (Risk::Mutate, "mongo runCommand".to_owned());
        }
    }
    let unknown = called.iter().find(|n| !READS.contains(n));
    let shows = text.trim_start().starts_with("show ") && !text.contains('(');
    match unknown {
        Some(name) => (Risk::Mutate, format!("mongo {name}")),
        None if text.contains(OPAQUE) && called.is_empty() && !shows => {
            (Risk::Destroy, "mongo script that cannot be read".to_owned())
        }
        None => (Risk::Read, "mongo".to_owned()),
    }
}

/// Names that stand directly before a bracket.
fn called(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices('(') {
        let before = text[..at].trim_end();
        let start = before
            .char_indices()
            .rev()
            .find(|(_, c)| !c.is_alphanumeric() && *c != '_')
            .map_or(0, |(i, c)| i + c.len_utf8());
        let name = &before[start..];
        if !name.is_empty() && !matches!(name, "if" | "for" | "while" | "function" | "return" | "switch") {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_decide_what_a_mongo_script_does() {
        for (text, risk) in [
            ("db.stats()", Risk::Read),
            ("rs.status()", Risk::Read),
            ("db.adminCommand('ping')", Risk::Read),
            ("db.adminCommand({setParameter: 1, x: 2})", Risk::Mutate),
            ("db.orders.find({a: 1}).limit(5).pretty()", Risk::Read),
            ("show dbs", Risk::Read),
            ("db.sessions.deleteMany({})", Risk::Destroy),
            ("db.dropDatabase()", Risk::Destroy),
            ("db.orders.createIndex({a: 1})", Risk::Mutate),
            ("rs.stepDown()", Risk::Mutate),
        ] {
            assert_eq!(script(text).0, risk, "{text}");
        }
    }
}
