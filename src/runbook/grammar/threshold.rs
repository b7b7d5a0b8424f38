//! Limits as people write them: `> 80% of max`, `P95 > 1s for 5 minutes`, `<150/200`, `queue_depth >500`, `超过 80%`.
//!
//! `cell` reads a text that is a limit and nothing else; `clauses` finds every metric with a limit in a sentence.
//! Comparators stay as written; nobody's direction is guessed here.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// `>`, `>=`, `<`, `<=`, `=`.
    pub op: String,
    pub value: f64,
    /// As written, without what only says of what it is a share.
    pub unit: Option<String>,
}

/// A metric and its limit within a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub metric: String,
    pub limit: Cell,
    pub range: Range<usize>,
}

/// Words that compare, longest first where one begins like another.
const WORDS: &[(&str, &str)] = &[
    ("greater than or equal to", ">="),
    ("less than or equal to", "<="),
    ("greater than", ">"),
    ("more than", ">"),
    ("higher than", ">"),
    ("less than", "<"),
    ("lower than", "<"),
    ("fewer than", "<"),
    ("at least", ">="),
    ("at most", "<="),
    ("no more than", "<="),
    ("above", ">"),
    ("over", ">"),
    ("exceeds", ">"),
    ("exceeding", ">"),
    ("below", "<"),
    ("under", "<"),
    ("größer als", ">"),
    ("mehr als", ">"),
    ("höher als", ">"),
    ("kleiner als", "<"),
    ("weniger als", "<"),
    ("mindestens", ">="),
    ("höchstens", "<="),
    ("über", ">"),
    ("unter", "<"),
    ("supérieur à", ">"),
    ("supérieure à", ">"),
    ("inférieur à", "<"),
    ("inférieure à", "<"),
    ("plus de", ">"),
    ("moins de", "<"),
    ("au moins", ">="),
    ("mayor que", ">"),
    ("mayor a", ">"),
    ("superior a", ">"),
    ("más de", ">"),
    ("menor que", "<"),
    ("menor a", "<"),
    ("inferior a", "<"),
    ("menos de", "<"),
    ("por encima de", ">"),
    ("por debajo de", "<"),
    ("maior que", ">"),
    ("acima de", ">"),
    ("mais de", ">"),
    ("abaixo de", "<"),
    ("maggiore di", ">"),
    ("superiore a", ">"),
    ("più di", ">"),
    ("inferiore a", "<"),
    ("meno di", "<"),
    ("sopra", ">"),
    ("sotto", "<"),
    ("более", ">"),
    ("больше", ">"),
    ("выше", ">"),
    ("свыше", ">"),
    ("менее", "<"),
    ("меньше", "<"),
    ("ниже", "<"),
    ("大于等于", ">="),
    ("小于等于", "<="),
    ("大于", ">"),
    ("高于", ">"),
    ("超过", ">"),
    ("超過", ">"),
    ("小于", "<"),
    ("低于", "<"),
    ("少于", "<"),
];
/// Behind the number, in the languages that say it there.
const BEHIND: &[(&str, &str)] = &[
    ("以上", ">="),
    ("以下", "<="),
    ("未満", "<"),
    ("未满", "<"),
    ("超過", ">"),
    ("を超え", ">"),
    ("を下回", "<"),
    ("超え", ">"),
    ("이상", ">="),
    ("이하", "<="),
    ("초과", ">"),
    ("미만", "<"),
    ("を超", ">"),
    ("超", ">"),
];
const SIGNS: &[(&str, &str)] = &[
    (">=", ">="),
    ("<=", "<="),
    ("=>", ">="),
    ("=<", "<="),
    ("≥", ">="),
    ("≤", "<="),
    ("==", "="),
    (">", ">"),
    ("<", "<"),
    ("＞", ">"),
    ("＜", "<"),
    ("=", "="),
];
const STATISTICS: &[&str] = &[
    "p50", "p75", "p90", "p95", "p99", "p99.9", "avg", "average", "mean", "median", "max", "min", "rate", "count",
    "total", "sum", "peak",
];

