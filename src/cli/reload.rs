//! Puts a configuration in force: at the start, and again on SIGHUP, by the same path. With an error anywhere in it
//! nothing changes: what was valid before stays, and the log, `/health/components` and the metrics say why.

use crate::app::{Act, App, On};
use crate::chat::discord::{self, Discord};
use crate::chat::slack::Slack;
use crate::compose::{self, CannotStart};
use crate::config::{self, Change, Loaded, Look, Problem, Standing, Tables, Watched};
use crate::engine::ports::chat::Install;
use crate::engine::{EngineState, Outlets};
use crate::measure;
use crate::telemetry::LogFilter;
use crate::web::{self, WebState};
use axum::Router;
use firebell_domain::event::Actor;
use firebell_domain::org::OrgEvent;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::sync::watch;

/// How often the runbooks are looked at, and a reload is recorded again that the database did not take.
const LOOK: Duration = Duration::from_secs(2);
/// Names in one record: beyond it nobody reads them one by one, and an event should stay small.
const NAMES_RECORDED_MAX: usize = 200;

/// Everything of a running bot that a configuration is put into.
pub struct Parts {
    pub app: App,
    pub outlets: Outlets,
    pub engine: Arc<EngineState>,
    pub web: WebState,
    pub routers: watch::Sender<Router>,
    pub bound: SocketAddr,
    pub discord: Option<Arc<Discord>>,
    pub log: LogFilter,
    /// Connected at the start; a reload only changes who people are there.
    pub slack: Option<Slack>,
}

impl Parts {
    /// Nothing is touched unless all of it can be made. First the pagers, so that no page is queued for one that is
    /// not there yet; then what is decided by; then the listener, whose requests see one front or the other.
    pub fn put_in_force(&self, loaded: &Loaded) -> Result<(), CannotStart> {
        let config = &loaded.config;
        let mut setup = compose::setup(config, self.bound)?;
        // Chats are connected at the start: what would be told one that waits for it would be given up.
        let connected = self.outlets.now();
        setup.directory.chats.retain(|rule| connected.chats.contains_key(&rule.channel));
        self.outlets.put(setup.pagers.iter().cloned().collect(), setup.watcher);
        self.outlets.put_carrier(Some(setup.carrier.clone()));
        self.app.put_carrier(Some(setup.carrier));
        self.app.reload_all(setup.directory, setup.public_url, setup.program);
        let web = self.web.with(web::Front {
            api_tokens: config.api_tokens.clone(),
            hosts: config.hosts.clone(),
            pagers: config.pagers.iter().map(|p| p.channel().to_string()).collect(),
            pagerduty: web::PagerDuty::of(config),
            templates: config.templates.clone(),
            chats: self.outlets.now().chats.values().cloned().collect(),
            install: self.slack.clone().filter(Slack::is_installable).map(|s| Arc::new(s) as Arc<dyn Install>),
        });
        let mut hooks = web::hooks::router(web.app().clone(), Arc::new(config.ingest.clone()));
        if let Some(slack) = &self.slack {
            slack.put(compose::slack_people(config));
            hooks = hooks.merge(slack.router());
        }
        if let Some(discord) = &self.discord {
            discord.reload(compose::discord_people(config));
            hooks = hooks.merge(discord::router(discord));
        }
        let _old = self.routers.send_replace(web::router(web, hooks));
        self.log.set(&config.log);
        measure::known(&compose::known(config));
        Ok(())
    }

    /// What is valid and should be looked at.
    pub async fn warn(&self, loaded: &Loaded) {
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        let now = self.app.clock().now();
        match self.app.store().overrides(now).await {
            Ok(from_chat) => {
                for hidden in loaded.stand_ins.hidden_by(&from_chat, now) {
                    tracing::warn!("{hidden}");
                }
            }
            Err(f) => tracing::warn!("stand-ins could not be compared with the configuration: {f}"),
        }
    }
}

pub struct Reloader {
    pub parts: Parts,
    /// What is read again; `None` while the built-in defaults hold.
    file: Option<PathBuf>,
    at_start: Tables,
    in_force: Tables,
    standing: watch::Sender<Standing>,
    /// The runbooks in force, and how they looked when they were read.
    watched: Watched,
    seen: Look,
    /// How they look since they are otherwise.
    changing: Option<Look>,
    /// What changed in reloads that the database has not taken yet.
    unrecorded: Option<Vec<String>>,
}

impl Reloader {
    /// After the first configuration was put in force.
    pub fn new(parts: Parts, first: &Loaded, standing: watch::Sender<Standing>) -> Reloader {
        let (file, tables) = (first.file.clone(), first.tables.clone());
        let reloader = Reloader {
            parts,
            file,
            at_start: tables.clone(),
            in_force: tables,
            standing,
            watched: first.watched.clone(),
            seen: first.look.clone(),
            changing: None,
            unrecorded: None,
        };
        reloader.count();
        reloader
    }

