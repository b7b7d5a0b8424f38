//! Looks at what a runbook's schedules say, at their times. Each turn is taken by one worker under the row's lock, carried
//! out beside the loop, and reported; what it found is then told to incidents, again until they have it. Decides nothing:
//! when something is due, who has it and what was found is said by `domain::operation`.

use super::ports::execute::CarryOut;
use super::runs;
use super::tick::Engine;
use crate::app::{Act, ActError, Acted, App, On};
use crate::fault::Fault;
use crate::program::Program;
use crate::program::operations::Does;
use crate::program::orders::Ground;
use crate::program::reminders::Reminder;
use firebell_domain::event::Actor;
use firebell_domain::operation::{self, Look, Row, State, Step};
use firebell_domain::org::OrgEvent;
use firebell_domain::run::Order;
use firebell_domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Schedules looked at side by side; the others wait a moment, well within the grace of any.
const SLOTS: usize = 4;
/// Seconds between two looks at what other replicas did, where nothing of ours is due.
const AGAIN_S: i64 = 10;
/// How far back a time is looked for that nobody was there for: what is due once a month is missed once.
const LOOK_BACK_S: i64 = 35 * 86_400;
/// How long the end of the process waits for a look. What is not over then counts as interrupted.
const LEAVE: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Operations {
    tasks: JoinSet<()>,
    /// What was in force at the last look, and when to look again.
    program: Option<Arc<Program>>,
    again_at: Timestamp,
}

impl Operations {
    pub async fn all_finished(&mut self) {
        while self.tasks.join_next().await.is_some() {}
        // What they found is to be seen at the next look.
        self.again_at = Timestamp::default();
    }

    pub async fn leave(&mut self) {
        let _ = tokio::time::timeout(LEAVE, self.all_finished()).await;
    }
}

impl Engine {
    pub(super) async fn look_at_schedules(&mut self) -> Result<(), Fault> {
        let carrier = self.outlets.now().carrier.clone();
        let (program, now) = (self.app.program(), self.app.clock().now());
        let directory = self.app.directory();
        let told = |r: &&Reminder| super::posts::goes_somewhere(&directory, r);
        let looks: Vec<&Reminder> = program
            .reminders()
            .iter()
            .filter(|r| (carrier.is_some() && matches!(r.does, Does::Looks { .. })) || told(r))
            .collect();
        let own = &mut self.operations;
        let ended = std::iter::from_fn(|| own.tasks.try_join_next()).count();
        let same = own.program.as_ref().is_some_and(|p| Arc::ptr_eq(p, &program));
        if looks.is_empty() || (same && ended == 0 && now < own.again_at) {
            return Ok(());
        }
        (own.program, own.again_at) = (Some(program.clone()), now.plus_s(AGAIN_S));
        let known = self.app.store().operations().await?;
        self.app.saw_operations(known.clone());
        let (rules, alone) = (&directory.runs, !self.app.store().is_postgres());
        let ground = Ground { rules, read_s: rules.read_s, change_s: rules.change_s };
        for r in looks {
            // What cannot be looked at here is what people are reminded of.
            let (order, carrier) = match (program.look(r, &ground), &carrier) {
                (Some(Ok(order)), Some(carrier)) => (order, carrier),
                // At most nobody can look now.
                (Some(Ok(_)), None) => continue,
                _ if told(&r) => {
                    self.remind(r, known.get(&(r.system.clone(), r.name.clone())), now).await?;
                    continue;
                }
                _ => continue,
            };
            let state = known.get(&(r.system.clone(), r.name.clone()));
            let rule = r.rhythm.rule();
            let limit_s = order.limit_s * (order.commands.len() / runs::SIDE_BY_SIDE + 1) as i64;
            let by = Look { now, worker: &self.worker, alone, grace_s: r.grace_s, limit_s };
            let mut took = None;
            let wants = operation::look(state, &rule, due(r, state, &rule, now), by);
            let wants = if self.operations.tasks.len() >= SLOTS && matches!(wants, Step::Run(_)) {
                self.operations.again_at = now;
                Step::Rest
            } else {
                wants
            };
            let mut state = state.cloned();
            if wants != Step::Rest {
                // Decided again on the row as it is once it is ours alone.
                let decide =
                    |locked: Option<&State>| match operation::look(locked, &rule, due(r, locked, &rule, now), by) {
                        Step::Rest => None,
                        Step::Note(next) => Some(next),
                        Step::Run(next) => {
                            took = next.turn.as_ref().map(|t| t.due);
                            Some(next)
                        }
                    };
                let before = state.take();
                state = self.app.store().change_operation(&r.system, &r.name, decide).await?;
                self.app.saw_operation(r, state.as_ref());
                record(&self.app, r, before.as_ref(), state.as_ref()).await;
            }
            let next = r.rhythm.next_after(now);
            self.operations.again_at = next.map_or(self.operations.again_at, |n| n.min(self.operations.again_at));
            let turn = Turn { app: self.app.clone(), reminder: r.clone(), worker: self.worker.clone() };
            match (took, state) {
                (Some(due), _) => {
                    let carrier = carrier.clone();
                    self.operations.tasks.spawn(async move { turn.carry_out(carrier, order, due).await });
                }
                (None, Some(state)) => turn.tell(&state).await,
                (None, None) => {}
            }
        }
        Ok(())
    }
}

