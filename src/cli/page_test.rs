//! `page-test`: a marked test page on each of a person's channels, with each channel's own answer.

use super::{End, Format};
use crate::compose;
use crate::config::Config;
use crate::engine::ports::{Outcome, Sending, SendingKind};
use crate::notice;
use clap::Args;
use firebell_domain::id::PersonId;
use serde_json::json;

#[derive(Args)]
pub struct PageTest {
    /// The person's name, as in [people.NAME]
    person: String,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl PageTest {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let name = self.person.trim_start_matches('@');
        let id = PersonId::from(name);
        let Some(person) = config.people.get(&id) else {
            eprintln!("Nobody is called @{name}. People are listed under [people] in the configuration.");
            return Err(End::No);
        };
        let url = config.public_url(config.listen);
        let pagers = compose::pagers(config, &url)?;
        let methods = &person.person.contact_methods;
        if methods.is_empty() {
            eprintln!("@{name} has no contact method. Add [[people.{name}.contact]] to the configuration.");
            return Err(End::No);
        }
        let mut all_well = true;
        let mut rows = Vec::new();
        for channel in methods {
            let nonce = firebell_domain::chain::hex(&compose::random::<6>()?);
            let mut message = notice::test_page_message(&person.person.name, channel, &url);
            message.thread = format!("firebell-test-{nonce}");
            let sending = Sending {
                incident: None,
                parts: Vec::new(),
                idempotency_key: message.thread.clone(),
                claim_seq: 0,
                attempt: 1,
                maybe_repeated: false,
                person: Some(id.clone()),
                kind: SendingKind::Test,
                message,
            };
            let (well, said) = match pagers.get(channel) {
                None => (false, "is not configured".to_string()),
                Some(pager) => match pager.send(&sending).await {
                    Outcome::Done { receipt: Some(receipt) } => (true, format!("sent, receipt {receipt}")),
                    Outcome::Done { receipt: None } => (true, "sent".to_string()),
                    Outcome::Retry { why, .. } => (false, format!("not sent now, may work later: {why}")),
                    Outcome::Never { why } => (false, format!("does not work: {why}")),
                },
            };
            all_well &= well;
            if self.format == Format::Text {
                println!("{channel}: {said}");
            }
            rows.push(json!({ "channel": channel, "sent": well, "answer": said }));
        }
        if self.format == Format::Json {
            println!("{:#}", json!({ "person": name, "channels": rows }));
        }
        if all_well { Ok(()) } else { Err(End::No) }
    }
}
