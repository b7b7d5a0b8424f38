//! `postmortem`: the draft, read beside a running bot.

use super::End;
use crate::compose;
use crate::config::Config;
use crate::store::Mode;
use clap::{Args, ValueEnum};
use firebell_domain::id::IncidentId;
use firebell_domain::limits;
use firebell_domain::postmortem::{self, Layout, Zone};

#[derive(Args)]
pub struct Postmortem {
    /// Which incident, e.g. INC-42
    incident: String,
    #[arg(long, value_enum, default_value = "md")]
    format: DraftFormat,
    /// In whose manner: default, google, pagerduty or atlassian; every one has every fact
    #[arg(long, value_name = "NAME", default_value = "default")]
    template: String,
    /// The zone of its times, e.g. Europe/Madrid; UTC stands beside
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum DraftFormat {
    Md,
    Html,
    Json,
}

impl Postmortem {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let Some(id) = IncidentId::parse(&self.incident) else {
            return Err(End::Sentence(format!("\"{}\" is no incident. Write INC-42.", self.incident)));
        };
        let Some(layout) = Layout::parse(&self.template) else {
            let known = Layout::ALL.map(Layout::as_str).join(", ");
            return Err(End::Sentence(format!("There is no template \"{}\". There are {known}.", self.template)));
        };
        let Some(zone) = Zone::parse(&self.zone) else {
            return Err(End::Sentence(format!("--zone \"{}\" is no time zone. Write Europe/Madrid.", self.zone)));
        };
        let (store, _lock) = compose::open(config, Mode::Read).await?;
        let events = store.events(id, 0, limits::EVENTS_PER_INCIDENT_MAX).await;
        let events = events.map_err(|f| End::Sentence(f.chain))?;
        if events.is_empty() {
            eprintln!("There is no {id}.");
            return Err(End::No);
        }
        let draft = postmortem::draft(&events)
            .map_err(|e| End::Sentence(format!("{id}: {e}. Run \"firebell audit verify\".")))?;
        match self.format {
            DraftFormat::Md => print!("{}", postmortem::to_markdown(&draft, layout, zone)),
            DraftFormat::Html => print!("{}", postmortem::to_html(&draft, layout, zone)),
            DraftFormat::Json => match postmortem::to_json(&draft) {
                Ok(json) => println!("{json}"),
                Err(e) => return Err(End::Sentence(format!("{id}: {e}"))),
            },
        }
        Ok(())
    }
}
