//! What every chat platform does with something that somebody says: who it is, which incident the place belongs to, the
//! command, and an answer in time. A platform waits three seconds at most, so whatever is not known to be recorded by
//! then is answered "not recorded yet, do not rely on it", and its outcome follows. Knows no platform.

use crate::app::{ActError, App, Manner};
use crate::clock;
use crate::commands;
use crate::engine::ports::BoxFuture;
use crate::fault::{Fault, FaultKind};
use firebell_domain::directory::Directory;
use firebell_domain::id::{ChannelId, IncidentId, PersonId};
use firebell_domain::origin::Origin;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How long a command is waited for before the first answer: platforms give three seconds to answer in.
pub const WITHIN: Duration = Duration::from_secs(2);
/// The same where the answer opens something by a trigger that expires after three seconds.
pub const WITHIN_TRIGGER: Duration = Duration::from_millis(1_500);
/// How long the outcome of what was not known in time is waited for: a platform takes late answers for as long.
const OUTCOME_WITHIN: Duration = Duration::from_secs(30 * 60);
/// How long something whose outcome the database did not tell is asked about again, and how often. Beyond it a person has
/// long done something else, and it would come as a surprise.
const ASKED_WITHIN: Duration = Duration::from_secs(5 * 60);
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// Sayings of one platform that are under way at once, those whose outcome is still awaited among them. Beyond it the
/// answer is "too much is waiting" at once.
const UNDER_WAY_MAX: usize = 512;

/// Which incident a place of a platform belongs to: a channel, a thread.
pub trait Rooms: Send + Sync {
    fn incident_at<'a>(&'a self, chat: &'a ChannelId, place: &'a str) -> BoxFuture<'a, Option<IncidentId>>;

    /// The same where "it is not known" must not be taken for "none": a command without a number would then be about
    /// another incident.
    fn find<'a>(&'a self, chat: &'a ChannelId, place: &'a str) -> BoxFuture<'a, Result<Option<IncidentId>, Fault>> {
        Box::pin(async move { Ok(self.incident_at(chat, place).await) })
    }
}

/// Something said.
#[derive(Clone, Debug)]
pub struct Saying {
    pub person: PersonId,
    pub admin: bool,
    /// Where it was said, as the platform calls it; `None` where that is no room of an incident.
    pub place: Option<String>,
    /// As for the room: with or without `/incident`, people as `@name`.
    pub text: String,
    /// What the platform calls this saying; the same one again does nothing again, also after a restart.
    pub key: String,
    pub within: Duration,
    /// The message that it quotes, where it puts one on the timeline.
    pub origin: Option<Box<Origin>>,
    /// Not said but pressed: the offer of a scheduled look, instead of the text.
    pub offer: Option<String>,
}

/// What is answered, and what may follow.
pub struct Heard {
    pub answer: Answer,
    /// Of an answer that nothing is known yet: what comes of it in the end.
    pub later: Option<Later>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub kind: Kind,
    /// For people.
    pub text: String,
    pub incident: Option<IncidentId>,
    /// For programs, as the commands give it.
    pub data: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Durable, or only read.
    Done,
    /// The same saying was done before.
    Again,
    /// No to a person.
    Refused,
    /// Our own trouble; nothing is known to be recorded.
    Fault,
    /// Nothing is known yet.
    NotYet,
}

impl Answer {
    fn new(kind: Kind, text: impl Into<String>) -> Answer {
        Answer { kind, text: text.into(), incident: None, data: Value::Null }
    }

    pub fn done(&self) -> bool {
        matches!(self.kind, Kind::Done | Kind::Again)
    }
}

/// The outcome of what was not known in time.
pub struct Later(JoinHandle<Answer>);

impl Later {
    pub async fn outcome(self) -> Answer {
        self.0.await.unwrap_or_else(|e| {
            tracing::error!("a saying ended badly: {e}");
            unknown()
        })
    }
}

/// The ear of one platform.
#[derive(Clone)]
pub struct Ear {
    app: App,
    chat: ChannelId,
    /// As the log says where it was said: the platform, and which of its workspaces where there are several.
    via: String,
    rooms: Arc<dyn Rooms>,
    under_way: Arc<Semaphore>,
}

impl Ear {
    pub fn new(app: App, chat: ChannelId, rooms: Arc<dyn Rooms>) -> Ear {
        let via = chat.to_string();
        Ear { app, chat, via, rooms, under_way: Arc::new(Semaphore::new(UNDER_WAY_MAX)) }
    }

    /// The same platform's, in one of its workspaces.
    pub fn heard_in(&self, workspace: &str) -> Ear {
        Ear { via: format!("{} {workspace}", self.chat), ..self.clone() }
    }

