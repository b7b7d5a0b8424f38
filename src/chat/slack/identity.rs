//! Who is who: Slack's users and Firebell's people. Somebody is a person of the configuration by their member id or, where
//! that is not written, by their e-mail address; everybody else speaks under their handle. Administrators are the members
//! of the user groups that the configuration names.
//! What Slack says of its users is remembered for a while; nothing of it is written anywhere.

use super::client::Client;
use crate::chat::hear;
use crate::clock;
use firebell_domain::directory::Directory;
use firebell_domain::id::{ChannelId, PersonId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

/// For so long what Slack said of somebody is taken for true.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);
/// For so long it is not asked again who is in a user group; and while Slack does not answer, the last answer counts for
/// as long as what it says of people does.
const MEMBERS_REMEMBERED: Duration = Duration::from_secs(60);
/// Users that are remembered: a large company's.
const USERS_MAX: usize = 50_000;

/// What the configuration says of people, by what Slack knows them by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapped {
    /// By member id.
    pub by_id: BTreeMap<String, PersonId>,
    /// By e-mail address in lower case.
    pub by_email: BTreeMap<String, PersonId>,
}

impl Mapped {
    /// Who people are in one workspace: `T0BETA:U024BE7LH` is a member of that one, an id alone one of home.
    pub fn of(&self, team: Option<&str>) -> Mapped {
        let here = self.by_id.iter().filter_map(|(id, person)| {
            let (of, id) = super::workspace::split(id);
            (of == team).then(|| (id.to_string(), person.clone()))
        });
        Mapped { by_id: here.collect(), by_email: self.by_email.clone() }
    }
}

/// A user as Slack describes them.
#[derive(Clone, Debug, Default, PartialEq)]
struct User {
    handle: String,
    email: Option<String>,
    /// Deactivated, or no human.
    gone: bool,
}

pub struct Identity {
    chat: ChannelId,
    /// Another workspace than home: whoever is not mapped has its name behind their handle, so that two who are called
    /// the same are not one.
    elsewhere: Option<String>,
    client: Client,
    mapped: RwLock<Arc<Mapped>>,
    users: Mutex<HashMap<String, (Instant, User)>>,
    /// Found by their address.
    found: Mutex<HashMap<PersonId, (Instant, Option<String>)>>,
    /// User groups whose members are administrators, and who that was when it was asked last.
    groups: Vec<String>,
    administrators: Mutex<Option<(Instant, HashSet<String>)>>,
}

/// Somebody who speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub person: PersonId,
    /// Deactivated in Slack: nothing is done for them.
    pub gone: bool,
}

impl Identity {
    pub fn new(
        chat: ChannelId,
        client: Client,
        mapped: Mapped,
        groups: Vec<String>,
        elsewhere: Option<&str>,
    ) -> Identity {
        let (users, found, administrators) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (mapped, elsewhere) = (RwLock::new(Arc::new(mapped)), elsewhere.map(str::to_string));
        Identity { chat, elsewhere, client, mapped, users, found, groups, administrators }
    }

    /// Whether somebody is in one of the groups whose members are administrators. Where Slack does not say, nobody is.
    pub async fn administers(&self, user: &str) -> bool {
        if self.groups.is_empty() {
            return false;
        }
        let known = |within: Duration| {
            let known = lock(&self.administrators);
            known.as_ref().filter(|(at, _)| at.elapsed() < within).map(|(_, members)| members.contains(user))
        };
        if let Some(is) = known(MEMBERS_REMEMBERED) {
            return is;
        }
        match tokio::time::timeout(Duration::from_millis(700), self.members()).await {
            Ok(Ok(members)) => {
                let is = members.contains(user);
                *lock(&self.administrators) = Some((clock::instant(), members));
                is
            }
            Ok(Err(why)) => {
                tracing::warn!("who is in the user groups of [slack] administrators is not known: {why}");
                known(REMEMBERED).unwrap_or(false)
            }
            Err(_) => known(REMEMBERED).unwrap_or(false),
        }
    }

    async fn members(&self) -> Result<HashSet<String>, String> {
        let mut all = HashSet::new();
        for group in &self.groups {
            let request = json!({ "usergroup": group });
            let answer = self.client.call("usergroups.users.list", &request).await.map_err(|trouble| trouble.why())?;
            let users = answer.get("users").and_then(Value::as_array).into_iter().flatten();
            all.extend(users.filter_map(|u| u.as_str().map(str::to_string)));
        }
        Ok(all)
    }

