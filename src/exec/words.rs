//! Options and words of an argument vector, by a table of the options that are understood. An option that is not in the
//! table is an error: it is never skipped, because it might change what the command does.

/// `("all", Some('a'), Takes::Nothing)`.
pub type Flag = (&'static str, Option<char>, Takes);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    Value,
}

pub const fn yes(long: &'static str, short: char) -> Flag {
    (long, if short == ' ' { None } else { Some(short) }, Takes::Nothing)
}

pub const fn value(long: &'static str, short: char) -> Flag {
    (long, if short == ' ' { None } else { Some(short) }, Takes::Value)
}

/// Whether options may follow words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mixed {
    Yes,
    /// Everything from the first word on is words: another command stands there.
    No,
}

#[derive(Debug, Default, PartialEq)]
pub struct Words {
    options: Vec<(&'static str, String)>,
    pub words: Vec<String>,
}

impl Words {
    /// As the usual libraries read it: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, `-abc`, `--`.
    pub fn read(argv: &[String], flags: &[Flag], mixed: Mixed) -> Result<Words, String> {
        let mut out = Words::default();
        let mut rest = argv.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                out.words.extend(rest.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, given) = long.split_once('=').map_or((long, None), |(name, given)| (name, Some(given)));
                let (name, _, takes) =
                    flags.iter().find(|(l, _, _)| *l == name).ok_or(format!("--{name} is not understood"))?;
                out.take(name, *takes, given.map(str::to_string), &mut rest)?;
            } else if let Some(shorts) = word.strip_prefix('-').filter(|s| !s.is_empty()) {
                out.shorts(shorts, flags, &mut rest)?;
            } else if mixed == Mixed::No {
                out.words.push(word.clone());
                out.words.extend(rest.cloned());
                break;
            } else {
                out.words.push(word.clone());
            }
        }
        Ok(out)
    }

    fn shorts<'a>(
        &mut self,
        shorts: &str,
        flags: &[Flag],
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        for (at, short) in shorts.char_indices() {
            let (name, _, takes) =
                flags.iter().find(|(_, s, _)| *s == Some(short)).ok_or(format!("-{short} is not understood"))?;
            let after = &shorts[at + short.len_utf8()..];
            if *takes == Takes::Value {
                let given = (!after.is_empty()).then(|| after.strip_prefix('=').unwrap_or(after).to_string());
                return self.take(name, *takes, given, rest);
            }
            self.take(name, *takes, None, rest)?;
        }
        Ok(())
    }

    fn take<'a>(
        &mut self,
        name: &'static str,
        takes: Takes,
        given: Option<String>,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        let given = match (takes, given) {
            (Takes::Value, Some(given)) => given,
            (Takes::Value, None) => rest.next().cloned().ok_or(format!("--{name} lacks its value"))?,
            (Takes::Nothing, given) => match given.as_deref() {
                None | Some("true" | "1") => "true".to_string(),
                Some("false" | "0") => "false".to_string(),
                Some(_) => return Err(format!("--{name} takes no value")),
            },
        };
        self.options.push((name, given));
        Ok(())
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The last one counts.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        self.options.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.clone()).collect()
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_string)
    }

    pub fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>, String> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("--{name} {text} is no number that fits there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[yes("all", 'a'), yes("force", 'f'), value("tail", 'n'), value("filter", ' ')];

    fn read(line: &str, mixed: Mixed) -> Result<String, String> {
        let argv: Vec<String> = line.split_whitespace().map(str::to_string).collect();
        let words = Words::read(&argv, FLAGS, mixed)?;
        let options: Vec<String> = words.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok(format!("{} | {}", options.join(" "), words.words.join(" ")))
    }

    #[test]
    fn options_are_read_as_programs_read_them() {
        for (line, expected) in [
            ("x -af y", "all=true force=true | x y"),
            ("-n5 x --filter a=b", "tail=5 filter=a=b | x"),
            ("-n=5 --filter=a=b", "tail=5 filter=a=b | "),
            ("-an 5", "all=true tail=5 | "),
            ("--all=false - -- -x --y", "all=false | - -x --y"),
        ] {
            assert_eq!(read(line, Mixed::Yes).as_deref(), Ok(expected), "{line}");
        }
        assert_eq!(read("-a x -f --unknown", Mixed::No).as_deref(), Ok("all=true | x -f --unknown"));
    }

    #[test]
    fn what_is_not_understood_is_never_passed_over() {
        for line in ["--unknown", "-x", "-ax", "--tail", "--all=maybe", "--alle"] {
            assert!(read(line, Mixed::Yes).is_err(), "{line}");
        }
    }
}
