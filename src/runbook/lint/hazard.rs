//! Commands that do more harm than the page lets one expect.

use super::{Facts, Known, push, short};
use crate::document::{BlockKind, Fence};
use crate::lexicon::{Role, roles};
use crate::model::{Executor, Finding, Level, Line, Mode, Risk};

pub fn find(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    for block in &facts.reading.document.blocks {
        if let BlockKind::Fence(fence) = &block.kind {
            let inside = within(facts.commands, block.first, block.last);
            never_ends(inside, found);
            cuts_session(inside, found);
            disabled_step(fence, inside, found);
        }
    }
    for known in facts.commands {
        understates(known, found);
        first_aid(facts, known, found);
        restore(facts, known, found);
    }
}

pub fn within<'k, 'a>(commands: &'k [Known<'a>], first: Line, last: Line) -> &'k [Known<'a>] {
    let from = commands.partition_point(|k| k.found.line < first);
    let to = commands.partition_point(|k| k.found.line <= last);
    &commands[from..to.max(from)]
}

/// A forwarded port or a watch holds the terminal: what stands below in the same sequence is never reached. A block
/// that only collects useful commands is no sequence.
fn never_ends(inside: &[Known<'_>], found: &mut Vec<Finding>) {
    let Some((_, before)) = inside.split_last() else { return };
    for (at, known) in before.iter().enumerate() {
        if known.judged.mode != Mode::Stream || known.found.unit.is_some() {
            continue;
        }
        let text = known.found.text.as_str();
        if text.trim_end().ends_with('&') {
            continue;
        }
        let serves = text.contains("port-forward") || text.contains("kubectl proxy") || text.contains("http.server");
        let rest = &inside[at + 1..];
        let needed =
            serves && rest.iter().any(|k| k.found.text.contains("localhost") || k.found.text.contains("127.0.0.1"));
        let sequence =
            known.found.comment.as_deref().is_some_and(is_numbered) && rest.iter().any(|k| k.judged.risk > Risk::Read);
        if needed || sequence {
            let what = if serves {
                "Run it in a second terminal, or append &."
            } else {
                "Stop it by hand (Ctrl-C) before the next line, or write a form that ends: --no-stream, --tail, -n 1, a time limit."
            };
            push(
                found,
                "never-ends",
                Level::Warning,
                vec![known.found.line],
                format!(
                    "`{}` never ends by itself, so that line {} is not reached. {what}",
                    short(text),
                    rest[0].found.line
                ),
            );
        }
    }
}

fn is_numbered(comment: &str) -> bool {
    let comment = comment.trim_start();
    let digits = comment.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && comment[digits..].starts_with(['.', ')', ':'])
}

/// Dropping everything at the firewall of the machine one is logged in to ends the session.
fn cuts_session(inside: &[Known<'_>], found: &mut Vec<Finding>) {
    for (at, known) in inside.iter().enumerate() {
        let text = known.found.text.as_str();
        let all = [
            "ufw deny from any",
            "ufw default deny incoming",
            "iptables -P INPUT DROP",
            "iptables -P INPUT REJECT",
            "iptables -A INPUT -j DROP",
            "iptables -I INPUT -j DROP",
            "firewall-cmd --panic-on",
            "ip link set eth0 down",
            "ifconfig eth0 down",
        ];
        let bites = known.judged.risk == Risk::Destroy && known.found.session.is_some() && at + 1 < inside.len();
        let spaced = || text.split_whitespace().collect::<Vec<_>>().join(" ");
        if bites && {
            let text = spaced();
            all.iter().any(|a| text.contains(a))
        } {
            push(
                found,
                "cuts-own-session",
                Level::Error,
                vec![known.found.line],
                format!(
                    "`{}` also cuts the SSH session that line {} needs. Allow your own address first (ufw allow from ADDRESS to any port 22), or do this from the console as the last step.",
                    short(text),
                    inside[at + 1].found.line
                ),
            );
        }
    }
}

/// The line that would have saved the files is a comment, the line that deletes them is not.
fn disabled_step(fence: &Fence, inside: &[Known<'_>], found: &mut Vec<Finding>) {
    for (line, text) in &fence.body {
        let Some(comment) = text.trim_start().strip_prefix('#').map(str::trim) else { continue };
        let saves = [
            "tar ",
            "cp ",
            "rsync ",
            "aws s3 cp",
            "aws s3 sync",
            "pg_dump",
            "mysqldump",
            "scp ",
            "gsutil cp",
            "restic backup",
            "borg create",
        ]
        .iter()
        .any(|w| comment.starts_with(w));
        if !saves || comment.split_whitespace().count() < 3 {
            continue;
        }
        let next = inside.iter().find(|k| k.found.line > *line && k.judged.risk == Risk::Destroy);
        if let Some(next) = next.filter(|n| {
            inside
                .iter()
                .filter(|k| k.found.line > *line && k.found.line < n.found.line)
                .all(|k| k.judged.risk == Risk::Read)
        }) {
            push(
                found,
                "delete-after-disabled-step",
                Level::Warning,
                vec![next.found.line, *line],
                format!(
                    "`{}` deletes, but the step that saves (line {line}) is commented out. Enable it, or say that the files are to be lost.",
                    short(&next.found.text)
                ),
            );
        }
    }
}

/// "Check", "Verify", "Restart" over a command that loses something.
fn understates(known: &Known<'_>, found: &mut Vec<Finding>) {
    let Some(comment) = known.found.comment.as_deref() else { return };
    if known.judged.risk != Risk::Destroy || known.judged.flags.unknown_tool {
        return;
    }
    let lower = comment.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty() && !w.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    let first = words.first().copied().unwrap_or("");
    let looks = matches!(
        first,
        "check"
            | "show"
            | "list"
            | "view"
            | "display"
            | "inspect"
            | "verify"
            | "status"
            | "see"
            | "prüfen"
            | "anzeigen"
            | "vérifier"
            | "afficher"
            | "comprobar"
            | "verificar"
            | "mostrar"
            | "controllare"
            | "проверить"
            | "показать"
    );
    let restarts =
        words.iter().any(|w| w.starts_with("restart") || w.starts_with("reload") || w.starts_with("neustart"));
    let loses = ["prune", "volume rm", "down -v", "--volumes", "rm -rf", "FLUSH", "flush"]
        .iter()
        .any(|w| known.found.text.contains(w));
    if looks || restarts && loses {
        let said = if looks { "looking" } else { "a restart" };
        push(
            found,
            "comment-understates",
            Level::Warning,
            vec![known.found.line],
            format!(
                "The comment says {said}, but `{}` loses data or cuts service. Say so in the comment.",
                short(&known.found.text)
            ),
        );
    }
}

/// A cache or a volume thrown away among the usual fixes.
fn first_aid(facts: &Facts<'_>, known: &Known<'_>, found: &mut Vec<Finding>) {
    let text = &known.found.text;
    let loses = [
        "FLUSHDB",
        "FLUSHALL",
        "flushall",
        "flushdb",
        "volume prune",
        "DROP TABLE",
        "DROP DATABASE",
        "TRUNCATE",
        "down -v",
        "down --volumes",
    ]
    .iter()
    .any(|w| text.contains(w));
    if !loses || known.judged.risk != Risk::Destroy {
        return;
    }
    let path = facts.reading.document.path(known.found.section);
    let usual = path.iter().any(|s| {
        let name = s.name.to_lowercase();
        [
            "common solution",
            "common fix",
            "quick fix",
            "first aid",
            "immediate",
            "resolution",
            "troubleshoot",
            "solución",
            "lösung",
            "behebung",
            "sofortma",
            "解决",
            "対処",
        ]
        .iter()
        .any(|w| name.contains(w))
            || roles(&s.name).contains(&Role::QuickReference)
    });
    if usual {
        push(
            found,
            "data-loss-as-first-aid",
            Level::Warning,
            vec![known.found.line],
            format!(
                "`{}` loses data and stands among the usual fixes. Say what is lost and when that is acceptable, or delete only what is meant.",
                short(text)
            ),
        );
    }
}

/// A dump read into a database that the same procedure has neither saved nor taken out of service.
/// A file goes in: a comparison inside of quotes is none.
fn fed(text: &str) -> bool {
    let mut quote = None;
    let mut before = ' ';
    for c in text.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == '<' && before == ' ' => return true,
            None => {}
        }
        before = c;
    }
    false
}

fn restore(facts: &Facts<'_>, known: &Known<'_>, found: &mut Vec<Finding>) {
    let text = &known.found.text;
    let client = matches!(known.judged.executor, Executor::Postgres | Executor::Mysql);
    let reads = fed(text) && !text.contains("<<") || text.contains("pg_restore") || text.contains("mysql <");
    // A database that is made to try the backup.
    const TRIED: [&str; 6] = ["test", "verify", "tmp", "scratch", "staging", "drill"];
    let words = || text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '.'));
    let tried = words().any(|w| TRIED.contains(&w));
    if !client || !reads || tried || known.judged.risk != Risk::Destroy {
        return;
    }
    let document = facts.reading.document;
    // The procedure: the headed section around it.
    let mut id = known.found.section;
    while let Some(parent) = document.sections[id]
        .parent
        .filter(|_| !matches!(document.sections[id].kind, crate::document::SectionKind::Heading(_)))
    {
        id = parent;
    }
    let before = within(facts.commands, document.sections[id].line, known.found.line.saturating_sub(1));
    let safe = before.iter().any(|k| {
        let t = &k.found.text;
        let stops = k.judged.risk == Risk::Destroy
            && [" stop", " down", "--replicas=0", "--replicas 0"].iter().any(|w| t.contains(w));
        // A backup made before in the same steps; one in a heading of its own is another procedure.
        let saves = (t.contains("pg_dump") || t.contains("mysqldump")) && k.found.section == known.found.section
            || t.to_lowercase().contains("createdb");
        stops || saves
    });
    if !safe {
        push(
            found,
            "restore-over-live-data",
            Level::Warning,
            vec![known.found.line],
            format!(
                "`{}` writes over the live database; nothing before it stops the application or saves what is there. Stop the application, dump first, or restore into a new database and switch.",
                short(text)
            ),
        );
    }
}
