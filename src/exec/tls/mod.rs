//! Certificates: the dates, names and trust of what a server shows or a file holds, as `openssl s_client` and `openssl
//! x509` print them, and a bare check (`tls HOST:PORT`). Speaks to configured hosts only, sends nothing beyond the
//! handshake, and never takes a certificate that it only looks at for one that it trusts.

mod certificate;
mod der;
mod handshake;

use super::clean::Secrets;
use super::http::{Allowed, guard};
use super::ran::{self, Waited, not_started, reading, within};
use super::words::{Flag, Mixed, Words, value, yes};
use crate::clock;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, End, Execute, Plan, Ran, Watch};
use certificate::Certificate;
use handshake::{Shown, look};
use std::collections::BTreeMap;
use std::path::PathBuf;
use url::Url;

/// Bytes of a file of certificates: a whole chain is a tenth of it.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What may be looked at as one target.
#[derive(Clone, Default)]
pub struct Place {
    pub allowed: Vec<Allowed>,
    /// Relative names of files are looked for here.
    pub folder: PathBuf,
    /// A file of further authorities, for a company's own.
    pub authorities: Option<PathBuf>,
}

pub struct Tls(BTreeMap<String, Place>);

#[derive(Debug, PartialEq)]
enum Op {
    Server { at: Url, name: String, days: Option<i64> },
    File { path: Option<String>, shows: Vec<Field>, ends_within: Option<i64> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Start,
    End,
    Subject,
    Issuer,
    Serial,
}

impl Tls {
    pub fn new(places: BTreeMap<String, Place>) -> Tls {
        Tls(places)
    }

