//! Which runbook an incident is about. Decides nothing else.

use super::{Program, Source};
use firebell_domain::directory::Directory;
use firebell_domain::id::ServiceId;
use firebell_domain::incident::Incident;
use firebell_domain::playbook::Walk;

/// What of an incident says which runbook it is about: little enough to be kept in memory for every open one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Of its severity.
    pub system: Option<String>,
    pub service: Option<ServiceId>,
    pub walk: Option<Walk>,
}

impl About {
    pub fn of(incident: &Incident) -> About {
        About {
            system: incident.severity.system.clone(),
            service: incident.service.clone(),
            walk: incident.walk.clone(),
        }
    }

    /// Whose playbook is followed, else whose severity it has, else whose service it is about.
    pub fn system(&self, program: &Program, directory: &Directory) -> Option<String> {
        let followed = self.walk.as_ref().map(|w| w.playbook.system.clone());
        let by_severity = self.system.as_ref().filter(|s| program.of(s).is_some()).cloned();
        let by_service = || directory.system_of(self.service.as_ref()).map(str::to_string);
        followed.or(by_severity).or_else(by_service)
    }

    /// The runbook; the only one where nothing says which. `Err`: the system that has none.
    pub fn source<'a>(&self, program: &'a Program, directory: &Directory) -> Result<&'a Source, Option<String>> {
        let system = self.system(program, directory);
        let found = match &system {
            Some(system) => program.of(system),
            None => program.sources.first().filter(|_| program.sources.len() == 1),
        };
        found.ok_or(system)
    }
}
