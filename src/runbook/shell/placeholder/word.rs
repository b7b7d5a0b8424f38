//! The rules, one for each way of writing a placeholder. Pure functions over a piece of text; none looks further than
//! 60 characters ahead, but for a run of letters that is looked at once.

mod lists;
mod pieces;

pub(super) use lists::{CARRIES, CARRIES_LOCAL, CLIENTS, NAMES_ENV, TAKES_FILE, TAKES_NAME, TALKS, own};
pub(super) use pieces::{Spot, run};

/// As far as one placeholder may reach.
const REACH: usize = 60;

pub(super) fn starts_run(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Letters, digits and what names are glued with; ends before `...`.
pub(super) fn run_length(rest: &str) -> usize {
    let end = rest.find(|c: char| !(starts_run(c) || c == '-' || c == '.')).unwrap_or(rest.len());
    let run = &rest[..end];
    run.find('.').and_then(|dot| Some(dot + run[dot..].find("...")?)).unwrap_or(end)
}

/// What stands between an opening bracket of `open` bytes and the next `close`, on one line and near.
fn inner<'a>(rest: &'a str, open: usize, close: &str) -> Option<&'a str> {
    let body = &rest[open..];
    let reach = body.char_indices().nth(REACH).map_or(body.len(), |(at, _)| at);
    let end = body[..reach].find(close)?;
    let found = &body[..end];
    (!found.is_empty() && !found.contains('\n')).then_some(found)
}

/// Words that name something: letters first, no blank at either end, nothing that only a program would write.
fn names(inner: &str) -> bool {
    let first = inner.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
    let fine = |c: char| c.is_alphanumeric() || " -_./:|'#,+@()’".contains(c);
    let parts = |sep: &str| inner.contains(&format!(" {sep}")) || inner.contains(&format!("{sep} "));
    first
        && inner.chars().count() <= 40
        && !inner.ends_with(' ')
        && inner.chars().all(fine)
        && inner.chars().any(char::is_alphabetic)
        && !parts("|")
}

/// `<pod-name>`, `<two words>`, `<start|stop>`, `<...>`, `<<NAME>>`.
pub(super) fn angle(text: &str, at: usize, statement: bool, quoted: bool) -> Option<usize> {
    let rest = &text[at..];
    let before = text[..at].chars().next_back();
    if rest.starts_with("<<") {
        let name = inner(rest, 2, ">>")?;
        let ends_here = |line: &str| line.trim_end() == name;
        let heredoc = text[at..].lines().skip(1).take(2000).any(ends_here);
        return (names(name) && !name.contains(' ') && !heredoc).then_some(name.len() + 4);
    }
    if before == Some('<') {
        return None;
    }
    let name = inner(rest, 1, ">")?;
    let after = rest[name.len() + 2..].chars().next();
    if matches!(name, "..." | "…") {
        return Some(name.len() + 2);
    }
    let spaced = name.contains(' ');
    let glued = before.is_some_and(char::is_alphanumeric);
    // `sort <in.txt>out.txt` is two redirections, whoever leaves the blank away.
    let files = (name.contains('.') || name.contains('/') && !quoted) && after.is_some_and(char::is_alphanumeric);
    let compares =
        glued && (spaced || statement && !quoted) || spaced && name.starts_with(|c: char| c.is_ascii_digit());
    let address = name.contains('@') && name.contains('.');
    let markup = matches!(name, "br" | "hr" | "p" | "b" | "i" | "div" | "span" | "code" | "pre")
        || text.contains(&format!("</{}>", name.split(' ').next().unwrap_or(name)));
    let fine = names(name) && !files && !compares && !address && !markup && !logic(name);
    fine.then_some(name.len() + 2)
}

/// `a <b and c> d`.
fn logic(name: &str) -> bool {
    name.split(' ').skip(1).any(|w| w.eq_ignore_ascii_case("and") || w == "OR" || w == "&&")
}

/// `＜pod名＞` and its like.
pub(super) fn wide(rest: &str) -> Option<usize> {
    let open = rest.chars().next()?;
    let close = match open {
        '＜' => "＞",
        '〈' => "〉",
        '‹' => "›",
        _ => "】",
    };
    let name = inner(rest, open.len_utf8(), close)?;
    names(name).then(|| open.len_utf8() + name.len() + close.len())
}

