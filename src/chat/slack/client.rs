//! Slack's Web API, one call at a time: through slack-morphism's client, with its throttle left out (it knows no
//! channels) and its retries left out (the outbox does them, durably). What Slack answers becomes a value or one
//! sentence about the trouble. Prints no token and no response address.

use crate::engine::ports::Outcome;
use hyper_util::client::legacy::connect::HttpConnector;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::{SlackClientHyperConnector, SlackHyperHttpsConnector};
use slack_morphism::{ClientResult, SlackApiToken, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

type Connector = SlackClientHyperConnector<SlackHyperHttpsConnector>;

/// How long one call may take. Slack answers within a second or not for a while.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for an answer that a person waits for, within the three seconds of a trigger.
const REPLY_TIMEOUT: Duration = Duration::from_millis(2_500);
/// Characters of what Slack said that are quoted.
const QUOTED_CHARS_MAX: usize = 120;

/// Methods that only read.
const READS: [&str; 11] = [
    "users.info",
    "users.lookupByEmail",
    "usergroups.list",
    "usergroups.users.list",
    "conversations.history",
    "conversations.replies",
    "conversations.list",
    "conversations.info",
    "chat.getPermalink",
    "bookmarks.list",
    // Takes its arguments in the address as well.
    "files.getUploadURLExternal",
];

#[derive(Clone)]
pub struct Client {
    slack: Arc<SlackClient<Connector>>,
    /// Exchanged when a token is renewed; `None` while nobody has installed the app there.
    bot: Arc<RwLock<Option<SlackApiToken>>>,
    app: Option<SlackApiToken>,
    /// Of an installation whose tokens Firebell keeps: one that is taken away may come back, so nothing is given up for it.
    installed: bool,
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Slack says no, by its own code.
    Api { code: String },
    /// Too many calls; Slack's own `Retry-After`.
    RateLimited { after_s: i64 },
    /// Could not be reached at all: nothing was taken.
    Away(String),
    /// Sent, and what came of it is not known: a time-out, a cut connection, a status of 5xx, a page of HTML.
    Unclear(String),
    /// The workspace has no token (any more) that Slack takes: nothing goes there until somebody installs the app again.
    Gone(String),
}

/// Between two tries in a workspace that has no token: somebody may install the app meanwhile.
const GONE_S: i64 = 60;

impl Client {
    pub fn new(api_url: &str, bot: Option<&SecretString>, app: Option<&SecretString>) -> Result<Client, String> {
        let connector = SlackClientHyperConnector::with_connector(connector()?).with_slack_api_url(api_url);
        let bot = Arc::new(RwLock::new(bot.map(token)));
        let slack = Arc::new(SlackClient::new(connector));
        Ok(Client { slack, installed: false, bot, app: app.map(token) })
    }

    /// The same way to Slack, for a workspace with a token of its own.
    pub fn for_workspace(&self) -> Client {
        Client { bot: Arc::default(), installed: true, ..self.clone() }
    }

    pub fn put_token(&self, bot: Option<&SecretString>) {
        *self.bot.write().unwrap_or_else(PoisonError::into_inner) = bot.map(token);
    }

    /// One call with the bot's token.
    pub async fn call(&self, method: &str, request: &Value) -> Result<Value, Trouble> {
        self.as_bot(method, request, CALL_TIMEOUT).await
    }

    /// The same where somebody waits for it.
    pub async fn reply(&self, method: &str, request: &Value) -> Result<Value, Trouble> {
        self.as_bot(method, request, REPLY_TIMEOUT).await
    }

    async fn as_bot(&self, method: &str, request: &Value, within: Duration) -> Result<Value, Trouble> {
        let bot = self.bot.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(bot) = bot else { return Err(Trouble::Gone("the app is not installed in this workspace".into())) };
        match self.timed(method, request, &bot, within).await {
            Err(trouble @ Trouble::Api { .. }) if self.installed && trouble.code().is_some_and(is_invalid) => {
                Err(Trouble::Gone(trouble.why()))
            }
            answer => answer,
        }
    }

    /// `oauth.v2.access`: what is given (a code, a token to renew by) goes in the body, where no log and no proxy's list of
    /// addresses has it.
    pub async fn exchange(&self, given: &[(&str, &str)]) -> Result<Value, Trouble> {
        let connector = &self.slack.http_api.connector;
        let url = connector.create_method_uri_path("oauth.v2.access").map_err(trouble)?;
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: false,
        };
        let kind = "application/x-www-form-urlencoded".to_string();
        let call = connector.http_post_uri_binary::<Value>(url, kind, body.as_bytes(), context);
        match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Err(_) => Err(Trouble::Unclear("Slack did not answer in time".to_string())),
            Ok(Err(e)) => Err(trouble(e)),
            Ok(Ok(answer)) if answer.get("ok").and_then(Value::as_bool) == Some(true) => Ok(answer),
            Ok(Ok(_)) => Err(Trouble::Unclear("what answered is not Slack's API: look at [slack] api_url".to_string())),
        }
    }

    /// Where the next socket is, by the app's token.
    pub async fn socket_address(&self) -> Result<String, Trouble> {
        let Some(app) = &self.app else { return Err(Trouble::Api { code: "not_configured".to_string() }) };
        let answer = self.timed("apps.connections.open", &Value::Object(Default::default()), app, CALL_TIMEOUT).await?;
        let url = answer.get("url").and_then(Value::as_str).map(str::to_string);
        url.ok_or_else(|| Trouble::Unclear("Slack named no address for a socket".to_string()))
    }

    async fn timed(
        &self,
        method: &str,
        request: &Value,
        token: &SlackApiToken,
        within: Duration,
    ) -> Result<Value, Trouble> {
        let session = self.slack.open_session(token);
        // What only reads takes its arguments in the address, and ignores a body of JSON.
        let params: Vec<(&str, Option<String>)> = match (READS.contains(&method), request.as_object()) {
            (true, Some(all)) => all.iter().map(|(k, v)| (k.as_str(), Some(param(v)))).collect(),
            _ => Vec::new(),
        };
        let call = async {
            match READS.contains(&method) {
                true => session.http_session_api.http_get::<Value, _, _>(method, &params, None).await,
                false => session.http_session_api.http_post::<_, Value>(method, request, None).await,
            }
        };
        match tokio::time::timeout(within, call).await {
            Err(_) => Err(Trouble::Unclear(format!("Slack did not answer {method} within {} s", within.as_secs()))),
            Ok(Err(e)) => Err(trouble(e)),
            // What is not JSON comes back as an empty object: a proxy's page, a login page.
            Ok(Ok(answer)) if answer.get("ok").and_then(Value::as_bool) == Some(true) => Ok(answer),
            Ok(Ok(_)) => Err(Trouble::Unclear(
                "what answered is not Slack's API (a page of a proxy?): look at [slack] api_url".to_string(),
            )),
        }
    }

    /// Bytes of a file, to the address that Slack gave for it.
    pub async fn upload(&self, url: &str, media_type: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let (url, span) = (capability(url)?, tracing::Span::none());
        let connector = &self.slack.http_api.connector;
        taken(connector.http_post_uri_binary(url, media_type.to_string(), bytes, unnamed(&span))).await
    }

    /// Says something to a response address.
    pub async fn respond(&self, url: &str, message: &Value) -> Result<(), Trouble> {
        let (url, span) = (capability(url)?, tracing::Span::none());
        taken(self.slack.http_api.connector.http_post_uri(url, message, unnamed(&span))).await
    }
}

