//! The statements of a text, with their words: enough to tell them apart and to say what each begins with. Strings and
//! comments are passed over, never read. What cannot be told for certain is refused; the server judges the rest.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Mysql,
}

/// Bytes of one text: a migration is shorter, and nobody could review a longer one.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Statements of one text.
const STATEMENTS_MAX: usize = 1_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Without the semicolon.
    pub text: String,
    pub words: Vec<Word>,
    /// MySQL's `\G`: one column a line.
    pub vertical: bool,
}

/// A keyword, a name or a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// In upper case unless it was quoted.
    pub text: String,
    pub quoted: bool,
    /// How many brackets are open around it.
    pub depth: usize,
    /// Where it stands in the statement's text.
    pub at: std::ops::Range<usize>,
}

impl Statement {
    /// The first words, in upper case.
    pub fn begins(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && words.iter().zip(&self.words).all(|(w, own)| !own.quoted && own.text == *w)
    }

    pub fn first(&self) -> &str {
        self.words.first().filter(|w| !w.quoted).map_or("", |w| w.text.as_str())
    }

    /// Whether the keyword stands there anywhere; quoted names are none.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| !w.quoted && w.text == word)
    }

    /// Whether a function or another thing of that name is there, quoted or not.
    pub fn names(&self, name: &str) -> bool {
        self.words.iter().any(|w| w.text.eq_ignore_ascii_case(name))
    }

    /// The first place of a keyword outside all brackets.
    pub fn top(&self, word: &str) -> Option<&Word> {
        self.words.iter().find(|w| !w.quoted && w.depth == 0 && w.text == word)
    }
}

