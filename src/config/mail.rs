//! Reads `[paging.smtp]`: the mail server that pages go through. Connects to nothing and prints no password.

use super::problem::{Problems, Spot, quoted};
use super::read::Table;
use super::server::is_local_host;
use super::settings::{MailTls, Smtp};
use super::shape::plain;
use firebell_domain::id::PersonId;
use lettre::message::Mailbox;
use rustls::pki_types::ServerName;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Bytes of a file of certificates: a private authority's has one or two, a whole system's some hundred.
const CA_BYTES_MAX: u64 = 1024 * 1024;
const PEM: &str = "-----BEGIN CERTIFICATE-----";
const ADDRESS: &str = "Write an address such as \"ana@example.org\"";

pub fn smtp(table: &Table<'_>, addresses: BTreeMap<PersonId, Mailbox>, problems: &mut Problems) -> Option<Smtp> {
    let host = host(table, problems);
    let tls = match table.text("tls") {
        Some("tls") => MailTls::Tls,
        Some("none") => MailTls::None,
        _ => MailTls::StartTls,
    };
    let port = port(table, tls, problems);
    let login = login(table, problems);
    if tls == MailTls::None
        && let Some(host) = host.filter(|h| !is_local_host(h))
    {
        let what = if login.is_some() { "pages and the password" } else { "pages" };
        let what = format!("{what} would go to {host} unencrypted, for everybody on the way to read");
        problems.warn(&table.spot("tls"), what, "Write tls = \"starttls\", or \"tls\" for port 465");
    }
    table.required("from", problems);
    let from = table.text("from").and_then(|text| mailbox(table, "from", text, problems));
    let to = recipients(table, problems);
    let ca_pem = match table.text("ca_file") {
        Some(path) => Some(certificates(table, Path::new(path), problems)?),
        None => None,
    };
    let notices = table.flag("notices").unwrap_or(false);
    Some(Smtp { host: host?.to_string(), port: port?, tls, login: login?, from: from?, to, addresses, ca_pem, notices })
}

fn host<'a>(table: &Table<'a>, problems: &mut Problems) -> Option<&'a str> {
    let host = table.required("host", problems)?;
    if ServerName::try_from(host).is_ok() {
        return Some(host);
    }
    let fix = "Write the name alone, such as \"mail.example.org\"; its port goes into port";
    problems.error(&table.spot("host"), format!("{} is not the name of a host", quoted(host)), fix);
    None
}

/// As configured, else what mail servers listen on: 587, 465 where they encrypt from the first byte, 25 in the clear.
fn port(table: &Table<'_>, tls: MailTls, problems: &mut Problems) -> Option<u16> {
    let Some(number) = table.number("port") else {
        // A port that was given and is no number has been complained about.
        return (!table.given("port")).then_some(match tls {
            MailTls::StartTls => 587,
            MailTls::Tls => 465,
            MailTls::None => 25,
        });
    };
    let spot = table.spot("port");
    match (u16::try_from(number), tls) {
        (Ok(465), MailTls::StartTls) => {
            problems.warn(
                &spot,
                "servers encrypt from the first byte on port 465",
                "Write tls = \"tls\", or port = 587",
            );
        }
        (Ok(587 | 25), MailTls::Tls) => {
            let what = format!("servers begin in the clear on port {number}");
            problems.warn(&spot, what, "Write tls = \"starttls\", or port = 465");
        }
        (Ok(1..), _) => {}
        _ => {
            problems.error(&spot, format!("{number} is not a port"), "Write a number from 1 to 65535, such as 587");
            return None;
        }
    }
    u16::try_from(number).ok()
}

/// Name and password; `Some(None)` where the server asks for none, `None` where that is not said.
#[allow(clippy::option_option, reason = "not known, known to be none, known")]
fn login(table: &Table<'_>, problems: &mut Problems) -> Option<Option<(String, SecretString)>> {
    let (user, password) = (table.given("user"), table.given("password"));
    if table.flag("login") == Some(false) {
        let extra = [(user, "user"), (password, "password")].into_iter().find(|(given, _)| *given);
        if let Some((_, key)) = extra {
            problems.error(&table.spot(key), "is given although login = false", "Remove one of the two");
        }
        return Some(None);
    }
    for (given, key) in [(user, "user"), (password, "password")] {
        if table.exists() && !given {
            let what = if user || password { "is missing" } else { "is missing: mail servers ask for a login" };
            let wants = if key == "user" { "user" } else { "password or password_file" };
            let fix = format!("Write {wants}, or login = false if the server asks for none");
            problems.error(&table.spot(key), what, fix);
        }
    }
    Some(Some((table.text("user")?.to_string(), table.secret("password")?)))
}

fn recipients(table: &Table<'_>, problems: &mut Problems) -> Vec<Mailbox> {
    let broken = table.given("to") && !table.lists_nothing("to") && table.texts("to").is_empty();
    if table.exists() && table.lists_nothing("to") && !broken {
        let what = "is missing: pages that reach nobody in particular must reach somebody";
        problems.error(&table.spot("to"), what, "Write a list such as [\"oncall@example.org\"]");
    }
    table.texts("to").into_iter().filter_map(|(text, spot)| checked(text, &spot, problems)).collect()
}

/// The address of a key (`ana@example.org` or `Ana Ruiz <ana@example.org>`), or the complaint about it.
pub fn mailbox(table: &Table<'_>, key: &str, text: &str, problems: &mut Problems) -> Option<Mailbox> {
    checked(text, &table.spot(key), problems)
}

fn checked(text: &str, spot: &Spot, problems: &mut Problems) -> Option<Mailbox> {
    let found: Option<Mailbox> = text.parse().ok();
    let (what, fix) = match &found {
        Some(mailbox) if is_plain(mailbox) => return found,
        Some(_) => ("has letters that many mail servers refuse", "Write it in ASCII, its domain in the form xn--…"),
        None => ("is not an e-mail address", ADDRESS),
    };
    problems.error(spot, format!("{} {what}", quoted(text)), fix);
    None
}

/// Servers without SMTPUTF8 refuse any other address, and would do so at three in the morning.
fn is_plain(mailbox: &Mailbox) -> bool {
    AsRef::<str>::as_ref(&mailbox.email).is_ascii()
}

fn certificates(table: &Table<'_>, path: &Path, problems: &mut Problems) -> Option<String> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(CA_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
    };
    let (what, fix) = match read() {
        Ok(text) if text.contains(PEM) => return Some(text),
        Ok(_) => (format!("{} holds no certificate", path.display()), format!("Put one into it as PEM ({PEM})")),
        Err(e) => {
            let what = format!("cannot read {}: {}", path.display(), plain(&e));
            (what, "Put the certificate of your own authority into it, as PEM".to_string())
        }
    };
    problems.error(&table.spot("ca_file"), what, fix);
    None
}
