//! Reads `[[runbooks]]`: which Markdown files there are, each with its overlay. What they mean is the importer's and the
//! program's; here only files are found and read, and what is said about them gets its file and line.

use super::problem::{Level, Place, Problem, Problems, Spot, did_you_mean, quoted};
use super::read::Table;
use super::settings::{Config, ServiceSettings, is_discord_place, is_slack_place};
use super::tables::Tables;
use super::unmapped::Unmapped;
use super::{overlay, shape};
use crate::program::{Imported, Overlay, Program, Source};
use firebell_domain::id::{ChannelId, PolicyId, ServiceId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Bytes of a Markdown file or an overlay that are read: more than the importer takes, so that it can say how many there are.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Where runbooks are looked for, beside the configuration, when none are named.
pub const FOLDER: &str = "runbooks";

/// How a Markdown file is understood; the error is half a sentence.
pub type Import = dyn Fn(&[u8]) -> Result<Imported, String>;

pub fn import(bytes: &[u8]) -> Result<Imported, String> {
    Imported::read(bytes)
}

struct Named<'a> {
    path: PathBuf,
    overlay: Option<PathBuf>,
    system: Option<&'a str>,
    room: Option<&'a str>,
    spot: Spot,
}

pub fn program(
    root: &Table<'_>,
    folder: &Path,
    pagers: &BTreeSet<ChannelId>,
    import: &Import,
    env: &BTreeMap<String, String>,
    problems: &mut Problems,
) -> Program {
    let mut sources: Vec<Source> = Vec::new();
    for named in named(root, folder, problems) {
        let system = match named.system {
            Some(system) => system.to_string(),
            None => stem(&named.path),
        };
        if let Some(other) = sources.iter().find(|s| s.system.eq_ignore_ascii_case(&system)) {
            let what = format!("{} is the system of {} too", quoted(&system), other.file);
            problems.error(&named.spot, what, "Give one of the two another name: system = \"…\"");
            continue;
        }
        let file = named.path.display().to_string();
        let imported = match read_file(&named.path).and_then(|bytes| import(&bytes)) {
            Ok(imported) => imported,
            Err(why) => {
                let fix = "Correct the file, or remove it from [[runbooks]]";
                problems.error(&named.spot, format!("cannot read the runbook {file}: {why}"), fix);
                continue;
            }
        };
        let overlay_path = named.overlay.clone().unwrap_or_else(|| overlay_of(&named.path));
        let overlay_file = overlay_path.display().to_string();
        let overlay = match std::fs::metadata(&overlay_path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && named.overlay.is_none() => Overlay::default(),
            _ => match read_file(&overlay_path)
                .and_then(|b| String::from_utf8(b).map_err(|_| "it is not UTF-8 text".into()))
            {
                Ok(text) => {
                    let (overlay, complaints) = overlay::read(&overlay_path, &text, root, pagers, env);
                    problems.extend(complaints);
                    overlay
                }
                Err(why) => {
                    let what = format!("cannot read the overlay {overlay_file}: {why}");
                    problems.error(&named.spot, what, "Correct the file, or remove the key");
                    continue;
                }
            },
        };
        let room = named.room.map(str::to_string);
        sources.push(Source { system, file, overlay_file, room, import: imported, overlay });
    }
    Program::new(sources)
}

/// Those that are named, else every Markdown file of the folder beside the configuration except a README.
fn named<'a>(root: &Table<'a>, folder: &Path, problems: &mut Problems) -> Vec<Named<'a>> {
    if root.given("runbooks") {
        let rows = root.rows("runbooks").into_iter().filter_map(|row| {
            let path = PathBuf::from(row.required("path", problems)?);
            let overlay = row.text("overlay").map(PathBuf::from);
            Some(Named { path, overlay, system: row.text("system"), room: row.text("room"), spot: row.here() })
        });
        return rows.collect();
    }
    let Ok(entries) = std::fs::read_dir(folder.join(FOLDER)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| is_runbook(p)).collect();
    paths.sort();
    let spot = root.spot("runbooks");
    let of = |path| Named { path, overlay: None, system: None, room: None, spot: spot.clone() };
    paths.into_iter().map(of).collect()
}

pub fn is_runbook(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_lowercase();
    name.ends_with(".md") && name != "readme.md" && !name.starts_with('.')
}

/// The name that people type: that of the file, without blanks.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().and_then(|n| n.to_str()).unwrap_or("runbook");
    stem.split_whitespace().collect::<Vec<_>>().join("-")
}

/// `shop.md` has `shop.overlay.toml` beside it.
pub fn overlay_of(path: &Path) -> PathBuf {
    path.with_extension("overlay.toml")
}

pub fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| shape::plain(&e))?;
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|e| shape::plain(&e))?;
    Ok(bytes)
}

/// Services with their system's name as the runbooks have it, whatever the case.
pub fn with_systems(
    mut services: BTreeMap<ServiceId, ServiceSettings>,
    program: &Program,
) -> BTreeMap<ServiceId, ServiceSettings> {
    for settings in services.values_mut() {
        if let Some(system) = &mut settings.service.system
            && let Some(known) = program.systems().find(|s| s.eq_ignore_ascii_case(system))
        {
            *system = known.to_string();
        }
    }
    services
}

