//! The one HTTP listener: the room, the API, health and metrics, and (merged in) what alert sources send to. Everything
//! that changes anything goes through `app::act`, directly or by way of the commands. Never decides, never sends.

mod ack;
mod api;
mod auth;
mod board;
mod body;
mod complete;
mod compress;
mod digest;
mod edit;
mod error;
mod figures;
mod forms;
mod guard;
mod health;
mod history;
pub mod hooks;
mod install;
mod json;
mod keep;
mod list;
mod live;
mod metrics;
mod notices;
mod once;
mod pagerduty;
mod pages;
mod postmortem;
mod reads;
mod room;
mod routes;
mod runs;
mod see;
mod serve;
mod sessions;
mod signin;
mod speak;
mod standing;
mod state;
mod stream;
#[cfg(test)]
mod tests;
mod together;

pub use pagerduty::PagerDuty;
pub use serve::{Routers, serve};
pub use signin::{Invitation, invite};
pub use speak::{Said, Speak, Speaker};
pub use state::{Front, Settings, WebState};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

/// Everything that listens. `merged` has what is made elsewhere and answers beside it (the hooks).
pub fn router(state: WebState, merged: Router) -> Router {
    let mut router = Router::new();
    for route in routes::all() {
        router = router.route(route.path, route.handler);
    }
    router
        .fallback(guard::no_such_route)
        .method_not_allowed_fallback(guard::wrong_method)
        .with_state(state.clone())
        .merge(merged)
        .layer(from_fn(compress::around))
        .layer(from_fn_with_state(state, guard::around))
}
