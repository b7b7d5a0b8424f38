//! The five systems of `tests/lab`, each broken for real and mended by a line of its runbook: an alert declares, the bot
//! pages, diagnoses and proposes, somebody approves, the line runs, and what is seen from outside is well again. Once
//! with the runbook of `config/runbooks`, and once with the team's own file where FIREBELL_SEED_RUNBOOKS names its folder
//! (without it, what is named `seeds::` was not requested, and `./test` says so).
//!
//! Every test runs in a network of its own, so the systems have the ports that their runbooks speak of.

mod bot;
mod c0di3;
mod faults;
mod lab;
mod leanvibe;
mod mahavishnu;
mod travian;
mod vividwalls;

use crate::harness::files::temp_dir;
use crate::harness::process::kept;
use std::future::Future;
use std::path::{Path, PathBuf};

/// Where a test that runs in its own network says that it has come to its end.
const PROOF: &str = "FIREBELL_LAB_PROOF";

/// A test in a network of its own: `alone! { async fn the_name() { … } }`.
macro_rules! alone {
    ($(#[doc = $about:literal])* async fn $name:ident() $body:block) => {
        #[test]
        fn $name() {
            crate::systems::in_its_own_network(concat!(module_path!(), "::", stringify!($name)), async { $body });
        }
    };
}
use alone;

/// Starts the same test again inside, and waits for it; inside, does what it is about.
fn in_its_own_network(test: &str, body: impl Future<Output = ()>) {
    if let Some(proof) = std::env::var_os(PROOF) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be built").block_on(body);
        std::fs::write(proof, "").expect("the test's folder can be written");
        return;
    }
    let folder = temp_dir();
    let proof = folder.join("proof");
    let (_, name) = test.split_once("::").expect("a path of modules");
    let mut command = kept("unshare");
    command.args(["--net", "--mount", "--", "sh", "-c", "/bin/busybox ip link set lo up && exec \"$0\" \"$@\""]);
    command.arg(std::env::current_exe().expect("this program has a path"));
    command.args([name, "--exact", "--nocapture"]).env(PROOF, &proof);
    let status = command.status().expect("unshare is installed");
    assert!(status.success() && proof.exists(), "{name} failed in its own network ({status}): see above");
}

/// Which text of a system's runbook.
#[derive(Clone, Copy, PartialEq)]
enum Which {
    /// `config/runbooks`.
    Ours,
    /// Byte for byte the team's.
    Seed,
}

impl Which {
    /// `None`: the teams' own files were not requested.
    fn file(self, system: &str) -> Option<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = match self {
            Which::Ours => root.join("config/runbooks"),
            Which::Seed => root.join(std::env::var_os("FIREBELL_SEED_RUNBOOKS").filter(|v| !v.is_empty())?),
        };
        let file = folder.join(format!("{system}.md"));
        assert!(file.exists(), "there is no {}", file.display());
        Some(file)
    }

    /// Where our own runbook has a command.
    fn line(self, system: &str, command: &str) -> u32 {
        let file = self.file(system).expect("our own are there");
        let text = std::fs::read_to_string(&file).expect("a runbook is text");
        let at = text.lines().position(|l| l.trim() == command);
        at.map(|at| at as u32 + 1).unwrap_or_else(|| panic!("{} has no line {command:?}", file.display()))
    }
}
