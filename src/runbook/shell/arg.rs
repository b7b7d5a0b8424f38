//! A word of a command as its program would receive it, as far as that can be known before it runs.
//!
//! Quotes are removed; variables, substitutions and placeholders become [`OPAQUE`]. Nothing is expanded.

use brush_parser::ParserOptions;
use brush_parser::word::{self, Parameter, ParameterExpr, WordPiece, WordPieceWithSource};

use crate::knowledge::OPAQUE;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arg {
    pub text: String,
    /// As written.
    pub raw: String,
    /// Something in it was in quotes or escaped.
    pub quoted: bool,
    /// It is one variable and nothing else: its name.
    pub variable: Option<String>,
    /// Commands that run to make this word.
    pub runs: Vec<String>,
}

impl Arg {
    pub fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), raw: text.to_owned(), ..Self::default() }
    }

    pub fn opaque() -> Self {
        Self::plain(&OPAQUE.to_string())
    }

    pub fn is_opaque(&self) -> bool {
        self.text.contains(OPAQUE)
    }

    pub fn read(raw: &str) -> Self {
        let mut arg = Self { raw: raw.to_owned(), ..Self::default() };
        if !raw.contains(['\'', '"', '\\', '$', '`']) {
            raw.clone_into(&mut arg.text);
            return arg;
        }
        match word::parse(raw, &ParserOptions::default()) {
            Ok(pieces) => arg.pieces(raw, &pieces),
            Err(_) => arg.text.push(OPAQUE),
        }
        arg
    }

    /// The body of a here-document that the shell expands: quotes are text there.
    pub fn here_document(raw: &str) -> Self {
        let mut arg = Self { raw: raw.to_owned(), ..Self::default() };
        if !raw.contains(['\\', '$', '`']) {
            raw.clone_into(&mut arg.text);
            return arg;
        }
        match word::parse_heredoc(raw, &ParserOptions::default()) {
            Ok(pieces) => arg.pieces(raw, &pieces),
            Err(_) => arg.text.push(OPAQUE),
        }
        arg
    }

    fn pieces(&mut self, source: &str, pieces: &[WordPieceWithSource]) {
        for piece in pieces {
            match &piece.piece {
                WordPiece::Text(text) => self.text.push_str(text),
                WordPiece::SingleQuotedText(text) => {
                    self.quoted = true;
                    self.text.push_str(text);
                }
                WordPiece::AnsiCQuotedText(text) => {
                    self.quoted = true;
                    self.text.push_str(&text.replace("\\n", "\n").replace("\\t", "\t").replace("\\'", "'"));
                }
                WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    self.quoted = true;
                    self.pieces(source, inner);
                }
                WordPiece::TildeExpansion(_) => {
                    self.text.push_str(source.get(piece.start_index..piece.end_index).unwrap_or("~"));
                }
                WordPiece::ParameterExpansion(parameter) => {
                    if pieces.len() == 1 || self.text.is_empty() {
                        self.variable = (pieces.len() == 1).then(|| name(parameter)).flatten();
                    }
                    self.text.push(OPAQUE);
                    self.inside(source.get(piece.start_index..piece.end_index).unwrap_or(""));
                }
                WordPiece::CommandSubstitution(text) => {
                    self.text.push(OPAQUE);
                    self.runs.push(text.clone());
                }
                WordPiece::BackquotedCommandSubstitution(text) => {
                    self.text.push(OPAQUE);
                    self.runs.push(text.replace("\\`", "`").replace("\\$", "$").replace("\\\\", "\\"));
                }
                WordPiece::EscapeSequence(text) => {
                    self.quoted = true;
                    let escaped = text.strip_prefix('\\').unwrap_or(text);
                    if escaped != "\n" {
                        self.text.push_str(escaped);
                    }
                }
                WordPiece::ArithmeticExpression(expression) => {
                    self.text.push(OPAQUE);
                    self.inside(&expression.value);
                }
            }
        }
    }

    /// Substitutions inside `${X:-…}` or `$((…))` run as well; found roughly, each is judged like any other.
    fn inside(&mut self, text: &str) {
        let inner = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        if !inner.contains("$(") && !inner.contains('`') {
            return;
        }
        let Some(at) = inner.find(['$', '`']) else { return };
        match word::parse(&inner[at..], &ParserOptions::default()) {
            Ok(pieces) => {
                let mut deeper = Self::default();
                for piece in &pieces {
                    match &piece.piece {
                        WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => {
                            deeper.runs.push(text.clone());
                        }
                        _ => {}
                    }
                }
                self.runs.append(&mut deeper.runs);
            }
            Err(_) => self.runs.push(inner[at..].to_owned()),
        }
    }
}

fn name(parameter: &ParameterExpr) -> Option<String> {
    match parameter {
        ParameterExpr::Parameter { parameter: Parameter::Named(name), .. }
        | ParameterExpr::UseDefaultValues { parameter: Parameter::Named(name), .. } => Some(name.clone()),
        _ => None,
    }
}
