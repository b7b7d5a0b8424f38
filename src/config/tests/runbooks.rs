//! `[[runbooks]]` and their overlays, on files in a folder of their own. The runbooks are written down as their importer
//! hands them over, so that these tests are about the configuration alone.

use super::super::{Level, Loaded, Problem, Reading, load_by, report_text};
use super::lines;
use crate::program::Imported;
use crate::program::tests::source;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A folder with files, removed when it is dropped.
struct Folder(PathBuf, bool);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let no = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("firebell-runbooks-{}-{no}", std::process::id()));
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        Folder(folder, false)
    }

    fn load(&self, text: &str) -> Result<Loaded, Vec<Problem>> {
        load_by(
            Some((&self.0.join("firebell.toml"), text)),
            std::iter::empty(),
            &Reading { import: &read, forgiving: self.1 },
        )
    }

    fn good(&self, text: &str) -> Loaded {
        self.load(text).unwrap_or_else(|problems| panic!("should be valid:\n{}", lines(&problems)))
    }

    /// What is wrong, without the folder's name.
    fn bad(&self, text: &str) -> String {
        let problems = self.load(text).expect_err("should be refused");
        lines(&problems).replace(&format!("{}/", self.0.display()), "")
    }

    fn report(&self, text: &str) -> String {
        report_text(&self.load(text)).replace(&format!("{}/", self.0.display()), "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn read(bytes: &[u8]) -> Result<Imported, String> {
    let book = serde_json::from_slice(bytes).map_err(|_| "it is no runbook of this test".to_string())?;
    let import = source(book).import;
    Ok(Imported { sha256: format!("{:08x}", bytes.len()), ..import })
}

const SHOP: &str = r#"{
    "severities": [
        {"level": "P1", "name": "Outage", "rank": 1, "description": null, "response_time_s": 900,
         "resolution_time_s": null, "business_time": false, "line": 12},
        {"level": "P4", "name": "Wish", "rank": 2, "description": null, "response_time_s": 86400,
         "resolution_time_s": null, "business_time": true, "line": 13}],
    "escalation": [
        {"scope": null, "order": 1, "target": "On-call engineer", "after_s": 0, "action": "page",
         "response_time_s": null, "authority": [], "line": 30},
        {"scope": null, "order": 2, "target": "Head of Shop", "after_s": 900, "action": "page",
         "response_time_s": null, "authority": [], "line": 31}],
    "schedules": [
        {"name": "Morning check", "cadence": "daily", "when": "9:00", "cron": null, "tasks": [], "command_lines": [], "line": 50}]
}"#;
const BANK: &str = r#"{
    "severities": [
        {"level": "P0", "name": "Outage", "rank": 1, "description": null, "response_time_s": null,
         "resolution_time_s": null, "business_time": false, "line": 5},
        {"level": "P1", "name": "Slow", "rank": 2, "description": null, "response_time_s": null,
         "resolution_time_s": null, "business_time": false, "line": 6}]
}"#;
const OVERLAY: &str = r#"
zone = "Europe/Madrid"
working_hours = { zone = "Europe/Madrid", days = ["Mon-Fri"] }
[[roles]]
name = "on call engineer"
page = ["@ana"]
[[roles]]
name = "Head of Shop"
page = ["webhook.ops"]
"#;
const PEOPLE: &str = r#"
[people.ana]
contact = [{ via = "webhook.ops" }]
[paging.webhook.ops]
url = "https://hooks.example.org/page"
secret = "9b1f0c5e7a3d4286b0e1"
"#;

#[test]
fn every_markdown_file_beside_the_configuration_is_a_runbook_except_a_readme() {
    let folder = Folder::with(&[
        ("runbooks/shop.md", SHOP),
        ("runbooks/Main Bank.md", BANK),
        ("runbooks/README.md", "# How to write one"),
        ("runbooks/.hidden.md", "no"),
        ("runbooks/notes.txt", "no"),
        ("runbooks/shop.overlay.toml", "zone = \"Europe/Madrid\"\n"),
    ]);
    let found = folder.good("");
    let systems: Vec<&str> = found.config.program.systems().collect();
    assert_eq!(systems, ["Main-Bank", "shop"]);
    let shop = found.config.program.of("shop").expect("shop");
    assert_eq!(shop.overlay.zone, Some(chrono_tz::Europe::Madrid));
    let levels: Vec<_> = found.config.severities.iter().map(|s| (s.level.as_str(), s.rank)).collect();
    assert_eq!(levels, [("P0", 1), ("P1", 1), ("P4", 2)], "the worst rank that each label has anywhere");
    assert_eq!(folder.good("runbooks = []").config.program.sources, []);
    assert_eq!(folder.good("runbooks = []").config.severities.len(), 4, "the defaults");
}