/// An address that whoever has it may use: no token goes there, and it goes into no log.
fn capability(url: &str) -> Result<url::Url, Trouble> {
    url::Url::parse(url).map_err(|_| Trouble::Api { code: "bad_url".to_string() })
}

fn unnamed(span: &tracing::Span) -> SlackClientApiCallContext<'_> {
    SlackClientApiCallContext { rate_control_params: None, token: None, tracing_span: span, is_sensitive_url: true }
}

async fn taken(call: impl Future<Output = ClientResult<Value>>) -> Result<(), Trouble> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Err(_) => Err(Trouble::Unclear("Slack did not take it in time".to_string())),
        // Taken: what it says then is "ok", and no JSON.
        Ok(Ok(_) | Err(SlackClientError::ProtocolError(_))) => Ok(()),
        Ok(Err(e)) => Err(trouble(e)),
    }
}

/// For https, and for http on loopback.
fn connector() -> Result<SlackHyperHttpsConnector, String> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(Duration::from_secs(5)));
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|e| format!("The certificates of this system cannot be read: {e}"))?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Ok(https)
}

/// The scopes of a token: Slack names them in a header, which the crate's client does not hand out.
pub async fn granted(api_url: &str, bot: &SecretString) -> Result<Option<Vec<String>>, Trouble> {
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build::<_, axum::body::Body>(connector().map_err(Trouble::Unclear)?);
    let request = axum::http::Request::post(format!("{api_url}/auth.test"))
        .header("authorization", format!("Bearer {}", bot.expose_secret()))
        .header("content-type", "application/json; charset=utf-8")
        .body(axum::body::Body::from("{}"));
    let request = request.map_err(|_| Trouble::Unclear("the address of Slack's API cannot be used".to_string()))?;
    let answer = tokio::time::timeout(CALL_TIMEOUT, client.request(request)).await;
    match answer {
        Ok(Ok(response)) => {
            let header = response.headers().get("x-oauth-scopes").and_then(|v| v.to_str().ok());
            Ok(header.map(|all| all.split(',').map(|s| s.trim().to_string()).filter(|s| !s.is_empty()).collect()))
        }
        Ok(Err(e)) => Err(connection(Some(&e))),
        Err(_) => Err(Trouble::Unclear("Slack did not answer in time".to_string())),
    }
}

fn token(secret: &SecretString) -> SlackApiToken {
    SlackApiToken::new(secret.expose_secret().into())
}

