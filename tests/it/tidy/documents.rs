//! Documents are true: what they link to exists, what they tell people to type is understood, what they say to write
//! into a file is accepted by the program that reads it.

use super::source::{files, root, shipped, text};
use super::{none, planted};
use crate::harness::files::temp_dir;
use firebell::commands::{COMMANDS, Group};
use std::fmt::Write;
use std::process::Command;

/// The project's own documents.
fn documents() -> Vec<String> {
    files().into_iter().filter(|path| path.ends_with(".md") && !path.starts_with("tests/")).collect()
}

/// Fenced blocks of one language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let (document, fence) = (format!("\n{document}"), format!("\n```{language}\n"));
    let blocks = document.split(&fence).skip(1).filter_map(|rest| rest.split_once("\n```"));
    blocks.map(|(block, _)| format!("{block}\n")).collect()
}

/// Relative links, with the place that they point to.
fn dead_links(path: &str, document: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let links = document.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let dead = links.filter(|link| !link.contains("://") && !link.starts_with("mailto:")).filter(|link| {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() { root().join(path) } else { root().join(folder).join(file) };
        // Pictures are linked to as well; only text has anchors.
        let Ok(there) = std::fs::read(&target) else { return !target.is_dir() };
        let there = String::from_utf8_lossy(&there);
        let heading = |line: &str| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            words
                .chars()
                .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
                .collect::<String>()
                .replace(' ', "-")
        };
        !anchor.is_empty() && !there.lines().any(|line| line.starts_with('#') && heading(line) == anchor)
    });
    dead.map(|link| format!("{path}: {link}")).collect()
}

/// `firebell WORD…` at the beginning of a line of a block, or in a span of its own.
fn subcommands(document: &str) -> Vec<Vec<String>> {
    let lines = document.lines().map(|l| l.trim_start_matches("$ "));
    let spans = document.split('`').skip(1).step_by(2);
    let said = lines.chain(spans).filter_map(|l| l.trim().strip_prefix("firebell ")).map(|rest| {
        let word =
            |w: &&str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !w.starts_with('-');
        rest.split_whitespace().take_while(word).map(str::to_string).collect::<Vec<_>>()
    });
    said.filter(|words| !words.is_empty()).collect()
}

fn firebell(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_firebell")).args(arguments).env_clear().output().expect("firebell runs")
}

