//! Programs and scripts that no entry knows: they change something, and what is said about them can make it worse.

use super::arg::Arg;
use super::part::{Part, Work};
use crate::knowledge::{OPAQUE, knows};
use crate::model::{Executor, Risk};

const SCRIPTS: &[&str] =
    &[".sh", ".bash", ".zsh", ".ksh", ".py", ".rb", ".pl", ".js", ".mjs", ".ts", ".php", ".ps1", ".bat", ".lua"];

pub fn is_script(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let in_path = name.contains("/bin/") || name.contains("/sbin/");
    SCRIPTS.iter().any(|e| lower.ends_with(e)) || (name.contains('/') && !in_path)
}

pub fn program(args: &[Arg]) -> Part {
    let name = args.first().map_or("", |a| a.text.as_str());
    let executor = if is_script(name) { Executor::Script } else { Executor::AppCli };
    let mut part = Part { work: Work::Does, executor, ..Part::default() };
    part.raise(Risk::Mutate, format!("{name} is not known"));
    part.flags.unknown_tool = true;
    if args[1..].iter().take(3).any(|a| matches!(a.text.as_str(), "console" | "shell" | "dbshell" | "repl" | "tinker"))
    {
        part.console(name);
    }
    if let Some(word) = told(args) {
        part.raise(Risk::Destroy, format!("`{word}` of an unknown program"));
    }
    part
}

/// `/etc/init.d/nginx stop` as `service nginx stop`.
pub fn init_script(args: &[Arg]) -> Option<Vec<Arg>> {
    let first = args.first()?;
    let name = ["/etc/init.d/", "/etc/rc.d/init.d/", "/etc/rc.d/"].iter().find_map(|f| first.text.strip_prefix(f))?;
    let mut words = vec![Arg::plain("service"), Arg::plain(name)];
    words.extend(args[1..].iter().cloned());
    Some(words)
}

/// The program's own name cannot be read.
pub fn unreadable(args: &[Arg]) -> Part {
    let mut part = program(args);
    part.executor = match args.first() {
        Some(first) if first.text.contains('/') => Executor::Script,
        _ => Executor::AppCli,
    };
    part
}

/// `$KUBECTL`, `${DOCKER_BIN}`: the tool that a variable is named after.
pub fn tool_of(first: &Arg) -> Option<&'static str> {
    let name = first.variable.as_ref()?.to_ascii_lowercase().replace('_', "-");
    let bare = ["-bin", "-cmd", "-cli", "-path", "-command"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(&name)
        .to_owned();
    let tools = crate::knowledge::knowledge();
    [name, bare].into_iter().filter(|n| knows(n)).find_map(|n| {
        let tool = tools.tool(&n)?;
        tool.names.iter().map(String::as_str).find(|known| *known == n)
    })
}

/// What an unknown program is told to do, where that says enough by itself: `backup restore`, `./rollback.sh`.
fn told(args: &[Arg]) -> Option<String> {
    let first = args.first()?;
    let file = first.text.rsplit('/').next().unwrap_or("");
    let stem = file.split('.').next().unwrap_or(file);
    let operands = args[1..].iter().take_while(|a| a.text != "--").filter(|a| !a.text.contains(OPAQUE));
    let options = |a: &&Arg| a.text.starts_with("--") || !a.text.starts_with('-');
    let own = operands.filter(options).take(4).map(|a| a.text.trim_start_matches('-'));
    let said: Vec<&str> =
        std::iter::once(stem).chain(own).map(|text| text.split(['=', '/']).next().unwrap_or("")).collect();
    // Closing a pool or a port cuts off who uses it; closing a ticket does not.
    let files = said.iter().any(|name| super::comment::is_record(name));
    said.into_iter().filter_map(super::comment::orders).find(|word| !(files && word == "close"))
}
