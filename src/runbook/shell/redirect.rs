//! What redirections do to files, and what they bring in.

use brush_parser::ast::{IoFileRedirectKind as Kind, IoFileRedirectTarget as Target, IoRedirect};

use super::arg::Arg;
use super::part::Part;
use super::walk::{Stdin, Walk};
use crate::model::Risk;

#[derive(Default)]
pub struct Redirects {
    pub part: Part,
    pub stdin: Option<Stdin>,
    /// Files that are emptied first.
    emptied: Vec<String>,
}

impl Redirects {
    pub fn add(&mut self, walk: &mut Walk, redirect: &IoRedirect) {
        match redirect {
            IoRedirect::File(fd, kind, target) => self.file(walk, *fd, kind, target),
            IoRedirect::HereDocument(_, document) => {
                let arg = match document.requires_expansion {
                    true => Arg::here_document(&document.doc.value),
                    false => Arg::plain(&document.doc.value),
                };
                self.runs(walk, &arg);
                self.stdin = Some(Stdin::Text(arg.text));
            }
            IoRedirect::HereString(_, word) => {
                let arg = Arg::read(&word.value);
                self.runs(walk, &arg);
                self.stdin = Some(Stdin::Text(arg.text));
            }
            IoRedirect::OutputAndError(word, append) => self.write(walk, &word.value, !append),
        }
    }

    fn file(&mut self, walk: &mut Walk, fd: Option<i32>, kind: &Kind, target: &Target) {
        match target {
            Target::Filename(word) | Target::Duplicate(word) => match kind {
                Kind::Read => {
                    let arg = Arg::read(&word.value);
                    self.runs(walk, &arg);
                    if fd.is_none_or(|fd| fd == 0) {
                        self.stdin = Some(match arg.text.as_str() {
                            "/dev/null" => Stdin::Text(String::new()),
                            _ => Stdin::File(arg.text),
                        });
                    }
                }
                Kind::DuplicateInput => {}
                Kind::Append | Kind::ReadAndWrite => self.write(walk, &word.value, false),
                Kind::Write | Kind::Clobber => self.write(walk, &word.value, true),
                Kind::DuplicateOutput => {
                    let duplicates = word.value.chars().all(|c| c.is_ascii_digit() || c == '-');
                    if !duplicates {
                        self.write(walk, &word.value, true);
                    }
                }
            },
            Target::ProcessSubstitution(_, subshell) => {
                let part = walk.subshell(&subshell.list);
                self.part.absorb(part);
                if matches!(kind, Kind::Read) {
                    self.stdin = Some(Stdin::Pipe);
                }
            }
            Target::Fd(_) => {}
        }
    }

    fn runs(&mut self, walk: &mut Walk, arg: &Arg) {
        for run in &arg.runs {
            self.part.absorb(walk.text(run, &Stdin::None).within("substitution"));
        }
    }

    fn write(&mut self, walk: &mut Walk, raw: &str, empties: bool) {
        let arg = Arg::read(raw);
        self.runs(walk, &arg);
        let path = arg.text.as_str();
        if matches!(path, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty" | "NUL") {
            return;
        }
        self.part.flags.redirect = true;
        if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
            self.part.raise(Risk::Mutate, "sends to the network");
        } else if path.starts_with("/dev/") && !path.starts_with("/dev/shm/") {
            self.part.raise(Risk::Destroy, format!("writes to the device {path}"));
        } else {
            self.part.raise(Risk::Mutate, "redirect");
            if empties && !path.starts_with("/proc/") && !path.starts_with("/sys/") {
                self.emptied.push(path.to_owned());
            }
        }
    }

    /// A file that nothing is written to afterwards has lost what it held: `> f`, `: > f`, `echo -n > f`.
    pub fn judge(&mut self, args: &[Arg]) {
        let texts: Vec<&str> = args.iter().map(|a| a.text.as_str()).collect();
        let nothing = match texts.as_slice() {
            [] | [":" | "true"] => true,
            ["echo", rest @ ..] | ["printf", rest @ ..] => rest.iter().all(|w| w.is_empty() || *w == "-n"),
            ["cat", "/dev/null"] => true,
            _ => false,
        };
        // Without a command the input goes nowhere.
        let copies = matches!(texts.as_slice(), ["cat"]) && self.stdin == Some(Stdin::Text(String::new()));
        if (nothing || copies) && !self.emptied.is_empty() {
            self.part.raise(Risk::Destroy, format!("empties {}", self.emptied[0]));
        }
    }
}
