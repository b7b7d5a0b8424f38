//! `declare`: begins an incident and pages for it.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Word, Words, usage_refusal};
use super::{Call, Ground, Said, answer, read};
use crate::app::{Act, ActError, Acted, On};
use firebell_domain::decide::Declaration;
use firebell_domain::refusal::Refusal;
use firebell_domain::severity::{self, Severity};

pub const SPEC: Spec = Spec {
    verb: "declare",
    aliases: &["new", "start"],
    summary: "Begins an incident and pages whoever has to know",
    usage: "/incident declare [SEVERITY] TITLE [service:NAME] [system:NAME] [private]",
    details: "The severity comes first, in any spelling: P1, p1, sev1, SEV-1, critical. Without one it is the second of \
              the scale, and the answer says so. If the title begins with a word that is also a severity's name \
              (\"low disk space\"), put the title in quotation marks. service:NAME may stand anywhere and chooses whom \
              to page. Where several systems have runbooks, the service says whose severities are meant, else \
              system:NAME. \"private\" as the last word keeps the incident to the people in it (private:no keeps the word \
              out of the way).",
    examples: &[
        "/incident declare P1 checkout is down",
        "/incident declare sev2 card payments time out service:payments",
        "/incident declare \"low disk space on db1\"",
        "/incident declare P2 customer data in the logs private",
    ],
    args: &[
        Arg::optional("severity", ArgKind::Severity, "How bad it is: P1, sev2, critical"),
        Arg::needed("title", ArgKind::Text, "What is broken, in one line"),
        Arg::optional("service", ArgKind::Service, "Which service, as service:NAME"),
        Arg::optional("system", ArgKind::Text, "Whose severities are meant, as system:NAME"),
        Arg::optional("private", ArgKind::Word, "Only for the people in it"),
    ],
    group: Group::Begin,
    needs_incident: false,
    doing: "declare",
    verbatim: true,
    ..Spec::BASE
};

/// What the answer has to explain about the severity.
enum Why {
    Said,
    /// By its name, which might have been meant as part of the title.
    Named(String),
    Default,
}

pub struct Args {
    declaration: Declaration,
    why: Why,
    /// Levels that could have been said for this system.
    known: Vec<String>,
    /// Systems in which that level means different things, where nobody has said which one is meant: its worst meaning
    /// was taken.
    which: Vec<(String, Severity)>,
}

#[cfg(test)]
impl Args {
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }
}

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Args, Refusal> {
    let d = &ground.directory;
    let empty = || usage_refusal("What is broken?", SPEC.usage);
    let first = words.peek().cloned().ok_or_else(empty)?;
    // Whose severities are meant is known at the end of the line: until then those of every system are.
    let (said, why) = match read::severity(words.left(), &d.severities)? {
        Some((found, used)) => {
            let said: Vec<Word> = words.left().iter().take(used).cloned().collect();
            words.skip(used);
            let by_name = !severity::looks_like_severity(&first.text) && used == 1;
            let why = if by_name && !is_level(&first, found) { Why::Named(first.text) } else { Why::Said };
            (Some(said), why)
        }
        None => (None, Why::Default),
    };
    let mut service = None;
    let mut system: Option<String> = None;
    let mut private = None;
    let mut kept: Vec<Vec<Word>> = vec![Vec::new()];
    while let Some(word) = words.take() {
        let lower = word.text.to_lowercase();
        if let (Some(name), false) = (lower.strip_prefix("service:"), word.quoted) {
            let name = match (name.is_empty(), words.peek()) {
                (false, _) => word.text.get("service:".len()..).unwrap_or_default().to_string(),
                // "login service: timeouts" is a title; "service: payments" names one.
                (true, Some(next)) if read::service(&next.text, d).is_ok() => {
                    words.take().map(|w| w.text).unwrap_or_default()
                }
                (true, _) => {
                    keep(&mut kept, word);
                    continue;
                }
            };
            if service.replace(read::service(&name, d)?).is_some() {
                return Err(usage_refusal("One service at a time.", SPEC.usage));
            }
            kept.push(Vec::new());
        } else if let (Some(name), false, false) = (lower.strip_prefix("system:"), word.quoted, d.systems.is_empty())
            && !name.is_empty()
        {
            system = Some(read::system(name, d)?);
            kept.push(Vec::new());
        } else if matches!(lower.as_str(), "private:yes" | "private:no") && !word.quoted {
            private = Some(lower == "private:yes");
            kept.push(Vec::new());
        } else {
            keep(&mut kept, word);
        }
    }
    if private.is_none() {
        let last = kept.iter_mut().rev().find(|part| !part.is_empty());
        if let Some(part) = last.filter(|p| p.last().is_some_and(|w| !w.quoted && w.text.to_lowercase() == "private")) {
            part.pop();
            private = Some(true);
        }
    }
    let title = kept.iter().filter(|p| !p.is_empty()).map(|p| words.text(p)).collect::<Vec<_>>().join(" ");
    let system = system.or_else(|| d.system_of(service.as_ref()).map(str::to_string));
    let scale = d.scale(system.as_deref());
    let severity = match &said {
        Some(said) => match read::severity(said, scale)? {
            Some((found, _)) => found.clone(),
            None => return Err(read::unknown_severity(&words.text(said), scale)),
        },
        None => default(scale)?,
    };
    let which = match (&system, service.is_none()) {
        (None, true) => read::meanings(&severity, d),
        _ => Vec::new(),
    };
    let declaration = Declaration { title, severity, service, private: private.unwrap_or(false), because: None };
    Ok(Args { declaration, why, known: read::levels(scale), which })
}

