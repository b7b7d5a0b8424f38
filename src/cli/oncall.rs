//! `oncall`: who is on call, from the configuration and the stand-ins in the database.

use super::{End, Format};
use crate::compose;
use crate::config::Config;
use crate::store::Mode;
use clap::Args;
use firebell_domain::time::Timestamp;
use serde_json::json;

#[derive(Args)]
pub struct Oncall {
    /// One schedule [default: all]
    schedule: Option<String>,
    /// When, as RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Oncall {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let at = match &self.at {
            None => crate::clock::system_now(),
            Some(text) => chrono::DateTime::parse_from_rfc3339(text)
                .map(|t| Timestamp::from(t.with_timezone(&chrono::Utc)))
                .map_err(|_| End::Sentence(format!("--at \"{text}\" is no time. Write 2026-12-24T18:00:00Z.")))?,
        };
        let mut directory = config.directory();
        // Stand-ins live in the database; before the first start there is none, and none are there.
        let missing = config.sqlite_path().is_some_and(|p| !p.exists());
        if !missing {
            let (store, _lock) = compose::open(config, Mode::Read).await?;
            let stand_ins = store.overrides(at).await.map_err(|f| End::Sentence(f.chain))?;
            for (schedule, stand_in) in stand_ins {
                if let Some(s) = directory.schedules.get_mut(&schedule.as_str().into()) {
                    s.overrides.push(stand_in);
                }
            }
        }
        if let Some(name) = &self.schedule {
            directory.schedules.retain(|id, _| id.as_str() == name);
            if directory.schedules.is_empty() {
                eprintln!("There is no schedule \"{name}\". \"firebell oncall\" lists all.");
                return Err(End::No);
            }
        }
        if directory.schedules.is_empty() {
            println!("No schedule is configured. Add [schedules.NAME] to the configuration.");
        }
        let mut rows = Vec::new();
        for (id, schedule) in &directory.schedules {
            let shift = schedule.shift_at(at);
            match (&shift, self.format) {
                (Some(s), Format::Text) => {
                    let zone = schedule.rotation.zone;
                    let until = s.to.utc().with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z");
                    println!("{id}: @{} until {until}", s.person);
                }
                (None, Format::Text) => println!("{id}: nobody"),
                (_, Format::Json) => {}
            }
            rows.push(json!({
                "schedule": id, "person": shift.as_ref().map(|s| &s.person),
                "from": shift.as_ref().map(|s| s.from.rfc3339()), "until": shift.as_ref().map(|s| s.to.rfc3339()),
                "stands_in": shift.as_ref().map(|s| s.overridden),
            }));
        }
        if self.format == Format::Json {
            println!("{:#}", json!({ "at": at.rfc3339(), "schedules": rows }));
        }
        Ok(())
    }
}
