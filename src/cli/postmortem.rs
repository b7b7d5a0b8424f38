//! `postmortem`: the draft, read beside a running bot.

use super::End;
use crate::compose;
use crate::config::{Config, TEMPLATE_BYTES_MAX};
use crate::notice::template::{self, Markup};
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
    /// In whose manner: default, google, pagerduty or atlassian; the name of a template of your own (of the configured
    /// folder), or the path of one
    #[arg(long, value_name = "NAME|FILE", default_value = "default")]
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
        let template = self.template(config)?;
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
        let text = match (self.format, template) {
            (DraftFormat::Json, _) => {
                postmortem::to_json(&draft).map(|t| t + "\n").map_err(|e| End::Sentence(format!("{id}: {e}")))?
            }
            (DraftFormat::Md, Template::Layout(layout)) => postmortem::to_markdown(&draft, layout, zone),
            (DraftFormat::Html, Template::Layout(layout)) => postmortem::to_html(&draft, layout, zone),
            (format, Template::Own(name, source)) => {
                let markup = Markup::of(matches!(format, DraftFormat::Html));
                template::postmortem(&name, &source, markup, draft, zone).map_err(End::Sentence)?
            }
        };
        print!("{text}");
        Ok(())
    }

    /// A layout of ours by its name, or a file.
    fn template(&self, config: &Config) -> Result<Template, End> {
        if let Some(layout) = Layout::parse(&self.template) {
            return Ok(Template::Layout(layout));
        }
        let path = &self.template;
        let html = matches!(self.format, DraftFormat::Html);
        let named = || config.templates.iter().filter(|t| t.name == *path);
        if let Some(own) = named().find(|t| t.html == html) {
            return Ok(Template::Own(own.file.display().to_string(), own.source.clone()));
        }
        if let Some(other) = named().next() {
            let format = if other.html { "html" } else { "md" };
            return Err(End::Sentence(format!("--template {path} writes --format {format} only.")));
        }
        let no = |why: String| {
            let known: Vec<&str> = config.templates.iter().map(|t| t.name.as_str()).collect();
            let known = [&Layout::ALL.map(Layout::as_str)[..], &known].concat().join(", ");
            End::Sentence(format!("--template {path}: {why}. Write one of {known}, or the path of a template."))
        };
        let size = std::fs::metadata(path).map_err(|e| no(e.to_string()))?.len();
        if size > TEMPLATE_BYTES_MAX {
            return Err(no(format!("the file has {size} bytes, more than {TEMPLATE_BYTES_MAX}")));
        }
        std::fs::read_to_string(path).map(|source| Template::Own(path.clone(), source)).map_err(|e| no(e.to_string()))
    }
}

enum Template {
    Layout(Layout),
    /// Its path and its text.
    Own(String, String),
}