    fn read(&self, call: &Call) -> Result<(&Place, Op), String> {
        let place = self.0.get(&call.target).ok_or(format!("{} is not set up for certificates", call.target))?;
        let op = read(&call.argv)?;
        match &op {
            Op::Server { at, .. } => match guard::refused(at, &place.allowed) {
                None => Ok((place, op)),
                Some(why) => Err(why),
            },
            Op::File { .. } => Ok((place, op)),
        }
    }
}

fn read(argv: &[String]) -> Result<Op, String> {
    match argv {
        [openssl, verb, rest @ ..] if openssl == "openssl" && verb == "s_client" => client(rest),
        [openssl, verb, rest @ ..] if openssl == "openssl" && verb == "x509" => file(rest),
        [tls, rest @ ..] if tls == "tls" => check(rest),
        _ => Err("This is no look at a certificate that is known".to_string()),
    }
}

/// Its options have one dash and whole words: they are read as long ones.
fn openssl(argv: &[String], flags: &[Flag]) -> Result<Words, String> {
    let long = |w: &String| if w.starts_with('-') && !w.starts_with("--") { format!("-{w}") } else { w.clone() };
    let words = Words::read(&argv.iter().map(long).collect::<Vec<_>>(), flags, Mixed::Yes)?;
    match words.words.first() {
        Some(word) => Err(format!("{word} is not understood")),
        None => Ok(words),
    }
}

fn client(argv: &[String]) -> Result<Op, String> {
    let flags = [
        value("connect", ' '),
        value("servername", ' '),
        yes("showcerts", ' '),
        yes("brief", ' '),
        yes("quiet", ' '),
        value("verify", ' '),
    ];
    let words = openssl(argv, &flags)?;
    let at = words.get("connect").ok_or("openssl s_client lacks -connect HOST:PORT")?;
    server(at, words.text("servername"), None)
}

fn check(argv: &[String]) -> Result<Op, String> {
    let words = Words::read(argv, &[value("name", ' '), value("days", ' ')], Mixed::Yes)?;
    match &words.words[..] {
        [at] => server(at, words.text("name"), words.number("days")?.or(Some(0))),
        _ => Err("This looks at one server at a time".to_string()),
    }
}

fn server(at: &str, name: Option<String>, days: Option<i64>) -> Result<Op, String> {
    let at = Url::parse(&format!("https://{at}"))
        .ok()
        .filter(|u| u.path() == "/" && u.username().is_empty() && u.query().is_none());
    let at = at.ok_or("A server is written as HOST:PORT")?;
    let host = at.host_str().unwrap_or_default().trim_matches(['[', ']']).to_string();
    Ok(Op::Server { name: name.unwrap_or(host), at, days })
}

fn file(argv: &[String]) -> Result<Op, String> {
    let flags = [
        value("in", ' '),
        value("inform", ' '),
        yes("noout", ' '),
        yes("dates", ' '),
        yes("enddate", ' '),
        yes("startdate", ' '),
        yes("subject", ' '),
        yes("issuer", ' '),
        yes("serial", ' '),
        value("checkend", ' '),
    ];
    let words = openssl(argv, &flags)?;
    if !words.has("noout") {
        return Err("Without -noout this prints the certificate itself, which is not done natively".to_string());
    }
    let order = [
        ("subject", Field::Subject),
        ("issuer", Field::Issuer),
        ("serial", Field::Serial),
        ("dates", Field::Start),
        ("startdate", Field::Start),
        ("dates", Field::End),
        ("enddate", Field::End),
    ];
    let mut shows: Vec<Field> = order.iter().filter(|(name, _)| words.has(name)).map(|(_, field)| *field).collect();
    shows.dedup();
    Ok(Op::File { path: words.text("in"), shows, ends_within: words.number("checkend")? })
}

impl Execute for Tls {
    fn name(&self) -> &'static str {
        "tls"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let does = match self.read(call).map_err(Cannot)?.1 {
                Op::Server { at, name, .. } => format!("TLS handshake with {} as {name}", address(&at)),
                Op::File { path, .. } => format!("reads {}", path.as_deref().unwrap_or("what it is given")),
            };
            Ok(Plan { does, native: true, finds: Vec::new() })
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let began = clock::instant();
            let (place, op) = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, true),
            };
            let work = async {
                match &op {
                    Op::Server { at, name, days } => of_server(place, at, name, *days).await,
                    Op::File { path, shows, ends_within } => {
                        of_file(place, path.as_deref(), call.input.as_deref(), shows, *ends_within).await
                    }
                }
            };
            let mut ran = match within(call.bounds.time, watch, work).await {
                Waited::Done(ran) => ran,
                Waited::TimedOut => ran::ended(End::TimedOut, true),
                Waited::Stopped => ran::ended(End::Stopped, true),
            };
            let clean = Secrets::default();
            (ran.stdout, ran.stderr) = (clean.text(ran.stdout.as_bytes()), clean.text(ran.stderr.as_bytes()));
            ran.took = began.elapsed();
            ran
        })
    }
}

fn address(at: &Url) -> String {
    format!("{}:{}", at.host_str().unwrap_or_default(), at.port_or_known_default().unwrap_or(443))
}

fn failed(why: &str) -> Ran {
    let mut ran = ran::ended(End::Exited(1), true);
    ran.stderr = format!("{why}\n");
    ran
}

fn now_s() -> i64 {
    clock::system_now().0 / 1_000_000
}

async fn of_server(place: &Place, at: &Url, name: &str, days: Option<i64>) -> Ran {
    let Shown { chain, distrust } = match look(at, name, place.authorities.as_deref()).await {
        Ok(shown) => shown,
        Err(why) => return failed(&why),
    };
    let certificates: Vec<Certificate> = chain.iter().filter_map(|der| Certificate::read(der)).collect();
    let Some(leaf) = certificates.first() else { return failed("The server shows a certificate that cannot be read") };
    let mut ran = ran::ended(End::Exited(0), true);
    ran.stdout.push_str("Certificate chain\n");
    for (no, one) in certificates.iter().enumerate() {
        ran.stdout.push_str(&format!(
            " {no} s:{}\n   i:{}\n   v:NotBefore: {}; NotAfter: {}\n",
            one.subject,
            one.issuer,
            one.start(),
            one.end()
        ));
    }
    ran.stdout.push_str(&format!("Names: {}\n{}", leaf.names.join(", "), certificate::pem(&chain[0])));
    ran.stdout.push_str(&match &distrust {
        None => "Verification: OK\n".to_string(),
        Some(why) => format!("Verification error: {why}\n"),
    });
    let left = certificates.iter().map(|c| c.days_left(now_s())).fold(f64::INFINITY, f64::min);
    ran.readings.push(reading(format!("days left of {name}"), left, "days"));
    ran.readings.push(reading(format!("trust in {name}"), f64::from(u8::from(distrust.is_none())), ""));
    if let Some(days) = days {
        let why = match distrust {
            Some(why) => Some(why),
            None if left < days as f64 => Some(format!("{} days are left, and {days} are wanted", left.floor())),
            None => None,
        };
        if let Some(why) = why {
            ran.end = End::Exited(1);
            ran.stderr = format!("{why}\n");
        }
    }
    ran
}

