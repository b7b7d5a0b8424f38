//! Blocks of code as wikis and AsciiDoc write them: `{code:bash}` … `{code}`, `{noformat}`, and `----` under
//! `[source,bash]`; and their headings (`h2. Title`, `== Title`), read as those of Markdown.
//!
//! Only what closes is changed, line by line: one line in, one line out. Between two `----` of Markdown stands text, so
//! these count only under their attributes, or where the headings are AsciiDoc's.

use std::collections::BTreeMap;

/// The lines with their marks replaced, if there is anything to replace.
pub fn replaced(lines: &[String]) -> Option<Vec<String>> {
    let marks = |l: &String| {
        let text = l.trim_start();
        wiki_opener(text).is_some()
            || attributes(text).is_some()
            || wiki_heading(text).is_some()
            || text.starts_with("= ")
    };
    if !lines.iter().any(marks) {
        return None;
    }
    let asciidoc = is_asciidoc(lines);
    let ends = Ends::of(lines);
    let mut out: Vec<String> = lines.to_vec();
    let mut changed = false;
    let mut at = 0;
    let mut fenced: Option<&str> = None;
    while at < lines.len() {
        let text = lines[at].trim();
        if let Some(mark) = fenced {
            fenced = Some(mark).filter(|m| !text.starts_with(*m));
            at += 1;
            continue;
        }
        if let Some(mark) = ["```", "~~~"].into_iter().find(|m| text.starts_with(m)) {
            fenced = Some(mark);
            at += 1;
            continue;
        }
        let block = wiki_block(lines, at, &ends).or_else(|| listing(lines, at, asciidoc, &ends));
        if let Some((open, close, label)) = block {
            let indent = &lines[open][..lines[open].len() - lines[open].trim_start().len()];
            out[open] = format!("{indent}{FENCE} {label}").trim_end().to_owned();
            out[close] = format!("{indent}{FENCE}");
            // The attributes above would be text of their own.
            out[at..open].iter_mut().for_each(String::clear);
            changed = true;
            at = close + 1;
            continue;
        }
        let heading = wiki_heading(text).or_else(|| asciidoc.then(|| asciidoc_heading(text)).flatten());
        if let Some((level, title)) = heading {
            out[at] = format!("{} {title}", "#".repeat(level));
            changed = true;
        }
        at += 1;
    }
    changed.then_some(out)
}

/// Longer than anything that stands in such blocks.
const FENCE: &str = "~~~~~~~~";

/// `{code}`, `{code:bash}`, `{code:title=x|language=bash}`, `{noformat}`: its name and language.
fn wiki_opener(text: &str) -> Option<(&'static str, &str)> {
    let inside = text.trim_end().strip_prefix('{')?.strip_suffix('}')?;
    let (name, options) = inside.split_once(':').unwrap_or((inside, ""));
    let name = ["code", "noformat"].into_iter().find(|n| *n == name)?;
    let named = options.split('|').find_map(|o| o.strip_prefix("language="));
    let first = options.split('|').next().filter(|o| !o.contains('='));
    let language = named.or(first).unwrap_or("").trim();
    let plain = language.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '#'));
    Some((name, if plain { language } else { "" }))
}

fn wiki_block<'a>(lines: &'a [String], at: usize, ends: &Ends<'_>) -> Option<(usize, usize, &'a str)> {
    let (name, language) = wiki_opener(lines[at].trim_start())?;
    let close = ends.behind(at, if name == "code" { "{code}" } else { "{noformat}" })?;
    Some((at, close, language))
}

/// Where lines stand that can close a block.
struct Ends<'a>(BTreeMap<&'a str, Vec<usize>>);

