//! Packages of the lock file with open advisories that we keep, each with the reason, and the check that ends it: when
//! the version is gone, or somebody else brings it, the exception is wrong and this fails. Asks no network.
//!
//! **rustls-webpki 0.102.8** (RUSTSEC-2026-0049, RUSTSEC-2026-0098, RUSTSEC-2026-0099, RUSTSEC-2026-0104). serenity 0.12
//! pins rustls 0.22 through its WebSocket, and does not build its HTTP parts without a TLS backend; the fix is in its next
//! release, which is not published. Kept, because:
//!
//! - The four concern revocation lists and certificate authorities with name constraints. Firebell configures no
//!   revocation lists, and the only peer of this copy is Discord's gateway, whose chain has no such authority.
//! - Nothing else uses that copy: everything that Firebell sends to Discord goes through its own client, with the current
//!   rustls; of serenity's own HTTP client nothing is asked.
//! - What the gateway brings is not believed for being there: an answer goes by the other client, and what is done
//!   passes the same checks as from everywhere.
//! - The other way (OpenSSL through serenity's native backend) would bring a second TLS library and C code.
//!
//! Remove the exception with the first serenity that has a current rustls. Until then HTTP interactions (`[discord]
//! gateway = false`) need no connection by that copy at all.

use super::source::text;
use super::{none, planted};

struct Kept {
    package: &'static str,
    version: &'static str,
    advisories: &'static [&'static str],
    /// The packages that may bring it, and nobody else.
    brought_by: &'static [&'static str],
}

const KEPT: &[Kept] = &[Kept {
    package: "rustls-webpki",
    version: "0.102.8",
    advisories: &["RUSTSEC-2026-0049", "RUSTSEC-2026-0098", "RUSTSEC-2026-0099", "RUSTSEC-2026-0104"],
    brought_by: &["rustls 0.22.4"],
}];

/// Who brings that old rustls: only serenity's WebSocket.
const CHAIN: &[(&str, &[&str])] = &[
    ("rustls 0.22.4", &["tokio-rustls 0.25.0", "tokio-tungstenite 0.21.0", "tungstenite 0.21.0"]),
    ("tokio-tungstenite 0.21.0", &["serenity 0.12.5"]),
    ("tungstenite 0.21.0", &["tokio-tungstenite 0.21.0"]),
    ("tokio-rustls 0.25.0", &["tokio-tungstenite 0.21.0"]),
];

/// Every package as `name version`, with the packages it needs in the same form.
fn packages(lock: &str) -> Vec<(String, Vec<String>)> {
    let lock: toml::Table = lock.parse().expect("a lock file");
    let all = lock["package"].as_array().expect("a list").clone();
    let field = |p: &toml::Value, key: &str| p[key].as_str().unwrap_or_default().to_string();
    let versions = |name: &str| {
        let same = all.iter().filter(|p| p["name"].as_str() == Some(name));
        same.map(|p| field(p, "version")).collect::<Vec<_>>()
    };
    let whole = |needed: &str| match needed.split_once(' ') {
        Some((name, rest)) => format!("{name} {}", rest.split(' ').next().unwrap_or_default()),
        None => format!("{needed} {}", versions(needed).concat()),
    };
    all.iter()
        .map(|p| {
            let needs = p.get("dependencies").and_then(|d| d.as_array()).cloned().unwrap_or_default();
            let needs = needs.iter().filter_map(|d| d.as_str()).map(whole).collect();
            (format!("{} {}", field(p, "name"), field(p, "version")), needs)
        })
        .collect()
}

fn wrong(lock: &str) -> Vec<String> {
    let all = packages(lock);
    let users = |wanted: &str| {
        let mut found: Vec<&str> =
            all.iter().filter(|(_, needs)| needs.iter().any(|n| n == wanted)).map(|(p, _)| p.as_str()).collect();
        found.sort_unstable();
        found
    };
    let mut wrong = Vec::new();
    let mut held = |package: &str, by: &[&str]| {
        if !all.iter().any(|(p, _)| p == package) {
            wrong.push(format!("{package} is not there any more: take its exception out of this file"));
        } else if users(package) != by {
            wrong.push(format!("{package} is brought by {:?}, and the exception is for {by:?}", users(package)));
        }
    };
    for kept in KEPT {
        assert!(!kept.advisories.is_empty(), "an exception names what it is for");
        held(&format!("{} {}", kept.package, kept.version), kept.brought_by);
    }
    for (package, by) in CHAIN {
        held(package, by);
    }
    // Another copy that is as old is another exception.
    let old = |p: &str| p.starts_with("rustls-webpki 0.10") && !p.starts_with("rustls-webpki 0.103.");
    let known = KEPT.iter().map(|k| format!("{} {}", k.package, k.version)).collect::<Vec<_>>();
    wrong.extend(all.iter().filter(|(p, _)| old(p) && !known.contains(p)).map(|(p, _)| format!("{p} is not excepted")));
    wrong
}

#[test]
fn packages_with_open_advisories_are_exactly_those_that_were_decided_on() {
    let lock = text("Cargo.lock");
    none("Decide again", wrong(&lock));
    planted(
        1,
        wrong(&lock.replace(
            "name = \"rustls-webpki\"\nversion = \"0.102.8\"",
            "name = \"rustls-webpki\"\nversion = \"0.103.99\"",
        ))
        .len()
        .min(1),
    );
    let another = format!("{lock}\n[[package]]\nname = \"rustls-webpki\"\nversion = \"0.101.7\"\n");
    planted(1, wrong(&another).len());
    let brought =
        lock.replacen("name = \"strsim\"\n", "name = \"strsim\"\ndependencies = [\"rustls-webpki 0.102.8\"]\n", 1);
    planted(1, wrong(&brought).len());
}
