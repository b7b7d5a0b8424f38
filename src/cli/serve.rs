//! `serve`: the bot itself. Starts the parts in the order in which they need each other and stops them in the other.

use super::reload::{Parts, Reloader};
use super::{End, descriptors};
use crate::app::{Act, App, Moved, On};
use crate::chat::slack::Slack;
use crate::compose::{self, CannotStart};
use crate::config::{Loaded, Standing};
use crate::engine::ports::chat::Chat;
use crate::engine::{Engine, EngineState};
use crate::store::{Mode, Store};
use crate::{commands, telemetry, web};
use firebell_domain::chain::hex;
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::org::OrgEvent;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind};
use tokio::sync::watch;

pub async fn serve(loaded: Loaded) -> Result<(), End> {
    let config = &loaded.config;
    let log = telemetry::log(&config.log);
    // From here on, because a SIGHUP that nobody hears ends the process.
    let hangups = tokio::signal::unix::signal(SignalKind::hangup());
    let hangups = hangups.map_err(|e| CannotStart(format!("SIGHUP cannot be heard: {e}")))?;
    let metrics = telemetry::metrics().ok_or_else(|| CannotStart("metrics cannot be counted".into()))?;
    let (store, _lock) = compose::open(config, Mode::Serve).await?;
    let listener = tokio::net::TcpListener::bind(config.listen).await.map_err(|e| {
        CannotStart(format!(
            "Cannot listen on {}: {e}. Stop what listens there, or set another \"listen\".",
            config.listen
        ))
    })?;
    let bound = listener.local_addr().map_err(|e| CannotStart(format!("{}: {e}", config.listen)))?;
    let token = compose::local_token(config, true)?;
    let sweeper = compose::sweeper(config)?;
    let app = compose::app(store.clone()).await?;
    // Behind everything that may refuse a start, so that its sentence stands alone.
    descriptors::raise();

    let (stop, stopped) = watch::channel(false);
    let state = Arc::new(EngineState::default());
    let ack_links = sweeper.ack_links(app.install());
    let worker = hex(&compose::random::<6>()?);
    let engine = Engine::new(app.clone(), worker, Vec::new(), sweeper, state.clone());
    let (standing, configuration) = watch::channel(Standing::new(loaded.file.clone(), app.clock().now()));
    let settings = web::Settings {
        app: app.clone(),
        engine: state.clone(),
        speak: Arc::new(Spoken),
        local_token: token,
        ack_links,
        metrics,
        configuration,
        stop: stopped.clone(),
    };
    let (routers, answering) = watch::channel(axum::Router::new());
    let slack = compose::slack(config, &app)?;
    let discord = compose::discord(config, &app)?;
    let outlets = engine.outlets();
    let in_slack = slack.iter().flat_map(Slack::chats);
    outlets.put_chats(in_slack.chain(discord.iter().map(|d| d.clone() as Arc<dyn Chat>)).collect());
    let parts = Parts {
        app: app.clone(),
        outlets,
        discord: discord.clone(),
        engine: state,
        web: web::WebState::new(settings, web::Front::default()),
        routers,
        bound,
        log,
        slack: slack.clone(),
    };
    parts.put_in_force(&loaded)?;
    parts.warn(&loaded).await;
    let reloader = Reloader::new(parts, &loaded, standing);
    let engine = tokio::spawn(engine.run(stopped.clone()));
    let gateway = discord.as_ref().and_then(|d| d.start(stopped.clone()));
    let tidying = config.sqlite_path().map(|path| tokio::spawn(store.clone().keep_log_short(path)));
    let replicas = tokio::spawn(hear_replicas(app.clone(), store.clone(), stopped.clone()));

    let started = OrgEvent::Started { version: env!("CARGO_PKG_VERSION").to_string() };
    if let Err(e) = app.act(Act { on: On::Organisation(started), actor: Actor::Engine, once: None }).await {
        return Err(End::Sentence(e.shown()));
    }
    greet(&app).await?;

    let tokens = slack.clone().map(|s| tokio::spawn(s.keep_tokens(stopped.clone())));
    // Only now: what people say there is answered by what is in force.
    let in_slack = slack.filter(Slack::by_socket).map(|s| tokio::spawn(s.listen(stopped.clone())));
    let reloads = tokio::spawn(reloader.run(hangups, stopped.clone()));
    // Heard before anybody is answered: who saw it ready may end it at once, and in order.
    let signal = tokio::signal::unix::signal;
    let term = signal(SignalKind::terminate()).map_err(|e| CannotStart(format!("SIGTERM cannot be heard: {e}")))?;
    let interrupt = signal(SignalKind::interrupt()).map_err(|e| CannotStart(format!("Ctrl-C cannot be heard: {e}")))?;
    tokio::spawn(until_told(stop, term, interrupt));
    let served = web::serve(listener, answering, stopped).await;
    // The engine lets what is being sent finish, so that a restart does not repeat it.
    let _ = tokio::time::timeout(Duration::from_secs(20), engine).await;
    if let Some(in_slack) = in_slack {
        in_slack.abort();
    }
    // A renewal that is under way is recorded: what Slack gives it gives once.
    if let Some(tokens) = tokens {
        let _ = tokio::time::timeout(Duration::from_secs(15), tokens).await;
    }
    // Another replica need not wait for its lease to run out.
    if let Some(gateway) = gateway {
        let _ = tokio::time::timeout(Duration::from_secs(5), gateway).await;
    }
    replicas.abort();
    reloads.abort();
    if let Some(tidying) = tidying {
        tidying.abort();
    }
    store.close().await;
    served.map_err(|e| End::Sentence(format!("The listener ended: {e}")))
}