impl<'a> Ends<'a> {
    fn of(lines: &'a [String]) -> Ends<'a> {
        let mut ends = BTreeMap::<&str, Vec<usize>>::new();
        for (at, line) in lines.iter().enumerate() {
            let text = line.trim();
            if matches!(text, "{code}" | "{noformat}") || is_delimiter(text) {
                ends.entry(text).or_default().push(at);
            }
        }
        Ends(ends)
    }

    fn behind(&self, at: usize, mark: &str) -> Option<usize> {
        let places = self.0.get(mark)?;
        places.get(places.partition_point(|place| *place <= at)).copied()
    }
}

/// `[source,bash]`, `[listing]`: its language.
fn attributes(text: &str) -> Option<&str> {
    let inside = text.trim_end().strip_prefix('[')?.strip_suffix(']')?;
    let mut parts = inside.split(',').map(str::trim);
    let kind = parts.next()?;
    let language = parts.next().unwrap_or("");
    let plain = language.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '#'));
    (kind.starts_with("source") || kind == "listing").then_some(if plain { language } else { "" })
}

fn is_delimiter(line: &str) -> bool {
    line.len() >= 4 && line.bytes().all(|b| b == b'-')
}

fn listing<'a>(lines: &'a [String], at: usize, asciidoc: bool, ends: &Ends<'_>) -> Option<(usize, usize, &'a str)> {
    let language = attributes(lines[at].trim());
    // A block's title may stand between: `.Restarting`.
    let mut open = at + usize::from(language.is_some());
    if language.is_some() && lines.get(open).is_some_and(|l| l.starts_with('.') && !l.starts_with("..")) {
        open += 1;
    }
    let mark = lines.get(open)?.trim_end();
    if !is_delimiter(mark) || language.is_none() && !asciidoc {
        return None;
    }
    let close = ends.behind(open, mark)?;
    Some((open, close, language.unwrap_or("")))
}

/// `h2. Title`.
fn wiki_heading(text: &str) -> Option<(usize, &str)> {
    let (level, title) = text.strip_prefix('h')?.split_once(". ")?;
    let level = level.parse::<usize>().ok().filter(|l| (1..=6).contains(l))?;
    let title = title.trim();
    (!title.is_empty()).then_some((level, title))
}

/// `= Title` on top and `== Chapter` below, and no heading of Markdown.
fn is_asciidoc(lines: &[String]) -> bool {
    let of_markdown = |l: &String| {
        let level = l.bytes().take_while(|b| *b == b'#').count();
        (2..=6).contains(&level) && l[level..].starts_with(' ')
    };
    let chapters = lines.iter().filter(|l| asciidoc_heading(l).is_some()).count();
    chapters >= 1 && !lines.iter().any(of_markdown)
}

fn asciidoc_heading(text: &str) -> Option<(usize, &str)> {
    let level = text.bytes().take_while(|b| *b == b'=').count();
    let title = text.get(level..)?.strip_prefix(' ')?.trim();
    let named = title.chars().next().is_some_and(char::is_alphanumeric) && !title.ends_with('=');
    ((1..=6).contains(&level) && named).then_some((level, title))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn blocks_of_wikis_and_of_asciidoc_become_fences() {
        for (text, expected) in [
            ("h2. Check\n{code:bash}\ndf -h\n{code}\nend", "## Check\n~~~~~~~~ bash\ndf -h\n~~~~~~~~\nend"),
            ("{noformat}\nok\n{noformat}", "~~~~~~~~\nok\n~~~~~~~~"),
            ("{code:title=a.sh|language=sh}\nls\n{code}", "~~~~~~~~ sh\nls\n~~~~~~~~"),
            ("[source,bash]\n----\ndf -h\n----", "\n~~~~~~~~ bash\ndf -h\n~~~~~~~~"),
            ("[source,sh]\n.Look\n----\ndf\n----", "\n\n~~~~~~~~ sh\ndf\n~~~~~~~~"),
            ("= Ledger\n\n== Check\n\n----\ndf -h\n----", "# Ledger\n\n## Check\n\n~~~~~~~~\ndf -h\n~~~~~~~~"),
        ] {
            assert_eq!(replaced(&lines(text)).map(|l| l.join("\n")).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn breaks_of_markdown_and_what_never_closes_stay() {
        for text in [
            "# A\n\n----\n\ntext\n\n----\n",
            "{code}\ndf -h",
            "[source,bash]\n----\ndf -h",
            "```\n{code}\ndf\n{code}\n```",
            "## A\n\n= 5 of 6\n",
            "Title\n----\n",
            "h2 is a heading",
        ] {
            assert_eq!(replaced(&lines(text)), None, "{text}");
        }
    }
}
