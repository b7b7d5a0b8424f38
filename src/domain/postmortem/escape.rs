//! Somebody else's text inside Markdown: shown letter by letter, whatever it contains. No HTML, link, heading,
//! table or mention comes into being by what somebody wrote; an address that stands alone stays one to follow.

/// Text of one line, safe anywhere in a Markdown document, also as the beginning of a block and in a table's cell.
pub fn line(text: &str) -> String {
    leading(inline(text))
}

/// The same where something of ours stands before it in the line: nothing begins a block.
pub fn inline(text: &str) -> String {
    let text = text.trim();
    let mut out = String::with_capacity(text.len() + 8);
    for (n, word) in text.split(' ').enumerate() {
        if n > 0 {
            out.push(' ');
        }
        match address(word) {
            true => out.extend(['<'].into_iter().chain(word.chars()).chain(['>'])),
            false => escape_word(&mut out, word),
        }
    }
    out
}

/// Text of several lines: each ends in a hard break, and the lines after the first begin with `indent`.
pub fn block(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join(&format!("\\\n{indent}"))
}

/// Whether a word is an address and contains nothing that could end the angle brackets or a table's cell.
pub(super) fn address(word: &str) -> bool {
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
    rest.is_some_and(|r| {
        r.starts_with(|c: char| c.is_ascii_alphanumeric())
            && r.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#=&%+;,()".contains(c))
    })
}

fn escape_word(out: &mut String, word: &str) {
    let chars: Vec<char> = word.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i)).copied();
        let after = chars.get(i + 1).copied();
        match c {
            // What chats read as a mention of many: `<!channel>`, `<@…>`.
            '<' if matches!(after, Some('!' | '@' | '#')) => out.extend(['\\', c, '\u{200b}']),
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '^' | '{' | '}' => out.extend(['\\', c]),
            // Between letters an underscore is one.
            '_' if [before, after].iter().all(|c| c.is_some_and(char::is_alphanumeric)) => out.push(c),
            '_' => out.extend(['\\', c]),
            // A viewer that looks for mentions looks after unescaping: only a character between breaks one.
            '@' if after.is_some_and(char::is_alphanumeric) => out.extend([c, '\u{200b}']),
            // At the end of a heading, number signs that stand alone close it and are not shown.
            '#' if before.is_none_or(char::is_whitespace) && chars.iter().skip(i).all(|c| *c == '#') => {
                out.extend(['\\', c]);
            }
            '#' if after.is_some_and(|a| a.is_ascii_digit()) && i > 0 => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
}

/// What would begin a block at the beginning of a line: a heading, a list, a rule, an underline of a heading.
fn leading(text: String) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let after = text.get(digits..).unwrap_or_default();
    match text.chars().next() {
        Some('#' | '-' | '+' | '=' | ':' | '!') => format!("\\{text}"),
        Some('0'..='9') if after.starts_with(['.', ')']) => {
            format!("{}\\{after}", text.get(..digits).unwrap_or_default())
        }
        _ => text,
    }
}
