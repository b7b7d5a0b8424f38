//! Brings chats up to date with what scheduled looks found. What a chat lacks is decided by `domain::operation::post` and
//! claimed in the operation's row before anything is sent; it goes where incidents of that system are announced, at
//! that kind's pace and after all that is about incidents. A chat that is down costs a try now and then.

use super::deliver::{Done, note_channel};
use super::ports::Outcome;
use super::ports::chat::{Chat, ChatAct, ChatJob, ChatKind};
use super::rooms::performed;
use super::tick::Engine;
use crate::app::App;
use crate::fault::Fault;
use crate::program::reminders::Reminder;
use crate::{notice, stop};
use firebell_domain::chat::{ChatRule, RoomTask};
use firebell_domain::directory::Directory;
use firebell_domain::id::ChannelId;
use firebell_domain::intent::Lane;
use firebell_domain::operation::State;
use firebell_domain::operation::post::{self, By, Came, Task};
use std::sync::Arc;
use std::time::Duration;

impl Engine {
    /// Posts and edits what chats do not show yet.
    pub(super) async fn post_looks(&mut self) -> Result<(), Fault> {
        let (program, directory, known) = (self.app.program(), self.app.directory(), self.app.operations());
        if known.is_empty() {
            return Ok(());
        }
        let outlets = self.outlets.now();
        for rule in &directory.chats {
            let Some(chat) = outlets.chats.get(&rule.channel) else { continue };
            let mut free = self.free_for_posts(chat);
            for r in program.reminders().iter().filter(|r| r.posts() && goes_to(rule, r)) {
                let state = known.get(&(r.system.clone(), r.name.clone()));
                let by =
                    By { now: self.app.clock().now(), worker: &self.worker, alone: !self.app.store().is_postgres() };
                let wanted = state.and_then(|s| post::claim(s, &rule.channel, r.rhythm.often(), by));
                let Some((_, wanted)) = wanted else { continue };
                if free == 0 {
                    break;
                }
                let edits = wanted.message.is_some();
                if self.takes(chat, edits) && self.claim_post(chat, rule, r, edits).await? {
                    free -= 1;
                }
            }
        }
        Ok(())
    }

    /// How many may be begun now, of whatever kind.
    fn free_for_posts(&mut self, chat: &Arc<dyn Chat>) -> usize {
        let channel = chat.channel();
        let free = self.deliveries.free(channel, Lane::Digest);
        let under_way = self.deliveries.under_way(channel);
        match self.deliveries.weather(channel).allows(free, under_way) {
            Ok(free) => free,
            Err(wait) => {
                self.look_again_in(wait);
                0
            }
        }
    }

    /// Whether a post, or an edit, may be begun: as many are as of any other kind, and none that the platform would not
    /// take.
    fn takes(&mut self, chat: &Arc<dyn Chat>, edits: bool) -> bool {
        let kind = if edits { ChatKind::AnnounceEdit } else { ChatKind::Announce };
        self.slots_of(chat, kind, word(edits)) > 0
    }

    /// Decided again on the row as it is once it is ours alone. Whether it was claimed.
    async fn claim_post(
        &mut self,
        chat: &Arc<dyn Chat>,
        rule: &ChatRule,
        r: &Reminder,
        edits: bool,
    ) -> Result<bool, Fault> {
        let store = self.app.store();
        let by = By { now: self.app.clock().now(), worker: &self.worker, alone: !store.is_postgres() };
        let mut task = None;
        let claim = |locked: Option<&State>| {
            let (next, claimed) = post::claim(locked?, &rule.channel, r.rhythm.often(), by)?;
            task = Some(claimed);
            Some(next)
        };
        let state = match store.change_operation(&r.system, &r.name, claim).await {
            Ok(state) => state,
            Err(f) if f.passes() => return Err(f),
            Err(f) => {
                tracing::warn!(schedule.name = %r.name, "what a schedule found could not be posted: {f}");
                return Ok(false);
            }
        };
        self.app.saw_operation(r, state.as_ref());
        let (Some(task), Some(state)) = (task, state) else { return Ok(false) };
        let posted = Posted {
            chat: chat.clone(),
            room: rule.room_of_system(&r.system).map(str::to_string),
            reminder: r.clone(),
            state,
            task,
        };
        self.deliveries.start_beside(chat, word(edits), move |app, state| async move {
            let outcome = posted.perform(&app).await;
            note_channel(&state, &app, posted.chat.channel(), &outcome);
            // A platform that says when to come back is not down.
            let failed = matches!(outcome, Outcome::Retry { after_s: None, .. });
            posted.record(&app, outcome).await;
            Done { channel: posted.chat.channel().clone(), kind: Some(word(edits).to_string()), failed }
        });
        Ok(true)
    }
}

/// They go where announcements go, and count with them.
fn word(edits: bool) -> &'static str {
    RoomTask::Announce.kind(edits)
}

/// Whether any chat is told of it.
pub(super) fn goes_somewhere(directory: &Directory, r: &Reminder) -> bool {
    r.posts() && directory.chats.iter().any(|rule| goes_to(rule, r))
}

fn goes_to(rule: &ChatRule, r: &Reminder) -> bool {
    // A workspace that is told of its own incidents only has no share in what was declared in none.
    !rule.own_only && (rule.announces || rule.room_of_system(&r.system).is_some())
}

/// A claimed message about one look.
struct Posted {
    chat: Arc<dyn Chat>,
    room: Option<String>,
    reminder: Reminder,
    state: State,
    task: Task,
}

impl Posted {
    async fn perform(&self, app: &App) -> Outcome {
        let (r, task) = (&self.reminder, &self.task);
        let card = notice::look::card(r, &self.state, &task.face, &app.directory(), &app.public_url());
        let Some(look) = card else { return Outcome::Done { receipt: task.message.clone() } };
        let act = ChatAct {
            incident: None,
            key: app.look_thread(&r.system, &r.name, task.face.run),
            attempt: task.attempt,
            maybe_repeated: task.maybe_repeated,
            queued_at: task.queued_at,
            now: app.clock().now(),
            private: false,
            job: ChatJob::Look { room: self.room.clone(), look, message: task.message.clone() },
        };
        stop::point(stop::Place::BeforeSend);
        let outcome = performed(self.chat.as_ref(), &act, Lane::Digest).await;
        stop::point(stop::Place::AfterSend);
        outcome
    }

    /// Until the database has it; after that the claim is lost, and is taken over as after a crash.
    async fn record(&self, app: &App, outcome: Outcome) {
        let (r, now) = (&self.reminder, app.clock().now());
        let came = match outcome {
            Outcome::Done { receipt } => Came::Done { message: receipt },
            Outcome::Retry { after_s, why, maybe_arrived } => Came::Retry { after_s, why, maybe_sent: maybe_arrived },
            Outcome::Never { why } => {
                tracing::warn!(schedule.name = %r.name, "{} does not show what a schedule found: {why}", self.chat.channel());
                Came::Never { why }
            }
        };
        let channel: &ChannelId = self.chat.channel();
        for wait_s in [1, 2, 4, 8, 0] {
            let decide = |known: Option<&State>| post::came(known?, channel, self.task.no, &came, now);
            match app.store().change_operation(&r.system, &r.name, decide).await {
                Ok(state) => return app.saw_operation(r, state.as_ref()),
                Err(f) if f.passes() && wait_s > 0 => tokio::time::sleep(Duration::from_secs(wait_s)).await,
                Err(f) => {
                    tracing::warn!(schedule.name = %r.name, "that a message was posted could not be recorded: {f}");
                    return;
                }
            }
        }
    }
}