fn keep(parts: &mut [Vec<Word>], word: Word) {
    if let Some(part) = parts.last_mut() {
        part.push(word);
    }
}

fn is_level(word: &Word, severity: &Severity) -> bool {
    severity::find(&[Severity { name: String::new(), ..severity.clone() }], &word.text).is_some()
}

/// Where nobody said how bad it is: bad, but not the worst.
fn default(scale: &[Severity]) -> Result<Severity, Refusal> {
    let found = scale.get(1).or(scale.first()).cloned();
    found.ok_or_else(|| usage_refusal("No severities are configured ([[severities]]).", SPEC.usage))
}

pub async fn run(call: &Call<'_>, args: Args) -> Result<Said, ActError> {
    let severity = args.declaration.severity.clone();
    let act = Act { on: On::Declare(args.declaration), actor: call.actor(), once: None };
    let changed = match call.app.act(act).await? {
        Acted::Changed(changed) => changed,
        _ => return Err(Refusal::Stale.into()),
    };
    let mut said = answer(&changed, call.ground.now);
    said.data["declared"] = true.into();
    let id = changed.after.id;
    let (level, name) = (&severity.level, &severity.name);
    let change = format!("Change it: /incident {id} severity LEVEL");
    let known = args.known.join(", ");
    match args.why {
        Why::Said => {}
        Why::Named(word) => said.text.push_str(&format!(
            "\n\"{}\" was read as the severity, {level}. {change} ({known}).",
            super::words::shown(&word)
        )),
        Why::Default => {
            said.text.push_str(&format!("\nNo severity was given, so it is {level} ({name}). {change} ({known})."));
        }
    }
    if !args.which.is_empty() {
        let of = |(system, s): &(String, Severity)| format!("{system} (rank {}, {})", s.rank, s.name);
        let meanings: Vec<String> = args.which.iter().map(of).collect();
        said.text.push_str(&format!(
            "\nWhich system is it? {level} is known to {}; its worst rank was taken. Say: /incident {id} severity {level} system:{}",
            meanings.join(", "),
            args.which.first().map_or("NAME", |(system, _)| system.as_str())
        ));
        said.data["systems"] = args.which.iter().map(|(system, _)| system.as_str()).collect();
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    fn read(text: &str) -> Result<(String, String, Option<String>, bool), Refusal> {
        let args = parse(&mut Words::new(text), &ground())?;
        let d = args.declaration;
        Ok((d.severity.level, d.title, d.service.map(|s| s.to_string()), d.private))
    }

    #[test]
    fn a_declaration_is_read_as_it_is_meant() {
        for (text, level, title, service, private) in [
            ("P1 checkout is down", "P1", "checkout is down", None, false),
            ("sev 1 checkout is down", "P1", "checkout is down", None, false),
            ("critical checkout is down", "P1", "checkout is down", None, false),
            ("checkout is down", "P2", "checkout is down", None, false),
            ("\"low disk on db1\"", "P2", "low disk on db1", None, false),
            ("p3 the \"buy\" button", "P3", "the \"buy\" button", None, false),
            ("P1 service:payments cards time out", "P1", "cards time out", Some("payments"), false),
            ("P1 cards service:PAYMENTS time out", "P1", "cards time out", Some("payments"), false),
            ("P1 cards time out service: payments", "P1", "cards time out", Some("payments"), false),
            ("P1 login service: timeouts", "P1", "login service: timeouts", None, false),
            ("P1 data leaked private", "P1", "data leaked", None, true),
            ("P1 data leaked private service:payments", "P1", "data leaked", Some("payments"), true),
            ("P1 private keys leaked", "P1", "private keys leaked", None, false),
            ("P1 private:yes keys leaked", "P1", "keys leaked", None, true),
            ("P1 the network is private private:no", "P1", "the network is private", None, false),
            ("s3-bucket is public", "P2", "s3-bucket is public", None, false),
            ("3 nodes are down", "P2", "3 nodes are down", None, false),
        ] {
            let expected = (level.to_string(), title.to_string(), service.map(str::to_string), private);
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_could_be() {
        assert!(matches!(read(""), Err(Refusal::Usage { .. })));
        assert!(matches!(read("P9 checkout"), Err(Refusal::UnknownSeverity { .. })));
        assert!(matches!(read("sev 9 checkout"), Err(Refusal::UnknownSeverity { .. })));
        assert!(matches!(read("P1 x service:payments service:search"), Err(Refusal::Usage { .. })));
        let Err(Refusal::UnknownService { did_you_mean, .. }) = read("P1 x service:paymnets") else {
            panic!("an unknown service is refused")
        };
        assert_eq!(did_you_mean.as_deref(), Some("payments"));
    }
}
