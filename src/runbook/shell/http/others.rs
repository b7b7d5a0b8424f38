//! wget, which writes what it gets unless it is told not to, and HTTPie, whose words say what is sent.

use super::{OPAQUE, Request, address, executor, method};
use crate::model::{Mode, Risk};
use crate::shell::inner::Inner;

/// The words behind `wget`.
pub fn wget(args: &[String]) -> Request {
    let mut urls = Vec::new();
    let (mut verb, mut body, mut output, mut spider) = (None, None, None, false);
    let mut log = None;
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let (name, glued) =
            word.split_once('=').filter(|_| word.starts_with("--")).map_or((word, None), |(n, v)| (n, Some(v)));
        let mut value = |takes: bool| if takes { glued.or_else(|| words.next()).unwrap_or("") } else { "" };
        match name {
            "--spider" => spider = true,
            "--version" | "-V" | "--help" => {
                return Request { inner: Inner::new(Risk::Read, "wget --version"), executor: executor(&[]) };
            }
            "--method" => verb = Some(value(true).to_owned()),
            "--post-data" | "--post-file" | "--body-data" | "--body-file" => {
                body = Some(value(true).to_owned());
                if name.starts_with("--post") {
                    verb = Some("POST".to_owned());
                }
            }
            "--output-document" => output = Some(value(true).to_owned()),
            "-o" | "--output-file" | "-a" | "--append-output" | "--save-cookies" | "--warc-file" => {
                log = Some(value(true).to_owned())
            }
            n if VALUES.contains(&n) => drop(value(true)),
            n if n.starts_with("--") => {}
            // `-qO-`, `-O file`: `O` takes the rest, or the next word.
            n if n.starts_with('-') && n.len() > 1 => match n.find('O') {
                Some(at) if at + 1 < n.len() => output = Some(n[at + 1..].to_owned()),
                Some(_) => output = Some(value(true).to_owned()),
                None => {}
            },
            _ => urls.push(word.to_owned()),
        }
    }
    let verb = verb.unwrap_or_else(|| if spider { "HEAD".to_owned() } else { "GET".to_owned() });
    let mut inner = urls
        .iter()
        .map(|u| {
            let mut one = method(&verb, u, body.as_deref());
            if address::streams(u, false) {
                one.mode = Mode::Stream;
            }
            one
        })
        .reduce(Inner::and)
        .unwrap_or_else(|| Inner::new(Risk::Mutate, "wget"));
    let nowhere = |f: &str| matches!(f, "-" | "/dev/null" | "/dev/stdout");
    if !spider && !output.as_deref().is_some_and(nowhere) {
        inner = inner.floor(Risk::Mutate, "wget writes a file");
    }
    if log.as_deref().is_some_and(|f| !nowhere(f)) {
        inner = inner.floor(Risk::Mutate, "wget writes a log");
    }
    Request { inner, executor: executor(&urls) }
}

/// Options of wget that take the next word.
const VALUES: &[&str] = &[
    "-t",
    "-T",
    "-w",
    "-Q",
    "-P",
    "-U",
    "-i",
    "-e",
    "-l",
    "-A",
    "-R",
    "-D",
    "-I",
    "-X",
    "-B",
    "--tries",
    "--timeout",
    "--wait",
    "--user",
    "--password",
    "--header",
    "--user-agent",
    "--limit-rate",
    "--directory-prefix",
    "--input-file",
    "--level",
    "--referer",
    "--ca-certificate",
    "--certificate",
    "--private-key",
    "--bind-address",
    "--load-cookies",
    "--max-redirect",
    "--execute",
    "--connect-timeout",
    "--read-timeout",
    "--dns-timeout",
    "--waitretry",
    "--quota",
    "--base",
    "--http-user",
    "--http-password",
];

/// The words behind `http`, `https` or `xh`.
pub fn httpie(args: &[String]) -> Request {
    const TAKES: &[&str] = &[
        "-a",
        "--auth",
        "-A",
        "--auth-type",
        "--timeout",
        "--session",
        "--session-read-only",
        "--proxy",
        "--verify",
        "--cert",
        "--cert-key",
        "-s",
        "--style",
        "-p",
        "--print",
        "-o",
        "--output",
        "--max-redirects",
        "--raw",
        "--format-options",
        "--pretty",
        "--boundary",
        "--default-scheme",
        "--ssl",
        "--ciphers",
        "--response-charset",
        "--response-mime",
    ];
    let (mut plain, mut verb, mut sends, mut writes, mut stream) = (Vec::new(), None, false, None, false);
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let (name, glued) =
            word.split_once('=').filter(|_| word.starts_with("--")).map_or((word, None), |(n, v)| (n, Some(v)));
        if name.starts_with('-') && name.len() > 1 {
            let value = if TAKES.contains(&name) { glued.or_else(|| words.next()).unwrap_or("") } else { "" };
            match name {
                "-o" | "--output" => writes = Some(value),
                "-d" | "--download" => writes = writes.or(Some("a file")),
                "--raw" => sends = true,
                "-S" | "--stream" => stream = true,
                "--offline" => {
                    return Request { inner: Inner::new(Risk::Read, "http --offline"), executor: executor(&[]) };
                }
                "--version" | "--help" => {
                    return Request { inner: Inner::new(Risk::Read, "http --version"), executor: executor(&[]) };
                }
                _ => {}
            }
        } else {
            plain.push(word);
        }
    }
    let is_method = |w: &str| w.len() > 2 && w.bytes().all(|b| b.is_ascii_uppercase());
    let mut rest = plain.as_slice();
    if let Some((first, after)) = rest.split_first()
        && (is_method(first) && !after.is_empty() || first.contains(OPAQUE) && after.len() > 1)
    {
        verb = Some(*first);
        rest = after;
    }
    let url = rest.first().copied().unwrap_or("").to_owned();
    // `name=x`, `name:=5`, `file@x` are sent in the body; `q==x` and `Header:x` are not.
    let item = |w: &&str| {
        let at = w.find(['=', '@', ':']).unwrap_or(w.len());
        let sep = &w[at..];
        sep.starts_with(":=") || sep.starts_with('@') || sep.starts_with('=') && !sep.starts_with("==")
    };
    sends |= rest.iter().skip(1).any(item);
    let verb = verb.unwrap_or(if sends { "POST" } else { "GET" });
    let mut inner = method(verb, &url, None);
    if writes.is_some_and(|f| f != "-" && f != "/dev/null") {
        inner = inner.floor(Risk::Mutate, "http writes a file");
    }
    if address::streams(&url, stream) {
        inner.mode = Mode::Stream;
    }
    Request { inner, executor: executor(&[url]) }
}
