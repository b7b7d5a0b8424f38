//! `serve`: the bot itself.

use super::End;
use crate::compose::{self, CannotStart};
use crate::config::Config;
use crate::engine::{Engine, EngineState};
use crate::store::Mode;
use crate::telemetry;
use firebell_domain::chain::hex;
use firebell_domain::event::Actor;
use firebell_domain::org::OrgEvent;
use std::sync::Arc;
use tokio::sync::watch;

pub async fn serve(_config: Config) -> Result<(), End> {
    Ok(())
}
