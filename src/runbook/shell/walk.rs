//! Walks the syntax tree: every simple command, wherever it stands, with what flows into it.
//!
//! Knows the shell's grammar and nothing about any program.

use brush_parser::ast::{
    AndOr, AndOrList, AssignmentValue, Command, CommandPrefixOrSuffixItem as Item, CompoundCommand, CompoundList,
    ExtendedTestExpr, Pipeline, Program, RedirectList, SimpleCommand,
};

use super::arg::Arg;
use super::http;
use super::parse::{self, Broken};
use super::part::{Part, Work};
use super::redirect::Redirects;
use super::tolerant;
use crate::knowledge::knows;
use crate::model::{Mode, Risk};

/// Texts inside texts (`sh -c`, `$(…)`, `ssh h "…"`) and wrappers inside wrappers are followed this far.
const MOST_DEPTH: usize = 20;

/// What a command reads from its standard input, as far as it stands in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    #[default]
    None,
    Text(String),
    File(String),
    /// What another command writes.
    Pipe,
}

#[derive(Default)]
pub struct Walk {
    depth: usize,
    functions: Vec<String>,
    /// The words of every command as written, for whoever looks for secrets in them.
    pub seen: Vec<Vec<Arg>>,
}

impl Walk {
    /// A whole text in the shell's language.
    pub fn text(&mut self, text: &str, stdin: &Stdin) -> Part {
        self.deeper(|walk| match parse::parse(text) {
            Ok(program) => {
                let mut part = walk.program(&program, stdin);
                part.problem = part.problem.or_else(|| http::in_shell(text).map(|raw| raw.message()));
                part
            }
            Err(broken) => {
                let mut part = tolerant::judge(walk, text);
                if !matches!(broken, Broken::Syntax(_)) {
                    part.raise(Risk::Mutate, "too long or too deep to be read");
                }
                // What stands unquoted in an address explains more than what the grammar stumbled over because of it.
                part.problem = Some(http::in_shell(text).map_or_else(|| broken.sentence(), |raw| raw.message()));
                part
            }
        })
    }

    /// Goes one level down, or says that nobody can read that far.
    pub fn deeper(&mut self, inside: impl FnOnce(&mut Self) -> Part) -> Part {
        if self.depth >= MOST_DEPTH {
            let mut part = Part { work: Work::Does, ..Part::default() };
            part.raise(Risk::Destroy, "nested too deeply to be read");
            return part;
        }
        self.depth += 1;
        let part = inside(self);
        self.depth -= 1;
        part
    }

    fn program(&mut self, program: &Program, stdin: &Stdin) -> Part {
        let mut whole: Option<Part> = None;
        for list in &program.complete_commands {
            let part = self.list(list, stdin);
            join(&mut whole, part);
        }
        whole.unwrap_or_default()
    }

    fn list(&mut self, list: &CompoundList, stdin: &Stdin) -> Part {
        let mut whole: Option<Part> = None;
        for item in &list.0 {
            let part = self.and_or(&item.0, stdin);
            join(&mut whole, part);
        }
        whole.unwrap_or_default()
    }

    fn and_or(&mut self, list: &AndOrList, stdin: &Stdin) -> Part {
        let mut whole = self.pipeline(&list.first, stdin);
        for next in &list.additional {
            let (AndOr::And(pipeline) | AndOr::Or(pipeline)) = next;
            let part = self.pipeline(pipeline, stdin);
            whole.join(part);
        }
        whole
    }

    fn pipeline(&mut self, pipeline: &Pipeline, stdin: &Stdin) -> Part {
        let mut flows = stdin.clone();
        let mut whole: Option<Part> = None;
        let several = pipeline.seq.len() > 1;
        for command in &pipeline.seq {
            let mut part = self.command(command, &flows);
            flows = super::flow::out(command, &flows, part.work);
            if several {
                part = part.within("pipeline");
            }
            match &mut whole {
                None => whole = Some(part),
                // The first stage that does the work, not the worst one.
                Some(whole) if whole.work < Work::Does && part.work > whole.work => {
                    let executor = part.executor;
                    let work = part.work;
                    whole.absorb(part);
                    whole.executor = executor;
                    whole.work = work;
                }
                Some(whole) => whole.absorb(part),
            }
        }
        whole.unwrap_or_default()
    }