#[test]
fn what_a_runbook_puts_in_force_is_what_decisions_look_up() {
    let folder = Folder::with(&[("shop.md", SHOP), ("shop.overlay.toml", OVERLAY)]);
    let text = format!("[[runbooks]]\npath = \"shop.md\"\n[services.checkout]\nsystem = \"SHOP\"\n{PEOPLE}");
    let d = folder.good(&text).config.directory();
    let checkout = "checkout".into();
    assert_eq!(d.system_of(Some(&checkout)), Some("shop"));
    let scale = d.scale(Some("shop"));
    let found: Vec<_> = scale.iter().map(|s| (s.level.as_str(), s.response_s, s.hours.is_some())).collect();
    assert_eq!(found, [("P1", Some(900), false), ("P4", Some(86_400), true)]);
    let policy = d.policy_of(Some(&checkout), &scale[0]).expect("the runbook's escalation");
    let levels: Vec<_> = policy.steps.iter().map(|s| (s.targets.len(), s.delay_s)).collect();
    assert_eq!((policy.name.as_str(), levels), ("runbook:shop", vec![(1, 900), (1, 300)]));
}

#[test]
fn config_check_lists_what_is_unmapped_by_the_line_of_the_runbook() {
    let folder = Folder::with(&[("shop.md", SHOP)]);
    let report = folder.report(&format!("[[runbooks]]\npath = \"shop.md\"\n{PEOPLE}"));
    let expected = "\
shop.md:13: note: P4 promises business time, so it has no clock. Say when the team works: working_hours = { zone = \"Europe/Madrid\", days = [\"Mon-Fri\"] } in the overlay.
shop.md:30: note: nobody knows who \"on call engineer\" is, so this escalation is not in force. Add [[roles]] name = \"on call engineer\", page = [\"schedule:primary\"] to shop.overlay.toml (page = [] leaves it out).
shop.md:31: note: nobody knows who \"head of shop\" is, so this escalation is not in force. Add [[roles]] name = \"head of shop\", page = [\"schedule:primary\"] to shop.overlay.toml (page = [] leaves it out).
shop.md:50: note: its schedule is off: nobody knows the team's time zone. Add zone = \"Europe/Madrid\" to shop.overlay.toml.
firebell.toml is valid: 1 person, 0 services, 0 policies, 0 schedules, 1 pager, 0 alert sources, 1 runbook.
";
    assert_eq!(report, expected);
}

#[test]
fn config_check_says_which_of_two_won() {
    let folder = Folder::with(&[("shop.md", SHOP), ("shop.overlay.toml", OVERLAY)]);
    let text = format!(
        "[[severities]]\nlevel = \"P1\"\nresponse = \"5m\"\n[[runbooks]]\npath = \"shop.md\"\n\
         [services.checkout]\nsystem = \"shop\"\npolicy = \"night\"\n[services.mail]\nsystem = \"shp\"\n\
         [policies.default]\nlevels = [{{ page = [\"@ana\"] }}]\n[policies.night]\nlevels = [{{ page = [\"@ana\"] }}]\n{PEOPLE}"
    );
    let report = folder.report(&text);
    for said in [
        "shop.md:12: note: the configuration's P1 wins: response 5 min over 15 min. Remove those keys from [[severities]] to go by the runbook.",
        "firebell.toml:11: note: policies.default: it wins over the escalation of shop.md. Rename the policy to page by the runbook.",
        "note: services.checkout.policy: policies.night wins over the escalation of its runbook. Remove the key to page by the runbook.",
        "note: services.mail.system: no runbook is that of \"shp\". Did you mean \"shop\"?",
    ] {
        assert!(report.contains(said), "{said}\nis not in\n{report}");
    }
    let d = folder.good(&text).config.directory();
    let p1 = &d.scale(Some("shop"))[0];
    assert_eq!((p1.response_s, p1.name.as_str(), p1.rank), (Some(300), "Outage", 1));
}

