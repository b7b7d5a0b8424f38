//! Which lines are commands even where nothing says that commands stand here: in blocks without a label, in output, in
//! plain text.

use super::shape::{self, Own, Shape};
use super::{tools, words};

/// Whether a line is a command even where nothing says that commands stand here.
pub fn strong(text: &str, own: &Own) -> bool {
    let all = words::words(text, 40);
    let Some((at, first)) = words::program(&all) else { return false };
    let rest = &all[at + 1..];
    if shape::of(text, own) != Shape::Command {
        return false;
    }
    if rest.is_empty() {
        return tools::is_alone(first)
            || tools::is_program_path(first)
            || text.starts_with(['.', '/'])
            || own.contains(first);
    }
    !tools::is_ordinary(first) || shape::evidence(rest) || target(first, rest)
}

/// `make deploy`, `service nginx restart`: programs whose operands are words, and how many they take.
fn target(first: &str, rest: &[&str]) -> bool {
    let names =
        rest.iter().all(|w| w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c)));
    match first {
        "sleep" => rest.len() == 1 && rest[0].starts_with(|c: char| c.is_ascii_digit()),
        "make" | "just" | "task" => rest.len() <= 2 && names && rest.iter().all(|w| *w != "sure"),
        "service" => {
            rest.len() == 2 && matches!(rest[1], "start" | "stop" | "restart" | "reload" | "status" | "force-reload")
        }
        _ => false,
    }
}