/// A text that is a limit: an operator and a number, with a statistic before and a unit, a share and a hold behind.
pub fn cell(text: &str) -> Option<Cell> {
    let text = text.trim().trim_matches(['*', '`', '_']).trim();
    let mut rest = text;
    loop {
        let word = rest.split_whitespace().next()?;
        let bare = word.trim_matches(['(', ')', ':', ',']).to_lowercase();
        if STATISTICS.contains(&bare.as_str()) {
            rest = rest[word.len()..].trim_start();
        } else {
            break;
        }
    }
    let (limit, end) = limit(rest)?;
    tail_is_known(&rest[end..]).then_some(limit)
}

/// A number with its unit and no comparator, as a column for alarms needs none: `80 %`, `120 ms`.
pub fn bare(text: &str) -> Option<Cell> {
    let text = text.trim().trim_matches(['*', '`', '_']).trim();
    let text = text.strip_prefix("at ").or_else(|| text.strip_prefix("ab ")).unwrap_or(text);
    let (value, digits) = number(text)?;
    let (unit, length) = unit(&text[digits..]);
    let tail = &text[digits + length..];
    let plain = !tail.trim_start().starts_with(['-', '–', '/', ':', '~']) && tail_is_known(tail);
    plain.then(|| Cell { op: String::new(), value, unit })
}

/// Every metric with a limit in a text: `queue_a >100, queue_b >500`, `CPU usage > 80%`.
pub fn clauses(text: &str) -> Vec<Clause> {
    let mut found: Vec<Clause> = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while at < text.len() {
        let Some(c) = text[at..].chars().next() else { break };
        if let Some((limit, length)) = operator_at(text, at).and_then(|_| limit(&text[at..])) {
            let metric = metric(&text[from..at]);
            let end = at + length;
            if let Some(metric) = metric {
                found.push(Clause { metric, limit, range: from..end });
            }
            at = end;
            from = end;
        } else {
            at += c.len_utf8();
        }
    }
    // `Warning: >70% disk usage`: what is measured stands behind.
    if found.is_empty() {
        found.extend(metric_behind(text));
    }
    found
}

fn metric_behind(text: &str) -> Option<Clause> {
    let start =
        text.char_indices().find(|(at, _)| operator_at(text, *at).is_some_and(|_| limit(&text[*at..]).is_some()))?.0;
    let (limit, length) = limit(&text[start..])?;
    let behind = text[start + length..].trim_start().trim_start_matches("of ").trim();
    let behind = behind.split([',', ';', '(', '.', '，', '。']).next().unwrap_or("").trim();
    let fits = (1..=5).contains(&behind.split_whitespace().count()) && behind.chars().any(char::is_alphabetic);
    fits.then(|| Clause { metric: behind.to_owned(), limit, range: start..text.len() })
}

/// The name right before an operator: back to a comma, a bracket, a connecting word.
fn metric(before: &str) -> Option<String> {
    let mut text = before.trim_end();
    text = text.trim_end_matches([':', '：', '(', '-', '–']).trim_end();
    for word in [
        "should be",
        "must be",
        "should stay",
        "is",
        "are",
        "ist",
        "liegt bei",
        "est",
        "es",
        "é",
        "è",
        "stays",
        "at",
        "goes",
        "sollte",
        "soll",
        "devrait être",
        "debe ser",
        "deve ser",
        "в",
    ] {
        let cut = text.len().saturating_sub(word.len());
        if text.is_char_boundary(cut) && text[cut..].to_lowercase() == word && text[..cut].ends_with([' ', ':']) {
            text = text[..cut].trim_end().trim_end_matches([':', '：']).trim_end();
        }
    }
    let from = text
        .char_indices()
        .rev()
        .find(|(_, c)| matches!(c, ',' | ';' | '(' | '，' | '、' | '；' | '。' | '|'))
        .map_or(0, |(at, c)| at + c.len_utf8());
    let mut name = text[from..].trim();
    for word in [
        "and ",
        "or ",
        "und ",
        "oder ",
        "et ",
        "ou ",
        "y ",
        "o ",
        "e ",
        "и ",
        "или ",
        "if ",
        "when ",
        "wenn ",
        "si ",
        "se ",
        "если ",
        "如果",
        "当",
    ] {
        name = name.strip_prefix(word).unwrap_or(name).trim_start();
        let lower = name.to_lowercase();
        if lower.starts_with(word) && lower.len() == name.len() {
            name = name[word.len()..].trim_start();
        }
    }
    let name = name.rsplit([':', '：']).find(|p| !p.trim().is_empty()).unwrap_or(name).trim();
    let name = name.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | '(' | '%' | '/' | '_'));
    let words = name.split_whitespace().count();
    ((1..=6).contains(&words) && name.chars().any(char::is_alphabetic)).then(|| name.to_owned())
}

