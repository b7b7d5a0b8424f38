//! Undoes a backslash before every backtick, as some editors and converters leave behind: `\`\`\`bash`.
//! A Markdown parser finds no code in such a file, and takes the comments inside for headings.

use super::note;
use crate::model::{Finding, Line};

pub fn undo(lines: &mut [String], findings: &mut Vec<Finding>) {
    let escaped: Vec<usize> = (0..lines.len()).filter(|at| is_escaped_fence(&lines[*at])).collect();
    // Only if they pair up; a single one is somebody's example of Markdown.
    if escaped.len() < 2
        || escaped.len() % 2 == 1 && lines.iter().filter(|l| l.trim_start().starts_with("```")).count() > 0
    {
        return;
    }
    let mut real: Option<usize> = None;
    let mut touched: Vec<Line> = Vec::new();
    for (index, line) in lines.iter_mut().enumerate() {
        let trimmed = line.trim_start();
        let ticks = trimmed.bytes().take_while(|b| *b == b'`').count();
        if ticks >= 3 {
            match real {
                None => real = Some(ticks),
                Some(open) if ticks >= open && trimmed[ticks..].trim().is_empty() => real = None,
                Some(_) => {}
            }
            continue;
        }
        if real.is_none() && line.contains("\\`") {
            *line = line.replace("\\`", "`");
            touched.push(index as Line + 1);
        }
    }
    note(
        findings,
        "escaped-fences",
        touched,
        "Backticks stand behind backslashes, so that no viewer shows the code as code; read as fences and code. Remove the backslash before each backtick.",
    );
}

/// Three or more backticks with a backslash before the first or before each.
fn is_escaped_fence(line: &str) -> bool {
    let mut rest = line.trim_start();
    let mut ticks = 0;
    let mut slashes = 0;
    loop {
        if let Some(after) = rest.strip_prefix("\\`") {
            slashes += 1;
            ticks += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix('`').filter(|_| slashes > 0) {
            ticks += 1;
            rest = after;
        } else {
            break;
        }
    }
    slashes > 0 && ticks >= 3 && !rest.contains('`') && rest.split_whitespace().count() <= 3
}
