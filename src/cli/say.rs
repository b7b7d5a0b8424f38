//! `say`, `invite` and `sessions`: speak to a running bot over its own API, with the local token.

use super::{End, Format, base_url};
use crate::compose;
use crate::config::Config;
use clap::Args;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

#[derive(Args)]
pub struct Say {
    /// What to say, e.g. "/incident declare P1 checkout is down"
    text: String,
    /// Who says it [default: the name of the system's user]
    #[arg(long = "as", value_name = "USER")]
    who: Option<String>,
    /// In which incident's room, e.g. INC-42 [default: none]
    #[arg(long)]
    room: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Say {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let who = self.who.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "operator".to_string());
        let body = json!({ "as": who, "room": self.room, "text": self.text });
        let (status, answer) = post(config, "/api/v1/say", &body).await?;
        match self.format {
            Format::Json => println!("{answer:#}"),
            Format::Text => match answer.get("text").and_then(Value::as_str) {
                Some(text) => println!("{text}"),
                None => eprintln!("{}", message(&answer)),
            },
        }
        if (200..300).contains(&status) { Ok(()) } else { Err(End::No) }
    }
}

#[derive(Args)]
pub struct Invite {
    /// The person's name, as in [people.NAME]
    user: String,
    /// May invite others and see private incidents
    #[arg(long)]
    admin: bool,
}

impl Invite {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let body = json!({ "person": self.user.trim_start_matches('@'), "admin": self.admin });
        let (status, answer) = post(config, "/api/v1/invitations", &body).await?;
        match answer.get("url").and_then(Value::as_str) {
            Some(url) if (200..300).contains(&status) => {
                println!("{url}\n\nThe link signs {} in once, within 24 hours.", self.user);
                Ok(())
            }
            _ => {
                eprintln!("{}", message(&answer));
                Err(End::No)
            }
        }
    }
}

#[derive(Args)]
pub struct Sessions {
    /// Whose [default: everybody's]
    user: Option<String>,
    /// Ends all of theirs, or the one with this id; their open pages stop at once
    #[arg(long, value_name = "ID", num_args = 0..=1, requires = "user")]
    end: Option<Option<String>>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Sessions {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let user = self.user.as_deref().map(|u| u.trim_start_matches('@').to_string());
        let (status, answer) = match (&user, &self.end) {
            (Some(user), Some(id)) => {
                let who = std::env::var("USER").ok();
                post(config, "/api/v1/sessions/end", &json!({ "person": user, "id": id, "as": who })).await?
            }
            (Some(user), None) => get(config, "/api/v1/sessions", &[("person", user)]).await?,
            (None, _) => get(config, "/api/v1/sessions", &[]).await?,
        };
        if !(200..300).contains(&status) {
            eprintln!("{}", message(&answer));
            return Err(End::No);
        }
        let ended = answer.get("ended").and_then(Value::as_u64);
        match self.format {
            Format::Json => println!("{answer:#}"),
            Format::Text => match (ended, user) {
                (Some(n), Some(user)) => println!("{}", after_end(&user, n, &answer)),
                (_, user) => print!("{}", listed(&answer, user.as_deref())),
            },
        }
        // Nothing was there to end.
        let nothing = ended == Some(0) && answer.get("links_withdrawn").and_then(Value::as_u64) == Some(0);
        if nothing { Err(End::No) } else { Ok(()) }
    }
}

fn after_end(user: &str, ended: u64, answer: &Value) -> String {
    let links = answer.get("links_withdrawn").and_then(Value::as_u64).unwrap_or(0);
    let links = match links {
        0 => String::new(),
        1 => " One link that was not used yet works no more.".to_string(),
        n => format!(" {n} links that were not used yet work no more."),
    };
    match (ended, links.is_empty()) {
        (0, true) => format!("{user} has no such session. \"firebell sessions {user}\" lists what there is."),
        (0, false) => format!("{user} was signed in nowhere.{links}"),
        (1, _) => format!("{user}: one session is over, and its open pages.{links}"),
        (n, _) => format!("{user}: {n} sessions are over, and their open pages.{links}"),
    }
}

fn listed(answer: &Value, user: Option<&str>) -> String {
    let rows = answer.get("sessions").and_then(Value::as_array).cloned().unwrap_or_default();
    if rows.is_empty() {
        let who = user.unwrap_or("Nobody");
        let nowhere = if user.is_some() { "signed in nowhere" } else { "signed in" };
        return format!("{who} is {nowhere}. A link for somebody: firebell invite NAME\n");
    }
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    let line = |row: &Value| {
        let admin = if row.get("admin").and_then(Value::as_bool) == Some(true) { ", administrator" } else { "" };
        let (person, browser, since) = (text(row, "person"), text(row, "browser"), text(row, "signed_in_at"));
        format!("{}  {person}{admin}  {browser}  since {}\n", text(row, "id"), since.get(..16).unwrap_or(&since))
    };
    rows.iter().map(line).collect()
}

fn message(answer: &Value) -> &str {
    answer.pointer("/error/message").and_then(Value::as_str).unwrap_or("The bot answered something unexpected.")
}

async fn post(config: &Config, path: &str, body: &Value) -> Result<(u16, Value), End> {
    ask(config, |client, url| client.post(format!("{url}{path}")).json(body)).await
}

async fn get(config: &Config, path: &str, query: &[(&str, &str)]) -> Result<(u16, Value), End> {
    ask(config, |client, url| {
        let query = query.iter().map(|(name, value)| {
            format!("{name}={}", url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>())
        });
        client.get(format!("{url}{path}?{}", query.collect::<Vec<_>>().join("&")))
    })
    .await
}

async fn ask(
    config: &Config,
    request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
) -> Result<(u16, Value), End> {
    let url = base_url(config);
    let token = compose::local_token(config, false)?;
    let client = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(15)).build();
    let client = client.map_err(|e| End::Sentence(format!("no HTTP client: {e}")))?;
    let request = request(&client, &url).bearer_auth(token.expose_secret());
    let response = request.send().await.map_err(|e| {
        let why = if e.is_connect() { "nothing listens there" } else { "it does not answer" };
        End::Sentence(format!(
            "No bot at {url}: {why}. Start it with \"firebell serve\", or name its configuration with --config."
        ))
    })?;
    let status = response.status().as_u16();
    let answer = response
        .json()
        .await
        .map_err(|_| End::Sentence(format!("What listens at {url} is not Firebell (status {status}).")))?;
    Ok((status, answer))
}
