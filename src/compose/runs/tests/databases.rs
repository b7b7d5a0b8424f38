//! From tables of a configuration to what carries out: what cannot be an address is said with its key.

use super::super::*;
use std::sync::atomic::{AtomicU32, Ordering};

static FILES: AtomicU32 = AtomicU32::new(0);

fn made(text: &str) -> Result<(), String> {
    // Only one caller in the process can install the provider; for the others it is already there.
    rustls::crypto::ring::default_provider().install_default().ok();
    let no = FILES.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("firebell-compose-{}-{no}.toml", std::process::id()));
    std::fs::write(&file, format!("runbooks = []\n{text}")).expect("a file");
    let loaded = crate::config::load(Some(&file), std::iter::empty());
    std::fs::remove_file(&file).ok();
    let loaded = loaded.map_err(|p| p.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("\n"))?;
    let hidden = secrets(&loaded.config);
    assert_eq!(hidden.hide("a correct-horse b"), "a [hidden] b", "{text}");
    carrier(&loaded.config).map(|_| ()).map_err(|e| e.to_string())
}

#[test]
fn databases_are_made_of_their_tables_and_their_passwords_hidden() {
    for target in [
        "kind = \"postgres\"\naddress = \"postgres://shop:correct-horse@db:5432/shop\"",
        "kind = \"postgres\"\naddress = \"db\"\nuser = \"shop\"\npassword = \"correct-horse\"\ndatabase = \"shop\"",
        "kind = \"mysql\"\naddress = \"mysql://shop:correct-horse@db/shop?ssl-mode=required\"",
        "kind = \"redis\"\naddress = \"rediss://:correct-horse@cache:6380/2\"\nallow = [\"shop-docker/cache\"]",
        "kind = \"redis\"\naddress = \"cache:6380\"\npassword = \"correct-horse\"",
    ] {
        assert_eq!(made(&format!("[targets.db]\n{target}\n")), Ok(()), "{target}");
    }
    for (target, why) in [
        ("kind = \"postgres\"\n", "targets.db.address is missing. Write such as postgres://user@host:5432"),
        (
            "kind = \"redis\"\naddress = \"mysql://db\"",
            "targets.db.address is no address of Redis. Write such as redis://",
        ),
        ("kind = \"mysql\"\naddress = \"mysql://db?tls=1\"", "targets.db.address has tls=1, which is not understood"),
    ] {
        let said = made(&format!("[targets.db]\npassword = \"correct-horse\"\n{target}\n")).expect_err(target);
        assert!(said.contains(why), "{said}");
    }
}
