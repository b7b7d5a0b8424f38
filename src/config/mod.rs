//! Configuration: a TOML file, environment variables over it, defaults under it; checked as a whole before anything
//! starts. Never reads the environment or the clock by itself, never prints a secret, and never stops at the first
//! mistake.

mod discord;
mod env;
mod hours;
mod ingest;
mod mail;
mod matcher;
mod node;
mod oncall;
mod overlay;
mod paging;
mod people;
mod placeholder;
mod policy;
mod problem;
mod read;
mod report;
mod runbooks;
pub mod runs;
mod schema;
mod server;
mod settings;
mod shape;
mod slack;
mod standing;
mod tables;
mod templates;
#[cfg(test)]
mod tests;
mod unmapped;
mod watched;

pub use matcher::Matcher;
pub use oncall::StandIns;
pub use overlay::decisions;
pub use problem::{Level, Problem};
pub use report::{all_well, report_json, report_text};
pub use runbooks::{overlay_of, read_file as read_runbook};
pub use settings::{
    Address, Config, Discord, DiscordPlace, Ingest, IngestKind, Log, LogFormat, MailTls, Mapping, Pager, PagerDuty,
    PersonSettings, Rule, ServiceSettings, Slack, SlackInvite, SlackOauth, SlackWorkspace, Smtp, Template, Webhook,
};
pub use standing::{Refused, Standing};
pub use tables::{Change, How, Tables};
pub use templates::TEMPLATE_BYTES_MAX;
pub use unmapped::Unmapped;
pub use watched::{Look, Watched};

use crate::program::{self, InForce};
use firebell_domain::severity::Severity;
use node::Tree;
use problem::{Origin, Place, Problems, Spot};
use read::Table;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Read when no `--config` is given; when it is absent too, the built-in defaults hold.
pub const DEFAULT_FILE: &str = "config/firebell.toml";
/// Bytes of a configuration file: a company's takes some hundred kilobytes, a larger one is the wrong file.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// The file that was read; `None` with the built-in defaults.
    pub file: Option<PathBuf>,
    pub warnings: Vec<Problem>,
    pub unmapped: Vec<Unmapped>,
    /// What it says, to compare it with another reading.
    pub tables: Tables,
    /// Its runbooks and overlays, and how these looked when they had been read.
    pub watched: Watched,
    pub look: Look,
    /// Where the stand-ins of the schedules are written.
    pub stand_ins: StandIns,
}

/// Reads `path` (else [`DEFAULT_FILE`] where there is one), lays `env` over it and checks the whole.
/// On failure: everything that is wrong, warnings too.
pub fn load(path: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Loaded, Vec<Problem>> {
    load_for(path, env, &Reading { import: &runbooks::import, forgiving: false })
}

/// The same for who only asks or speaks to a running bot: a runbook that cannot be read keeps nobody from acknowledging.
pub fn load_forgiving(
    path: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Problem>> {
    load_for(path, env, &Reading { import: &runbooks::import, forgiving: true })
}

/// How runbooks are read.
struct Reading<'a> {
    import: &'a runbooks::Import,
    /// One that cannot be read is left out, with a warning.
    forgiving: bool,
}

fn load_for(
    path: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
    reading: &Reading<'_>,
) -> Result<Loaded, Vec<Problem>> {
    let file = path.unwrap_or(Path::new(DEFAULT_FILE));
    match read_file(file) {
        Ok(text) => load_by(Some((file, &text)), env, reading),
        Err(e) if path.is_none() && e.kind() == std::io::ErrorKind::NotFound => load_by(None, env, reading),
        Err(e) => {
            let mut problems = Problems::new(Some(file.display().to_string()));
            let fix = "Name a file that exists with --config, or leave it out for the built-in defaults";
            let what = format!("cannot read the configuration: {}", shape::plain(&e));
            problems.error(&Spot::new(&Origin::Line(0), ""), what, fix);
            Err(problems.finish())
        }
    }
}

/// A template of the team's own that does not render: everything else works without it.
pub fn broken_template(template: &Template, line: Option<usize>, what: String) -> Problem {
    let place = Place::new(Some(template.file.display().to_string()));
    let spot = Spot::new(&Origin::Line(line.unwrap_or(0)), "");
    place.error(&spot, what, "Correct the template; until then it cannot be used".to_string())
}

/// What was read and is valid, and still cannot be put in force.
pub fn unusable(file: Option<&Path>, why: String) -> Problem {
    let place = Place::new(Some(file.unwrap_or(Path::new(DEFAULT_FILE)).display().to_string()));
    place.error(&Spot::new(&Origin::Line(0), ""), why, "Correct it, and send SIGHUP again".to_string())
}

fn read_file(path: &Path) -> std::io::Result<String> {
    use std::io::{Error, ErrorKind, Read};
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 4 MB"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes().iter().take(e.utf8_error().valid_up_to()).filter(|b| **b == b'\n').count() + 1;
        Error::new(ErrorKind::InvalidData, format!("line {line} is not UTF-8 text"))
    })
}