/// Where to go and what to type first. A link that makes an administrator is printed by the first start of all and
/// never again: what is printed is kept in logs.
async fn greet(app: &App) -> Result<(), CannotStart> {
    let url = app.public_url();
    println!("Firebell is running. The room: {url}/");
    if app.store().nobody_was_invited().await? {
        let invitation = web::invite(app, &"admin".into(), true, Actor::Engine).await;
        let invitation = invitation.map_err(|e| CannotStart(e.shown()))?;
        println!("Sign in for the first time (once, within 24 hours):\n  {}", invitation.url);
    } else {
        println!("A sign-in link for somebody:  firebell invite NAME");
    }
    println!("Then type there, or in another terminal here:");
    println!("  firebell say \"/incident declare P1 checkout is down\"");
    if app.directory().pagers.is_empty() {
        println!("No pager is configured: nobody will be paged. See [paging] in config/firebell.toml.");
    }
    Ok(())
}

/// SIGTERM and Ctrl-C end it in order.
async fn until_told(stop: watch::Sender<bool>, mut term: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    let _ = stop.send(true);
}

/// On Postgres: hears what other replicas did. A lost message costs a second (the sweep), so a lost connection is only
/// waited for.
async fn hear_replicas(app: App, store: Store, mut stopped: watch::Receiver<bool>) {
    let Store::Pg(pool) = &store else { return };
    while !*stopped.borrow() {
        let Ok(mut listener) = sqlx::postgres::PgListener::connect_with(pool).await else {
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        if listener.listen("firebell").await.is_err() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        }
        loop {
            let heard = tokio::select! {
                heard = listener.try_recv() => heard,
                _ = stopped.changed() => return,
            };
            let Ok(Some(heard)) = heard else { break };
            for moved in heard.payload().split(',') {
                let Some((id, seq)) = moved.split_once(':') else { continue };
                if id == crate::store::SESSION_ENDED {
                    app.session_ended(seq);
                    continue;
                }
                if let (Ok(id), Ok(seq)) = (id.parse(), seq.parse()) {
                    app.moved_elsewhere(Moved { incident: IncidentId(id), seq });
                }
            }
        }
    }
}

/// The commands, as the room and the API ask for them.
struct Spoken;

impl web::Speak for Spoken {
    fn say<'a>(
        &'a self,
        app: &'a App,
        speaker: &'a web::Speaker,
        room: Option<IncidentId>,
        text: &'a str,
    ) -> crate::engine::ports::BoxFuture<'a, Result<web::Said, crate::app::ActError>> {
        Box::pin(async move {
            let (person, via, admin) = (speaker.person.clone(), speaker.via.clone(), speaker.admin);
            let said = commands::say(app, &commands::Speaker { person, via, admin, place: None }, room, text).await?;
            Ok(web::Said { text: said.text, incident: said.incident, data: said.data })
        })
    }

    fn completion(&self) -> serde_json::Value {
        commands::completion()
    }
}
