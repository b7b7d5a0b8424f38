//! Programs that stand in a text (`python -c "…"`): no language is understood, only whether every word in it is one that
//! reads what came in and prints it.

use crate::knowledge::OPAQUE;

/// A snippet that takes its input apart and prints something: nothing in it could write, start or send.
pub fn only_prints(snippet: &str) -> bool {
    if snippet.contains(OPAQUE) {
        return false;
    }
    const WORDS: &[&str] = &[
        "import",
        "json",
        "sys",
        "print",
        "load",
        "loads",
        "dumps",
        "stdin",
        "read",
        "for",
        "in",
        "if",
        "else",
        "not",
        "and",
        "or",
        "len",
        "get",
        "items",
        "keys",
        "values",
        "sorted",
        "sum",
        "min",
        "max",
        "join",
        "split",
        "strip",
        "str",
        "int",
        "float",
        "round",
        "indent",
        "True",
        "False",
        "None",
        "key",
        "lambda",
        "enumerate",
        "re",
        "math",
        "data",
        "d",
        "x",
        "k",
        "v",
        "i",
        "r",
        "line",
        "lines",
        "item",
        "j",
        "o",
        "p",
        "s",
        "n",
        "is",
        "list",
        "dict",
        "set",
        "datetime",
        "time",
        "now",
        "platform",
        "version",
        "ensure_ascii",
        "exit",
        "rstrip",
        "lstrip",
        "isoformat",
        "utcnow",
    ];
    // Names in quotes are keys of what came in.
    let mut outside = String::new();
    let mut quote = None;
    for c in snippet.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                outside.push(' ');
            }
            None => outside.push(c),
        }
    }
    outside
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty() && !w.chars().all(|c| c.is_ascii_digit()))
        .all(|w| WORDS.contains(&w))
}

pub fn deletes(snippet: &str) -> bool {
    [
        "unlink",
        "rmtree",
        "os.remove",
        "rmdir",
        "drop(",
        "drop_all",
        "delete(",
        ".delete",
        "flushall",
        "flushdb",
        "purge(",
        "delete_many",
        "deletemany",
        "drop_database",
        "truncate",
    ]
    .iter()
    .any(|w| snippet.to_ascii_lowercase().contains(w))
}
