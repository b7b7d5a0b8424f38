//! What may stand nowhere in the tree: promises instead of work, tests that are not run, addresses of package hosts,
//! paths of one machine. And what must stand everywhere: a header that says what a file is for.

use super::source::{Source, files, root, rust, text};
use super::{none, planted};

/// Lines of a Rust file, at most.
const LINES_MAX: usize = 600;
/// Files that are longer for a reason. Entries only leave this list.
const LONGER: &[(&str, usize)] = &[];

/// In pieces, so that this file does not hold what it looks for.
fn unfinished() -> Vec<String> {
    let pieces = [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("XX", "X"),
        ("to", "do!("),
        ("unimpl", "emented!("),
        ("#[ig", "nore"),
        ("should", "_panic"),
    ];
    pieces.map(|(a, b)| format!("{a}{b}")).to_vec()
}

fn package_hosts() -> Vec<String> {
    let dot_io = ["crates", "docker", "ghcr", "quay", "gcr"].map(|host| format!("{host}.{}", "io"));
    let dot_org = ["pypi", "npmjs"].map(|host| format!("{host}.{}", "org"));
    [&dot_io[..], &dot_org[..]].concat()
}

fn machine_paths() -> Vec<String> {
    [("/wo", "rk/"), ("/tmp/", "brief"), ("/tmp/", "wt-"), ("/ro", "ot/"), ("/home", "/")]
        .map(|(a, b)| format!("{a}{b}"))
        .to_vec()
}

fn holds(path: &str, text: &str, forbidden: &[String]) -> Vec<String> {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let lines = text.lines().enumerate();
    lines
        .flat_map(|(n, line)| {
            let found = forbidden.iter().filter(move |f| {
                line.match_indices(f.as_str()).any(|(at, _)| {
                    // A whole word: a name that only contains one is not meant.
                    let (before, after) = (line[..at].chars().next_back(), line[at + f.len()..].chars().next());
                    !(word(before) || (word(f.chars().last()) && word(after)))
                })
            });
            found.map(move |f| format!("{path}:{}: {f}", n + 1)).collect::<Vec<_>>()
        })
        .collect()
}

/// Text files by path; what is no text holds no words.
fn texts() -> Vec<(String, String)> {
    let read = |path: String| std::fs::read_to_string(root().join(&path)).ok().map(|text| (path, text));
    files().into_iter().filter_map(read).collect()
}

#[test]
fn nothing_is_unfinished_or_left_out_of_the_tests() {
    // What the importer of runbooks has to recognise stands in its tests.
    let reads = |path: &str| path.starts_with("src/runbook/") && path.contains("tests");
    let code = texts()
        .into_iter()
        .filter(|(path, _)| !path.starts_with("tests/golden/") && path != "Cargo.lock" && !reads(path));
    none("Finish it, or write an issue", code.flat_map(|(path, text)| holds(&path, &text, &unfinished())).collect());
    planted(1, holds("x.rs", &format!("// {}: later", unfinished()[0]), &unfinished()).len());
    planted(1, holds("x.rs", &format!("    {}]", unfinished()[5]), &unfinished()).len());
    assert_eq!(holds("x.rs", "mktemp /tmp/a.XXXXXX; METHODOLOGY; is_ignored", &unfinished()).len(), 0);
}

#[test]
fn no_package_host_and_no_path_of_a_machine_is_named() {
    // Cargo writes where packages come from into its lock files.
    let all = texts().into_iter().filter(|(path, _)| !path.ends_with("Cargo.lock"));
    let forbidden = [package_hosts(), machine_paths()].concat();
    // Debian has a package whose name is also a host's: as such it is a line of the list of packages.
    let package = format!("\n    docker{}", ".io ");
    let all =
        all.map(|(path, text)| if path == "test" { (path, text.replacen(&package, "\n", 1)) } else { (path, text) });
    none("It would be wrong elsewhere", all.flat_map(|(path, text)| holds(&path, &text, &forbidden)).collect());
    planted(2, holds("x", &format!("{}x {}/a", machine_paths()[0], package_hosts()[0]), &forbidden).len());
}

#[test]
fn every_rust_file_says_first_what_it_is_for() {
    let begins = |s: &Source| s.raw.starts_with("//! ");
    let wrong = rust().into_iter().filter(|s| !begins(s)).map(|s| s.path);
    none("Begin with `//! ` and what the file does and never does", wrong.collect());
    planted(1, usize::from(!begins(&Source::new("x.rs", "use a;\n//! late"))));
}

#[test]
fn no_file_has_grown_too_long() {
    let long = |s: &Source| {
        let lines = s.raw.lines().count();
        let bound = LONGER.iter().find(|(path, _)| *path == s.path).map_or(LINES_MAX, |(_, n)| *n);
        (lines > bound).then(|| format!("{}: {lines} lines, at most {bound}", s.path))
    };
    none("Split it", rust().iter().filter_map(long).collect());
    planted(1, usize::from(long(&Source::new("x.rs", &"\n".repeat(LINES_MAX + 1))).is_some()));
    // The list of exceptions only gets shorter.
    for (path, bound) in LONGER {
        let lines = text(path).lines().count();
        assert!(lines > LINES_MAX && lines == *bound, "{path} has {lines} lines now: correct or remove its exception");
    }
}

/// The systems of the example runbooks: their files' names, and what else they are called in them.
fn systems() -> Vec<String> {
    let examples = files().into_iter().filter_map(|path| {
        let name = path.strip_prefix("config/runbooks/")?.strip_suffix(".md")?.to_string();
        (name != "README").then_some(name)
    });
    let also = ["core-agent", "core_agent", "coreagent", "vivid_mas", "agent-hive"].map(str::to_string);
    examples.chain(also).collect()
}

#[test]
fn nothing_that_is_shipped_knows_a_system_of_the_example_runbooks() {
    let names = systems();
    assert!(names.len() > 9, "the examples are gone: {names:?}");
    // Tests of the importer hold labels of real files.
    let shipped = |path: &str| (path.starts_with("src/") || path.starts_with("commands/")) && !path.contains("tests");
    let all = texts().into_iter().filter(|(path, _)| shipped(path));
    // Also as a part of a word: containers and databases are named after their system.
    let named = |path: &str, text: &str| {
        let text = text.to_lowercase();
        names.iter().filter(|name| text.contains(*name)).map(|name| format!("{path}: {name}")).collect::<Vec<_>>()
    };
    none("What is for one system belongs into its overlay", all.flat_map(|(path, text)| named(&path, &text)).collect());
    planted(1, named("src/x.rs", &format!("docker restart {}_db", names[0].to_uppercase())).len());
}