/// Whether the command line knows it. Of two words the second may be an argument.
fn known(words: &[String]) -> bool {
    let help = |words: &[String]| {
        let output = firebell(&[&words.iter().map(String::as_str).collect::<Vec<_>>()[..], &["--help"]].concat());
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(first) = help(&words[..1]) else { return false };
    let Some(second) = words.get(1) else { return true };
    // A command with subcommands takes nothing else in their place.
    !first.contains("\nCommands:\n") || first.lines().any(|l| l.split_whitespace().next() == Some(second))
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    // Runbooks of the importer's tests are other people's documents: their links lead to what is not here.
    let ours = documents().into_iter().filter(|path| !path.starts_with("src/runbook/tests/")).collect::<Vec<_>>();
    none("Dead links", ours.iter().flat_map(|path| dead_links(path, &text(path))).collect());
    let planted_links = "[a](docs/none.md) [b](docs/api.md#nowhere) [c](README.md) [d](https://example.org/none)";
    planted(2, dead_links("README.md", planted_links).len());
}

/// Paths and tests that a document names in back quotes and that are not there.
fn not_there(path: &str, document: &str, all: &[String]) -> Vec<String> {
    let is_path = |w: &&str| {
        let plain = w.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        let file = [".rs", ".sql", ".md"].iter().any(|end| w.ends_with(end));
        plain && w.contains('/') && !w.starts_with('/') && (file || w.ends_with('/'))
    };
    let there = |w: &str| {
        let ends = format!("/{w}");
        all.iter().any(|f| f == w || f.ends_with(&ends) || f.starts_with(w) || f.contains(&ends))
    };
    let is_test = |w: &&str| ["tidy::", "contract::"].iter().any(|p| w.starts_with(p)) && !w.ends_with("::");
    let has_test = |w: &str| {
        let (module, name) = w.rsplit_once("::").unwrap_or(("", w));
        let (file, whole) = (module.replace("::", "/"), w.replace("::", "/"));
        all.iter().any(|f| {
            *f == format!("tests/it/{whole}.rs")
                || *f == format!("tests/it/{file}.rs") && text(f).contains(&format!("fn {name}("))
        })
    };
    let words: Vec<&str> = document.split('`').skip(1).step_by(2).collect();
    let paths = words.iter().copied().filter(is_path).filter(|w| !there(w));
    let tests = words.iter().copied().filter(is_test).filter(|w| !has_test(w));
    paths.chain(tests).map(|w| format!("{path}: {w}")).collect()
}

#[test]
fn every_file_and_test_that_the_documents_name_is_there() {
    let all = files();
    none("Not there", documents().iter().flat_map(|path| not_there(path, &text(path), &all)).collect());
    let planted_names = "`src/app/none.rs` `src/none/` `tidy::code::none` `src/app/act.rs` `tidy::words` `not/a path`";
    planted(3, not_there("README.md", planted_names, &all).len());
}

#[test]
fn every_metric_that_the_documents_name_is_counted() {
    let counted: Vec<String> = shipped().into_iter().flat_map(|s| s.strings).map(|(_, text)| text).collect();
    let metric = |w: &str| w.split('{').next().unwrap_or(w).split(' ').next().unwrap_or(w).to_string();
    let unknown = |document: &str| {
        let named = document.split('`').skip(1).step_by(2).filter(|w| w.starts_with("firebell_")).map(metric);
        named.filter(|name| !counted.contains(name)).collect::<Vec<_>>()
    };
    none("Not counted", documents().iter().flat_map(|path| unknown(&text(path))).collect());
    planted(1, unknown("`firebell_none_total{lane=\"page\"} > 0` `firebell_sends_total`").len());
}

#[test]
fn every_subcommand_that_the_documents_name_is_one() {
    let all =
        documents().into_iter().flat_map(|path| subcommands(&text(&path)).into_iter().map(move |w| (path.clone(), w)));
    let mut all: Vec<(String, Vec<String>)> = all.collect();
    all.sort();
    all.dedup();
    assert!(all.len() > 10, "the documents speak of the command line");
    none(
        "No such subcommand",
        all.iter().filter(|(_, w)| !known(w)).map(|(p, w)| format!("{p}: firebell {}", w.join(" "))).collect(),
    );
    let words = |text: &str| subcommands(text).concat();
    planted(2, ["`firebell dance`", "$ firebell audit dance"].iter().filter(|t| !known(&words(t))).count());
}

/// A block in which a reader has replaced what only stands for a secret; how many those were.
fn filled_in(block: &str) -> (String, usize) {
    let stands_for = |text: &&str| text.contains("integration-key") || text.contains("random-bytes");
    let all: Vec<&str> = block.split('"').filter(stands_for).collect();
    let secret = |n: usize| format!("fedcba{n:026}");
    let filled = all.iter().enumerate().fold(block.to_string(), |b, (n, text)| b.replacen(text, &secret(n), 1));
    (filled, all.len())
}

#[test]
fn every_piece_of_configuration_in_the_documents_is_valid() {
    let folder = temp_dir();
    // The folder that is shipped beside the configuration.
    std::fs::create_dir_all(folder.join("postmortem")).expect("a folder");
    let example = "postmortem/one-page.md";
    std::fs::copy(root().join("config").join(example), folder.join(example)).expect("the shipped example");
    let mut checked = 0;
    for path in documents() {
        for block in blocks(&text(&path), "toml") {
            let file = folder.join("firebell.toml");
            let (block, placeholders) = filled_in(&block);
            if placeholders > 0 {
                std::fs::write(&file, block.replace("fedcba", "CHANGE-ME")).expect("a file");
                let problems = firebell::config::load(Some(&file), std::iter::empty()).err().unwrap_or_default();
                assert_eq!(problems.iter().filter(|p| p.what.contains("placeholder")).count(), placeholders, "{path}");
            }
            std::fs::write(&file, &block).expect("a file");
            let loaded = firebell::config::load(Some(&file), std::iter::empty());
            let wrong = match loaded {
                Ok(loaded) => loaded.warnings.iter().map(ToString::to_string).collect(),
                Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            };
            none(&format!("{path} says to write\n{block}"), wrong);
            checked += 1;
        }
    }
    assert!(checked > 3);
}

#[test]
fn alertmanager_accepts_what_the_readme_says_to_write() {
    let folder = temp_dir();
    let [block] = &blocks(&text("README.md"), "yaml")[..] else { panic!("the README has one yaml block") };
    let file = folder.join("alertmanager.yml");
    std::fs::write(&file, block).expect("a file");
    let output = Command::new("amtool").arg("check-config").arg(&file).output();
    let output = output.expect("amtool comes with prometheus-alertmanager: run ./test --install");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Both halves of the README name the same source and the same token.
    let toml = blocks(&text("README.md"), "toml").concat();
    let token = block.split_once("credentials: ").and_then(|(_, rest)| rest.lines().next()).expect("a token");
    assert!(toml.contains(&format!("token = \"{token}\"")) && toml.contains("[ingest.alertmanager]"));
    assert!(block.contains("/hooks/alertmanager"));
}

/// The README's list of commands, as the table has them.
fn command_list() -> String {
    let mut list = String::from("| | |\n|---|---|\n");
    for group in Group::ALL {
        let of_group = COMMANDS
            .iter()
            .filter(|c| c.spec.group == group)
            .map(|c| format!("`{}`", c.spec.usage.replace('|', "\\|")));
        let _ = writeln!(list, "| {} | {} |", group.heading(), of_group.collect::<Vec<_>>().join("<br>"));
    }
    list
}

#[test]
fn the_readme_lists_every_command() {
    let readme = text("README.md");
    let (before, rest) = readme.split_once("<!-- commands -->\n").expect("a place for the list");
    let (listed, after) = rest.split_once("<!-- /commands -->").expect("its end");
    let list = command_list();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let updated = format!("{before}<!-- commands -->\n{list}<!-- /commands -->{after}");
        std::fs::write(root().join("README.md"), updated).expect("README.md written");
        return;
    }
    assert_eq!(listed, list, "run UPDATE_EXPECT=1 ./test tidy::");
}