    /// Another configuration is in force.
    pub fn put(&self, mapped: Mapped) {
        *self.mapped.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(mapped);
        lock(&self.found).clear();
    }

    fn mapped(&self) -> Arc<Mapped> {
        self.mapped.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Who a user is here. Asks Slack only for somebody it does not know; `handle` is what the payload called them.
    pub async fn who(&self, directory: &Directory, user: &str, handle: &str) -> Known {
        let mapped = self.mapped();
        let by_id = mapped.by_id.get(user);
        let known = match (by_id, self.remembered(user)) {
            (_, Some(known)) => Some(known),
            (Some(_), None) => None,
            (None, None) => self.ask(user).await,
        };
        let gone = known.as_ref().is_some_and(|k| k.gone);
        let email = known.as_ref().and_then(|k| k.email.clone());
        let by_email = email.and_then(|e| mapped.by_email.get(&e).cloned());
        let handle = match &known {
            Some(k) if !k.handle.is_empty() => k.handle.as_str(),
            _ if handle.is_empty() => user,
            _ => handle,
        };
        let handle = match &self.elsewhere {
            Some(team) => format!("{handle}.{team}"),
            None => handle.to_string(),
        };
        Known { person: hear::person(directory, &self.chat, by_id.or(by_email.as_ref()), &handle), gone }
    }

    fn remembered(&self, user: &str) -> Option<User> {
        let users = lock(&self.users);
        let (at, known) = users.get(user)?;
        (at.elapsed() < REMEMBERED).then(|| known.clone())
    }

    async fn ask(&self, user: &str) -> Option<User> {
        let request = json!({ "user": user });
        let asked = self.client.call("users.info", &request);
        let answer = tokio::time::timeout(Duration::from_millis(700), asked).await.ok()?.ok()?;
        let known = read(answer.get("user")?);
        self.remember(user, known.clone());
        Some(known)
    }

    /// Slack has told of a change of its own accord.
    pub fn heard_of(&self, user: &Value) {
        if let Some(id) = user.get("id").and_then(Value::as_str) {
            self.remember(id, read(user));
            lock(&self.found).clear();
        }
    }

    fn remember(&self, user: &str, known: User) {
        let mut users = lock(&self.users);
        if users.len() >= USERS_MAX {
            users.clear();
        }
        users.insert(user.to_string(), (clock::instant(), known));
    }

    /// What Slack calls a person, as far as is known without asking.
    pub fn user_of(&self, person: &PersonId) -> Option<String> {
        let mapped = self.mapped();
        let by_id = mapped.by_id.iter().find(|(_, p)| *p == person).map(|(id, _)| id.clone());
        by_id.or_else(|| lock(&self.found).get(person).and_then(|(_, user)| user.clone()))
    }

    /// The same, asked for where it is not known; `None` for whom Slack does not know either.
    pub async fn find(&self, person: &PersonId) -> Option<String> {
        if let Some(user) = self.user_of(person) {
            return Some(user);
        }
        if lock(&self.found).get(person).is_some_and(|(at, _)| at.elapsed() < REMEMBERED) {
            return None;
        }
        let mapped = self.mapped();
        let (email, _) = mapped.by_email.iter().find(|(_, p)| *p == person)?;
        let answer = self.client.call("users.lookupByEmail", &json!({ "email": email })).await;
        let user = match answer {
            Ok(answer) => answer.pointer("/user/id").and_then(Value::as_str).map(str::to_string),
            Err(trouble) if trouble.code() == Some("users_not_found") => None,
            // Not remembered: it may be known the next time.
            Err(_) => return None,
        };
        lock(&self.found).insert(person.clone(), (clock::instant(), user.clone()));
        user
    }
}

fn read(user: &Value) -> User {
    let text = |path: &str| user.pointer(path).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_string);
    let flag = |key: &str| user.get(key).and_then(Value::as_bool).unwrap_or(false);
    User {
        handle: text("/name").or_else(|| text("/profile/display_name")).unwrap_or_default(),
        email: text("/profile/email").map(|e| e.to_lowercase()),
        gone: flag("deleted") || flag("is_bot"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
