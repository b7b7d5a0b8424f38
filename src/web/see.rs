//! What somebody may see: private incidents exist only for the people in them and for administrators. To everybody
//! else they are not there, in the same words as those that never were.

use super::WebState;
use super::auth::Viewer;
use super::error::{No, read_failed};
use crate::store::IncidentRow;
use firebell_domain::event::IncidentEvent;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;

/// Rows that are read at once while looking for those that may be seen.
const ROUND: i64 = 200;
/// Rounds of it: somebody who may see next to nothing of 4,000 incidents is shown what was found until then.
const ROUNDS_MAX: usize = 20;

impl WebState {
    pub async fn incident_for(&self, id: IncidentId, viewer: &Viewer) -> Result<Incident, No> {
        let loaded = self.app().store().incident(id).await.map_err(read_failed)?;
        loaded.map(|l| l.incident).filter(|i| viewer.may_see(i)).ok_or_else(|| No::no_such_incident(&id.to_string()))
    }

    /// Before a change: the same answer for what is not there and what is not theirs. Public ones are remembered,
    /// so that a busy incident costs one read.
    pub async fn must_see(&self, id: IncidentId, viewer: &Viewer) -> Result<(), No> {
        if self.known_public(id.0) {
            return Ok(());
        }
        let incident = self.incident_for(id, viewer).await?;
        if !incident.private {
            self.learn_public(id.0);
        }
        Ok(())
    }

    pub async fn may_see_row(&self, row: &IncidentRow, viewer: &Viewer) -> Result<bool, No> {
        if !row.private || viewer.admin {
            return Ok(true);
        }
        let loaded = self.app().store().incident(row.id).await.map_err(read_failed)?;
        Ok(loaded.is_some_and(|l| viewer.may_see(&l.incident)))
    }

    /// Open incidents, worst and oldest first. Public ones are looked up by themselves, so that however many private
    /// ones there are, they take nobody's places.
    pub async fn open_for(&self, viewer: &Viewer, limit: usize) -> Result<Vec<IncidentRow>, No> {
        let public = self.app().store().open_public_incidents(limit as i64).await.map_err(read_failed)?;
        let all = self.app().store().open_incidents(limit as i64 + ROUND).await.map_err(read_failed)?;
        let mut seen = public;
        for row in all.into_iter().filter(|r| r.private) {
            if self.may_see_row(&row, viewer).await? {
                seen.push(row);
            }
        }
        seen.sort_by_key(|r| (r.severity_rank, r.declared_at, r.id));
        seen.truncate(limit);
        Ok(seen)
    }

    /// Incidents with a smaller number than `before`, newest first; `ended` leaves out those that are open.
    pub async fn recent_for(
        &self,
        viewer: &Viewer,
        before: IncidentId,
        ended: bool,
        limit: usize,
    ) -> Result<Vec<IncidentRow>, No> {
        let (mut seen, mut before) = (Vec::new(), before);
        for _ in 0..ROUNDS_MAX {
            let rows = self.app().store().incidents_before(before, ROUND).await.map_err(read_failed)?;
            let whole = rows.len() as i64 == ROUND;
            for row in rows {
                before = row.id;
                if (ended && row.ended_at.is_none()) || !self.may_see_row(&row, viewer).await? {
                    continue;
                }
                seen.push(row);
                if seen.len() == limit {
                    return Ok(seen);
                }
            }
            if !whole {
                break;
            }
        }
        Ok(seen)
    }

    /// The whole log of an incident that has been checked already.
    pub async fn whole_log(&self, id: IncidentId) -> Result<Vec<IncidentEvent>, No> {
        self.app().store().log(id).await.map_err(read_failed)
    }
}

/// An incident as an address names it.
pub fn id_of(written: &str) -> Result<IncidentId, No> {
    IncidentId::parse(written).ok_or_else(|| No::no_such_incident(written))
}
