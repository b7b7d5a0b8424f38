//! What a runbook has to choose from while somebody is choosing: checks and remediations of the runbook that an incident
//! is about, as a person reads them and as they are typed. Of all platforms and of none; asks nobody, changes nothing.

use super::spec::ArgKind;
pub use crate::program::About;
use crate::program::Program;
use crate::program::offers::{self, Offer};
use firebell_domain::directory::Directory;
use firebell_domain::playbook::Risk;

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    pub line: u32,
    pub name: String,
    /// `None`: it only reads.
    pub risk: Option<&'static str>,
    more: String,
}

impl Offered {
    /// As it is typed.
    pub fn value(&self) -> String {
        format!("line {}", self.line)
    }

    /// How well it fits what was typed: in its name or number from the beginning, somewhere there, or in the command.
    pub fn fits(&self, typed: &str) -> Option<u8> {
        let name = self.name.to_lowercase();
        match self.value().starts_with(typed) || name.starts_with(typed) || self.line.to_string().starts_with(typed) {
            true => Some(0),
            false if name.contains(typed) => Some(1),
            false => self.more.contains(typed).then_some(2),
        }
    }
}

/// Everything that an argument of this kind can be for such an incident, the likeliest first.
pub fn offered(kind: ArgKind, about: &About, program: &Program, directory: &Directory) -> Vec<Offered> {
    let Ok(source) = about.source(program, directory) else { return Vec::new() };
    let (walk, rules) = (about.walk.as_ref(), &directory.runs);
    let all = match kind {
        ArgKind::Check => offers::checks(source, walk, rules),
        ArgKind::Remediation => offers::remediations(source, walk, rules),
        _ => Vec::new(),
    };
    let one = |o: Offer| Offered {
        line: o.line,
        name: o.name,
        risk: (o.risk != Risk::Read).then(|| o.risk.as_words()),
        more: o.more.to_lowercase(),
    };
    all.into_iter().map(one).collect()
}

/// What was typed, in two: lines that are chosen already, and the rest that is being typed.
pub fn chosen(typed: &str) -> (Vec<u32>, &str) {
    let (mut lines, mut rest) = (Vec::new(), typed.trim_start());
    loop {
        let Some((word, after)) = rest.split_once(char::is_whitespace) else { return (lines, rest) };
        let after = after.trim_start();
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, next) = after.split_at(digits);
        // The last number may still grow.
        let ended = next.starts_with([' ', ',']);
        match number.parse() {
            Ok(n) if ended && word.eq_ignore_ascii_case("line") => lines.push(n),
            _ => return (lines, rest),
        }
        rest = next.trim_start_matches([' ', ',']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_chosen_stay_while_the_next_one_is_typed() {
        assert_eq!(chosen(""), (vec![], ""));
        assert_eq!(chosen("red"), (vec![], "red"));
        assert_eq!(chosen("line 12"), (vec![], "line 12"));
        assert_eq!(chosen("line 12 "), (vec![12], ""));
        assert_eq!(chosen("line 12, line 7 redis m"), (vec![12, 7], "redis m"));
        assert_eq!(chosen("line of fire"), (vec![], "line of fire"));
    }

    #[test]
    fn what_begins_like_it_fits_best_and_the_command_counts_as_well() {
        let purge = Offered {
            line: 120,
            name: "Redis memory high".into(),
            risk: None,
            more: "redis-cli memory purge cache".into(),
        };
        let fits = |typed: &str| purge.fits(typed);
        assert_eq!((fits(""), fits("redis"), fits("12"), fits("line 1")), (Some(0), Some(0), Some(0), Some(0)));
        assert_eq!((fits("memory"), fits("purge"), fits("disk")), (Some(1), Some(2), None));
    }
}
