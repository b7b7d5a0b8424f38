//! What the shell does to an address that stands without quotes, before its client ever sees it. Looks at the raw text
//! of a command line; the tree no longer shows that `&scope=x` was meant to be part of an address.

/// One thing the shell does to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// The line is cut at `&`: the request is sent without what follows, wider than written.
    Cut { url: String, lost: String },
    /// `(` or `)` is a syntax error there.
    Bracket { url: String },
}

impl Raw {
    pub fn message(&self) -> String {
        match self {
            Raw::Cut { lost, .. } => {
                format!(
                    "the shell cuts the line at the unquoted `&`: the request is sent without `{lost}`; put the address in single quotes"
                )
            }
            Raw::Bracket { .. } => {
                "the shell stops at the unquoted bracket in the address; put the address in single quotes".to_owned()
            }
        }
    }
}

/// The first address in the text that the shell takes apart.
pub fn in_shell(text: &str) -> Option<Raw> {
    let mut quote: Option<char> = None;
    let mut word: Option<usize> = None;
    let mut bare = true; // nothing of the current word was quoted
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('"'), '\\') | (None, '\\') => {
                chars.next();
                word.get_or_insert(at);
            }
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert(at);
                bare = false;
            }
            (None, c) if c.is_whitespace() || matches!(c, '|' | ';') => {
                word = None;
                bare = true;
            }
            (None, '&' | '(' | ')') => {
                let from = word.unwrap_or(at);
                // Only where it begins: a long word is looked at once for each sign in it.
                let start = &text[from..at];
                let seen = &start[..start.floor_char_boundary(300)];
                let address =
                    bare && (seen.starts_with("http://") || seen.starts_with("https://")) && start.len() < 4000;
                if address && c == '&' {
                    let lost = &text[at + 1..];
                    let lost = &lost
                        [..lost.find(|c: char| c.is_whitespace() || "|;&\"'<>)".contains(c)).unwrap_or(lost.len())];
                    let parameter = lost.split('=').next().is_some_and(|n| {
                        lost.contains('=')
                            && !n.is_empty()
                            && n.chars().all(|c| c.is_alphanumeric() || "_-.[]".contains(c))
                    });
                    if parameter && start.contains('?') {
                        return Some(Raw::Cut { url: start.to_owned(), lost: lost.to_owned() });
                    }
                } else if address && c == '(' {
                    return Some(Raw::Bracket { url: start.to_owned() });
                }
                word = None;
                bare = true;
            }
            (None, _) => {
                word.get_or_insert(at);
            }
        }
    }
    None
}
