//! Reads what concerns the process itself: where it listens, where its data lives, how it logs.

use super::problem::{Problems, quoted};
use super::read::Table;
use super::settings::{Address, Log, LogFormat};
use firebell_domain::directory::Settings;
use firebell_domain::limits::{REMINDERS_MAX, STEP_DELAY_MAX_S};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7911);
const DATABASE_URL: &str = "sqlite://firebell.db";
const FILTER: &str = "info";

pub fn listen(root: &Table<'_>, problems: &mut Problems) -> SocketAddr {
    let Some(text) = root.text("listen") else { return LISTEN };
    if let Ok(address) = text.parse() {
        return address;
    }
    let port = text.rsplit(':').next().and_then(|p| p.parse::<u16>().ok());
    let fix = match (text, port) {
        (_, Some(port)) if text.starts_with(':') || text == port.to_string() => {
            format!("Write \"127.0.0.1:{port}\" for this machine only, or \"0.0.0.0:{port}\" for every network")
        }
        (_, Some(port)) if text.starts_with("localhost:") => format!("Write \"127.0.0.1:{port}\""),
        (_, None) if text.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) => format!("Write \"{text}:7911\""),
        _ => "Write an IP address and a port such as \"127.0.0.1:7911\"".to_string(),
    };
    problems.error(&root.spot("listen"), format!("{} is not an address to listen on", quoted(text)), fix);
    LISTEN
}

pub fn public_url(root: &Table<'_>, listen: SocketAddr, problems: &mut Problems) -> Option<Address> {
    let found = address(root, "public_url", problems);
    if let Some(a) = &found
        && (a.url().query().is_some() || a.url().fragment().is_some())
    {
        problems.error(&root.spot("public_url"), "has a part behind ? or #", "Write the address without it");
    }
    if !root.given("public_url") && listen.ip().is_unspecified() {
        let what = format!("listening on {listen} while public_url is not set, so links in messages will not open");
        problems.warn(&root.spot("listen"), what, "Set public_url to the address that people use");
    }
    found
}

/// Names that browsers may reach the listener by, besides those of `public_url`, `localhost` and IP addresses.
pub fn hosts(root: &Table<'_>, problems: &mut Problems) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (text, spot) in root.texts("hosts") {
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest).split('/').next().unwrap_or_default();
        let name = match bare.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => bare,
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !name.split('.').all(label) {
            let fix = "Write a name such as \"firebell.internal\"; every name by itself, without *";
            problems.error(&spot, format!("{} is not the name of a host", quoted(text)), fix);
        } else if name != text.to_ascii_lowercase() {
            problems.error(&spot, format!("{} is more than a name", quoted(text)), format!("Write {}", quoted(&name)));
        } else if all.contains(&name) {
            problems.warn(&spot, format!("{} is given twice", quoted(text)), "Keep one of the two");
        } else {
            all.push(name);
        }
    }
    all
}

/// A key that holds an address of http or https. Its value is not repeated: it may be a capability.
pub fn address(table: &Table<'_>, name: &str, problems: &mut Problems) -> Option<Address> {
    let text = table.text(name)?;
    let complaint = match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => "does not begin with http:// or https://".to_string(),
        Ok(url) if url.host_str().is_none_or(str::is_empty) => "names no host".to_string(),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "has a user or password in front of the host, which logs and links would show".to_string()
        }
        Ok(url) => return Some(Address::new(url)),
        Err(_) if !text.contains("://") => "does not begin with http:// or https://".to_string(),
        Err(why) => format!("is not an address: {why}"),
    };
    problems.error(&table.spot(name), complaint, "Write an address such as \"https://host.example.org/path\"");
    None
}

/// Whether an address stays on this machine, where no network can read along.
pub fn is_local(address: &Address) -> bool {
    address.url().host_str().is_some_and(is_local_host)
}

pub fn is_local_host(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

pub fn database_url(root: &Table<'_>, problems: &mut Problems) -> SecretString {
    let Some(url) = root.secret("database_url") else { return SecretString::from(DATABASE_URL) };
    let text = url.expose_secret();
    let spot = root.spot("database_url");
    let scheme = text.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" if text.contains(":memory:") || text.contains("mode=memory") => {
            problems.error(
                &spot,
                "a database in memory forgets its pages at a restart",
                "Write \"sqlite://firebell.db\"",
            );
        }
        "sqlite" if sqlite_path(text).is_none() => {
            problems.error(
                &spot,
                "names no file",
                "Write \"sqlite://firebell.db\" or \"sqlite:///var/lib/firebell.db\"",
            );
        }
        "sqlite" if text.contains('?') => {
            let what = "has options behind ?, which would be ignored: durability is not configurable";
            problems.error(&spot, what, "Write the address without them");
        }
        "sqlite" => {}
        "postgres" | "postgresql" => {
            if !text.contains("://") || Url::parse(text).is_err() {
                let fix = "Write \"postgres://user@host:5432/firebell\", with % escapes in a password";
                problems.error(&spot, "is not a Postgres address", fix);
            }
        }
        _ => {
            let fix = "Write \"sqlite://firebell.db\" or \"postgres://user@host/firebell\"";
            problems.error(&spot, "is neither a sqlite: nor a postgres: address", fix);
        }
    }
    url
}

