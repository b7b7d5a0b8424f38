//! A Compose project: what it is called, which of its containers belong to the files that a command names, and the
//! program that builds it up. The name follows Compose's own rules, in their order, and is then said to the program too,
//! so that both act on the same containers; where those rules lead nowhere it is asked for, never guessed.

use crate::exec::process::Place;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// In the order in which Compose looks for them.
const FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] =
    ["compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml"];
/// Where `docker` looks for its own subcommands.
const PLUGINS: [&str; 4] = [
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
];
/// Bytes of a file in which a name is looked for: a Compose file is written by people.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Where the projects of one Docker target are.
#[derive(Clone)]
pub struct Project {
    /// As its containers are labelled; without it the name that Compose would give it.
    pub name: Option<String>,
    /// The Docker target that its containers run on.
    pub docker: String,
    /// Where its files are; the program runs there. Without it, only what the daemon does by itself.
    pub place: Option<Place>,
}

impl Project {
    /// What its containers are labelled with, for a command with these options and variables.
    pub fn name(
        &self,
        asked: Option<&str>,
        files: &[String],
        env: &BTreeMap<String, String>,
    ) -> Result<String, String> {
        match (&self.name, asked) {
            (Some(own), Some(asked)) if own != asked => {
                return Err(format!("{asked} is another project than {own}, which is configured"));
            }
            (Some(name), _) => return Ok(name.clone()),
            (None, Some(name)) => return Ok(name.to_string()),
            (None, None) => {}
        }
        let lacks = format!("Nobody has said what the project is called: add targets.{}.project", self.docker);
        let Some(place) = &self.place else { return Err(lacks) };
        let first = files.first().map(|file| place.folder.join(file));
        let folder = first.as_ref().and_then(|f| f.parent()).map_or(place.folder.clone(), Path::to_path_buf);
        let file = first.or_else(|| FILES.iter().map(|f| folder.join(f)).find(|f| f.is_file()));
        let said = env
            .get("COMPOSE_PROJECT_NAME")
            .cloned()
            .or_else(|| line_of(&folder.join(".env"), "COMPOSE_PROJECT_NAME="))
            .or_else(|| line_of(&file?, "name:"));
        let name = match said {
            Some(said) if said.contains('$') => return Err(lacks),
            Some(said) => said,
            None => normal(&folder.canonicalize().unwrap_or(folder)),
        };
        if name.is_empty() { Err(lacks) } else { Ok(name) }
    }

    /// Whether a container came from these files; without any named, from those that Compose takes by itself.
    pub fn has(&self, labels: &HashMap<String, String>, files: &[String]) -> bool {
        let Some(from) = labels.get("com.docker.compose.project.config_files") else { return files.is_empty() };
        let mut from = from.split([',', ':']).filter(|f| !f.is_empty());
        if files.is_empty() {
            let usual = |f: &str| {
                let name = f.rsplit('/').next().unwrap_or_default();
                FILES.contains(&name) || OVERRIDES.contains(&name)
            };
            return from.all(usual);
        }
        // Either whole paths, or as they were typed by whoever brought it up.
        let folder = self.place.as_ref().map_or(PathBuf::from("/"), |p| p.folder.clone());
        let wanted: Vec<PathBuf> = files.iter().map(|f| folder.join(f.trim_start_matches("./"))).collect();
        from.all(|f| wanted.iter().any(|w| w.ends_with(f.trim_start_matches("./"))))
    }

    /// The place and the beginning of the argument vector, as it is spelled here.
    pub fn program(&self, plugin: bool) -> Result<(&Place, Vec<String>), String> {
        let lacks = || format!("Nobody has said where its Compose file is: add targets.{}.folder", self.docker);
        let place = self.place.as_ref().ok_or_else(lacks)?;
        let has_plugin = || PLUGINS.iter().any(|p| Path::new(p).join("docker-compose").is_file());
        let whole = || place.program("docker-compose").is_ok();
        let words = match plugin {
            true if has_plugin() => ["docker", "compose"].as_slice(),
            _ if whole() => ["docker-compose"].as_slice(),
            _ if has_plugin() => ["docker", "compose"].as_slice(),
            _ => return Err("Compose is not installed here".to_string()),
        };
        Ok((place, words.iter().map(|w| w.to_string()).collect()))
    }
}

/// Compose keeps small letters, digits, `-` and `_` of a folder's name.
fn normal(folder: &Path) -> String {
    let name = folder.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let kept: String =
        name.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(*c)).collect();
    kept.trim_start_matches(['-', '_']).to_string()
}

/// What stands behind `key` at the beginning of a line, without quotes and comment.
fn line_of(file: &Path, key: &str) -> Option<String> {
    if file.metadata().ok()?.len() > FILE_BYTES_MAX {
        return None;
    }
    let text = fs::read_to_string(file).ok()?;
    let rest = text.lines().rev().find_map(|line| line.strip_prefix(key))?;
    let value = rest.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(folder: &str) -> Project {
        Project { name: None, docker: "box".to_string(), place: Some(Place::at(folder)) }
    }

    #[test]
    fn the_name_is_the_one_that_compose_would_take() {
        let name = |p: &Project, asked: Option<&str>, files: &[&str], env: &[(&str, &str)]| {
            let files: Vec<String> = files.iter().map(|f| f.to_string()).collect();
            let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            p.name(asked, &files, &env)
        };
        let shop = project("/nowhere/My Shop_2");
        assert_eq!(name(&shop, None, &[], &[]).as_deref(), Ok("myshop_2"));
        assert_eq!(name(&shop, None, &["deploy/Production/x.yml"], &[]).as_deref(), Ok("production"));
        assert_eq!(name(&shop, Some("other"), &[], &[("COMPOSE_PROJECT_NAME", "x")]).as_deref(), Ok("other"));
        assert_eq!(name(&shop, None, &[], &[("COMPOSE_PROJECT_NAME", "x")]).as_deref(), Ok("x"));
        assert!(name(&project("/"), None, &[], &[]).is_err_and(|why| why.contains("targets.box.project")));
        let set = Project { name: Some("shop".to_string()), ..shop };
        assert_eq!(name(&set, None, &[], &[]).as_deref(), Ok("shop"));
        assert!(name(&set, Some("other"), &[], &[]).is_err());
    }

    #[test]
    fn a_container_belongs_to_the_files_that_are_named() {
        let shop = project("/opt/shop");
        let has = |label: &str, files: &[&str]| {
            let labels = HashMap::from([("com.docker.compose.project.config_files".to_string(), label.to_string())]);
            shop.has(&labels, &files.iter().map(|f| f.to_string()).collect::<Vec<_>>())
        };
        for (label, files, fits) in [
            ("docker-compose.yml", &[][..], true),
            ("/opt/shop/docker-compose.yml,/opt/shop/docker-compose.override.yml", &[], true),
            ("docker-compose.workers.yml", &[], false),
            ("docker-compose.workers.yml", &["docker-compose.workers.yml"], true),
            ("/opt/shop/docker-compose.workers.yml", &["./docker-compose.workers.yml"], true),
            ("/opt/other/docker-compose.workers.yml", &["docker-compose.workers.yml"], false),
            ("deploy/production/x.yml", &["deploy/production/x.yml"], true),
            ("docker-compose.yml", &["docker-compose.workers.yml"], false),
        ] {
            assert_eq!(has(label, files), fits, "{label} {files:?}");
        }
    }
}
