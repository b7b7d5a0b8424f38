//! What a word processor did to a command: curly quotes, long dashes, a space behind the backslash that ends a line.
//!
//! Looks at characters outside of quotes, before any grammar.

pub fn problem(text: &str) -> Option<String> {
    if text.is_ascii() && !text.contains('\\') {
        return None;
    }
    let mut quote: Option<char> = None;
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let starts = before.is_whitespace() || matches!(before, '|' | ';' | '(' | '&');
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('"') | None, '\\') => {
                let next = chars.peek().copied();
                if quote.is_none() && matches!(next, Some(' ' | '\t')) && starts {
                    let rest: String = chars.clone().take(200).collect();
                    let behind = rest.trim_start_matches([' ', '\t']);
                    if behind.is_empty() || behind.starts_with(['\n', '#']) {
                        return Some(
                            "a space follows the backslash, so the line does not go on: end the line with the \
                             backslash, and put the comment above the command"
                                .to_owned(),
                        );
                    }
                }
                chars.next();
            }
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') if starts => {
                // A comment up to the end of the line.
                for skipped in chars.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            (None, '“' | '”' | '„' | '‟' | '«' | '»') => {
                return Some(format!("`{c}` is no quote to a shell: write \" or '"));
            }
            (None, '‘' | '’' | '‚' | '‛') if starts || c == '‘' || before == '=' => {
                return Some(format!("`{c}` is no quote to a shell: write '"));
            }
            (None, '–' | '—' | '−' | '‐' | '‑') if starts => {
                let next = chars.peek().copied().unwrap_or(' ');
                if next.is_alphanumeric() || matches!(next, '-' | '–' | '—') {
                    let dashes = if c == '—' || matches!(next, '–' | '—' | '-') { "--" } else { "-" };
                    return Some(format!("`{c}` is a long dash and begins no option: write {dashes}"));
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}
