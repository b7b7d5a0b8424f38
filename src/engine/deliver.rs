//! Sending one claimed intent and recording what came of it. Sends run beside the loop, a bounded number per channel.

use super::EngineState;
use super::ports::chat::Chat;
use super::ports::{Message, Notify, Outcome, Part, Sending, SendingKind};
use super::rooms::{self, Weather};
use crate::app::ack_link::{self, AckLink, AckLinks, Whose};
use crate::app::{ActError, App, Changed};
use crate::fault::Fault;
use crate::{clock, measure, notice, stop};
use firebell_domain::decide::{Input, SendOutcome};
use firebell_domain::id::ChannelId;
use firebell_domain::incident::Incident;
use firebell_domain::intent::{Intent, IntentNo, Lane, Live, What};
use firebell_domain::limits;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Slots that only pages may use: a burst of cards never makes a page wait.
const PAGE_ONLY_SLOTS: usize = 8;

pub struct Deliveries {
    app: App,
    state: Arc<EngineState>,
    slots: usize,
    links: AckLinks,
    under_way: BTreeMap<ChannelId, usize>,
    /// Of tasks in chats, by kind.
    kinds: BTreeMap<(ChannelId, String), usize>,
    weather: BTreeMap<ChannelId, Weather>,
    tasks: JoinSet<Done>,
}

/// A send that has come to its end.
pub(super) struct Done {
    pub channel: ChannelId,
    /// Of a task in a chat: its kind.
    pub kind: Option<String>,
    /// The other side could not be reached, or not made sense of.
    pub failed: bool,
}

impl Deliveries {
    pub fn new(app: App, state: Arc<EngineState>, slots: usize, links: AckLinks) -> Deliveries {
        Deliveries {
            app,
            state,
            slots,
            links,
            under_way: BTreeMap::new(),
            kinds: BTreeMap::new(),
            weather: BTreeMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// How many more may be sent on a channel now.
    pub fn free(&mut self, channel: &ChannelId, lane: Lane) -> usize {
        while let Some(done) = self.tasks.try_join_next() {
            self.finished(done);
        }
        let slots = if lane == Lane::Page { self.slots } else { self.slots.saturating_sub(PAGE_ONLY_SLOTS) };
        slots.saturating_sub(self.under_way(channel))
    }

    pub(super) fn under_way(&self, channel: &ChannelId) -> usize {
        self.under_way.get(channel).copied().unwrap_or(0)
    }

    pub(super) fn under_way_of(&self, chat: &ChannelId, kind: &str) -> usize {
        self.kinds.get(&(chat.clone(), kind.to_string())).copied().unwrap_or(0)
    }

    pub(super) fn weather(&mut self, chat: &ChannelId) -> &Weather {
        self.weather.entry(chat.clone()).or_default()
    }

    /// Does a task in a chat that was just claimed.
    pub(super) fn start_in_chat(&mut self, chat: Arc<dyn Chat>, kind: String, claimed: Claimed) {
        let beside = chat.clone();
        self.start_beside(&beside, &kind.clone(), |app, state| rooms::perform(app, state, chat, kind, claimed));
    }

    /// Does something else in a chat that is paced and bounded like such a task, of this kind.
    pub(super) fn start_beside<F>(
        &mut self,
        chat: &Arc<dyn Chat>,
        kind: &str,
        task: impl FnOnce(App, Arc<EngineState>) -> F,
    ) where
        F: Future<Output = Done> + Send + 'static,
    {
        let channel = chat.channel().clone();
        *self.under_way.entry(channel.clone()).or_default() += 1;
        *self.kinds.entry((channel, kind.to_string())).or_default() += 1;
        self.tasks.spawn(task(self.app.clone(), self.state.clone()));
    }

    /// Resolves when a send has finished; never when none is under way.
    pub async fn one_finished(&mut self) {
        match self.tasks.join_next().await {
            Some(done) => self.finished(done),
            None => std::future::pending().await,
        }
    }

    pub async fn all_finished(&mut self) {
        while let Some(done) = self.tasks.join_next().await {
            self.finished(done);
        }
    }

    fn finished(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done { channel, kind, failed }) => {
                if let Some(n) = self.under_way.get_mut(&channel) {
                    *n = n.saturating_sub(1);
                }
                if let Some(kind) = kind {
                    self.weather.entry(channel.clone()).or_default().note(failed);
                    if let Some(n) = self.kinds.get_mut(&(channel, kind)) {
                        *n = n.saturating_sub(1);
                    }
                }
            }
            // A send that panicked: its lease brings it back. Which channel is not known, so all are counted anew.
            Err(e) => {
                tracing::error!("a send ended badly: {e}");
                if self.tasks.is_empty() {
                    self.under_way.clear();
                    self.kinds.clear();
                }
            }
        }
    }

