//! The command line: one binary, one file per group of subcommands. Exit status: 0 done, 1 the answer is no, 2 wrong
//! usage or configuration. Errors go to standard error and say what to do.

mod audit;
mod copies;
mod descriptors;
mod ingest_test;
mod oncall;
mod online;
mod page_test;
mod postmortem;
mod reload;
mod runbook;
mod say;
mod serve;

use crate::compose::CannotStart;
use crate::config::{self, Config, Loaded, Problem};
use crate::notice::template::{self, Markup};
use clap::{Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "firebell",
    version,
    about = "The incident bot that runs your team's own runbook",
    after_help = "First steps:\n  firebell serve                                          starts the bot and its room\n  firebell say \"/incident declare P1 checkout is down\"     declares an incident"
)]
struct Cli {
    /// Configuration file [default: config/firebell.toml, else the built-in defaults]
    #[arg(long, global = true, value_name = "FILE", env = "FIREBELL_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the bot: the room, the API, alert intake, paging
    #[command(
        after_help = "Example:\n  firebell serve --config /etc/firebell/firebell.toml\n\nSIGHUP puts a changed configuration in force without a restart; SIGTERM ends it in order."
    )]
    Serve,
    /// Speaks to a running bot, as the room's users do
    #[command(
        after_help = "Examples:\n  firebell say \"/incident declare P1 checkout is down\"\n  firebell say --as ana --room INC-42 \"ack\""
    )]
    Say(say::Say),
    /// Makes a one-time link with which a person signs in to the room
    #[command(after_help = "Example:\n  firebell invite ana --admin")]
    Invite(say::Invite),
    /// Lists who is signed in to the room, and ends sessions
    #[command(after_help = "Examples:\n  firebell sessions\n  firebell sessions ana --end")]
    Sessions(say::Sessions),
    /// Says who is on call
    #[command(after_help = "Examples:\n  firebell oncall\n  firebell oncall primary --at 2026-12-24T18:00:00Z")]
    Oncall(oncall::Oncall),
    /// Sends a marked test page on each of a person's channels
    #[command(after_help = "Example:\n  firebell page-test ana")]
    PageTest(page_test::PageTest),
    /// Shows where a body of an alert source would go, without sending it
    #[command(
        after_help = "Examples:\n  firebell ingest-test alertmanager body.json\n  firebell ingest-test alertmanager - < body.json"
    )]
    IngestTest(ingest_test::IngestTest),
    /// Prints the post-mortem draft of an incident
    #[command(after_help = "Example:\n  firebell postmortem INC-42 --format md > inc-42.md")]
    Postmortem(postmortem::Postmortem),
    /// Shows what was understood of a Markdown runbook, and what is only proposed
    #[command(subcommand)]
    Runbook(runbook::RunbookCommand),
    /// Checks the event log, or computes everything else from it again
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Checks the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Copies an embedded database while the bot runs
    #[command(after_help = "Example:\n  firebell backup /var/backups/firebell-monday.db")]
    Backup(copies::Backup),
    /// Puts a copy back; the bot must not be running
    #[command(after_help = "Example:\n  firebell restore /var/backups/firebell-monday.db")]
    Restore(copies::Restore),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Names every mistake with its line, and what is not mapped
    #[command(after_help = "Example:\n  firebell config check --config /etc/firebell/firebell.toml")]
    Check {
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        /// Also asks the chat platforms whether tokens, permissions, channels and user groups are right; sends nothing
        #[arg(long)]
        online: bool,
    },
}

/// How a subcommand ended, when not well.
pub enum End {
    /// 1: the answer is no, already printed.
    No,
    /// 2: wrong usage or configuration, already printed.
    Wrong,
    /// 2, with a sentence for standard error.
    Sentence(String),
}

impl From<CannotStart> for End {
    fn from(e: CannotStart) -> Self {
        End::Sentence(e.0)
    }
}

pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    // The one TLS provider, before anything could ask for another.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(r) => r,
        Err(e) => {
            eprintln!("firebell: no runtime: {e}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(End::No) => ExitCode::from(1),
        Err(End::Wrong) => ExitCode::from(2),
        Err(End::Sentence(sentence)) => {
            eprintln!("firebell: {sentence}");
            ExitCode::from(2)
        }
    }
}

/// Reads the configuration: at the start of every subcommand, and when `serve` is told to reload.
fn load(file: Option<&Path>) -> Result<Loaded, Vec<Problem>> {
    let mut loaded = config::load(file, variables())?;
    loaded.warnings.extend(broken_templates(&loaded.config));
    Ok(loaded)
}

/// For who only asks, or speaks to a running bot, which has read its runbooks when it began.
fn load_forgiving(file: Option<&Path>) -> Result<Loaded, Vec<Problem>> {
    config::load_forgiving(file, variables())
}

fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Templates of the team's own that do not render. They keep nobody from being paged, so nothing is refused for them.
fn broken_templates(config: &Config) -> Vec<Problem> {
    let tried = |t: &config::Template| {
        let name = t.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let wrong = template::check(&name, &t.source, Markup::of(t.html)).err()?;
        Some(config::broken_template(t, wrong.line, wrong.what))
    };
    config.templates.iter().filter_map(tried).collect()
}

async fn run(cli: Cli) -> Result<(), End> {
    // A runbook is read without a configuration, as in the CI of its own repository.
    if let Command::Runbook(command) = cli.command {
        return command.run();
    }
    let strict = matches!(cli.command, Command::Serve | Command::Config(_));
    let loaded = if strict { load(cli.config.as_deref()) } else { load_forgiving(cli.config.as_deref()) };
    if let Command::Config(ConfigCommand::Check { format, online }) = &cli.command {
        // Before anybody is asked, which may take a while.
        if *format == Format::Text {
            print!("{}", config::report_text(&loaded));
        }
        let found = match &loaded {
            Ok(loaded) => online::look(&loaded.config, *online).await,
            Err(_) => online::Found::default(),
        };
        match format {
            Format::Text => found.print(),
            Format::Json => {
                let mut report = config::report_json(&loaded);
                found.put_into(&mut report, *online);
                println!("{report:#}");
            }
        }
        if !found.all_well() {
            return Err(End::No);
        }
        // A file that could not be read was not checked: that is wrong usage.
        if loaded.is_ok() && !config::all_well(&loaded) {
            return Err(End::No);
        }
        return loaded.map(|_| ()).map_err(|problems| match problems.iter().any(Problem::is_of_the_whole_file) {
            true => End::Wrong,
            false => End::No,
        });
    }
    let loaded = loaded.map_err(|problems| {
        for p in &problems {
            eprintln!("{p}");
        }
        End::Wrong
    })?;
    if matches!(cli.command, Command::Serve) {
        return serve::serve(loaded).await;
    }
    let config = loaded.config;
    match cli.command {
        Command::Say(say) => say.run(&config).await,
        Command::Invite(invite) => invite.run(&config).await,
        Command::Sessions(sessions) => sessions.run(&config).await,
        Command::Oncall(oncall) => oncall.run(&config).await,
        Command::PageTest(test) => test.run(&config).await,
        Command::IngestTest(test) => test.run(&config).await,
        Command::Postmortem(postmortem) => postmortem.run(&config).await,
        Command::Audit(audit) => audit.run(&config).await,
        Command::Serve | Command::Config(_) | Command::Runbook(_) => Ok(()),
        Command::Backup(backup) => backup.run(&config).await,
        Command::Restore(restore) => restore.run(&config).await,
    }
}

/// Where a running bot of this configuration listens.
fn base_url(config: &Config) -> String {
    let mut at = config.listen;
    if at.ip().is_unspecified() {
        at.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{at}")
}
