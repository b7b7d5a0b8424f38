//! Text to template. Every name of a function and every number of its arguments is checked here, so that a template that
//! was read can only fail for what a value lacks.

use super::{FUNCTIONS, Node, Pipe, Term};
use serde_json::Value;

/// Of blocks in blocks, and of groups in groups: a template is one line.
const DEPTH_MAX: usize = 20;

enum Piece {
    Text(String),
    Action(String),
}

pub fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut pieces = pieces(text)?.into_iter();
    let (nodes, end) = block(&mut pieces, 0)?;
    match end {
        None => Ok(nodes),
        Some(word) => Err(format!("{word} without a beginning")),
    }
}

/// Text and what stands in `{{ }}`, with the blanks cut that `{{-` and `-}}` cut.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let (mut out, mut rest, mut trim) = (Vec::new(), text, false);
    loop {
        let (before, after) = rest.split_once("{{").map_or((rest, None), |(before, after)| (before, Some(after)));
        let mut before = if trim { before.trim_start() } else { before };
        let cuts = after.is_some_and(|a| a.starts_with("- "));
        if cuts {
            before = before.trim_end();
        }
        out.push(Piece::Text(before.to_string()));
        let Some(after) = after else { return Ok(out) };
        let end = close(after).ok_or("}} is missing")?;
        let action = after[..end].strip_prefix("- ").unwrap_or(&after[..end]);
        trim = action.ends_with(" -");
        out.push(Piece::Action(action.strip_suffix(" -").unwrap_or(action).trim().to_string()));
        rest = &after[end + 2..];
    }
}