/// `&lt;pod&gt;`: brackets that were escaped for HTML once too often.
pub(super) fn entity(rest: &str) -> Option<usize> {
    let name = inner(rest, 4, "&gt;")?;
    names(name).then_some(name.len() + 8)
}

/// `{{ns}}`; not Go templates, Jinja's filters and loops.
pub(super) fn template(rest: &str) -> Option<usize> {
    let inside = inner(rest, 2, "}}")?;
    let name = inside.trim();
    let word = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
    let go =
        ["json", "range", "end", "if", "else", "with", "index", "len", "printf", "println", "join", "upper", "lower"];
    let first = name.split(' ').next().unwrap_or(name);
    let fine = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(word)
        && !go.contains(&first)
        && !rest[2 + inside.len()..].starts_with("}}}");
    fine.then_some(inside.len() + 4)
}

/// `{order_id}`: one name, two letters at least; not the words of awk or of an output template.
pub(super) fn braced(rest: &str) -> Option<usize> {
    let name = inner(rest, 1, "}")?;
    let fine = name.starts_with(|c: char| c.is_alphabetic())
        && name.chars().count() >= 2
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        && !["print", "printf", "next", "exit", "getline", "delete", "end", "range", "upstream", "push"]
            .contains(&name);
    fine.then_some(name.len() + 2)
}

/// `[unit]`, `[two words]`; not a test, a range of letters or an index.
pub(super) fn bracketed(rest: &str) -> Option<usize> {
    let name = inner(rest, 1, "]")?;
    if matches!(name, "..." | "…") {
        return Some(name.len() + 2);
    }
    let range = name.split('-').any(|part| part.chars().count() == 1);
    let fine = name.starts_with(|c: char| c.is_alphabetic())
        && !name.ends_with(' ')
        && name.chars().count() >= 3
        && name.chars().all(|c| c.is_alphabetic() || " _-|".contains(c))
        && !range;
    fine.then_some(name.len() + 2)
}

/// `...` and `…` where something was left out; not `./...`, `main...topic` or a word that trails off.
pub(super) fn dots(before: Option<char>, rest: &str) -> Option<usize> {
    let length =
        if rest.starts_with('…') { '…'.len_utf8() } else { rest.chars().take(4).take_while(|c| *c == '.').count() };
    let enough = rest.starts_with('…') || length == 3;
    let opens = before.is_none_or(|c| c.is_whitespace() || "\"'(=,:{[-_`".contains(c));
    let after = rest[length..].chars().next();
    let closes = after.is_none_or(|c| c.is_whitespace() || "\"'),;}]&`|".contains(c));
    (enough && opens && closes).then_some(length)
}

/// `$NAME` or `${…}`: the name, its length as written, and whether it brings a value of its own.
pub(super) fn variable(rest: &str) -> Option<(&str, usize, bool)> {
    let name_length = |s: &str| s.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(s.len());
    let named = |s: &str| s.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let Some(body) = rest.strip_prefix("${") else {
        let body = &rest[1..];
        let length = name_length(body);
        return (named(body) && length > 0).then(|| (&body[..length], length + 1, false));
    };
    let whole = inner(rest, 2, "}")?;
    let name = &body[..name_length(whole)];
    let operator = &whole[name.len()..];
    let has_value = ["-", ":-", "=", ":=", "+", ":+"].iter().any(|o| operator.starts_with(o));
    named(whole).then_some((name, whole.len() + 3, has_value))
}

/// Names that the text itself sets: `N=3`, `for p in`, `read -r a b`, `export X=`, `getopts`.
pub(super) fn assigned_in<'a>(text: &'a str, names: &mut Vec<&'a str>) {
    let is_name = |w: &str| {
        w.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && w.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut reads = false;
    let mut next = false;
    for raw in text.split(|c: char| c.is_whitespace() || ";|&()".contains(c)) {
        let word = raw.trim_matches(['"', '\'', '`']);
        let set = word.split_once('=').map(|(name, _)| name.trim_end_matches('+')).filter(|n| is_name(n));
        if names.len() >= 200 {
            return; // far beyond what anybody writes; keeps the look-ups bounded
        }
        if let Some(name) = set {
            names.push(name);
        } else if (next || reads) && is_name(word) && !["do", "done", "then", "in"].contains(&word) {
            names.push(word);
        }
        next = matches!(word, "for" | "select");
        reads = word == "read" || reads && !word.is_empty() && !["do", "done", "then"].contains(&word);
    }
}
