//! Placeholders that are made of letters alone: a run such as `web-server.previous-tag` is taken apart at its dots and
//! hyphens, and each piece is asked whether a person has to replace it.

use super::super::Replaced;
use super::super::scan::Stage;
use super::lists::{ALONE, MINE, NOUNS, OF, OF_IT, THING, TU, TU_OF, WHICH, YOUR, YOURS};

/// Where a run stands.
pub(crate) struct Spot<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) before: Option<char>,
    /// The text behind the run.
    pub(crate) after: &'a str,
    pub(crate) quoted: bool,
    /// A statement of SQL or Redis, not a shell's line.
    pub(crate) statement: bool,
    /// The run is all there is between two quotes.
    pub(crate) whole: bool,
    /// In the name of an option.
    pub(crate) flag: bool,
    pub(crate) short_flag: bool,
    pub(crate) url: bool,
    pub(crate) text_before: &'a str,
}

impl Spot<'_> {
    /// A bare word may be a placeholder here.
    fn operand(&self) -> bool {
        let key = self.after.starts_with('=') || self.after.starts_with("+=") || self.after.starts_with('(');
        (self.stage.index > 0 || self.url) && !self.flag && !key && (!self.quoted || self.whole)
    }
}

pub(crate) fn run(run: &str, spot: &Spot<'_>, out: &mut Replaced) {
    let mut at = 0;
    let mut fresh = true; // at the run's start, or behind a separator
    while at < run.len() {
        let rest = &run[at..];
        let c = rest.chars().next().unwrap_or('-');
        if fresh && c.is_alphanumeric() {
            if let Some(length) = piece(run, at, spot) {
                out.put(&rest[..length]);
                at += length;
                fresh = false;
                continue;
            }
            if at == 0 && spot.short_flag && c.is_ascii_lowercase() {
                // `-pYOUR_PASSWORD`: the option's letter, then its value.
                out.text.push(c);
                at += c.len_utf8();
                if let Some(length) = yours(&run[at..]).or_else(|| capitals_of_value(&run[at..])) {
                    out.put(&run[at..at + length]);
                    at += length;
                }
                fresh = false;
                continue;
            }
        }
        // A piece that is none is copied whole: each is asked once.
        let end = rest.find(['-', '.', '_']).unwrap_or(rest.len());
        let end = if end == 0 { c.len_utf8() } else { end };
        out.text.push_str(&rest[..end]);
        at += end;
        fresh = rest[..end].ends_with(['-', '.', '_']);
    }
}

/// How long the placeholder is that begins here.
fn piece(run: &str, at: usize, spot: &Spot<'_>) -> Option<usize> {
    // Long runs are data (keys, hashes): nobody is asked for a part of one.
    if run.len() > 200 {
        return None;
    }
    let rest = &run[at..];
    if let Some(length) = date(rest, spot) {
        return Some(length);
    }
    if spot.stage.talks && !spot.url {
        return None;
    }
    (at == 0)
        .then(|| dotted(rest))
        .flatten()
        .or_else(|| crosses(run, at))
        .or_else(|| example(run, at, spot))
        .or_else(|| yours(rest))
        .or_else(|| (!spot.flag && at == 0).then(|| localized(rest)).flatten())
        .or_else(|| capitals(run, at, spot))
        .or_else(|| (at == 0).then(|| lower(rest, spot)).flatten())
        .or_else(|| (at == 0 && spot.operand()).then(|| asian(rest)).flatten())
}

