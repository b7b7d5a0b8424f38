//! Who is who: people of the configuration by their Discord user ids and back. Whoever is not in it may still speak, by
//! their handle there, and is never an administrator.

use firebell_domain::id::PersonId;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub struct Identities {
    users: BTreeMap<PersonId, String>,
    people: BTreeMap<String, PersonId>,
}

impl Identities {
    pub fn new(known: impl IntoIterator<Item = (PersonId, String)>) -> Identities {
        let users: BTreeMap<PersonId, String> = known.into_iter().collect();
        let people = users.iter().map(|(p, u)| (u.clone(), p.clone())).collect();
        Identities { users, people }
    }

    /// Somebody's user id.
    pub fn user(&self, person: &PersonId) -> Option<&str> {
        self.users.get(person).map(String::as_str)
    }

    pub fn person(&self, user: &str) -> Option<&PersonId> {
        self.people.get(user)
    }

    /// Names for `<@5>` in what somebody typed.
    pub fn unmentioned(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("<@") {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            let inner = after.get(2..).unwrap_or("");
            let end = inner.find('>');
            let user = end.and_then(|e| inner.get(..e)).map(|id| id.trim_start_matches('!'));
            match (user.and_then(|u| self.person(u)), end) {
                (Some(person), Some(e)) => {
                    out.push('@');
                    out.push_str(person.as_str());
                    rest = inner.get(e + 1..).unwrap_or("");
                }
                _ => {
                    out.push_str("<@");
                    rest = inner;
                }
            }
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_of_somebody_known_is_their_name_here() {
        let who = Identities::new([(PersonId::from("ana"), "5".to_string())]);
        assert_eq!(who.unmentioned("<@5> and <@!5>, not <@6> or <@"), "@ana and @ana, not <@6> or <@");
    }
}