#[test]
fn mistakes_in_runbooks_and_overlays_are_named_in_their_own_files() {
    let folder = Folder::with(&[
        ("shop.md", SHOP),
        ("bank.md", "# not JSON"),
        (
            "shop.overlay.toml",
            "zone = \"Europe/Madird\"\nrolse = []\n[[roles]]\nname = \"lead\"\npage = [\"@bo\"]\n[[roles]]\nname = \"x\"\n",
        ),
    ]);
    let text = format!(
        "default_system = \"shp\"\n[[runbooks]]\npath = \"shop.md\"\n[[runbooks]]\npath = \"bank.md\"\n[[runbooks]]\npath = \"gone.md\"\n\
         [[runbooks]]\npath = \"other.md\"\nsystem = \"Shop\"\n[[runbooks]]\nsystem = \"x\"\n{PEOPLE}"
    );
    let found = folder.bad(&text);
    for said in [
        "firebell.toml:1: error: default_system: no runbook is that of \"shp\". Did you mean \"shop\"?",
        "firebell.toml:4: error: runbooks[1]: cannot read the runbook bank.md: it is no runbook of this test. Correct the file, or remove it from [[runbooks]].",
        "firebell.toml:6: error: runbooks[2]: cannot read the runbook gone.md: there is no such file. Correct the file, or remove it from [[runbooks]].",
        "firebell.toml:8: error: runbooks[3]: \"Shop\" is the system of shop.md too. Give one of the two another name: system = \"…\".",
        "error: runbooks[4].path: is missing.",
        "shop.overlay.toml:1: error: zone: ",
        "shop.overlay.toml:2: error: rolse: unknown key. Did you mean \"roles\"?",
        "shop.overlay.toml:5: error: roles[0].page: there is no person \"bo\".",
        "shop.overlay.toml:6: error: roles[1].page: is missing. Write whom it means, such as page = [\"@ana\"], or page = [] to leave it out.",
    ] {
        assert!(found.contains(said), "{said}\nis not in\n{found}");
    }
}

#[test]
fn a_reload_says_which_runbook_is_otherwise() {
    let folder = Folder::with(&[("shop.md", SHOP), ("bank.md", BANK)]);
    let text = "[[runbooks]]\npath = \"shop.md\"\n[[runbooks]]\npath = \"bank.md\"\n";
    let changes = |before: &Loaded| {
        let after = folder.good(text);
        before.tables.changes(&after.tables).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let before = folder.good(text);
    assert_eq!(changes(&before), Vec::<String>::new());
    std::fs::write(folder.0.join("shop.overlay.toml"), "reads = [\"./x.sh\"]\n").expect("written");
    assert_eq!(changes(&before), ["runbooks.shop changed"]);
    std::fs::write(folder.0.join("bank.md"), SHOP).expect("written");
    assert_eq!(changes(&before), ["runbooks.bank changed", "runbooks.shop changed"]);
}

#[test]
fn the_manual_of_the_overlay_shows_every_key_and_is_valid() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks.md")).expect("the page");
    let (_, rest) = page.split_once("```toml overlay\n").expect("the overlay");
    let (overlay, _) = rest.split_once("```").expect("its end");
    let schedule = "[schedules.primary]\npeople = [\"ana\"]\n";
    let folder = Folder::with(&[("shop.md", SHOP), ("shop.overlay.toml", overlay)]);
    let loaded = folder.good(&format!("[[runbooks]]\npath = \"shop.md\"\n{schedule}{PEOPLE}"));
    let o = &loaded.config.program.sources[0].overlay;
    assert_eq!((o.schedules.run, o.schedules.declare, o.grace_s), (Some(true), Some(false), Some(3_600)));
    assert!(
        o.zone.is_some() && o.hours.is_some() && o.reminders == Some(true) && o.first.len() == 1 && o.reads.len() == 1
    );
    assert_eq!(
        [o.roles.len(), o.channels.len(), o.targets.len(), o.values.len(), o.times.len(), o.decisions.len()],
        [1; 6]
    );
    for key in super::super::schema::OVERLAY {
        let shown = [format!("{} = ", key.name), format!("[[{}]]", key.name), format!("[{}]", key.name)];
        assert!(overlay.lines().any(|l| shown.iter().any(|s| l.starts_with(s.as_str()))), "{} is not shown", key.name);
    }
}

