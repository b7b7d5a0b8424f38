//! `firebell runbook show` and `review`: what was understood of a Markdown file, and which of it is only proposed. Needs no
//! configuration and no running bot; `review` writes nothing but the overlay, and there only adds.

mod check;

use super::{End, Format};
use crate::config;
use crate::program::{Decision, Imported, Overlay, Proposal, Source, show};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum RunbookCommand {
    /// Prints what Firebell understood of a Markdown runbook
    #[command(
        after_help = "Examples:\n  firebell runbook show runbooks/shop.md\n  firebell runbook show runbooks/shop.md --format json"
    )]
    Show(Show),
    /// Lints Markdown runbooks; fails if any finding is an error
    #[command(
        after_help = "Examples:\n  firebell runbook check runbooks/*.md\n  firebell runbook check --format sarif runbooks/*.md > runbooks.sarif"
    )]
    Check(check::Check),
    /// Lists what is only proposed, and confirms or rejects it
    #[command(
        after_help = "Examples:\n  firebell runbook review runbooks/shop.md\n  firebell runbook review runbooks/shop.md --confirm escalation\n  firebell runbook review runbooks/shop.md --reject 5f2a9c01d4e7"
    )]
    Review(Review),
}

impl RunbookCommand {
    pub fn run(self) -> Result<(), End> {
        match self {
            RunbookCommand::Show(show) => show.run(),
            RunbookCommand::Check(check) => check.run(),
            RunbookCommand::Review(review) => review.run(),
        }
    }
}

#[derive(Args)]
pub struct Show {
    /// The Markdown file
    file: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Show {
    fn run(self) -> Result<(), End> {
        let import = read(&self.file)?;
        match self.format {
            Format::Text => print!("{}", show::text(&self.file.display().to_string(), &import)),
            Format::Json => println!("{:#}", json!(import.runbook)),
        }
        Ok(())
    }
}

#[derive(Args)]
pub struct Review {
    /// The Markdown file
    file: PathBuf,
    /// Puts a group, or the one of this hash, in force
    #[arg(long, value_name = "GROUP|HASH")]
    confirm: Vec<String>,
    /// Keeps a group, or the one of this hash, out
    #[arg(long, value_name = "GROUP|HASH")]
    reject: Vec<String>,
    /// Where decisions are kept [default: NAME.overlay.toml beside the file]
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Review {
    fn run(self) -> Result<(), End> {
        let import = read(&self.file)?;
        let overlay_path = self.overlay.clone().unwrap_or_else(|| config::overlay_of(&self.file));
        let text = match std::fs::read_to_string(&overlay_path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(End::Sentence(format!("Cannot read {}: {e}.", overlay_path.display()))),
        };
        let wanted: Vec<(&String, Decision)> = (self.confirm.iter().map(|c| (c, Decision::Confirmed)))
            .chain(self.reject.iter().map(|r| (r, Decision::Rejected)))
            .collect();
        let mut decided: Vec<(&Proposal, Decision)> = Vec::new();
        for (what, decision) in wanted {
            let meant = meant(&import.proposals, what);
            if meant.is_empty() {
                eprintln!(
                    "firebell: no proposal of {} is {what}: name a group, or a hash as it is printed.",
                    self.file.display()
                );
                return Err(End::No);
            }
            decided.extend(meant.into_iter().map(|p| (p, decision)));
        }
        let text = match decided.is_empty() {
            true => text,
            false => {
                let longer = with_decisions(&text, &decided).map_err(|why| {
                    End::Sentence(format!(
                        "{} cannot take the decision: {why}. Correct it by hand.",
                        overlay_path.display()
                    ))
                })?;
                write(&overlay_path, &longer)
                    .map_err(|e| End::Sentence(format!("Cannot write {}: {e}.", overlay_path.display())))?;
                longer
            }
        };
        let decisions = config::decisions(&text)
            .map_err(|why| End::Sentence(format!("{} is not an overlay: {why}.", overlay_path.display())))?;
        let source = Source {
            system: String::new(),
            file: self.file.display().to_string(),
            overlay_file: overlay_path.display().to_string(),
            room: None,
            import,
            overlay: Overlay { decisions, ..Overlay::default() },
        };
        match self.format {
            Format::Text => print!("{}", show::review(&source)),
            Format::Json => println!("{:#}", as_json(&source)),
        }
        Ok(())
    }
}

fn as_json(source: &Source) -> serde_json::Value {
    let proposal = |p: &Proposal| {
        json!({
            "hash": p.hash, "group": p.group, "what": p.what, "reason": p.reason, "line": p.line, "last": p.last,
            "decision": source.decision(p).map(Decision::as_str),
        })
    };
    json!({
        "file": source.file,
        "sha256": source.import.sha256,
        "overlay": source.overlay_file,
        "proposals": source.import.proposals.iter().map(proposal).collect::<Vec<_>>(),
    })
}

fn read(file: &Path) -> Result<Imported, End> {
    let bytes =
        config::read_runbook(file).map_err(|why| End::Sentence(format!("Cannot read {}: {why}.", file.display())))?;
    Imported::read(&bytes).map_err(|why| End::Sentence(format!("{} cannot be imported: {why}.", file.display())))
}

/// The proposals of a group, or the one whose hash begins so.
fn meant<'a>(proposals: &'a [Proposal], what: &str) -> Vec<&'a Proposal> {
    const PREFIX_MIN: usize = 6;
    let group: Vec<&Proposal> = proposals.iter().filter(|p| p.group == what).collect();
    if !group.is_empty() || what.len() < PREFIX_MIN {
        return group;
    }
    let begins: Vec<&Proposal> = proposals.iter().filter(|p| p.hash.starts_with(what)).collect();
    if begins.len() == 1 { begins } else { Vec::new() }
}

