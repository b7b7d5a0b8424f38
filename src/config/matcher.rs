//! Conditions on labels, in the notation of Alertmanager's matchers: `team="payments"`, `env!="prod"`,
//! `severity=~"warn|crit"`, `job!~"test-.*"`. A label that is not there is the empty text, so `env=""` means "has no
//! env" and `env!=""` "has one". Regular expressions fit the whole value and take bounded memory and linear time.

use super::problem::quoted;
use regex::{Regex, RegexBuilder};

/// Characters of a regular expression: a longer one is a list that belongs into labels.
const PATTERN_CHARS_MAX: usize = 1_000;
/// Bytes of a compiled regular expression: a counted repetition of a large class takes more than it says.
const COMPILED_BYTES_MAX: usize = 256 * 1024;
/// What an example in a complaint looks like.
const EXAMPLE: &str = "Write a label, one of = != =~ !~ and a value in double quotes, such as 'team=\"payments\"'";

#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label; of a generic body a mapped field or a dotted path.
    pub name: String,
    test: Test,
    negated: bool,
    /// As it was written.
    text: String,
}

#[derive(Clone, Debug)]
enum Test {
    Equals(String),
    Fits(Regex),
}

/// What is wrong, and what to write instead.
pub type Complaint = (String, String);

impl Matcher {
    pub fn parse(written: &str) -> Result<Matcher, Complaint> {
        let text = written.trim();
        let end = text.find(|c: char| "=!~\"'{},".contains(c) || c.is_whitespace()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let operator = ["=~", "!~", "!=", "="].into_iter().find(|op| rest.starts_with(op));
        let (Some(operator), false) = (operator, name.is_empty()) else {
            return Err((format!("{} is not a condition", quoted(written)), EXAMPLE.to_string()));
        };
        let value = value(name, operator, rest[operator.len()..].trim_start())?;
        let test = match operator {
            "=~" | "!~" => Test::Fits(pattern(&value)?),
            _ => Test::Equals(value),
        };
        Ok(Matcher { name: name.to_string(), test, negated: operator.starts_with('!'), text: text.to_string() })
    }

    /// Whether a label's value fits; the empty text where there is no such label.
    pub fn fits(&self, value: &str) -> bool {
        let fits = match &self.test {
            Test::Equals(wanted) => value == wanted,
            Test::Fits(pattern) => pattern.is_match(value),
        };
        fits != self.negated
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

fn value(name: &str, operator: &str, rest: &str) -> Result<String, Complaint> {
    let written = |value: &str| format!("Write '{name}{operator}\"{value}\"'");
    if rest.is_empty() {
        let what = format!("{} says no value", quoted(&format!("{name}{operator}")));
        return Err((what, format!("{}, or '{name}=\"\"' for what has no {name}", written("…"))));
    }
    if let Some(value) = rest.strip_prefix('=').filter(|_| operator == "=") {
        let what = format!("{} has one = too many", quoted(&format!("{name}={rest}")));
        return Err((what, written(value.trim().trim_matches('"'))));
    }
    let Some(inside) = rest.strip_prefix('"') else {
        if rest.contains(|c: char| "\"'{},".contains(c) || c.is_whitespace()) {
            let what = format!("the value {} is not in double quotes", quoted(rest));
            return Err((what, written(rest.trim_matches(|c: char| "\"'{}, ".contains(c)))));
        }
        return Ok(rest.to_string());
    };
    let mut value = String::new();
    let mut chars = inside.chars();
    loop {
        match chars.next() {
            None => return Err((format!("the quote of {} is not closed", quoted(rest)), written(&value))),
            Some('"') => break,
            // Only a quote and a backslash need one; in a regular expression every other backslash is its own.
            Some('\\') => match chars.next() {
                Some(c @ ('"' | '\\')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => {}
            },
            Some(c) => value.push(c),
        }
    }
    let after = chars.as_str().trim();
    if after.is_empty() {
        return Ok(value);
    }
    let fix =
        format!("{}, and what follows as a text of its own", written(&value).replacen("Write ", "Write only ", 1));
    Err((format!("after the value stands {}", quoted(after)), fix))
}

fn pattern(text: &str) -> Result<Regex, Complaint> {
    let chars = text.chars().count();
    if chars > PATTERN_CHARS_MAX {
        let what = format!("the regular expression has {chars} characters, more than {PATTERN_CHARS_MAX}");
        return Err((what, "Split it into several rules, or give what it lists a label of its own".to_string()));
    }
    let compiled =
        |text: &str| RegexBuilder::new(text).size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX).build();
    // By itself first: "a)|(b" would be valid between the brackets that make it fit the whole value.
    match compiled(text).and_then(|_| compiled(&format!(r"\A(?:{text})\z"))) {
        Ok(pattern) => Ok(pattern),
        Err(regex::Error::CompiledTooBig(_)) => {
            let what = format!("the regular expression {} is too large", quoted(text));
            Err((what, "Write a simpler one: smaller counts in {…}, fewer alternatives".to_string()))
        }
        Err(e) => {
            // The last line has the reason, the ones before it draw where.
            let all = e.to_string();
            let why = all.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_string();
            let fix = "Write a regular expression that fits the whole value, such as \"warn|crit\" or \"db-.*\"";
            Err((format!("the regular expression {} is wrong: {why}", quoted(text)), fix.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(matcher: &str, value: &str) -> bool {
        Matcher::parse(matcher).unwrap_or_else(|(what, _)| panic!("{what}")).fits(value)
    }

    #[test]
    fn a_value_is_compared_whole_and_a_missing_label_is_the_empty_text() {
        for (matcher, yes, no) in [
            ("team=\"payments\"", &["payments"][..], &["payment", "Payments", "payments ", ""][..]),
            ("team!=\"payments\"", &["mail", ""], &["payments"]),
            ("severity=~\"warn|crit\"", &["warn", "crit"], &["warning", "acrit", "", "warn|crit"]),
            ("severity=~\"warn.*\"", &["warn", "warning"], &["prewarn", "WARN"]),
            ("severity=~\"(?i)WARN.*\"", &["Warning"], &["crit"]),
            ("job!~\"test-.*\"", &["prod", "", "a test-1"], &["test-", "test-1"]),
            ("env=\"\"", &[""], &["prod"]),
            ("env!=\"\"", &["prod"], &[""]),
            (" env = prod ", &["prod"], &["prod "]),
            ("disk=\"C:\\\\\"", &["C:\\"], &["C:\\\\"]),
            ("name=\"say \\\"hi\\\"\"", &["say \"hi\""], &["say hi"]),
            ("host=~\"db\\d+\\.eu\"", &["db12.eu"], &["db12xeu"]),
            ("check.labels.0=\"eu\"", &["eu"], &[""]),
            ("a=~\"x|\"", &["x", ""], &["xx"]),
        ] {
            for value in yes {
                assert!(fits(matcher, value), "{matcher} and {value:?}");
            }
            for value in no {
                assert!(!fits(matcher, value), "{matcher} and {value:?}");
            }
        }
    }

    #[test]
    fn what_is_no_condition_is_told_what_to_write() {
        let huge = format!("a=~\"{}\"", "x".repeat(1_001));
        for (matcher, what, fix) in [
            ("team", "\"team\" is not a condition", "such as 'team=\"payments\"'"),
            ("", "\"\" is not a condition", "such as"),
            ("=\"x\"", "is not a condition", "such as"),
            ("{team=\"x\"}", "is not a condition", "such as"),
            ("team > 3", "is not a condition", "one of = != =~ !~"),
            ("team==\"payments\"", "has one = too many", "Write 'team=\"payments\"'"),
            ("team=", "\"team=\" says no value", "'team=\"\"' for what has no team"),
            ("team='payments'", "is not in double quotes", "Write 'team=\"payments\"'"),
            ("team=the payments", "is not in double quotes", "Write 'team=\"the payments\"'"),
            ("team=\"payments", "is not closed", "Write 'team=\"payments\"'"),
            ("a=\"x\",b=\"y\"", "after the value stands \",b=\\\"y\\\"\"", "Write only 'a=\"x\"'"),
            ("a=~\"warn(\"", "is wrong: unclosed group", "fits the whole value"),
            ("a=~\"x)|(y\"", "is wrong: unopened group", "fits the whole value"),
            ("a=~\"(?=x)\"", "is wrong: look-around", "fits the whole value"),
            ("a=~\"\\w{1000}{1000}\"", "is too large", "simpler"),
            (huge.as_str(), "has 1001 characters, more than 1000", "Split it"),
        ] {
            let Err((said, told)) = Matcher::parse(matcher) else { panic!("{matcher} should be refused") };
            assert!(said.contains(what), "{matcher}: {said}");
            assert!(told.contains(fix), "{matcher}: {told}");
            assert!(!said.contains('\n') && !said.ends_with('.'), "{said:?}");
        }
    }
}
