//! `audit verify` and `audit rebuild`: is the log whole, and does everything else follow from it?

use super::{End, Format};
use crate::app::audit as check;
use crate::compose::{self, CHECKPOINT_FILE};
use crate::config::Config;
use crate::store::Mode;
use clap::{Args, Subcommand};
use firebell_domain::timeline::words::counted;
use serde_json::json;

#[derive(Subcommand)]
pub enum Audit {
    /// Checks the hash chain of the event log and its checkpoints
    #[command(
        after_help = "Example:\n  firebell audit verify --checkpoint \"$(tail -n 1 firebell.checkpoints | cut -d' ' -f3)\""
    )]
    Verify(Verify),
    /// Computes every other table from the log and names what differs; changes nothing unless told
    #[command(
        after_help = "Examples:\n  firebell audit rebuild\n  firebell audit rebuild --write      (the bot must not be running)"
    )]
    Rebuild(Rebuild),
}

#[derive(Args)]
pub struct Verify {
    /// A checkpoint's hash that you kept elsewhere: it must be in the log
    #[arg(long, value_name = "HASH")]
    checkpoint: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Args)]
pub struct Rebuild {
    /// Writes what the log says over what differs
    #[arg(long)]
    write: bool,
}

impl Audit {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        match self {
            Audit::Verify(v) => v.run(config).await,
            Audit::Rebuild(r) => r.run(config).await,
        }
    }
}

impl Verify {
    async fn run(self, config: &Config) -> Result<(), End> {
        let (store, _lock) = compose::open(config, Mode::Read).await?;
        let key = compose::audit_key(config, false)?;
        let log = config.data_file(CHECKPOINT_FILE);
        let report = check::verify(&store, &key, Some(&log), self.checkpoint.as_deref().map(str::trim)).await;
        let report = report.map_err(|f| End::Sentence(f.chain))?;
        let well = report.problems.is_empty();
        match self.format {
            Format::Json => println!(
                "{:#}",
                json!({
                    "ok": well, "incidents": report.incidents, "events": report.events,
                    "checkpoints": report.checkpoints, "last_checkpoint": report.last_mac,
                    "after_last_checkpoint": report.uncovered, "problems": report.problems,
                })
            ),
            Format::Text => {
                for p in &report.problems {
                    println!("{p}");
                }
                println!(
                    "{} {} of {}, {}; {} after the last one.",
                    if well { "The log is whole:" } else { "The log does not add up:" },
                    counted(report.events as usize, "event"),
                    counted(report.incidents, "incident"),
                    counted(report.checkpoints as usize, "checkpoint"),
                    match report.uncovered {
                        1 => "1 event lies".to_string(),
                        n => format!("{n} events lie"),
                    }
                );
                if let Some(mac) = &report.last_mac {
                    println!("Last checkpoint: {mac}");
                }
            }
        }
        if well { Ok(()) } else { Err(End::No) }
    }
}

impl Rebuild {
    async fn run(self, config: &Config) -> Result<(), End> {
        let mode = if self.write { Mode::Serve } else { Mode::Read };
        let (store, _lock) = compose::open(config, mode).await?;
        let differences = crate::app::rebuild::run(&store, self.write).await.map_err(|f| End::Sentence(f.chain))?;
        for d in differences.iter().take(100) {
            println!("{d}");
        }
        match (differences.len(), self.write) {
            (0, _) => println!("Everything follows from the log."),
            (n, true) => println!("{}, now written as the log says.", counted(n, "difference")),
            (n, false) => {
                println!("{}. \"firebell audit rebuild --write\" writes what the log says.", counted(n, "difference"));
                return Err(End::No);
            }
        }
        Ok(())
    }
}