/// Codes by which Slack says that a token is not valid (any more).
pub fn is_invalid(code: &str) -> bool {
    ["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "team_access_not_granted"]
        .contains(&code)
}

fn param(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn trouble(e: SlackClientError) -> Trouble {
    match e {
        SlackClientError::ApiError(e) if e.code == "ratelimited" => Trouble::RateLimited { after_s: 30 },
        SlackClientError::ApiError(e) => Trouble::Api { code: quoted(&e.code) },
        SlackClientError::RateLimitError(e) => {
            Trouble::RateLimited { after_s: e.retry_after.map_or(30, |d| d.as_secs() as i64) }
        }
        SlackClientError::HttpError(e) if e.status_code.is_server_error() => {
            Trouble::Unclear(format!("Slack answered with status {}", e.status_code.as_u16()))
        }
        SlackClientError::HttpError(e) => Trouble::Unclear(format!(
            "what answered with status {} is not Slack's API: look at [slack] api_url",
            e.status_code.as_u16()
        )),
        SlackClientError::ProtocolError(_) => Trouble::Unclear("Slack's answer cannot be read".to_string()),
        SlackClientError::HttpProtocolError(e) => connection(e.cause.as_deref()),
        SlackClientError::SystemError(e) => connection(e.cause.as_deref()),
        SlackClientError::EndOfStream(_) | SlackClientError::SocketModeProtocolError(_) => {
            Trouble::Unclear("the connection to Slack was cut".to_string())
        }
    }
}

/// Whether anything can have arrived: a connection that was never made took nothing along.
fn connection(cause: Option<&(dyn std::error::Error + Send + Sync + 'static)>) -> Trouble {
    let mut source: Option<&(dyn std::error::Error + 'static)> = cause.map(|c| c as _);
    while let Some(e) = source {
        if let Some(e) = e.downcast_ref::<hyper_util::client::legacy::Error>() {
            return match e.is_connect() {
                true => Trouble::Away("Slack cannot be reached".to_string()),
                false => Trouble::Unclear("the connection to Slack was cut".to_string()),
            };
        }
        source = e.source();
    }
    Trouble::Unclear("the connection to Slack was cut".to_string())
}

fn quoted(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "_.-: ".contains(*c)).take(QUOTED_CHARS_MAX).collect()
}

impl Trouble {
    pub fn code(&self) -> Option<&str> {
        match self {
            Trouble::Api { code } => Some(code),
            _ => None,
        }
    }

    /// One sentence without a full stop, with what to do where somebody can do something.
    pub fn why(&self) -> String {
        match self {
            Trouble::Api { code } => match advice(code) {
                Some(advice) => format!("Slack says {code}: {advice}"),
                None => format!("Slack says {code}"),
            },
            Trouble::RateLimited { after_s } => format!("Slack wants no more calls for {after_s} s"),
            Trouble::Away(why) | Trouble::Unclear(why) | Trouble::Gone(why) => why.clone(),
        }
    }

    /// As the outbox has it. What somebody must change first is tried no more; everything unknown may pass.
    pub fn outcome(&self) -> Outcome {
        let why = self.why();
        match self {
            Trouble::Api { code } if passes(code) => Outcome::Retry { after_s: None, why, maybe_arrived: false },
            Trouble::Api { .. } => Outcome::Never { why },
            Trouble::RateLimited { after_s } => Outcome::Retry { after_s: Some(*after_s), why, maybe_arrived: false },
            Trouble::Away(_) => Outcome::Retry { after_s: None, why, maybe_arrived: false },
            Trouble::Unclear(_) => Outcome::Retry { after_s: None, why, maybe_arrived: true },
            // With a time, so that other workspaces do not wait for this one.
            Trouble::Gone(_) => Outcome::Retry { after_s: Some(GONE_S), why, maybe_arrived: false },
        }
    }
}

/// Codes of Slack's own trouble.
fn passes(code: &str) -> bool {
    [
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "rate_limited",
        "accesslimited",
        "message_limit_exceeded",
    ]
    .contains(&code)
}

fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            "the token is not valid (any more); install the app again, at /slack/install or in Slack's settings of the app \
             (then put its token into [slack])"
        }
        "missing_scope" | "no_permission" => {
            "the app lacks a scope; compare it with config/slack-manifest.yaml and install it again"
        }
        "not_allowed_token_type" => {
            "this token is of the wrong kind; bot_token begins with xoxb-, app_token with xapp-"
        }
        "channel_not_found" => "there is no such channel, or the app is not in it; invite it with /invite",
        "not_in_channel" => "the app is not in this channel; invite it with /invite",
        "is_archived" => "the channel is archived; unarchive it to go on there",
        "restricted_action" | "restricted_action_read_only_channel" | "restricted_action_thread_only_channel" => {
            "a preference of the workspace forbids it; ask its administrators"
        }
        "invalid_blocks" | "invalid_blocks_format" | "msg_too_long" => "it refuses the message; tell your operator",
        "too_many_pins" => "the channel has as many pins as Slack allows; remove some",
        "user_not_found" | "user_disabled" => {
            "this person is not (any more) in the workspace; correct [people.NAME] slack"
        }
        _ => return None,
    })
}