#[test]
fn an_edited_added_or_removed_runbook_and_overlay_is_seen_and_nothing_else() {
    let folder = Folder::with(&[("runbooks/shop.md", SHOP), ("runbooks/README.md", "x")]);
    let watched = folder.good("").watched;
    let mut last = watched.look();
    let mut changed = |what: &str, expected: bool| {
        let now = watched.look();
        assert_eq!(now != last, expected, "{what}");
        last = now;
    };
    changed("nothing", false);
    let write = |name: &str, text: &str| std::fs::write(folder.0.join(name), text).expect("written");
    write("runbooks/shop.md", &format!("{SHOP} "));
    changed("a runbook", true);
    write("runbooks/shop.overlay.toml", "zone = \"Europe/Madrid\"");
    changed("an overlay that was not there", true);
    write("runbooks/bank.md", BANK);
    changed("another runbook", true);
    write("runbooks/README.md", "something else");
    write("firebell.toml", "# the configuration is told, not watched");
    changed("what is no runbook", false);
    std::fs::remove_file(folder.0.join("runbooks/bank.md")).expect("removed");
    changed("one that is gone", true);
    let named = folder.good("[[runbooks]]\npath = \"runbooks/shop.md\"").watched;
    let before = named.look();
    write("runbooks/bank.md", BANK);
    assert_eq!(named.look(), before, "one that nobody named");
}

#[test]
fn the_runbooks_to_start_from_import_without_an_error_and_put_something_in_force() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("config/firebell.toml");
    let loaded = super::super::load(Some(&file), std::iter::empty()).unwrap_or_else(|p| panic!("{}", lines(&p)));
    let systems: Vec<&str> = loaded.config.program.systems().collect();
    assert_eq!(systems, ["c0di3", "leanvibe", "mahavishnu", "travian", "vividwalls"]);
    for source in &loaded.config.program.sources {
        let book = source.book();
        let errors: Vec<_> =
            book.findings.iter().filter(|f| f.level == firebell_runbook::model::Level::Error).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", source.file);
        assert!(
            book.severities.len() >= 3 && book.severities.iter().all(|s| s.response_time_s.is_some()),
            "{}",
            source.file
        );
        assert!(book.playbooks.len() >= 3, "{}", source.file);
        for playbook in &book.playbooks {
            let book = crate::program::playbooks::Book::Playbook(playbook);
            let steps = crate::program::playbooks::followed(source, book, &Default::default()).steps;
            assert!(steps.len() >= 3 && !playbook.symptoms.is_empty(), "{}: {}: {steps:?}", source.file, playbook.name);
        }
    }
    let d = loaded.config.directory();
    assert_eq!(
        d.scale(Some("leanvibe")).iter().map(|s| s.level.as_str()).collect::<Vec<_>>(),
        ["P0", "P1", "P2", "P3"]
    );
}

#[test]
fn who_only_speaks_to_a_running_bot_is_not_kept_from_it_by_a_broken_runbook() {
    let mut folder = Folder::with(&[("shop.md", "# broken"), ("bank.md", BANK)]);
    let text = "default_system = \"shop\"\n[[runbooks]]\npath = \"shop.md\"\n[[runbooks]]\npath = \"bank.md\"\n\
                [ingest.prom]\nkind = \"alertmanager\"\ntoken = \"9b1f0c5e7a3d4286b0e1\"\nseverity = \"S7\"\n";
    assert_eq!(
        folder.load(text).expect_err("a bot does not start").iter().filter(|p| p.level == Level::Error).count(),
        3
    );
    folder.1 = true;
    let loaded = folder.good(text);
    assert_eq!(loaded.config.program.systems().collect::<Vec<_>>(), ["bank"]);
    assert_eq!(loaded.warnings.len(), 3);
    assert!(folder.load("listn = 1").is_err(), "only what comes from runbooks is forgiven");
}