    pub async fn run(mut self, mut hangups: Signal, mut stop: watch::Receiver<bool>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !*stop.borrow() {
            tokio::select! {
                heard = hangups.recv() => match heard {
                    Some(()) => self.reload("SIGHUP").await,
                    None => return,
                },
                _ = looks.tick() => {
                    if self.unrecorded.is_some() {
                        self.record().await;
                    }
                    self.look().await;
                }
                _ = stop.changed() => {}
            }
        }
    }

    /// Puts an edited runbook in force once two looks have seen the same: an editor may still be writing.
    async fn look(&mut self) {
        let watched = self.watched.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || watched.look()).await else { return };
        if now == self.seen {
            self.changing = None;
        } else if self.changing.as_ref() != Some(&now) {
            self.changing = Some(now);
        } else {
            // Also of what is then refused: it is read again when it has changed again.
            (self.seen, self.changing) = (now, None);
            self.reload("a runbook has changed").await;
        }
    }

    async fn reload(&mut self, why: &str) {
        tracing::info!("{why}: reading the configuration again");
        let file = self.file.clone();
        // A file may lie on a disk that does not answer.
        let read = tokio::task::spawn_blocking(move || super::load(file.as_deref())).await;
        match read {
            Ok(Ok(loaded)) => match self.parts.put_in_force(&loaded) {
                Ok(()) => self.accept(loaded).await,
                Err(CannotStart(why)) => self.refuse(&[config::unusable(self.file.as_deref(), why)]),
            },
            Ok(Err(problems)) => self.refuse(&problems),
            Err(e) => {
                let why = format!("reading it ended badly: {e}");
                self.refuse(&[config::unusable(self.file.as_deref(), why)]);
            }
        }
    }

    async fn accept(&mut self, loaded: Loaded) {
        let changes = self.in_force.changes(&loaded.tables);
        let changed: Vec<String> = changes.iter().filter(|c| !c.waits_for_a_start()).map(Change::to_string).collect();
        let waiting = self.at_start.changes(&loaded.tables).into_iter().filter(Change::waits_for_a_start);
        let waiting: Vec<String> = waiting.map(|c| c.path).collect();
        let touched = |channel: &String| {
            let table = format!("paging.{channel}");
            changes.iter().any(|c| c.path == table || c.path.starts_with(&format!("{table}.")))
        };
        let touched: Vec<String> = self.parts.engine.read().channels.into_keys().filter(touched).collect();
        self.parts.engine.forget_channels(&touched);
        self.in_force = loaded.tables.clone();
        (self.watched, self.seen) = (loaded.watched.clone(), loaded.look.clone());
        // A file that is there once is meant from then on: when it is missing, that is a mistake and not the defaults.
        self.file = self.file.take().or_else(|| loaded.file.clone());
        let now = self.parts.app.clock().now();
        self.standing.send_replace(Standing { waiting: waiting.clone(), ..Standing::new(loaded.file.clone(), now) });
        self.count();
        self.unrecorded.get_or_insert_default().extend(changed.iter().cloned());
        self.record().await;
        for key in &waiting {
            tracing::warn!("{key} has changed: it takes effect at the next start");
        }
        self.parts.warn(&loaded).await;
        match changed.is_empty() {
            true => tracing::info!("the configuration is in force; nothing of it is otherwise than before"),
            false => tracing::info!("the configuration is in force: {}", changed.join(", ")),
        }
    }

    fn refuse(&self, problems: &[Problem]) {
        let now = self.parts.app.clock().now();
        self.standing.send_modify(|standing| standing.refuse(now, problems));
        self.count();
        for problem in problems {
            match problem.level {
                config::Level::Error => tracing::error!("{problem}"),
                _ => tracing::warn!("{problem}"),
            }
        }
        tracing::error!("the configuration cannot be put in force: what was valid before stays in force");
    }

    /// Says in the organisation's log what is otherwise now. It is in force already: a database that is away must not
    /// keep a pager from being corrected. What it does not take is said again until it does.
    async fn record(&mut self) {
        let Some(mut changed) = self.unrecorded.take() else { return };
        let more = changed.len().saturating_sub(NAMES_RECORDED_MAX);
        let body = OrgEvent::Reloaded {
            changed: match more {
                0 => changed.clone(),
                more => {
                    let named = changed.iter().take(NAMES_RECORDED_MAX).cloned();
                    named.chain([format!("and {more} more")]).collect()
                }
            },
        };
        let act = Act { on: On::Organisation(body), actor: Actor::Engine, once: None };
        if let Err(e) = self.parts.app.act(act).await {
            tracing::error!("the reload is not in the audit log yet, it is tried again: {}", e.shown());
            changed.dedup();
            self.unrecorded = Some(changed);
        }
    }

    fn count(&self) {
        let standing = self.standing.borrow();
        measure::configuration(standing.refused.is_none(), standing.loaded_at);
    }
}