/// The overlay with decisions at its end; nothing that stands in it is touched, so that its comments stay.
fn with_decisions(text: &str, decided: &[(&Proposal, Decision)]) -> Result<String, String> {
    let mut longer = text.to_string();
    if !longer.is_empty() && !longer.ends_with('\n') {
        longer.push('\n');
    }
    for (proposal, decision) in decided {
        let quoted = |text: &str| toml::Value::String(text.to_string()).to_string();
        let what: String = proposal.what.chars().filter(|c| !c.is_control()).take(120).collect();
        let what = if what.trim().is_empty() { proposal.group.clone() } else { what };
        longer.push_str(&format!(
            "\n[[review]]\nhash = {}\ndecision = \"{}\"\nwhat = {}\n",
            quoted(&proposal.hash),
            decision.as_str(),
            quoted(&what)
        ));
    }
    match config::decisions(&longer) {
        Ok(_) => Ok(longer),
        Err(why) => Err(why),
    }
}

/// Complete or as it was.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let part = path.with_extension(format!("part{}", std::process::id()));
    let mut file = std::fs::File::create(&part)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    std::fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(hash: &str, group: &str, what: &str) -> Proposal {
        Proposal { what: what.into(), reason: "r".into(), line: 3, last: 3, group: group.into(), hash: hash.into() }
    }

    #[test]
    fn a_decision_is_added_at_the_end_and_what_stands_there_stays() {
        let (a, b) =
            (proposal("aaaa1111", "thresholds", "queue \"depth\"\n> 500"), proposal("bbbb2222", "escalation", ""));
        let written = "# ours\nzone = \"Europe/Madrid\" # where we are\n[[roles]]\nname = \"lead\"\npage = []";
        let longer = with_decisions(written, &[(&a, Decision::Confirmed), (&b, Decision::Rejected)]).expect("longer");
        assert!(longer.starts_with(written));
        let again = with_decisions(&longer, &[(&a, Decision::Rejected)]).expect("again");
        let found = config::decisions(&again).expect("decisions");
        let found: Vec<_> = found.iter().map(|(h, d)| (h.as_str(), *d)).collect();
        assert_eq!(found, [("aaaa1111", Decision::Rejected), ("bbbb2222", Decision::Rejected)], "the latest counts");
        assert_eq!(config::decisions(&longer).expect("decisions")["aaaa1111"], Decision::Confirmed);
    }

    #[test]
    fn an_overlay_that_cannot_take_it_is_not_written() {
        let a = proposal("aaaa1111", "thresholds", "x");
        for text in ["review = []\n", "zone = \"", "not toml"] {
            assert!(with_decisions(text, &[(&a, Decision::Confirmed)]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_group_or_the_beginning_of_one_hash_is_meant() {
        let all = [
            proposal("aaaa1111", "thresholds", "x"),
            proposal("aaaa2222", "thresholds", "y"),
            proposal("bbbb2222", "rules", "z"),
        ];
        let found = |what| meant(&all, what).iter().map(|p| p.hash.as_str()).collect::<Vec<_>>();
        assert_eq!(found("thresholds"), ["aaaa1111", "aaaa2222"]);
        assert_eq!(found("bbbb22"), ["bbbb2222"]);
        for what in ["aaaa", "cccc0000", "bbbb", ""] {
            assert!(found(what).is_empty(), "{what}");
        }
    }
}
