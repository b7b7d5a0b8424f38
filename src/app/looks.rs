//! What a scheduled look found critical, or well again, told to incidents: by the engine in the name of the schedule, or by
//! a person who presses a button. Both say the same of one source, so it is declared once, whoever comes first.

use super::{Act, ActError, Acted, App, On};
use crate::fault::Fault;
use crate::program::reminders::Reminder;
use firebell_domain::decide::Declaration;
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::limits;
use firebell_domain::operation::{self, SOURCE, Word};
use firebell_domain::text::line_of_machine;

impl App {
    /// `None`: there is no severity to declare it with.
    pub async fn tell_of_look(&self, r: &Reminder, word: &Word, actor: Actor) -> Result<Option<Acted>, ActError> {
        let Some(what) = r.declaration(&self.directory()) else { return Ok(None) };
        let declaration = Declaration {
            title: line_of_machine(&r.title(&word.text), limits::TITLE_CHARS_MAX),
            severity: what.severity,
            service: what.service,
            private: false,
            because: None,
        };
        let on = On::Alerts(operation::delivery(&r.system, &r.name, word), declaration);
        self.act(Act { on, actor, once: None }).await.map(Some)
    }

    /// The incident that a look belongs to, or belonged to last.
    pub async fn incident_of_look(&self, r: &Reminder, word: &Word) -> Result<Option<IncidentId>, Fault> {
        self.inner.store.last_incident_of(SOURCE, &operation::delivery(&r.system, &r.name, word).group).await
    }

    /// Writes down that incidents have heard it. What shows it is brought up to date by the engine.
    pub async fn look_was_told(&self, r: &Reminder, word: &Word, incident: Option<IncidentId>) -> Result<(), Fault> {
        let told = |known: Option<&operation::State>| known.map(|known| operation::told(known, word, incident));
        let state = self.inner.store.change_operation(&r.system, &r.name, told).await?;
        self.saw_operation(r, state.as_ref());
        self.inner.nudge.notify_one();
        Ok(())
    }
}
