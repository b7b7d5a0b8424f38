//! What variables of a runbook's commands stand for: only what its overlay lists, from where it says, and never printed.

use super::super::{Loaded, Problem, load_text};
use super::lines;
use secrecy::ExposeSecret;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A configuration with one runbook and this overlay, read in this environment.
fn load(overlay: &str, env: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let no = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder: PathBuf = std::env::temp_dir().join(format!("firebell-secrets-{}-{no}", std::process::id()));
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    std::fs::create_dir_all(&folder).expect("a folder");
    put("shop.md", "# Shop\n\n```bash\nredis-cli -a $REDIS_PASSWORD LLEN queue\n```\n");
    put("shop.overlay.toml", overlay);
    put("kept", "from-a-file\n");
    let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<Vec<_>>();
    let text = "[[runbooks]]\npath = \"shop.md\"\n";
    let loaded = load_text(Some((&folder.join("firebell.toml"), text)), env.into_iter());
    std::fs::remove_dir_all(&folder).ok();
    loaded
}

fn known(loaded: &Loaded) -> Vec<(String, String)> {
    let secrets = loaded.config.program.sources.iter().flat_map(|s| &s.overlay.secrets);
    secrets.map(|(name, value)| (name.clone(), value.0.expose_secret().to_string())).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_string(), value.to_string())
}

#[test]
fn a_variable_stands_for_what_the_overlay_says_and_no_other_is_taken() {
    let overlay = r#"
        [[secrets]]
        variable = "REDIS_PASSWORD"
        env = "SHOP_REDIS"
        [[secrets]]
        variable = "$MYSQL_PWD"
        value_file = "kept"
        [[secrets]]
        variable = "${TOKEN}"
        value = "written-down"
    "#;
    let env = [("SHOP_REDIS", "correct-horse"), ("OTHER_PASSWORD", "never-taken")];
    let loaded = load(overlay, &env).unwrap_or_else(|p| panic!("{}", lines(&p)));
    let expected =
        [pair("MYSQL_PWD", "from-a-file"), pair("REDIS_PASSWORD", "correct-horse"), pair("TOKEN", "written-down")];
    assert_eq!(known(&loaded), expected);
    let printed = format!("{:?}", loaded.config);
    assert!(["correct-horse", "from-a-file", "written-down"].iter().all(|secret| !printed.contains(secret)));

    let loaded = load(overlay, &[]).unwrap_or_else(|p| panic!("{}", lines(&p)));
    assert_eq!(known(&loaded).len(), 2);
    let said = lines(&loaded.warnings);
    assert!(said.contains("the variable SHOP_REDIS is not set, so $REDIS_PASSWORD stays open"), "{said}");
}

#[test]
fn what_could_not_be_hidden_or_is_not_said_is_an_error() {
    for (overlay, why) in [
        ("[[secrets]]\nvariable = \"A\"\nvalue = \"short\"", "has fewer than 6 characters"),
        ("[[secrets]]\nvariable = \"A\"", "is missing"),
        ("[[secrets]]\nenv = \"A\"", "is missing"),
        ("[[secrets]]\nvariable = \"A\"\nvalue = \"long-enough\"\nenv = \"B\"", "given twice"),
        (
            "[[secrets]]\nvariable = \"A\"\nvalue = \"long-enough\"\n[[secrets]]\nvariable = \"$A\"\nvalue = \"long-enough\"",
            "listed twice",
        ),
    ] {
        let said = lines(&load(overlay, &[]).expect_err("should be refused"));
        assert!(said.contains(why) && !said.contains("long-enough"), "{overlay}: {said}");
    }
}
