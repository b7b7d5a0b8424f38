//! Which incident a command is about, and whether the speaker may know that it exists. A private incident is there
//! only for those in it and for admins; to everybody else it is as if it did not exist. Reads; changes nothing.

use super::spec::Spec;
use super::words::shown;
use super::{Line, Speaker};
use crate::app::{ActError, App};
use crate::store::IncidentRow;
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::incident::Incident;
use firebell_domain::refusal::Refusal;
use firebell_domain::time::Timestamp;

/// Open incidents that one answer looks through; more is a storm, in which nobody reads a list to its end.
const OPEN_MAX: i64 = 200;
/// Incidents that the list of all looks through.
const RECENT_MAX: i64 = 50;
/// Private incidents that are loaded for one answer to see who is in them. What lies beyond is not shown.
const PRIVATE_LOADS_MAX: usize = 50;
/// Characters of a command that is offered again with an incident's number before it.
const OFFERED_CHARS_MAX: usize = 60;

/// Whether somebody may see an incident: it is not private, or they are in it (whoever is paged is).
pub fn may_see(incident: &Incident, person: &PersonId, admin: bool) -> bool {
    !incident.private || admin || incident.involves(person)
}

/// An incident by its number.
pub async fn one(app: &App, speaker: &Speaker, id: IncidentId) -> Result<Incident, ActError> {
    let found = app.store().incident(id).await?.map(|l| l.incident);
    // A named API token stands for a program, whoever it speaks as, and no private incident is a program's.
    let program = speaker.via.starts_with("api:");
    let seen = found.filter(|i| may_see(i, &speaker.person, speaker.admin) && !(program && i.private));
    seen.ok_or_else(|| Refusal::NoSuchIncident { id }.into())
}

/// The open ones, worst and oldest first.
pub async fn open(app: &App, speaker: &Speaker) -> Result<Vec<IncidentRow>, ActError> {
    // Public ones by themselves: however many private ones there are, they take nobody's places.
    let mut rows = app.store().open_public_incidents(OPEN_MAX).await?;
    let private = app.store().open_incidents(OPEN_MAX).await?.into_iter().filter(|r| r.private).collect();
    rows.extend(seen(app, speaker, private).await?);
    rows.sort_by_key(|r| (r.severity_rank, r.declared_at, r.id));
    rows.truncate(OPEN_MAX as usize);
    Ok(rows)
}

/// The ones declared last, newest first, whether open or not.
pub async fn recent(app: &App, speaker: &Speaker) -> Result<Vec<IncidentRow>, ActError> {
    let mut rows = app.store().recent_public_incidents(Timestamp(i64::MAX), RECENT_MAX).await?;
    let private = app.store().recent_incidents(Timestamp(i64::MAX), RECENT_MAX).await?;
    rows.extend(seen(app, speaker, private.into_iter().filter(|r| r.private).collect()).await?);
    rows.sort_by_key(|r| std::cmp::Reverse((r.declared_at, r.id)));
    rows.truncate(RECENT_MAX as usize);
    Ok(rows)
}

async fn seen(app: &App, speaker: &Speaker, rows: Vec<IncidentRow>) -> Result<Vec<IncidentRow>, ActError> {
    let mut out = Vec::with_capacity(rows.len());
    let mut loads = 0;
    for row in rows {
        if row.private && !speaker.admin {
            loads += 1;
            if loads > PRIVATE_LOADS_MAX || one(app, speaker, row.id).await.is_err() {
                continue;
            }
        }
        out.push(row);
    }
    Ok(out)
}

/// The named incident, else the room's, else the only open one; else nothing is done and the open ones are offered.
pub async fn which(app: &App, speaker: &Speaker, spec: &Spec, line: &Line) -> Result<Incident, ActError> {
    if let Some(id) = line.incident {
        return one(app, speaker, id).await;
    }
    let rows = open(app, speaker).await?;
    match rows.as_slice() {
        [only] => one(app, speaker, only.id).await,
        [] if spec.after_end => Err(last_ended(app, speaker, spec).await?.into()),
        [] => Err(Refusal::NoOpenIncident { verb: spec.doing.to_string() }.into()),
        _ => {
            let verb = again(spec, line);
            let open = rows.iter().map(|r| (r.id, shown(&r.title))).collect();
            Err(Refusal::WhichIncident { open, verb }.into())
        }
    }
}

/// What was said, to be said again behind a number.
fn again(spec: &Spec, line: &Line) -> String {
    match line.rest.as_str() {
        "" => spec.verb.to_string(),
        rest if rest.contains('\n') || rest.chars().count() > OFFERED_CHARS_MAX => format!("{} …", spec.verb),
        rest => format!("{} {}", spec.verb, shown(rest)),
    }
}

/// A usage without what may be left out.
fn needed(usage: &str) -> &str {
    usage.split(" [").next().unwrap_or(usage)
}

async fn last_ended(app: &App, speaker: &Speaker, spec: &Spec) -> Result<Refusal, ActError> {
    let rows = recent(app, speaker).await?;
    let last = rows.iter().filter(|r| r.ended_at.is_some()).max_by_key(|r| (r.ended_at, r.id));
    Ok(match last {
        None => Refusal::NoOpenIncident { verb: spec.doing.to_string() },
        Some(r) => Refusal::Usage {
            problem: format!("No incident is open. The last one that ended is {} ({}).", r.id, shown(&r.title)),
            usage: needed(spec.usage).replacen("/incident", &format!("/incident {}", r.id), 1),
        },
    })
}