/// Where an action ends: `}}` in quotes does not.
fn close(text: &str) -> Option<usize> {
    let (bytes, mut quote, mut at) = (text.as_bytes(), None, 0);
    while at < bytes.len() {
        match (bytes[at], quote) {
            (b'\\', Some(b'"')) => at += 1,
            (b, Some(q)) if b == q => quote = None,
            (b'"' | b'`', None) => quote = Some(bytes[at]),
            (b'}', None) if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Nodes up to `end` or `else`, which comes back with what follows the word.
fn block(pieces: &mut impl Iterator<Item = Piece>, depth: usize) -> Result<(Vec<Node>, Option<String>), String> {
    if depth > DEPTH_MAX {
        return Err("it is nested too deeply".to_string());
    }
    let mut nodes = Vec::new();
    while let Some(piece) = pieces.next() {
        let action = match piece {
            Piece::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Piece::Action(action) => action,
        };
        let (word, rest) = action.split_once(char::is_whitespace).unwrap_or((&action, ""));
        match word {
            "end" | "else" => return Ok((nodes, Some(action))),
            "if" => nodes.push(condition(rest, pieces, depth)?),
            "with" => {
                let (body, end) = block(pieces, depth + 1)?;
                nodes.push(Node::With(pipe(rest)?, body, otherwise(end, pieces, depth)?));
            }
            "range" => {
                let (names, over) = match rest.split_once(":=") {
                    Some((names, over)) => (names.split(',').map(|n| n.trim().to_string()).collect(), over),
                    None => (Vec::new(), rest),
                };
                if names.len() > 2 || names.iter().any(|n: &String| !n.starts_with('$')) {
                    return Err("range sets one or two names".to_string());
                }
                let (body, end) = block(pieces, depth + 1)?;
                nodes.push(Node::Range { names, over: pipe(over)?, body, otherwise: otherwise(end, pieces, depth)? });
            }
            "define" | "template" | "block" | "break" | "continue" => return Err(format!("{word} is not known")),
            _ if word.starts_with("/*") => {}
            _ => match action.split_once(":=").filter(|(name, _)| name.starts_with('$')) {
                Some((name, value)) => nodes.push(Node::Set(name.trim().to_string(), pipe(value)?)),
                None => nodes.push(Node::Show(pipe(&action)?)),
            },
        }
    }
    if depth > 0 { Err("end is missing".to_string()) } else { Ok((nodes, None)) }
}

fn condition(rest: &str, pieces: &mut impl Iterator<Item = Piece>, depth: usize) -> Result<Node, String> {
    let mut cases = Vec::new();
    let mut condition = pipe(rest)?;
    loop {
        let (body, end) = block(pieces, depth + 1)?;
        cases.push((condition, body));
        let end = end.unwrap_or_default();
        match end.strip_prefix("else").map(str::trim) {
            None => return Ok(Node::If(cases, Vec::new())),
            Some("") => return Ok(Node::If(cases, otherwise(Some(end), pieces, depth)?)),
            Some(more) => condition = pipe(more.strip_prefix("if ").ok_or("else is followed by if or by nothing")?)?,
        }
    }
}

fn otherwise(end: Option<String>, pieces: &mut impl Iterator<Item = Piece>, depth: usize) -> Result<Vec<Node>, String> {
    match end.as_deref() {
        Some("else") => match block(pieces, depth + 1)? {
            (nodes, Some(end)) if end == "end" => Ok(nodes),
            _ => Err("end is missing".to_string()),
        },
        Some("end") => Ok(Vec::new()),
        _ => Err("end is missing".to_string()),
    }
}

fn pipe(text: &str) -> Result<Pipe, String> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let pipe = calls(&mut tokens, 0)?;
    match tokens.next() {
        None => Ok(pipe),
        Some(_) => Err("a bracket too many".to_string()),
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Bar,
    Term(Term),
    /// Fields behind a bracket: `(index .A 0).B`.
    Fields(Vec<String>),
}

fn calls(tokens: &mut std::iter::Peekable<std::vec::IntoIter<Token>>, depth: usize) -> Result<Pipe, String> {
    if depth > DEPTH_MAX {
        return Err("it is nested too deeply".to_string());
    }
    let (mut calls, mut call) = (Vec::new(), Vec::new());
    loop {
        match tokens.next_if(|t| *t != Token::Close) {
            Some(Token::Term(term)) => call.push(term),
            Some(Token::Open) => {
                let inner = self::calls(tokens, depth + 1)?;
                if tokens.next() != Some(Token::Close) {
                    return Err("a bracket is not closed".to_string());
                }
                let fields = match tokens.next_if(|t| matches!(t, Token::Fields(_))) {
                    Some(Token::Fields(fields)) => fields,
                    _ => Vec::new(),
                };
                call.push(Term::Group(inner, fields));
            }
            Some(Token::Bar) => calls.push(checked(std::mem::take(&mut call), calls.len())?),
            Some(_) => return Err("a field stands alone".to_string()),
            None => {
                calls.push(checked(call, calls.len())?);
                return Ok(Pipe(calls));
            }
        }
    }
}

fn checked(call: Vec<Term>, before: usize) -> Result<Vec<Term>, String> {
    let given = call.len().saturating_sub(1) + usize::from(before > 0);
    match call.first() {
        None => Err("there is nothing in it".to_string()),
        Some(Term::Word(name)) => match FUNCTIONS.iter().find(|(n, _, _)| n == name) {
            Some((_, least, most)) if (*least..=*most).contains(&given) => Ok(call),
            Some(_) => Err(format!("{name} does not take {given} arguments")),
            None => Err(format!("{name} is not known")),
        },
        Some(_) if before > 0 => Err("only a function can follow |".to_string()),
        Some(_) => Ok(call),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let (mut out, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let one = first.len_utf8();
        let word_end = rest[one..].find(ends_word).map_or(rest.len(), |at| at + one);
        let taken = match first {
            '(' => {
                out.push(Token::Open);
                1
            }
            ')' => {
                out.push(Token::Close);
                if rest[1..].starts_with('.') {
                    let word = &rest[1..];
                    let end = word[1..].find(ends_word).map_or(word.len(), |at| at + 1);
                    out.push(Token::Fields(fields(&word[1..end])?));
                    1 + end
                } else {
                    1
                }
            }
            '|' => {
                out.push(Token::Bar);
                1
            }
            '"' => {
                let end = close_quote(rest)?;
                let text = serde_json::from_str::<String>(&rest[..=end]).map_err(|_| "a text is not understood")?;
                out.push(Token::Term(Term::Const(Value::from(text))));
                end + 1
            }
            '`' => {
                let end = rest[1..].find('`').ok_or("a text does not end")?;
                out.push(Token::Term(Term::Const(Value::from(&rest[1..=end]))));
                end + 2
            }
            '.' => {
                out.push(Token::Term(Term::Path(".".to_string(), fields(&rest[1..word_end])?)));
                word_end
            }
            '$' => {
                let word = &rest[..word_end];
                let (name, path) = word.split_once('.').unwrap_or((word, ""));
                out.push(Token::Term(Term::Path(name.to_string(), fields(path)?)));
                word_end
            }
            c if c.is_ascii_digit() || c == '-' => {
                let number: serde_json::Number = rest[..word_end].parse().map_err(|_| "a number is not understood")?;
                out.push(Token::Term(Term::Const(Value::Number(number))));
                word_end
            }
            c if c.is_ascii_alphabetic() => {
                let term = match &rest[..word_end] {
                    "true" => Term::Const(Value::from(true)),
                    "false" => Term::Const(Value::from(false)),
                    "nil" => Term::Const(Value::Null),
                    word => Term::Word(word.to_string()),
                };
                out.push(Token::Term(term));
                word_end
            }
            other => return Err(format!("{other} is not understood")),
        };
        rest = rest[taken..].trim_start();
    }
    Ok(out)
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || "()|\"`,".contains(c)
}

fn close_quote(text: &str) -> Result<usize, String> {
    let (bytes, mut at) = (text.as_bytes(), 1);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => return Ok(at),
            _ => {}
        }
        at += 1;
    }
    Err("a text does not end".to_string())
}

fn fields(path: &str) -> Result<Vec<String>, String> {
    let is_name = |f: &str| !f.is_empty() && f.chars().all(|c| c.is_alphanumeric() || c == '_');
    if path.is_empty() {
        return Ok(Vec::new());
    }
    match path.split('.').all(is_name) {
        true => Ok(path.split('.').map(str::to_string).collect()),
        false => Err(format!(".{path} is no path of fields")),
    }
}
