//! Splits a command line into words as a shell would, but keeps them as written: structure only.

/// At most `most` words, quotes and placeholders kept together.
pub fn words(text: &str, most: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = None;
    let mut quote: Option<char> = None;
    let mut depth = 0_usize;
    let mut skip = 0_usize;
    for (at, c) in text.char_indices() {
        if at < skip {
            continue;
        }
        match (quote, c) {
            (Some('\''), '\'') => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => skip = at + 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            (Some('"'), '"') => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if text[at + 1..].contains(c) => quote = Some(c),
            (None, '<') => {
                if let Some(length) = super::scan::angle(&text[at..]) {
                    skip = at + length;
                }
            }
            (None, '(') if at > 0 && text[..at].ends_with(['$', '=']) => depth += 1,
            (None, '(') if depth > 0 => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        let blank = c.is_whitespace() && quote.is_none() && depth == 0 && at >= skip;
        match (blank, start) {
            (true, Some(from)) => {
                found.push(&text[from..at]);
                start = None;
                if found.len() >= most {
                    return found;
                }
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    if let Some(from) = start {
        found.push(&text[from..]);
    }
    found
}

/// `NAME=value`, `NAME+=value`, `NAME[0]=value`: the name.
pub fn assignment(word: &str) -> Option<&str> {
    let at = word.find('=')?;
    let name = word[..at].trim_end_matches('+');
    let name = name.split('[').next().unwrap_or(name);
    (name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    .then_some(name)
}

/// What the line assigns, if it does nothing else.
pub fn only_assigns(text: &str) -> Option<Vec<String>> {
    let mut words = words(text, 60).into_iter().peekable();
    let first = *words.peek()?;
    let declares = matches!(first, "export" | "local" | "declare" | "readonly" | "typeset" | "let");
    if declares {
        words.next();
        words.peek()?;
    }
    let mut names = Vec::new();
    for word in words {
        // `A=1; B=2`
        let word = word.trim_end_matches(';');
        if let Some(name) = assignment(word) {
            names.push(name.to_owned());
        } else if declares && (word.starts_with('-') || word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
            if !word.starts_with('-') {
                names.push(word.to_owned());
            }
        } else {
            return None;
        }
    }
    (!names.is_empty()).then_some(names)
}

/// The first word that is no assignment, and its index among the words.
pub fn program<'a>(words: &[&'a str]) -> Option<(usize, &'a str)> {
    words.iter().enumerate().find(|(_, w)| assignment(w).is_none()).map(|(i, w)| (i, *w))
}