/// The same for a text in hand; the path names it in messages and says where `*_file` keys start from.
#[cfg(test)]
fn load_text(file: Option<(&Path, &str)>, env: impl Iterator<Item = (String, String)>) -> Result<Loaded, Vec<Problem>> {
    load_by(file, env, &Reading { import: &runbooks::import, forgiving: false })
}

fn load_by(
    file: Option<(&Path, &str)>,
    env: impl Iterator<Item = (String, String)>,
    reading: &Reading<'_>,
) -> Result<Loaded, Vec<Problem>> {
    let place = Place::new(file.map(|(path, _)| path.display().to_string()));
    let mut problems = Problems::new(file.map(|(path, _)| path.display().to_string()));
    let folder = file.map_or(Path::new(DEFAULT_FILE), |(path, _)| path).parent().unwrap_or(Path::new(""));
    let parsed = match file {
        Some((_, text)) => node::parse_file(text, &mut problems),
        None => Some(Tree::new()),
    };
    let Some(mut tree) = parsed else { return Err(problems.finish()) };
    let env: BTreeMap<String, String> = env.collect();
    env::overlay(&mut tree, env.clone().into_iter(), &mut problems);
    shape::Shape { folder, problems: &mut problems }.table(&mut tree, schema::ROOT, "");
    let config = read_config(&Table::root(&tree, schema::ROOT), folder, reading, &env, &mut problems);
    if problems.any_error() {
        return Err(problems.finish());
    }
    let (root, directory) = (Table::root(&tree, schema::ROOT), config.directory());
    policy::warn_of_silence(&root, &directory, &mut problems);
    let watched = Watched::of(&config.program, (!root.given("runbooks")).then_some(folder));
    Ok(Loaded {
        file: file.map(|(path, _)| path.to_path_buf()),
        warnings: problems.finish(),
        unmapped: unmapped::notes(&root, &directory, &place)
            .into_iter()
            .chain(runbooks::notes(&root, &config, &place))
            .collect(),
        tables: runbooks::with_contents(Tables::of(&tree, schema::ROOT), &config.program),
        look: watched.look(),
        watched,
        stand_ins: StandIns::of(&root, &directory, &place),
        config,
    })
}

fn read_config(
    root: &Table<'_>,
    folder: &Path,
    reading: &Reading<'_>,
    env: &BTreeMap<String, String>,
    problems: &mut Problems,
) -> Config {
    let listen = server::listen(root, problems);
    let database_url = server::database_url(root, problems);
    let configured = people::severities(root, problems);
    let pagers = paging::declared_pagers(root);
    let (people, ways) = people::people(root, &pagers, problems);
    // What follows from the runbooks is complained about in a list of its own, which may be forgiven.
    let mut of_runbooks = Problems::new(problems.file());
    let program = runbooks::program(root, folder, &pagers, reading.import, env, &mut of_runbooks);
    let default_system = runbooks::default_system(root, &program, &mut of_runbooks);
    let in_force: BTreeMap<String, InForce> =
        program.sources.iter().map(|s| (s.system.clone(), s.in_force(&configured))).collect();
    let systems = in_force.iter().map(|(name, f)| (name.clone(), f.system.clone())).collect();
    let severities = match (root.given("severities"), program::of_all_systems(&[], &systems)) {
        (false, all) if all.is_empty() => people::default_severities(),
        (false, all) => all,
        (true, _) => {
            let own: Vec<Severity> = configured.iter().map(|c| c.severity.clone()).collect();
            program::of_all_systems(&own, &systems)
        }
    };
    let incomplete = reading.forgiving && of_runbooks.any_error();
    let ingest = ingest::ingest(root, &severities, if incomplete { &mut of_runbooks } else { problems });
    problems.extend(if reading.forgiving { of_runbooks.forgiven() } else { of_runbooks.finish() });
    Config {
        listen,
        public_url: server::public_url(root, listen, problems),
        hosts: server::hosts(root, problems),
        data_dir: server::data_dir(root, &database_url),
        database_url,
        people,
        services: runbooks::with_systems(people::services(root, problems), &program),
        default_system,
        policies: policy::policies(root, &pagers, problems),
        schedules: oncall::schedules(root, problems),
        pagers: paging::pagers(root, ways, problems),
        pagerduty_webhooks: paging::pagerduty_webhooks(root, problems),
        discord: discord::discord(root, problems),
        ingest,
        slack: slack::slack(root, &severities, problems),
        severities,
        api_tokens: paging::api_tokens(root, problems),
        audit_key: server::audit_key(root, problems),
        incidents: server::incidents(root, problems),
        templates: templates::templates(root, problems),
        heartbeat: server::heartbeat(root, problems),
        targets: runs::targets(root),
        runs: runs::runs(root, &pagers, problems),
        log: server::log(root, problems),
        program,
        systems,
        in_force: in_force.into_iter().map(|(name, f)| (name, f.notes)).collect(),
    }
}
