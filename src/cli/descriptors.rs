//! How many files and connections the process may have open. The usual soft limit of 1,024 is there for programs of
//! another age; below `CONNECTIONS_MAX` an alert storm would find no socket.

use firebell_domain::limits::CONNECTIONS_MAX;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that the rest of the process needs: the database, the pagers' connections, logs.
const OWN: u64 = 256;

/// Raises the soft limit to the hard one and says what is in effect.
pub fn raise() {
    let before = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: before.maximum, maximum: before.maximum };
    if before.current != before.maximum
        && let Err(e) = setrlimit(Resource::Nofile, wanted)
    {
        tracing::warn!("the limit of open files could not be raised: {e}");
    }
    let now = getrlimit(Resource::Nofile).current;
    match now {
        None => tracing::info!("any number of files and connections may be open"),
        Some(now) => {
            tracing::info!("{now} files and connections may be open, before the start it was {}", said(before.current))
        }
    }
    let needed = CONNECTIONS_MAX as u64 + OWN;
    if now.is_some_and(|now| now < needed) {
        tracing::warn!("fewer than the {needed} that a storm may need: raise the hard limit (LimitNOFILE= in systemd)");
    }
}

fn said(limit: Option<u64>) -> String {
    limit.map_or("unlimited".to_string(), |n| n.to_string())
}