    /// Sends what was just claimed, as one message. A channel that is configured no longer is a final failure of that
    /// channel.
    pub fn start(&mut self, pager: Option<Arc<dyn Notify>>, channel: &ChannelId, claimed: Vec<(IntentNo, Changed)>) {
        // A claim of a needless page cancels it instead.
        let claimed: Vec<Claimed> = claimed.into_iter().filter_map(|(no, changed)| Claimed::of(no, changed)).collect();
        let Some(lane) = claimed.first().map(|c| c.live.intent.lane) else { return };
        *self.under_way.entry(channel.clone()).or_default() += 1;
        let (app, state, channel) = (self.app.clone(), self.state.clone(), channel.clone());
        let links = self.links.clone();
        self.tasks.spawn(async move {
            let outcome = match &pager {
                None => Outcome::Never { why: format!("{channel} is not configured any more") },
                Some(pager) => match sending(&app, &links, &claimed).await {
                    Ok(sending) => {
                        stop::point(stop::Place::BeforeSend);
                        let began = clock::instant();
                        let outcome = send(pager.as_ref(), &sending).await;
                        measure::sent(lane, channel.as_str(), word(&outcome), began.elapsed());
                        stop::point(stop::Place::AfterSend);
                        outcome
                    }
                    Err(fault) => Outcome::Retry { after_s: None, why: fault.shown(), maybe_arrived: false },
                },
            };
            note_channel(&state, &app, &channel, &outcome);
            join_all(claimed.iter().map(|c| record(&app, c, outcome.clone()))).await;
            Done { channel, kind: None, failed: false }
        });
    }
}

/// An intent under a claim of ours.
pub(super) struct Claimed {
    pub incident: Incident,
    pub live: Live,
    pub claim_seq: i64,
}

impl Claimed {
    pub fn of(no: IntentNo, changed: Changed) -> Option<Claimed> {
        let live = changed.after.live.get(&no)?.clone();
        let claim_seq = live.claim.as_ref()?.seq;
        Some(Claimed { incident: changed.after, live, claim_seq })
    }
}

async fn send(pager: &dyn Notify, sending: &Sending) -> Outcome {
    let bound = Duration::from_secs(limits::SEND_TIMEOUT_S + 5);
    match tokio::time::timeout(bound, pager.send(sending)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Retry {
            after_s: None,
            why: format!("no answer within {} s", limits::SEND_TIMEOUT_S + 5),
            maybe_arrived: true,
        },
    }
}

/// Words what was claimed for its channel, from the incidents as they stand at their claims.
async fn sending(app: &App, links: &AckLinks, claimed: &[Claimed]) -> Result<Sending, Fault> {
    let [first, others @ ..] = claimed else { return Err(Fault::bug("a message about nothing")) };
    let mut one = single(app, links, first).await?;
    if others.is_empty() {
        return Ok(one);
    }
    let mut parts = Vec::new();
    for c in claimed {
        let part = single(app, links, c).await?;
        one.maybe_repeated |= part.maybe_repeated;
        parts.push(part);
    }
    let messages: Vec<&Message> = parts.iter().map(|p| &p.message).collect();
    let thread = std::mem::take(&mut one.message.thread);
    one.message = Message { thread, ..notice::summary_message(&messages, one.maybe_repeated, &app.public_url()) };
    let of = |p: &Sending| Part {
        incident: p.incident,
        idempotency_key: p.idempotency_key.clone(),
        claim_seq: p.claim_seq,
        summary: p.message.summary.clone(),
        ack_link: p.message.ack_link.clone(),
    };
    one.parts = parts.iter().map(of).collect();
    Ok(one)
}