impl Engine {
    /// What people do is due: chats that are told of schedules are told of it.
    async fn remind(&mut self, r: &Reminder, known: Option<&State>, now: Timestamp) -> Result<(), Fault> {
        let rule = r.rhythm.rule();
        let remind = |known: Option<&State>| operation::remind(known, &rule, due(r, known, &rule, now), now);
        if remind(known).is_some() {
            let state = self.app.store().change_operation(&r.system, &r.name, remind).await?;
            self.app.saw_operation(r, state.as_ref());
        }
        let next = r.rhythm.next_after(now);
        self.operations.again_at = next.map_or(self.operations.again_at, |n| n.min(self.operations.again_at));
        Ok(())
    }
}

/// Its last time that nobody has had.
fn due(r: &Reminder, state: Option<&State>, rule: &str, now: Timestamp) -> Option<Timestamp> {
    let state = state.filter(|s| s.rule == rule)?;
    r.last_after(state.known_until().max(now.plus_s(-LOOK_BACK_S)), now)
}

/// One schedule whose turn it is, or was.
struct Turn {
    app: App,
    reminder: Reminder,
    worker: String,
}

impl Turn {
    async fn carry_out(self, carrier: Arc<dyn CarryOut>, order: Order, due: Timestamp) {
        // Nobody stops a look that ends by itself within its time.
        let (_stop, stopped) = watch::channel(false);
        let done = runs::look_at(&carrier, &order, &stopped, None).await;
        let command = |at: u32| order.commands.get(at as usize);
        let rows: Vec<Row> = done
            .iter()
            .filter_map(|(result, _)| Some(operation::found::rows(command(result.at)?, result)))
            .flatten()
            .collect();
        let Some(state) = self.report(due, rows).await else { return };
        self.tell(&state).await;
    }

    /// Until the database has it; after that it counts as interrupted.
    async fn report(&self, due: Timestamp, rows: Vec<Row>) -> Option<State> {
        let (r, now) = (&self.reminder, self.app.clock().now());
        for wait_s in [1, 2, 4, 8, 0] {
            let rows = rows.clone();
            let mut before = None;
            let decide = |known: Option<&State>| {
                before = known.cloned();
                operation::ended(known?, due, &self.worker, rows, r.declares(), now)
            };
            match self.app.store().change_operation(&r.system, &r.name, decide).await {
                Ok(state) => {
                    self.app.saw_operation(r, state.as_ref());
                    record(&self.app, r, before.as_ref(), state.as_ref()).await;
                    return state;
                }
                Err(f) if f.passes() && wait_s > 0 => tokio::time::sleep(Duration::from_secs(wait_s)).await,
                Err(f) => {
                    tracing::warn!(schedule.name = %r.name, "what a schedule found could not be recorded: {f}");
                    return None;
                }
            }
        }
        None
    }

    /// What incidents are still to hear: a fault leaves it owed, and the next look tells it again.
    async fn tell(&self, state: &State) {
        let Some(word) = &state.owes else { return };
        let r = &self.reminder;
        let actor = Actor::Source { name: format!("{}: {} of {}", operation::SOURCE, r.name, r.system) };
        let incident = match self.app.tell_of_look(r, word, actor).await {
            Ok(Some(Acted::Changed(changed))) => Some(changed.after.id),
            // No news: an incident has it, and a crash came before that was written down.
            Ok(Some(_)) if word.critical => match self.app.incident_of_look(r, word).await {
                Ok(incident) => incident,
                Err(f) => {
                    tracing::warn!(schedule.name = %r.name, "what a schedule found is told again: {f}");
                    return;
                }
            },
            Ok(_) => None,
            Err(ActError::Refused(refusal)) => {
                tracing::warn!(schedule.name = %r.name, "no incident heard what a schedule found: {refusal}");
                None
            }
            Err(ActError::Fault(f)) => {
                tracing::warn!(schedule.name = %r.name, "what a schedule found is told again: {f}");
                return;
            }
        };
        if let Err(f) = self.app.look_was_told(r, word, incident).await {
            // It is told twice then, which is no news to the incident.
            tracing::warn!(schedule.name = %r.name, "that it was told could not be recorded: {f}");
        }
    }
}

/// What people should find in the log later: what a look found where it is otherwise than before, and what was missed.
/// The row is the truth of whose turn it is; a log that is away costs a line of it.
async fn record(app: &App, r: &Reminder, before: Option<&State>, after: Option<&State>) {
    let turn = |s: Option<&State>| s.and_then(|s| s.turn.clone());
    if turn(before) == turn(after) {
        return;
    }
    let found = |s: Option<&State>| s.and_then(|s| s.turn.as_ref()).and_then(|t| Some((t.due, t.became.word()?)));
    let Some((due_at, word)) = found(after) else { return };
    let last = before.and_then(|s| s.last_word.as_deref());
    if last == Some(word) && !matches!(word, operation::MISSED | operation::INTERRUPTED) {
        return;
    }
    let body =
        OrgEvent::ScheduleLooked { system: r.system.clone(), name: r.name.clone(), due_at, found: word.to_string() };
    if let Err(e) = app.act(Act { on: On::Organisation(body), actor: Actor::Engine, once: None }).await {
        tracing::warn!(schedule.name = %r.name, "what a schedule found is not in the log: {}", e.shown());
    }
}
