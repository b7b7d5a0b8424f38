//! Which of several replicas has the gateway's connection: every session hears every event, so two would answer twice. It
//! is a row that the holder renews; when it is no longer renewed another replica takes over. An embedded database has one
//! process, which needs none. Knows nothing of the connection itself.

use super::Discord;
use crate::clock;
use std::time::{Duration, Instant};
use tokio::sync::watch;

const NAME: &str = "discord.gateway";

pub struct Lease {
    /// `None`: there is nobody to share with.
    holder: Option<String>,
    renewed_at: Option<Instant>,
}

impl Lease {
    pub fn new(discord: &Discord) -> Lease {
        let mut random = [0_u8; 8];
        // Without randomness it is a name all the same: two processes do not have the same number on one machine.
        let _ = getrandom::fill(&mut random);
        let name = format!("{}-{}", std::process::id(), firebell_domain::chain::hex(&random));
        Lease { holder: discord.app().store().is_postgres().then_some(name), renewed_at: None }
    }

    /// Waits until it is ours; false where it is to stop first.
    pub async fn is_ours(&mut self, discord: &Discord, stop: &mut watch::Receiver<bool>) -> bool {
        let mut said = false;
        while !*stop.borrow() {
            match self.ask(discord).await {
                Ok(true) => return true,
                Ok(false) => {
                    discord.gateway_stands_by();
                    if !std::mem::replace(&mut said, true) {
                        tracing::info!("another replica is connected to Discord's gateway: this one stands by");
                    }
                }
                Err(why) => discord.gateway_down(&why),
            }
            tokio::select! {
                () = tokio::time::sleep(discord.watch.lease / 5) => {}
                _ = stop.changed() => {}
            }
        }
        false
    }

    /// Renews it when a third of it has passed. One that could not be renewed in time is somebody else's.
    pub async fn is_kept(&mut self, discord: &Discord) -> bool {
        let age = self.renewed_at.map_or(Duration::MAX, |at| at.elapsed());
        if self.holder.is_none() || age < discord.watch.lease / 3 {
            return true;
        }
        match self.ask(discord).await {
            Ok(ours) => ours,
            // The database may come back before it has run out; nobody else can take it meanwhile.
            Err(_) => age < discord.watch.lease * 4 / 5,
        }
    }

    async fn ask(&mut self, discord: &Discord) -> Result<bool, String> {
        let Some(holder) = &self.holder else { return Ok(true) };
        let asked_at = clock::instant();
        let now = discord.app().clock().now();
        let until = now.plus_us(i64::try_from(discord.watch.lease.as_micros()).unwrap_or(i64::MAX));
        let store = discord.app().store();
        let asked = store.hold_lease(NAME, holder, now, until);
        // Shorter than what is left of it at its renewal, so that a hanging database costs the connection in time.
        match tokio::time::timeout(discord.watch.lease / 3, asked).await {
            Ok(Ok(ours)) => {
                self.renewed_at = ours.then_some(asked_at);
                Ok(ours)
            }
            Ok(Err(fault)) => Err(format!("whose the connection is, is not known ({})", fault.logged().id)),
            Err(_) => Err("whose the connection is, is not known: the database does not answer".to_string()),
        }
    }

    /// At a clean end nobody has to wait for it to run out.
    pub async fn give_back(self, discord: &Discord) {
        if let Some(holder) = &self.holder
            && self.renewed_at.is_some()
        {
            let store = discord.app().store();
            let back = store.give_lease_back(NAME, holder);
            if !matches!(tokio::time::timeout(discord.watch.lease / 5, back).await, Ok(Ok(()))) {
                tracing::info!("the lease of Discord's gateway runs out by itself");
            }
        }
    }
}
