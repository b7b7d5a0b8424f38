//! Every address that is listened to, in one table: the router is made of it, and a test compares it with
//! `openapi.json`.

use super::{
    WebState, ack, api, board, complete, digest, edit, figures, forms, health, history, install, metrics, pagerduty,
    pages, postmortem, reads, room, runs, sessions, signin, stream,
};
use axum::routing::{MethodRouter, get, post};

#[cfg_attr(not(test), allow(dead_code, reason = "method and described are for the test that compares"))]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub handler: MethodRouter<WebState>,
    /// For programs, hence described in `openapi.json`; the rest is for browsers.
    pub described: bool,
}

macro_rules! table {
    ($($method:ident $path:literal $handler:expr, $described:literal;)*) => {
        vec![$(Route {
            method: stringify!($method),
            path: $path,
            handler: $method($handler),
            described: $described,
        }),*]
    };
}

pub fn all() -> Vec<Route> {
    table! {
        get "/health" health::alive, true;
        get "/ready" health::ready, true;
        get "/health/components" health::components, true;
        get "/metrics" metrics::metrics, true;
        get "/api/openapi.json" api::description, true;
        get "/api/v1/commands" api::commands, true;
        post "/api/v1/say" api::say, true;
        post "/api/v1/incidents" api::declare, true;
        get "/api/v1/incidents" reads::list, true;
        get "/api/v1/incidents/{id}" reads::one, true;
        get "/api/v1/incidents/{id}/events" reads::events, true;
        get "/api/v1/incidents/{id}/postmortem" postmortem::api, true;
        post "/api/v1/incidents/{id}/postmortem" edit::api, true;
        post "/api/v1/incidents/{id}/ack" api::acknowledge, true;
        post "/api/v1/incidents/{id}/notes" api::note, true;
        post "/api/v1/incidents/{id}/status" api::status, true;
        post "/api/v1/incidents/{id}/resolve" api::resolve, true;
        get "/api/v1/incidents/{id}/runs" runs::list, true;
        get "/api/v1/incidents/{id}/runs/{no}" runs::api, true;
        get "/api/v1/incidents/{id}/runs/{no}/files/{place}/{name}" runs::file_api, true;
        get "/api/v1/incidents/{id}/bundle" runs::bundle_api, true;
        get "/api/v1/oncall" reads::oncall, true;
        get "/api/v1/figures" figures::api, true;
        get "/api/v1/digest" digest::api, true;
        post "/api/v1/invitations" signin::invitations, true;
        get "/api/v1/sessions" sessions::list, true;
        post "/api/v1/sessions/end" sessions::end_theirs, true;
        post "/pagerduty/webhook" pagerduty::webhook, true;
        get "/ack/{token}" ack::page, false;
        post "/ack/{token}" ack::press, false;
        get "/" room::list, false;
        get "/board" board::board, false;
        get "/figures" figures::room, false;
        get "/digest" digest::room, false;
        get "/digest/stream" digest::live, false;
        get "/incidents/{id}" room::incident, false;
        get "/incidents/{id}/runs/{no}" runs::page, false;
        get "/incidents/{id}/runs/{no}/files/{place}/{name}" runs::file, false;
        get "/incidents/{id}/bundle" runs::bundle, false;
        get "/incidents/{id}/postmortem" postmortem::room, false;
        get "/incidents/{id}/postmortem/edit" edit::page, false;
        post "/incidents/{id}/postmortem/edit" edit::save, false;
        post "/incidents/{id}/postmortem/status" edit::status, false;
        get "/incidents/{id}/postmortem/history" history::page, false;
        post "/room/form" forms::filled, false;
        get "/room/completion" complete::completion, false;
        post "/room/say" room::say, false;
        get "/stream" stream::list, false;
        get "/incidents/{id}/stream" stream::incident, false;
        get "/signin" signin::page, false;
        post "/signin" signin::redeem, false;
        post "/signout" signin::out, false;
        get "/sessions" sessions::page, false;
        post "/sessions" sessions::press, false;
        get "/slack/install" install::begin, false;
        get "/slack/oauth/callback" install::back, false;
        get "/assets/{name}" pages::asset, false;
    }
}