    /// As the log says where it was said.
    pub fn via(&self) -> &str {
        &self.via
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// The incident of a place, if it is one's room.
    pub async fn room(&self, place: &str) -> Option<IncidentId> {
        self.rooms.incident_at(&self.chat, place).await
    }

    /// Hears it to its end, whoever has hung up meanwhile, and answers within its time.
    pub async fn hear(&self, saying: Saying) -> Heard {
        let Ok(slot) = self.under_way.clone().try_acquire_owned() else {
            let text = "Not recorded: too much is waiting. Nothing was done; try again in a few seconds.";
            return Heard { answer: Answer::new(Kind::Fault, text), later: None };
        };
        let within = saying.within;
        let ear = self.clone();
        let mut task = tokio::spawn(async move {
            let answer = ear.outcome(saying).await;
            drop(slot);
            answer
        });
        match tokio::time::timeout(within, &mut task).await {
            Ok(Ok(answer)) => Heard { answer, later: None },
            Ok(Err(e)) => {
                tracing::error!("a saying ended badly: {e}");
                Heard { answer: unknown(), later: None }
            }
            Err(_) => {
                let text = "Not recorded yet, do not rely on it: the database has not answered in time. What comes of it \
                            follows here.";
                Heard { answer: Answer::new(Kind::NotYet, text), later: Some(Later(task)) }
            }
        }
    }

    /// Says it until what came of it is known. Saying it again is safe: what was done under its key is not done twice.
    async fn outcome(&self, saying: Saying) -> Answer {
        let began = clock::instant();
        loop {
            let (answer, known) = self.once(&saying).await;
            if known || began.elapsed() > ASKED_WITHIN {
                return answer;
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// The answer, and whether it says what came of it.
    async fn once(&self, saying: &Saying) -> (Answer, bool) {
        let manner = Arc::new(Manner::new(OUTCOME_WITHIN, format!("{}:{}", self.via, saying.key)));
        let app = self.app.in_manner(manner.clone());
        let said = tokio::time::timeout(OUTCOME_WITHIN, async {
            let room = match &saying.place {
                Some(place) => self.rooms.find(&self.chat, place).await?,
                None => None,
            };
            let speaker = commands::Speaker {
                person: saying.person.clone(),
                via: self.via.clone(),
                admin: saying.admin,
                place: saying.place.clone().map(|place| (self.chat.clone(), place)),
            };
            match &saying.offer {
                Some(offer) => commands::look::declare(&app, &speaker, offer).await,
                None => commands::say_quoting(&app, &speaker, room, &saying.text, saying.origin.clone()).await,
            }
        });
        let said = said.await;
        if let Some(first) = manner.again() {
            let text = format!("{first} has this already: it was recorded when it arrived the first time.");
            return (Answer { incident: IncidentId::parse(first), ..Answer::new(Kind::Again, text) }, true);
        }
        match said {
            Ok(Ok(said)) => {
                let answer = Answer::new(Kind::Done, said.text);
                (Answer { incident: said.incident, data: said.data, ..answer }, true)
            }
            Ok(Err(ActError::Refused(no))) => {
                // Its words may quote what somebody typed: they are for that person.
                tracing::info!(saying.id = %saying.key, saying.via = %self.via, "refused: {}", no.code());
                (Answer::new(Kind::Refused, ActError::Refused(no).shown()), true)
            }
            Ok(Err(ActError::Fault(fault))) => {
                let known = fault.kind != FaultKind::Unknown;
                (Answer::new(Kind::Fault, fault.logged().shown()), known)
            }
            Err(_) => (unknown(), true),
        }
    }
}

fn unknown() -> Answer {
    let text = "Whether this was recorded is not known. \"/incident list\" shows whether it arrived.";
    Answer::new(Kind::Fault, text)
}

/// Who speaks: whoever the configuration says, else a person of their own by the handle they have on the platform. A
/// handle that is somebody's name here is not theirs because it looks so, hence the platform's name behind it.
pub fn person(directory: &Directory, chat: &ChannelId, mapped: Option<&PersonId>, handle: &str) -> PersonId {
    if let Some(person) = mapped {
        return person.clone();
    }
    let plain: String = handle.chars().filter(|c| c.is_alphanumeric() || "._-".contains(*c)).take(64).collect();
    let plain = if plain.is_empty() { "somebody".to_string() } else { plain.to_lowercase() };
    let own = directory.people.keys().any(|p| p.as_str().to_lowercase() == plain);
    PersonId::new(if own { format!("{plain}.{chat}") } else { plain })
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebell_domain::directory::Person;

    #[test]
    fn a_handle_that_is_somebodys_name_here_is_not_theirs() {
        let mut directory = Directory::default();
        let ana = Person { name: "Ana Ruiz".into(), time_zone: chrono_tz::UTC, contact_methods: Vec::new() };
        directory.people.insert("ana".into(), ana);
        let chat = ChannelId::from("chat");
        let who = |handle: &str| person(&directory, &chat, None, handle).to_string();
        assert_eq!(who("Ana"), "ana.chat");
        assert_eq!(who("Bo Li"), "boli");
        assert_eq!(who("<!@>"), "somebody");
        assert_eq!(person(&directory, &chat, Some(&"ana".into()), "x").as_str(), "ana");
    }
}