async fn single(app: &App, links: &AckLinks, claimed: &Claimed) -> Result<Sending, Fault> {
    let (incident, live) = (&claimed.incident, &claimed.live);
    let intent: &Intent = &live.intent;
    let url: &str = &app.public_url();
    let thread = |no| app.thread(incident.id, no);
    let (kind, person, mut message) = match &intent.what {
        What::Page(page) => {
            let whose = page.person.clone().map_or_else(|| Whose::Channel(intent.channel.clone()), Whose::Person);
            let expires_at = ack_link::expires_at(live.queued_at);
            let link = AckLink { incident: incident.id, page: intent.no, whose, expires_at };
            let mut message = notice::page_message(incident, page, live.maybe_sent, url);
            message.ack_link = Some(links.url(url, &link));
            (SendingKind::Page, page.person.clone(), message)
        }
        What::Follow { person, over, .. } => {
            let kind = if *over { SendingKind::PageResolved } else { SendingKind::PageAcknowledged };
            (kind, person.clone(), notice::follow_message(incident, *over, url))
        }
        What::Room { .. } => return Err(Fault::bug("a task of a chat that no chat takes")),
        What::Notice { about_seq, kind } => {
            let about = app.store().events(incident.id, about_seq - 1, 1).await?;
            let about = about.first().ok_or_else(|| Fault::bug("a notice about an event that is not there"))?;
            (SendingKind::Notice, None, notice::notice_message(incident, about, *kind, url))
        }
        What::Run { .. } => return Err(Fault::bug("a run that no pager takes")),
    };
    message.thread = match &intent.what {
        What::Follow { page, .. } => thread(*page),
        _ => thread(intent.no),
    };
    Ok(Sending {
        incident: Some(incident.id),
        idempotency_key: thread(intent.no),
        claim_seq: claimed.claim_seq,
        attempt: live.attempt,
        maybe_repeated: live.maybe_sent,
        person,
        kind,
        message,
        parts: Vec::new(),
    })
}

/// Records what came of it. While the database is away it tries on for as long as the lease may hold; after that the
/// claim is lost, and is taken back as after a crash.
pub(super) async fn record(app: &App, claimed: &Claimed, outcome: Outcome) {
    let (incident, no, claim_seq) = (claimed.incident.id, claimed.live.intent.no, claimed.claim_seq);
    let outcome = match outcome {
        Outcome::Done { receipt } => SendOutcome::Done { receipt },
        Outcome::Retry { after_s, why, maybe_arrived } => {
            SendOutcome::Retry { after_s, why, maybe_sent: maybe_arrived }
        }
        Outcome::Never { why } => SendOutcome::Never { why },
    };
    for wait_s in [1, 2, 4, 8, 0] {
        let input = Input::Delivered { no, claim_seq, outcome: outcome.clone() };
        match app.act_engine(incident, input).await {
            Ok(_) | Err(ActError::Refused(_)) => return,
            Err(ActError::Fault(f)) if f.passes() && wait_s > 0 => {
                tokio::time::sleep(Duration::from_secs(wait_s)).await;
            }
            Err(ActError::Fault(f)) => {
                tracing::warn!(incident.id = %incident, intent.no = no, "the outcome of a send could not be recorded: {f}");
                return;
            }
        }
    }
}

/// As a metric's label has it.
pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "done",
        Outcome::Retry { .. } => "retry",
        Outcome::Never { .. } => "never",
    }
}

pub(super) fn note_channel(state: &EngineState, app: &App, channel: &ChannelId, outcome: &Outcome) {
    let now = app.clock().now();
    state.change(|s| {
        let c = s.channels.entry(channel.to_string()).or_default();
        match outcome {
            Outcome::Done { .. } => {
                c.done += 1;
                c.failures_in_a_row = 0;
                c.last_done_at = Some(now);
            }
            Outcome::Retry { why, .. } | Outcome::Never { why } => {
                c.failures_in_a_row += 1;
                c.last_problem = Some(why.clone());
                c.last_problem_at = Some(now);
            }
        }
    });
}