    fn command(&mut self, command: &Command, stdin: &Stdin) -> Part {
        match command {
            Command::Simple(simple) => self.simple(simple, stdin),
            Command::Compound(compound, redirects) => {
                let redirects = self.redirects(redirects.as_ref(), stdin);
                let mut part = self.deeper(|w| w.compound(compound, redirects.stdin.as_ref().unwrap_or(stdin)));
                part.absorb(redirects.part);
                part
            }
            Command::Function(function) => {
                self.functions.push(function.fname.value.clone());
                let redirects = self.redirects(function.body.1.as_ref(), stdin);
                let mut part = self.deeper(|w| w.compound(&function.body.0, stdin)).within("function");
                part.absorb(redirects.part);
                part
            }
            Command::ExtendedTest(test, redirects) => {
                let mut part = self.test(&test.expr);
                part.absorb(self.redirects(redirects.as_ref(), stdin).part);
                part
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand, stdin: &Stdin) -> Part {
        match compound {
            CompoundCommand::BraceGroup(group) => self.list(&group.list, stdin),
            CompoundCommand::Subshell(subshell) => self.list(&subshell.list, stdin).within("subshell"),
            CompoundCommand::ForClause(clause) => {
                let mut part = self.list(&clause.body.list, stdin).within("for loop");
                for value in clause.values.iter().flatten() {
                    part.absorb(self.word(&value.value));
                }
                part
            }
            CompoundCommand::ArithmeticForClause(clause) => self.list(&clause.body.list, stdin).within("for loop"),
            CompoundCommand::CaseClause(clause) => {
                let mut whole = self.word(&clause.value.value);
                for case in &clause.cases {
                    if let Some(list) = &case.cmd {
                        let part = self.list(list, stdin);
                        whole.join(part);
                    }
                }
                whole
            }
            CompoundCommand::IfClause(clause) => {
                let mut whole = self.list(&clause.condition, stdin);
                let part = self.list(&clause.then, stdin);
                whole.join(part);
                for branch in clause.elses.iter().flatten() {
                    if let Some(condition) = &branch.condition {
                        let part = self.list(condition, stdin);
                        whole.join(part);
                    }
                    let part = self.list(&branch.body, stdin);
                    whole.join(part);
                }
                whole
            }
            CompoundCommand::WhileClause(clause) => self.repeat(&clause.0, &clause.1.list, false, stdin),
            CompoundCommand::UntilClause(clause) => self.repeat(&clause.0, &clause.1.list, true, stdin),
            CompoundCommand::Coprocess(process) => self.deeper(|w| w.command(&process.body, stdin)),
            CompoundCommand::Arithmetic(arithmetic) => {
                let mut part = self.word(&arithmetic.expr.value);
                // The parser takes `( ( rm x ) )` for arithmetic; a shell does not.
                if is_command(&arithmetic.expr.value) {
                    part.absorb(self.text(&arithmetic.expr.value, stdin));
                }
                part
            }
        }
    }

    /// `while true` never ends, a loop that sleeps until something is so waits, `while read` follows its input.
    fn repeat(&mut self, condition: &CompoundList, body: &CompoundList, until: bool, stdin: &Stdin) -> Part {
        let first = words(condition).into_iter().next().unwrap_or_default();
        let sleeps = words(body).iter().any(|w| w == "sleep");
        let mut whole = self.list(condition, stdin);
        let part = self.list(body, stdin).within("loop");
        whole.join(part);
        let endless = if until { first == "false" } else { matches!(first.as_str(), "true" | ":" | "1") };
        let leaves = words(body).iter().any(|w| matches!(w.as_str(), "break" | "exit" | "return"));
        if endless && !leaves {
            whole.mode = Mode::Stream;
        } else if sleeps && first != "read" && whole.mode == Mode::Oneshot {
            whole.mode = Mode::Wait;
        }
        whole
    }

    fn simple(&mut self, simple: &SimpleCommand, stdin: &Stdin) -> Part {
        let mut redirects = Redirects::default();
        let mut assigned = Part::default();
        let mut args: Vec<Arg> = Vec::new();
        let mut more = Part::default();
        for item in simple.prefix.iter().flat_map(|p| &p.0) {
            match item {
                Item::AssignmentWord(assignment, _) => match &assignment.value {
                    AssignmentValue::Scalar(word) => assigned.absorb(self.word(&word.value)),
                    AssignmentValue::Array(list) => {
                        list.iter().for_each(|(_, word)| assigned.absorb(self.word(&word.value)));
                    }
                },
                Item::IoRedirect(redirect) => redirects.add(self, redirect),
                Item::Word(word) => args.push(Arg::read(&word.value)),
                Item::ProcessSubstitution(_, subshell) => {
                    let part = self.deeper(|w| w.list(&subshell.list, stdin)).within("process substitution");
                    more.absorb(part);
                }
            }
        }
        args.extend(simple.word_or_name.iter().map(|w| Arg::read(&w.value)));
        for item in simple.suffix.iter().flat_map(|s| &s.0) {
            match item {
                // `--scale web=3`: the grammar takes the operand for an assignment.
                Item::AssignmentWord(_, word) | Item::Word(word) => args.push(Arg::read(&word.value)),
                Item::IoRedirect(redirect) => redirects.add(self, redirect),
                Item::ProcessSubstitution(_, subshell) => {
                    args.push(Arg::opaque());
                    let part = self.deeper(|w| w.list(&subshell.list, stdin)).within("process substitution");
                    more.absorb(part);
                }
            }
        }
        for run in args.iter().flat_map(|a| &a.runs) {
            more.absorb(self.text(run, &Stdin::None).within("substitution"));
        }
        redirects.judge(&args);
        let stdin = redirects.stdin.take().unwrap_or_else(|| stdin.clone());
        let mut part = if args.is_empty() {
            Part::default()
        } else if self.functions.contains(&args[0].text) {
            Part { work: Work::Does, ..Part::default() }
        } else {
            self.seen.push(args.clone());
            self.deeper(|w| w.argv(&args, &stdin))
        };
        // Who runs the command is who runs its own program; what is inside a substitution only adds its risk.
        more.mode = Mode::Oneshot;
        assigned.mode = Mode::Oneshot;
        part.absorb(more);
        part.absorb(assigned);
        part.absorb(redirects.part);
        part
    }

    /// What it takes to make a word.
    pub fn word(&mut self, raw: &str) -> Part {
        let mut part = Part::default();
        for run in &Arg::read(raw).runs {
            part.absorb(self.text(run, &Stdin::None).within("substitution"));
        }
        part
    }

    pub fn subshell(&mut self, list: &CompoundList) -> Part {
        self.deeper(|w| w.list(list, &Stdin::None)).within("process substitution")
    }

    fn redirects(&mut self, list: Option<&RedirectList>, _stdin: &Stdin) -> Redirects {
        let mut redirects = Redirects::default();
        for redirect in list.iter().flat_map(|l| &l.0) {
            redirects.add(self, redirect);
        }
        redirects.judge(&[Arg::plain("{")]);
        redirects
    }

    fn test(&mut self, expr: &ExtendedTestExpr) -> Part {
        self.deeper(|walk| match expr {
            ExtendedTestExpr::And(a, b) | ExtendedTestExpr::Or(a, b) => {
                let mut part = walk.test(a);
                part.absorb(walk.test(b));
                part
            }
            ExtendedTestExpr::Not(a) | ExtendedTestExpr::Parenthesized(a) => walk.test(a),
            ExtendedTestExpr::UnaryTest(_, word) => walk.word(&word.value),
            ExtendedTestExpr::BinaryTest(_, a, b) => {
                let mut part = walk.word(&a.value);
                part.absorb(walk.word(&b.value));
                part
            }
        })
    }
}

fn join(whole: &mut Option<Part>, part: Part) {
    match whole {
        None => *whole = Some(part),
        Some(whole) => whole.join(part),
    }
}

/// First words of the simple commands directly in a list.
fn words(list: &CompoundList) -> Vec<String> {
    let lists = list.0.iter().map(|i| &i.0);
    let pipelines = lists.flat_map(|l| {
        std::iter::once(&l.first).chain(l.additional.iter().map(|a| {
            let (AndOr::And(p) | AndOr::Or(p)) = a;
            p
        }))
    });
    let commands = pipelines.flat_map(|p| &p.seq);
    commands
        .filter_map(|c| match c {
            Command::Simple(simple) => simple.word_or_name.as_ref().map(|w| w.value.clone()),
            Command::Compound(CompoundCommand::Arithmetic(a), _) => Some(a.expr.value.trim().to_owned()),
            _ => None,
        })
        .collect()
}

/// Begins with a program's name, and not with what is computed.
fn is_command(expression: &str) -> bool {
    let text = expression.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let mut words = text.split_whitespace();
    let (Some(first), second) = (words.next(), words.next()) else { return false };
    let name = first.trim_end_matches([')', ';']);
    let follows_a_word = second.is_some_and(|w| w.starts_with(char::is_alphabetic));
    let is_word = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    knows(name) || name.starts_with(['/', '.']) || (is_word && follows_a_word)
}