async fn of_file(
    place: &Place,
    path: Option<&str>,
    input: Option<&[u8]>,
    shows: &[Field],
    ends_within: Option<i64>,
) -> Ran {
    let bytes = match (path, input) {
        (Some(path), _) => {
            let file = place.folder.join(path);
            match tokio::fs::metadata(&file).await {
                Ok(about) if !about.is_file() || about.len() > FILE_BYTES_MAX => {
                    return failed(&format!("{path} is no file of certificates"));
                }
                Err(e) => return failed(&format!("{path}: {}", ran::io(&e))),
                Ok(_) => {}
            }
            match tokio::fs::read(&file).await {
                Ok(bytes) => bytes,
                Err(e) => return failed(&format!("{path}: {}", ran::io(&e))),
            }
        }
        (None, Some(input)) => input.to_vec(),
        (None, None) => return not_started("It is given no certificate", true),
    };
    let Some(one) = certificate::first(&bytes).and_then(|der| Certificate::read(&der)) else {
        return failed("There is no certificate in it");
    };
    let mut ran = ran::ended(End::Exited(0), true);
    for field in shows {
        ran.stdout.push_str(&match field {
            Field::Start => format!("notBefore={}\n", one.start()),
            Field::End => format!("notAfter={}\n", one.end()),
            Field::Subject => format!("subject={}\n", one.subject),
            Field::Issuer => format!("issuer={}\n", one.issuer),
            Field::Serial => format!("serial={}\n", one.serial),
        });
    }
    if let Some(seconds) = ends_within {
        let ends = one.ends_at < now_s().saturating_add(seconds);
        ran.stdout.push_str(if ends { "Certificate will expire\n" } else { "Certificate will not expire\n" });
        ran.end = End::Exited(i32::from(ends));
    }
    let name = one
        .names
        .first()
        .cloned()
        .or_else(|| path.map(str::to_string))
        .unwrap_or_else(|| "the certificate".to_string());
    ran.readings.push(reading(format!("days left of {name}"), one.days_left(now_s()), "days"));
    ran
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_servers_and_files_are_read_and_nothing_else_is() {
        let words = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let at = |text: &str| Url::parse(text).expect("an address");
        let name = || "shop.example.org".to_string();
        for (line, expected) in [
            (
                "openssl s_client -connect shop.example.org:443 -servername www.example.org",
                Op::Server { at: at("https://shop.example.org"), name: "www.example.org".to_string(), days: None },
            ),
            (
                "tls shop.example.org:8443 --days 14",
                Op::Server { at: at("https://shop.example.org:8443"), name: name(), days: Some(14) },
            ),
            (
                "openssl x509 -in a.crt -noout -dates",
                Op::File { path: Some("a.crt".to_string()), shows: vec![Field::Start, Field::End], ends_within: None },
            ),
            (
                "openssl x509 -noout -enddate -checkend 86400",
                Op::File { path: None, shows: vec![Field::End], ends_within: Some(86_400) },
            ),
        ] {
            assert_eq!(read(&words(line)), Ok(expected), "{line}");
        }
        for line in [
            "openssl x509 -in a.crt -text",
            "openssl x509 -noout -in a.crt -out b",
            "openssl req -new",
            "openssl s_client",
            "tls",
            "tls a b",
            "openssl s_client -connect a:1 -proxy b:2",
            "tls ana@a:1",
            "openssl rsa -in key.pem",
        ] {
            assert!(read(&words(line)).is_err(), "{line}");
        }
    }
}
