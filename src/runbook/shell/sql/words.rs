//! The words of a statement, one by one: a floor under what the parser's tree says. A keyword that changes something,
//! where a statement can begin, makes the whole at least that; so does a function with effects, wherever it stands.

use sqlparser::tokenizer::{Token, Word};

use super::functions;
use crate::model::Risk;
use crate::shell::inner::Inner;

const DESTROYS: &[&str] = &["DELETE", "DROP", "TRUNCATE"];
const CHANGES: &[&str] =
    &["INSERT", "UPDATE", "MERGE", "ALTER", "CREATE", "GRANT", "REVOKE", "REPLACE", "CALL", "COPY", "EXECUTE"];

/// The first words in capitals, as far as the table of verbs looks; `@@GLOBAL.x` and `@@x` are words too.
pub(super) fn spoken(tokens: &[Token]) -> Vec<String> {
    let mut words = Vec::new();
    let mut at = String::new();
    for token in tokens.iter().take(8) {
        match token {
            Token::Word(w) if w.quote_style.is_none() => words.push(format!("{at}{}", w.value.to_uppercase())),
            Token::AtSign => {
                at.push('@');
                continue;
            }
            _ => break,
        }
        at.clear();
        if words.len() == 4 {
            break;
        }
    }
    words
}

pub(super) fn word(token: Option<&Token>) -> Option<String> {
    match token {
        Some(Token::Word(w)) if w.quote_style.is_none() => Some(w.value.to_uppercase()),
        _ => None,
    }
}

/// The floor under one statement.
pub(super) fn every(tokens: &[Token]) -> Inner {
    let mut floor = Inner::new(Risk::Read, "");
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(this) = token else { continue };
        let calls = tokens.get(at + 1) == Some(&Token::LParen);
        if calls && let Some(risk) = functions::known(&this.value.to_lowercase()).filter(|r| *r > Risk::Read) {
            floor = floor.and(called(this, risk));
        }
        if calls || this.quote_style.is_some() || !begins(tokens, at) {
            continue;
        }
        let upper = this.value.to_uppercase();
        if DESTROYS.contains(&upper.as_str()) {
            floor = floor.and(Inner::new(Risk::Destroy, format!("sql {upper}")));
        } else if CHANGES.contains(&upper.as_str()) {
            floor = floor.and(Inner::new(Risk::Mutate, format!("sql {upper}")));
        }
    }
    floor
}

pub(super) fn called(function: &Word, risk: Risk) -> Inner {
    let name = function.value.to_lowercase();
    let mut inner = Inner::new(risk, format!("sql {name}()"));
    inner.affects_availability = functions::affects_availability(&name);
    inner
}

/// A statement can begin here.
fn begins(tokens: &[Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|b| &tokens[b]) else { return true };
    match before {
        Token::LParen | Token::RParen | Token::SemiColon | Token::Colon => true,
        Token::Word(w) if w.quote_style.is_none() => [
            "AS",
            "BEGIN",
            "THEN",
            "ELSE",
            "DO",
            "LOOP",
            "ANALYZE",
            "EXPLAIN",
            "ALSO",
            "INSTEAD",
            "IMMEDIATE",
            "MATERIALIZED",
        ]
        .contains(&w.value.to_uppercase().as_str()),
        _ => false,
    }
}

/// A text that cannot even be cut into words, such as one with an open quote: what stands in it anywhere.
pub(super) fn crude(text: &str) -> Inner {
    let upper = text.to_uppercase();
    let mut words = upper.split(|c: char| !c.is_alphanumeric() && c != '_');
    let risk = if words.any(|w| DESTROYS.contains(&w)) { Risk::Destroy } else { Risk::Mutate };
    Inner::new(risk, "sql that cannot be read")
}