/// `YYYY-MM-DD`, `JJJJ-MM-TT`, `YYYYMMDD_HHMMSS`, `HH:MM`; not where a function is told a format.
fn date(rest: &str, spot: &Spot<'_>) -> Option<usize> {
    let bytes = rest.as_bytes();
    let letters = |b: &u8| b"YMDHSJATN".contains(b);
    let mut length = 0;
    while length < bytes.len() && (letters(&bytes[length]) || b"-._".contains(&bytes[length])) {
        length += 1;
    }
    let form = rest[..length].trim_end_matches(['-', '.', '_']);
    let year = form.len() >= 4 && ["YYYY", "JJJJ", "AAAA"].iter().any(|y| form.contains(y));
    let rest_is_free = rest[form.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
    let lengths = form.len() >= 6 || matches!(form, "YYYY" | "JJJJ");
    let day = form.contains("MM") || form.len() == 4;
    let told =
        |before: String| ["to_char", "to_date", "to_timestamp", "format", "parse"].iter().any(|f| before.contains(f));
    (year && lengths && day && rest_is_free && !told(tail_of(spot.text_before))).then_some(form.len())
}

/// The last characters, in lower case: enough to see a function's name, little enough to ask at every piece.
fn tail_of(text: &str) -> String {
    let tail: Vec<char> = text.chars().rev().take(80).collect();
    tail.into_iter().rev().collect::<String>().to_lowercase()
}

/// `xx.xx.xx.xx`, `10.0.0.x`, `vX.Y.Z`: three parts at least, one of them open.
fn dotted(rest: &str) -> Option<usize> {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
    let word = rest[..end].trim_end_matches('.');
    if !word.contains('.') {
        return None;
    }
    let parts: Vec<&str> = word.strip_prefix(['v', 'V']).unwrap_or(word).split('.').take(6).collect();
    let crossed = |p: &&str| !p.is_empty() && p.len() <= 4 && p.bytes().all(|b| b == b'x' || b == b'X');
    let number = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    let version = parts.iter().map(|p| p.to_ascii_uppercase()).eq(["X", "Y", "Z"]);
    let open =
        (3..=4).contains(&parts.len()) && parts.iter().all(|p| crossed(p) || number(p)) && parts.iter().any(crossed);
    (version || open).then_some(word.len())
}

/// `i-xxxxxxxx`, three or more crosses, `vol-0123xxxx`.
fn crosses(run: &str, at: usize) -> Option<usize> {
    let rest = &run[at..];
    let end = rest.find(['.', '_']).unwrap_or(rest.len());
    let word = &rest[..end];
    let tail = |w: &str| {
        let digits = w.trim_start_matches(|c: char| c.is_ascii_digit());
        digits.len() >= 3 && (digits.bytes().all(|b| b == b'x') || digits.bytes().all(|b| b == b'X'))
    };
    if tail(word) {
        return Some(word.len());
    }
    let (kind, id) = word.split_once('-')?;
    let kind_fits = kind.len() <= 8 && kind.bytes().all(|b| b.is_ascii_alphabetic());
    // `i-xxxx`, and a UUID of crosses.
    (kind_fits && id.split('-').all(tail)).then_some(word.len()).or_else(|| tail(kind).then_some(kind.len()))
}

/// `example.com`, with nothing but a dot, an `@` or a slash before it.
fn example(run: &str, at: usize, spot: &Spot<'_>) -> Option<usize> {
    let rest = &run[at..];
    let before = run[..at].chars().next_back().or(spot.before);
    let fits = before.is_none_or(|c| !matches!(c, '-' | '_'));
    ["example.com", "example.org", "example.net", "example.edu", "example.io", "example.local", "example.internal"]
        .into_iter()
        .find(|d| fits && rest.get(..d.len()).is_some_and(|r| r.eq_ignore_ascii_case(d)) && boundary(rest, d.len()))
        .map(str::len)
}

fn boundary(rest: &str, at: usize) -> bool {
    rest[at..].chars().next().is_none_or(|c| !(c.is_alphanumeric() || c == '-' || c == '_'))
}

/// `your-domain.com`, `YOUR_TOKEN`, `yourdomain`, `ihre-domain`, `CHANGEME`.
fn yours(rest: &str) -> Option<usize> {
    // How the words below begin: `your`, `ihr`, `dein`, `votre`, `uw`, `jouw`, `changeme`, `replaceme`, `tbd`, `fixme`.
    if !rest.bytes().next().is_some_and(|b| b"yidvujcrtf".contains(&b.to_ascii_lowercase())) {
        return None;
    }
    let end = rest.find('.').unwrap_or(rest.len());
    let word = rest[..end].trim_end_matches(['-', '_']);
    let low = word.to_lowercase();
    let rest_of = |p: &str| low.strip_prefix(p).and_then(|r| r.strip_prefix(['-', '_']));
    let marked = YOUR.iter().any(|p| rest_of(p).is_some_and(|r| r.chars().filter(|c| c.is_alphabetic()).count() >= 2));
    let glued = low
        .strip_prefix("your")
        .is_some_and(|r| MINE.iter().any(|m| r == *m || r.strip_prefix(m).is_some_and(|x| x.starts_with(['-', '_']))));
    let set = ["changeme", "change_me", "change-me", "replaceme", "replace_me", "replace-me", "tbd", "fixme"]
        .contains(&low.as_str());
    if !(marked || glued || set) {
        return None;
    }
    let tail = rest[word.len()..].strip_prefix('.').unwrap_or("");
    let top = ["com", "org", "net", "io", "dev", "app", "de", "fr", "es", "internal", "local", "cloud", "tld", "co"];
    let top = top.iter().find(|t| {
        tail.strip_prefix(**t).is_some_and(|r| r.is_empty() || r.starts_with('.') || boundary(tail, t.len()))
    });
    Some(word.len() + top.map_or(0, |t| t.len() + 1))
}

/// `tu-dominio`, `seu_servidor`.
fn localized(rest: &str) -> Option<usize> {
    let end = rest.find('.').unwrap_or(rest.len());
    if !rest[..end].contains(['-', '_']) {
        return None;
    }
    let low = rest[..end].to_lowercase();
    let fits = TU.iter().any(|p| {
        let tail = low.strip_prefix(p).and_then(|r| r.strip_prefix(['-', '_']));
        tail.is_some_and(|r| TU_OF.contains(&r.split(['-', '_']).next().unwrap_or(r)))
    });
    (fits && low.len() == end).then_some(end)
}

fn capitals_length(rest: &str) -> usize {
    let caps = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let end = rest.find(|c: char| !caps(c)).unwrap_or(rest.len());
    // `POD-name`: the capitals end before the piece that has others.
    let end =
        if rest[end..].starts_with(char::is_alphanumeric) { rest[..end].rfind(['-', '_']).unwrap_or(0) } else { end };
    rest[..end].trim_end_matches(['-', '_']).len()
}

/// `PREVIOUS_TAG`, `POD_NAME`, and `POD` behind a program that takes one.
fn capitals(run: &str, at: usize, spot: &Spot<'_>) -> Option<usize> {
    let rest = &run[at..];
    let word = &rest[..capitals_length(rest)];
    if !word.starts_with(|c: char| c.is_ascii_uppercase()) || !spot.operand() || spot.stage.names_env {
        return None;
    }
    let parts: Vec<&str> = word.split(['-', '_']).collect();
    let last = parts.last().copied().unwrap_or("").trim_end_matches(|c: char| c.is_ascii_digit());
    let mine = parts.len() > 1 && YOURS.contains(&parts[0]);
    let quiet = spot.statement || spot.stage.client;
    // `{"DATABASE_URL": "…"}` names a field.
    let key = spot.after.strip_prefix(['"', '\'']).is_some_and(|more| more.trim_start().starts_with(':'));
    let noun = parts.len() > 1 && NOUNS.contains(&last) && !quiet && !key;
    let alone =
        ALONE.contains(&word) && spot.stage.takes_name && !quiet && run.len() == word.len() || lone_tail(run, at, word);
    (mine || noun || alone).then_some(word.len())
}

/// `backup-TIMESTAMP.sql`, `app_VERSION.tgz`: capitals in a name that has none else.
fn lone_tail(run: &str, at: usize, word: &str) -> bool {
    at > 0 && ALONE.contains(&word) && run[..at].bytes().all(|b| !b.is_ascii_uppercase())
}

/// The value glued to an option's letter: `-pPASSWORD`.
fn capitals_of_value(rest: &str) -> Option<usize> {
    let word = &rest[..capitals_length(rest)];
    let last = word.rsplit(['-', '_']).next().unwrap_or(word);
    (word.len() == rest.len() && ["PASSWORD", "PASS", "USER", "USERNAME"].contains(&last)).then_some(word.len())
}

/// `core:previous-tag`, `pod-name`, `container_id`, `dbname`: only as a word of its own.
fn lower(rest: &str, spot: &Spot<'_>) -> Option<usize> {
    if !spot.operand() || spot.statement || spot.stage.talks || spot.whole || rest.contains('.') || rest.ends_with('-')
    {
        return None;
    }
    // `Name=instance-id,…` and `--sort-by=pod-name` name a field.
    let alone = spot.before.is_none_or(|c| c.is_whitespace() || matches!(c, ':' | '@'))
        && spot
            .after
            .chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '|' | ')' | ':' | '"' | '\''));
    let word = rest.replace('_', "-");
    let joins = |first: &[&str], then: &[&str]| {
        first.iter().any(|f| word.strip_prefix(f).and_then(|r| r.strip_prefix('-')).is_some_and(|r| then.contains(&r)))
    };
    let known = joins(WHICH, OF) || joins(THING, OF_IT) || matches!(rest, "dbname" | "your" | "yourname");
    (alone && known).then_some(rest.len())
}

/// `容器名`, `サーバー名`, `파드이름`: an operand in these scripts that ends like a name.
fn asian(rest: &str) -> Option<usize> {
    let script = |c: char| matches!(c as u32, 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af);
    let ends = [
        "名",
        "名前",
        "名称",
        "이름",
        "명",
        "ID",
        "id",
        "号",
        "地址",
        "IP",
        "ip",
        "域名",
        "文件",
        "路径",
        "密码",
        "ユーザー",
        "パス",
        "ファイル",
    ];
    let fits = rest.chars().any(script) && rest.chars().count() <= 20 && ends.iter().any(|e| rest.ends_with(e));
    fits.then_some(rest.len())
}