#[test]
fn the_changelog_has_a_place_for_what_is_not_released() {
    let changelog = text("CHANGELOG.md");
    let sections: Vec<&str> = changelog.lines().filter(|l| l.starts_with("## ")).collect();
    assert_eq!(sections.first(), Some(&"## [Unreleased]"), "the newest section is first");
    // A version that is built was written down.
    let version = env!("CARGO_PKG_VERSION");
    let released = sections.iter().skip(1).any(|s| s.starts_with(&format!("## [{version}]")));
    assert!(sections.len() == 1 || released, "Cargo.toml says {version}, the changelog does not");
}

#[test]
fn the_image_is_built_with_the_compiler_that_the_project_names() {
    let manifest = text("Cargo.toml");
    let wanted = manifest.split_once("rust-version = \"").and_then(|(_, r)| r.split_once('"')).expect("a version").0;
    let dockerfile = text("Dockerfile");
    assert!(dockerfile.contains(&format!("FROM rust:{wanted}-slim-bookworm AS build")), "rust-version is {wanted}");
    for line in ["USER firebell", "HEALTHCHECK", "VOLUME /var/lib/firebell", "STOPSIGNAL SIGTERM"] {
        assert!(dockerfile.contains(line), "Dockerfile: {line}");
    }
    // The builder gets only what .dockerignore lets through, and it must be all that the build reads.
    let ignore = text(".dockerignore");
    for read in ["Cargo.toml", "Cargo.lock", "src", "commands", "migrations"] {
        assert!(ignore.lines().any(|l| l == format!("!{read}")), ".dockerignore holds back {read}");
    }
}