pub fn default_system(root: &Table<'_>, program: &Program, problems: &mut Problems) -> Option<String> {
    let wanted = root.text("default_system")?;
    let found = program.systems().find(|s| s.eq_ignore_ascii_case(wanted)).map(str::to_string);
    if found.is_none() {
        let fix = did_you_mean(wanted, program.systems(), || match program.sources.is_empty() {
            true => "Add [[runbooks]] with its path, or remove the key".to_string(),
            false => format!("Write one of {}", super::problem::some_of(program.systems())),
        });
        problems.error(&root.spot("default_system"), format!("no runbook is that of {}", quoted(wanted)), fix);
    }
    found
}

/// What is to be said about the runbooks, each with its file and line, and which escalation won over which.
pub fn notes(root: &Table<'_>, config: &Config, place: &Place) -> Vec<Unmapped> {
    let mut all = Vec::new();
    for source in &config.program.sources {
        for note in config.in_force.get(&source.system).into_iter().flatten() {
            let problem = Problem {
                level: Level::Note,
                file: Some(source.file.clone()),
                line: note.line.map(|l| l as usize),
                variable: None,
                key: String::new(),
                what: note.what.clone(),
                fix: note.fix.clone(),
            };
            all.push(Unmapped { kind: note.kind, name: note.name.clone(), note: problem });
        }
        let places = [&source.room].into_iter().flatten().chain(source.overlay.channels.values());
        for place in places.filter(|p| !fits_a_chat(config, p)) {
            let note = Problem {
                level: Level::Note,
                file: Some(source.file.clone()),
                line: None,
                variable: None,
                key: String::new(),
                what: format!("{} is no place of a chat that is configured: nothing is announced there", quoted(place)),
                fix: "Write \"#name\" or an id of Slack, or the id of a channel of Discord".to_string(),
            };
            all.push(Unmapped { kind: "room", name: source.system.clone(), note });
        }
        for (client, at) in &source.overlay.targets {
            let known = match config.targets.is_empty() {
                true => at.target == super::runs::LOCAL,
                false => config.targets.contains_key(&at.target),
            };
            if !known {
                let names = config.targets.keys().map(String::as_str);
                let fix = did_you_mean(&at.target, names, || format!("Add a table [targets.{}]", at.target));
                let note = Problem {
                    level: Level::Note,
                    file: Some(source.overlay_file.clone()),
                    line: None,
                    variable: None,
                    key: format!("targets.{client}"),
                    what: format!("there is no target {}: nothing of {client} is run", quoted(&at.target)),
                    fix,
                };
                all.push(Unmapped { kind: "target", name: client.clone(), note });
            }
        }
        let chained = config.systems.get(&source.system).is_some_and(|s| !s.chains.is_empty());
        let default = PolicyId::from("default");
        if chained && config.policies.contains_key(&default) {
            let what = format!("it wins over the escalation of {}", source.file);
            let fix = "Rename the policy to page by the runbook".to_string();
            let tables = root.named("policies").into_iter();
            let spot = tables.filter(|(id, _)| *id == "default").map(|(_, t)| t.here()).next();
            let note = place.note(&spot.unwrap_or_else(|| root.spot("policies")), what, fix);
            all.push(Unmapped { kind: "policy", name: source.system.clone(), note });
        }
    }
    for (id, table) in root.named("services") {
        let Some(system) = table.text("system").filter(|_| !config.program.sources.is_empty()) else { continue };
        let known = config.program.systems().find(|s| s.eq_ignore_ascii_case(system));
        match (known.and_then(|s| config.systems.get(s)), table.text("policy")) {
            (None, _) => {
                let fix =
                    did_you_mean(system, config.program.systems(), || "Add [[runbooks]] with its path".to_string());
                let what = format!("no runbook is that of {}", quoted(system));
                all.push(Unmapped {
                    kind: "service",
                    name: id.to_string(),
                    note: place.note(&table.spot("system"), what, fix),
                });
            }
            (Some(in_force), Some(policy)) if !in_force.chains.is_empty() => {
                let what = format!("policies.{policy} wins over the escalation of its runbook");
                let fix = "Remove the key to page by the runbook".to_string();
                all.push(Unmapped {
                    kind: "policy",
                    name: id.to_string(),
                    note: place.note(&table.spot("policy"), what, fix),
                });
            }
            _ => {}
        }
    }
    all
}

/// Without a chat nothing is announced anywhere, and nothing is to be said.
fn fits_a_chat(config: &Config, place: &str) -> bool {
    let none = config.slack.is_none() && config.discord.is_none();
    none || (config.slack.is_some() && is_slack_place(place)) || (config.discord.is_some() && is_discord_place(place))
}

/// Fingerprints with those of the runbooks and overlays, so that a reload says which of them changed.
pub fn with_contents(tables: Tables, program: &Program) -> Tables {
    program.sources.iter().fold(tables, |tables, source| {
        let content = format!("{} {:?}", source.import.sha256, source.overlay);
        tables.with(format!("runbooks.{}", source.system), content.as_bytes())
    })
}
