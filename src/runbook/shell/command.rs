//! One simple command: peeled of its wrappers down to the tool that does the work, and judged by the knowledge base.

use super::arg::Arg;
use super::part::{Part, Work};
use super::walk::{Stdin, Walk};
use super::{client, unknown};
use crate::knowledge::entry::{Form, Inner, Whose};
use crate::knowledge::look::Found;
use crate::knowledge::split::InnerAt;
use crate::knowledge::{OPAQUE, knowledge};
use crate::model::{Executor, Mode, Risk};

impl Walk {
    /// The words of one simple command.
    pub fn argv(&mut self, args: &[Arg], stdin: &Stdin) -> Part {
        let Some(first) = args.first() else { return Part::default() };
        let mut texts: Vec<&str> = args.iter().map(|a| a.text.as_str()).collect();
        if first.is_opaque() {
            // `$KUBECTL delete pod x`: most name the variable after the tool.
            let Some(tool) = unknown::tool_of(first) else { return unknown::unreadable(args) };
            texts[0] = tool;
            let mut part = match knowledge().look(&texts) {
                Some(found) => self.found(&found, args, stdin),
                None => unknown::unreadable(args),
            };
            part.raise(Risk::Mutate, format!("{tool} by a variable"));
            return part;
        }
        if let Some(service) = unknown::init_script(args) {
            return self.argv(&service, stdin);
        }
        match knowledge().look(&texts) {
            Some(found) => self.found(&found, args, stdin),
            None => unknown::program(args),
        }
    }

    fn found(&mut self, found: &Found<'_>, args: &[Arg], stdin: &Stdin) -> Part {
        let work = match (found.tool.neutral, found.tool.filter) {
            (true, _) => Work::None,
            (_, true) => Work::Filter,
            _ => Work::Does,
        };
        let mut part = Part { work, mode: found.mode, executor: found.tool.executor, ..Part::default() };
        part.raise(found.risk, found.why.clone());
        part.flags.secret_output = found.secret;
        part.flags.dry_run = found.dry_run;
        part.flags.unknown_tool = found.unknown;
        let Some(entry) = found.entry else { return part };
        part.flags.affects_availability = entry.affects_availability;
        part.flags.expensive = entry.expensive;
        part.problem = found.problem.map(str::to_owned);
        if let Some(executor) = entry.executor {
            let only_at_a_keyboard = executor == Executor::Interactive && found.mode != Mode::Tty;
            part.executor = if only_at_a_keyboard { part.executor } else { executor };
        }
        let help = found.split.has(&["--help", "--version"]);
        if let Some(client) = entry.client.filter(|_| !help) {
            client::judge(self, client, &mut part, found, args, stdin);
        }
        if let Some(inner) = &entry.inner {
            self.inside(&mut part, inner, found, args, stdin);
        }
        part
    }

    /// What a wrapper runs; the maximum of both is the whole's risk.
    fn inside(&mut self, part: &mut Part, inner: &Inner, found: &Found<'_>, args: &[Arg], stdin: &Stdin) {
        let wrapper = found.why.split(':').next().unwrap_or("").to_owned();
        let unknown_operands = matches!(found.tool.names[0].as_str(), "xargs" | "parallel" | "find");
        let mut parts: Vec<Part> = Vec::new();
        for at in &found.split.inner {
            let words: Vec<Arg> = match at {
                InnerAt::Words(range) => args[range.clone()].to_vec(),
                InnerAt::Attached(at) => vec![Arg::plain(args[*at].text.split_once('=').map_or("", |(_, v)| v))],
            };
            if words.is_empty() {
                continue;
            }
            parts.push(match inner.form {
                Form::Argv => {
                    if words[0].text == "-c" && words.len() > 1 {
                        parts.push(self.text(&words[1].text, stdin));
                        continue;
                    }
                    let words = if unknown_operands { filled_in(words) } else { assignments_off(words) };
                    self.deeper(|w| w.argv(&words, stdin))
                }
                Form::Shell => {
                    let text: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
                    self.text(&listed(&text.join(" ")), stdin)
                }
            });
        }
        if parts.is_empty()
            && inner.form == Form::Shell
            && let Stdin::Text(text) = stdin
        {
            parts.push(self.text(text, &Stdin::None));
        }
        if parts.is_empty() && part.mode == Mode::Tty && inner.executor == Whose::Inner {
            part.console(&wrapper);
        }
        for inside in parts {
            if inside.work != Work::None || part.work != Work::Does {
                part.mode = if inner.ends { Mode::Oneshot } else { part_mode(part.mode, inside.mode) };
            } else if part.mode == Mode::Tty {
                part.mode = inside.mode;
            }
            let executor = match inner.executor {
                Whose::Outer => part.executor,
                Whose::Inner => inside.executor,
                Whose::Client if is_client(inside.executor) => inside.executor,
                Whose::Client => found.tool.executor,
            };
            let mode = part.mode;
            let mut inside = inside.within(&wrapper);
            part.executor = executor;
            part.work = match inner.executor {
                Whose::Inner => inside.work,
                _ => Work::Does,
            };
            inside.mode = Mode::Oneshot;
            part.absorb(inside);
            part.mode = mode;
        }
    }
}

/// A terminal that was only asked for is not needed when what runs in it is known.
fn part_mode(wrapper: Mode, inside: Mode) -> Mode {
    match (wrapper, inside) {
        (Mode::Tty, inside) | (Mode::Oneshot, inside) => inside,
        (wrapper, Mode::Oneshot) => wrapper,
        (Mode::Stream, _) => Mode::Stream,
        (_, inside) => inside,
    }
}

/// Who is its own executor wherever it runs; an ordinary tool in a container is the container engine's work.
fn is_client(executor: Executor) -> bool {
    use Executor::{Cloud, Http, Interactive, Kubernetes, Mysql, Postgres, Prometheus, Redis};
    matches!(executor, Cloud | Http | Interactive | Kubernetes | Mysql | Postgres | Prometheus | Redis)
}

/// `xargs` and its kin add operands that nobody knows yet.
fn filled_in(words: Vec<Arg>) -> Vec<Arg> {
    let mut words: Vec<Arg> = words
        .into_iter()
        .map(|w| match w.text.contains("{}") {
            true => Arg { text: w.text.replace("{}", &OPAQUE.to_string()), ..w },
            false => w,
        })
        .collect();
    if !words.iter().any(Arg::is_opaque) {
        words.push(Arg::opaque());
    }
    words
}

/// `env A=b cmd`, `sudo A=b cmd`: assignments in front are not the command.
fn assignments_off(words: Vec<Arg>) -> Vec<Arg> {
    let is_assignment = |w: &Arg| {
        w.text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    words.into_iter().skip_while(is_assignment).collect()
}

/// `commands=["a","b"]`, as AWS takes the lines that a machine is to run; any other text stays as it is.
fn listed(text: &str) -> String {
    match text.strip_prefix("commands=") {
        Some(list) => {
            list.trim_matches(['[', ']']).replace("\",\"", "\n").replace("','", "\n").replace(['"', '\''], "")
        }
        None => text.to_owned(),
    }
}