pub fn split(text: &str, dialect: Dialect) -> Result<Vec<Statement>, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("The text is longer than {} KB", TEXT_BYTES_MAX / 1024));
    }
    if text.contains('\0') {
        return Err("The text has a zero byte in it".to_string());
    }
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, dialect, depth: 0, begin: 0, words: Vec::new() };
    let mut out = Vec::new();
    while let Some(statement) = lexer.statement()? {
        if !statement.words.is_empty() || !statement.text.is_empty() {
            out.push(statement);
        }
        if out.len() > STATEMENTS_MAX {
            return Err(format!("There are more than {STATEMENTS_MAX} statements"));
        }
    }
    Ok(out)
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    depth: usize,
    begin: usize,
    words: Vec<Word>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Up to its end mark; `None` where nothing is left.
    fn statement(&mut self) -> Result<Option<Statement>, String> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        (self.begin, self.depth) = (self.at, 0);
        self.words.clear();
        let mysql = self.dialect == Dialect::Mysql;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                // Brackets of a rule may hold several; MySQL's client does not look at them.
                (b';', _) if self.depth == 0 || mysql => return Ok(Some(self.end(1, false))),
                (b'\\', b'G') if mysql => return Ok(Some(self.end(2, true))),
                (b'\\', b'g') if mysql => return Ok(Some(self.end(2, false))),
                (b'\\', _) => return Err(self.client()),
                (b'(', _) => self.step(1, 1),
                (b')', _) => self.step(1, -1),
                (b'-', b'-') if !mysql || self.peek(2) <= b' ' => self.line_comment(),
                (b'#', _) if mysql => self.line_comment(),
                (b'/', b'*') => self.comment()?,
                (b'\'', _) => self.quoted(b'\'', mysql)?,
                (b'"', _) if mysql => self.quoted(b'"', true)?,
                (b'"', _) => self.name(b'"')?,
                (b'`', _) if mysql => self.name(b'`')?,
                (b'$', _) if !mysql && self.dollar()? => {}
                (c, _) if is_word(c) => self.word()?,
                _ => self.at += 1,
            }
        }
        Ok(Some(self.end(0, false)))
    }

    fn end(&mut self, mark: usize, vertical: bool) -> Statement {
        // Offsets of words count from where the text begins without its blanks.
        let raw = &self.text[self.begin..self.at];
        let blanks = self.begin + (raw.len() - raw.trim_start().len());
        let text = raw.trim().to_string();
        let mut words = std::mem::take(&mut self.words);
        for word in &mut words {
            word.at = word.at.start - blanks..word.at.end - blanks;
        }
        self.at += mark;
        // A comment alone is no statement.
        let text = if words.is_empty() && !has_code(&text) { String::new() } else { text };
        Statement { text, words, vertical }
    }

    fn step(&mut self, bytes: usize, depth: isize) {
        self.at += bytes;
        self.depth = self.depth.saturating_add_signed(depth);
    }

    /// A command of the client program stands where a statement should.
    fn client(&self) -> String {
        let word: String = self.rest().chars().take_while(|c| !c.is_whitespace()).take(20).collect();
        let client = if self.dialect == Dialect::Postgres { "psql" } else { "mysql" };
        format!("{word} is a command of the program {client} and no statement")
    }

    fn line_comment(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn comment(&mut self) -> Result<(), String> {
        let unclosed = "A comment has no end".to_string();
        if self.dialect == Dialect::Mysql {
            if self.rest().starts_with("/*!") || self.rest().starts_with("/*M!") {
                return Err("A comment that begins with /*! is carried out by the server".to_string());
            }
            self.at += 2;
            self.at += self.rest().find("*/").ok_or(unclosed)? + 2;
            return Ok(());
        }
        let mut open = 0usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => open += 1,
                (b'*', b'/') => open -= 1,
                _ if self.at >= self.bytes.len() => return Err(unclosed),
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 2;
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn quoted(&mut self, quote: u8, backslash: bool) -> Result<(), String> {
        self.at += 1;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'\\', _) if backslash => self.at += 2,
                (c, next) if c == quote && next == quote => self.at += 2,
                (c, _) if c == quote => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        Err("A quote is not closed".to_string())
    }

    fn name(&mut self, quote: u8) -> Result<(), String> {
        let begin = self.at;
        self.quoted(quote, false)?;
        let mark = char::from(quote).to_string();
        let text = self.text.get(begin + 1..self.at - 1).unwrap_or_default().replace(&mark.repeat(2), &mark);
        self.words.push(Word { text, quoted: true, depth: self.depth, at: begin..self.at });
        Ok(())
    }

    /// `$$…$$`, `$body$…$body$`; not `$1`.
    fn dollar(&mut self) -> Result<bool, String> {
        let rest = self.rest();
        let tag = rest.get(1..).and_then(|r| r.find('$').and_then(|end| rest.get(..end + 2)));
        let fits = |t: &&str| {
            let inner = &t[1..t.len() - 1];
            !inner.starts_with(|c: char| c.is_ascii_digit()) && inner.bytes().all(is_word)
        };
        let Some(tag) = tag.filter(fits) else { return Ok(false) };
        let end = rest.get(tag.len()..).and_then(|r| r.find(tag)).ok_or("A text between dollars has no end")?;
        self.at += end + 2 * tag.len();
        Ok(true)
    }

    fn word(&mut self) -> Result<(), String> {
        let begin = self.at;
        while self.at < self.bytes.len() && (is_word(self.peek(0)) || (self.peek(0) == b'$' && self.at > begin)) {
            self.at += 1;
        }
        let text = self.text.get(begin..self.at).unwrap_or_default().to_uppercase();
        if self.dialect == Dialect::Postgres && self.peek(0) == b'\'' && text == "E" {
            return self.quoted(b'\'', true);
        }
        if self.dialect == Dialect::Postgres
            && text == "U"
            && self.peek(0) == b'&'
            && [b'"', b'\''].contains(&self.peek(1))
        {
            return Err("U& writes names and texts in a form that is not read here".to_string());
        }
        if self.dialect == Dialect::Mysql && text == "DELIMITER" && self.words.is_empty() {
            return Err("DELIMITER is a command of the program mysql and no statement".to_string());
        }
        self.words.push(Word { text, quoted: false, depth: self.depth, at: begin..self.at });
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether anything but blanks and comments is there, in a text without words.
fn has_code(text: &str) -> bool {
    let text = text.trim_start();
    !(text.is_empty() || text.starts_with("--") || text.starts_with("/*") || text.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, dialect: Dialect) -> Vec<String> {
        split(text, dialect).expect("statements").into_iter().map(|s| s.text).collect()
    }

    #[test]
    fn statements_end_where_the_server_ends_them() {
        let postgres = |text: &str| texts(text, Dialect::Postgres);
        assert_eq!(postgres("SELECT 1; SELECT 2;"), ["SELECT 1", "SELECT 2"]);
        assert_eq!(postgres("SELECT ';' , \";\" -- ; no\n, 2"), ["SELECT ';' , \";\" -- ; no\n, 2"]);
        assert_eq!(
            postgres("SELECT 'it''s; one'; SELECT E'it\\'; one'"),
            ["SELECT 'it''s; one'", "SELECT E'it\\'; one'"]
        );
        assert_eq!(postgres("SELECT '\\'; SELECT 2"), ["SELECT '\\'", "SELECT 2"]);
        assert_eq!(postgres("DO $x$ begin; $$;$$ end $x$; SELECT $1"), ["DO $x$ begin; $$;$$ end $x$", "SELECT $1"]);
        assert_eq!(postgres("/* a /* ; */ ; */ SELECT 1; -- ;\n"), ["/* a /* ; */ ; */ SELECT 1"]);
        assert_eq!(postgres("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); TABLE t").len(), 2);
        let mysql = |text: &str| texts(text, Dialect::Mysql);
        assert_eq!(
            mysql("SELECT 'it\\'s; one'; SELECT \"a\"\";\"; # ;\nSHOW TABLES"),
            ["SELECT 'it\\'s; one'", "SELECT \"a\"\";\"", "# ;\nSHOW TABLES"]
        );
        assert_eq!(mysql("SELECT `;`; SELECT 1--1; SELECT 2 -- ;\n").len(), 3);
        assert_eq!(mysql("SELECT (1; DELETE FROM t"), ["SELECT (1", "DELETE FROM t"]);
        assert!(split("SHOW STATUS\\G", Dialect::Mysql).expect("a statement")[0].vertical);
    }

    #[test]
    fn what_cannot_be_told_for_certain_is_refused() {
        for text in ["SELECT 'x", "SELECT \"x", "/* x", "SELECT $a$ x", "SELECT 1 \\g", "\\! reboot", "SELECT U&'x'"] {
            assert!(split(text, Dialect::Postgres).is_err(), "{text}");
        }
        for text in ["/*!50000 DROP TABLE t */", "SELECT /*M! 1; */ 2", "SELECT 'x\\'", "\\! reboot", "delimiter //"] {
            assert!(split(text, Dialect::Mysql).is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_found_with_their_depth_and_place() {
        let one =
            split("  DELETE FROM \"Orders\" WHERE id IN (SELECT id FROM x)", Dialect::Postgres).expect("one").remove(0);
        assert!(one.begins(&["DELETE", "FROM"]) && one.names("orders") && !one.has("ORDERS"));
        let place = one.top("WHERE").expect("a word").at.clone();
        assert_eq!(&one.text[place], "WHERE");
        assert_eq!(one.words.iter().filter(|w| w.text == "FROM").map(|w| w.depth).collect::<Vec<_>>(), [0, 1]);
    }
}