fn operator_at(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let rest = &text[at..];
    if let Some((sign, op)) = SIGNS.iter().find(|(s, _)| rest.starts_with(s)) {
        // `->`, `=>` of an arrow and `<name>` are no comparisons.
        let arrow = text[..at].ends_with('-') && *op == ">";
        let number =
            rest[sign.len()..].trim_start().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '$' | '€'));
        return (!arrow && number).then_some((op, sign.len()));
    }
    let begins = at == 0 || text[..at].ends_with(|c: char| !c.is_alphanumeric() || c > '\u{2fff}');
    if !begins {
        return None;
    }
    let head: String = rest.chars().take(28).collect::<String>().to_lowercase();
    WORDS
        .iter()
        .find(|(w, _)| head.starts_with(w) && head[w.len()..].trim_start().starts_with(|c: char| c.is_ascii_digit()))
        .map(|(w, op)| (*op, w.len()))
}

/// An operator, a number and its unit at the beginning of a text, and how far they go.
fn limit(text: &str) -> Option<(Cell, usize)> {
    let (mut op, length) = match operator_at(text, 0) {
        Some(found) => (Some(found.0), found.1),
        None => (None, 0),
    };
    let mut at = length + blanks(&text[length..]);
    at += text[at..].chars().next().filter(|c| matches!(c, '$' | '€' | '~')).map_or(0, char::len_utf8);
    let (mut value, digits) = number(&text[at..])?;
    at += digits;
    if let Some((factor, length)) = multiplier(&text[at..]) {
        value *= factor;
        at += length;
    }
    // `<150/200`: the second number is the most there can be.
    if text[at..].starts_with('/') && text[at + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        at += 1 + number(&text[at + 1..]).map_or(0, |(_, n)| n);
    }
    let (unit, length) = unit(&text[at..]);
    at += length;
    let behind = text[at..].trim_start();
    if op.is_none()
        && let Some((word, found)) = BEHIND.iter().find(|(w, _)| behind.starts_with(w))
    {
        op = Some(found);
        at = text.len() - behind.len() + word.len();
    }
    Some((Cell { op: op?.to_owned(), value, unit }, at))
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// `15,000`, `1.5`, `99,9`: a comma before exactly three digits groups, otherwise it is the decimal point.
fn number(text: &str) -> Option<(f64, usize)> {
    if let Some(grouped) = grouped(text) {
        return Some(grouped);
    }
    let end = text.bytes().position(|b| !(b.is_ascii_digit() || matches!(b, b'.' | b',' | b'_'))).unwrap_or(text.len());
    let raw = text[..end].trim_end_matches([',', '.', '_']);
    if !raw.bytes().any(|b| b.is_ascii_digit()) || !raw.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let groups: Vec<&str> = raw.split(',').collect();
    let plain = if groups.len() > 1 && groups[1..].iter().all(|g| g.split('.').next().unwrap_or("").len() == 3) {
        raw.replace([',', '_'], "")
    } else {
        raw.replace(',', ".").replace('_', "")
    };
    plain.parse().ok().map(|value| (value, raw.len()))
}

/// `10 000`, `2.000`: groups of three as much of the world writes them. A share or a time of three decimals is none.
fn grouped(text: &str) -> Option<(f64, usize)> {
    let first = text.find(|c: char| !c.is_ascii_digit())?;
    let mark = text[first..].chars().next().filter(|c| matches!(c, ' ' | '.' | '\u{a0}' | '\u{202f}' | '\''))?;
    if !(1..=3).contains(&first) || text.starts_with('0') {
        return None;
    }
    let (mut end, mut digits) = (first, text[..first].to_owned());
    while let Some(group) = text[end..].strip_prefix(mark).and_then(|rest| rest.get(..3))
        && group.bytes().all(|b| b.is_ascii_digit())
    {
        digits.push_str(group);
        end += mark.len_utf8() + 3;
    }
    let after = text[end..].trim_start();
    let goes_on = text[end..].starts_with(|c: char| c.is_ascii_digit() || c == ',' || c == '.' && mark == '.');
    let fine = mark == '.' && (after.starts_with('%') || after.starts_with("s ") || after == "s");
    (end > first && !goes_on && !fine).then(|| digits.parse().ok().map(|value| (value, end))).flatten()
}

/// `18K/sec` is 18,000; `5M` is 5,000,000. `MB` and `ms` are units.
fn multiplier(text: &str) -> Option<(f64, usize)> {
    let mut chars = text.chars();
    let factor = match chars.next()? {
        'k' | 'K' => 1e3,
        'M' => 1e6,
        _ => return None,
    };
    let next = chars.next();
    next.is_none_or(|c| !c.is_alphanumeric()).then_some((factor, 1))
}

/// What the number counts, as written: `%`, `ms`, `/sec`, `jobs/minute`, `GB`.
fn unit(text: &str) -> (Option<String>, usize) {
    const KNOWN: &[&str] = &[
        "%",
        "％",
        "ms",
        "msec",
        "millisecond",
        "milliseconds",
        "s",
        "sec",
        "secs",
        "second",
        "seconds",
        "m",
        "min",
        "mins",
        "minute",
        "minutes",
        "h",
        "hr",
        "hrs",
        "hour",
        "hours",
        "d",
        "day",
        "days",
        "b",
        "kb",
        "mb",
        "gb",
        "tb",
        "kib",
        "mib",
        "gib",
        "tib",
        "bytes",
        "rps",
        "qps",
        "tps",
        "iops",
        "mbps",
        "gbps",
        "req/s",
        "req/sec",
        "requests/s",
        "requests/sec",
        "msg/s",
        "msg/sec",
        "messages/sec",
        "jobs/minute",
        "jobs/min",
        "ops/sec",
        "/s",
        "/sec",
        "/second",
        "/min",
        "/minute",
        "/h",
        "/hour",
        "/day",
        "°c",
        "℃",
        "sek",
        "sekunden",
        "minuten",
        "stunden",
        "tage",
        "secondes",
        "heures",
        "jours",
        "segundos",
        "minutos",
        "horas",
        "dias",
        "días",
        "secondi",
        "minuti",
        "ore",
        "giorni",
        "мс",
        "сек",
        "мин",
        "час",
        "дней",
        "гб",
        "мб",
        "毫秒",
        "秒",
        "分",
        "分钟",
        "分鐘",
        "小时",
        "時間",
        "天",
        "件",
        "個",
        "个",
        "초",
        "분",
        "시간",
        "일",
        "건",
        "개",
        "µs",
        "us",
        "ns",
        "rpm",
        "usd",
    ];
    let ahead = blanks(text);
    let rest = &text[ahead..];
    if rest.starts_with(['%', '％']) {
        let width = rest.chars().next().map_or(1, char::len_utf8);
        return (Some("%".into()), ahead + width);
    }
    let end = rest
        .find(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | ')' | '(' | '，' | '。' | '|' | ':' | '：' | '<' | '>' | '`')
        })
        .unwrap_or(rest.len());
    let mut word = rest[..end].trim_end_matches(['.', '*']);
    for (behind, _) in BEHIND {
        if let Some(at) = word.find(behind) {
            word = &word[..at];
        }
    }
    let lower = word.to_lowercase();
    let rate = lower.split_once('/').is_some_and(|(what, per)| {
        what.chars().all(char::is_alphabetic)
            && matches!(per, "s" | "sec" | "second" | "min" | "minute" | "m" | "h" | "hr" | "hour" | "day" | "d")
    });
    // A word that stands apart may be the beginning of a sentence; only what is known counts there.
    if word.is_empty() || !(KNOWN.contains(&lower.as_str()) || rate) {
        return (None, 0);
    }
    (Some(word.to_owned()), ahead + word.len())
}

/// Behind a limit in its cell: nothing, a share, a hold, a remark in parentheses.
fn tail_is_known(tail: &str) -> bool {
    let tail = tail.trim();
    let lower = tail.to_lowercase();
    tail.is_empty()
        || tail.starts_with(['(', '（'])
        || [
            "of ",
            "for ",
            "over ",
            "per ",
            "in ",
            "during ",
            "sustained",
            "für ",
            "pendant ",
            "durante ",
            "por ",
            "per ",
            "в течение",
            "持续",
            "継続",
            "von ",
            "der ",
            "used",
            "usage",
            "connections",
            "errors",
            "free",
            "remaining",
            "in der",
            "/",
        ]
        .iter()
        .any(|w| lower.starts_with(w))
        || tail.split_whitespace().count() <= 2
}