/// The file that `sqlite://firebell.db` or `sqlite:///var/lib/firebell.db` names, taken as it is written: the same
/// reading as that of the store, which opens it.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

pub fn data_dir(root: &Table<'_>, database_url: &SecretString) -> PathBuf {
    if let Some(text) = root.text("data_dir") {
        return PathBuf::from(text);
    }
    match sqlite_path(database_url.expose_secret()).as_deref().and_then(Path::parent) {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

pub fn incidents(root: &Table<'_>, problems: &mut Problems) -> Settings {
    let (table, default) = (root.table("incidents"), Settings::default());
    let bounds = (0, STEP_DELAY_MAX_S);
    Settings {
        quiet_resolve_s: table.span_within("quiet_resolve", bounds, default.quiet_resolve_s, problems),
        reopen_window_s: table.span_within("reopen_window", bounds, default.reopen_window_s, problems),
        rings_per_minute: rings_per_minute(root, default.rings_per_minute, problems),
        draft_reminders_max: reminders(&table, "draft_reminders", default.draft_reminders_max, problems),
        action_reminders_max: reminders(&table, "action_reminders", default.action_reminders_max, problems),
    }
}

/// How often somebody is reminded of what is overdue; 0 is never.
fn reminders(table: &Table<'_>, key: &str, default: u32, problems: &mut Problems) -> u32 {
    let Some(n) = table.number(key) else { return default };
    match u32::try_from(n) {
        Ok(times) if times <= REMINDERS_MAX => times,
        _ => {
            let what = format!("{n} is no number of reminders");
            problems.error(&table.spot(key), what, format!("Write 0 (never) to {REMINDERS_MAX}"));
            default
        }
    }
}

/// Rings a minute of one phone; beyond the upper bound the rule is off for all that anybody could hear.
fn rings_per_minute(root: &Table<'_>, default: usize, problems: &mut Problems) -> usize {
    const MAX: i64 = 10_000;
    let table = root.table("paging");
    let Some(n) = table.number("rings_per_minute") else { return default };
    match usize::try_from(n) {
        Ok(rings) if (1..=MAX).contains(&n) => rings,
        _ => {
            let what = format!("{n} is no number of rings");
            problems.error(&table.spot("rings_per_minute"), what, format!("Write 1 to {MAX}"));
            default
        }
    }
}

pub fn heartbeat(root: &Table<'_>, problems: &mut Problems) -> Option<Address> {
    address(&root.table("heartbeat"), "url", problems)
}

pub fn audit_key(root: &Table<'_>, problems: &mut Problems) -> Option<SecretSlice<u8>> {
    key_of_32_bytes(&root.table("audit"), "key", problems)
}

pub fn key_of_32_bytes(table: &Table<'_>, key: &'static str, problems: &mut Problems) -> Option<SecretSlice<u8>> {
    let text = table.text(key)?;
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|p| std::str::from_utf8(p).ok().and_then(|p| u8::from_str_radix(p, 16).ok()));
    // `from_str_radix` would take a sign for a digit.
    match pairs.collect::<Option<Vec<u8>>>() {
        Some(bytes) if digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit) => Some(bytes.into()),
        _ => {
            let what = format!("has {} characters that are not 64 hexadecimal digits", text.chars().count());
            problems.error(&table.spot(key), what, "Write what \"openssl rand -hex 32\" prints");
            None
        }
    }
}

pub fn log(root: &Table<'_>, problems: &mut Problems) -> Log {
    let table = root.table("log");
    let format = if table.text("format") == Some("json") { LogFormat::Json } else { LogFormat::Text };
    let filter = table.text("filter").unwrap_or(FILTER);
    if tracing_subscriber::EnvFilter::builder().parse(filter).is_err() {
        let what = format!("{} is not a log filter", quoted(filter));
        problems.error(&table.spot("filter"), what, "Write a level such as \"info\", or \"info,firebell=debug\"");
    }
    Log { format, filter: filter.to_string() }
}
