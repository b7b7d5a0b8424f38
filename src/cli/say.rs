//! `say` and `invite`: speak to a running bot over its own API, with the local token.

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

fn message(answer: &Value) -> &str {
    answer.pointer("/error/message").and_then(Value::as_str).unwrap_or("The bot answered something unexpected.")
}

async fn post(config: &Config, path: &str, body: &Value) -> Result<(u16, Value), End> {
    let url = base_url(config);
    let token = compose::local_token(config, false)?;
    let client = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(15)).build();
    let client = client.map_err(|e| End::Sentence(format!("no HTTP client: {e}")))?;
    let request = client.post(format!("{url}{path}")).bearer_auth(token.expose_secret()).json(body);
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
