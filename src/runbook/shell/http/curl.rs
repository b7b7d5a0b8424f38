//! curl's own command line: which word is an option's value and which an address. An option that nobody knows makes the
//! request more than a read, since the next word may be anything.

use super::{OPAQUE, Request, address, executor, listed, method, table};
use crate::model::{Mode, Risk};
use crate::shell::inner::Inner;

#[derive(Default)]
struct Line<'a> {
    method: Option<&'a str>,
    head: bool,
    get: bool,
    body: Option<&'a str>,
    upload: bool,
    urls: Vec<String>,
    writes: Option<String>,
    globoff: bool,
    unbuffered: bool,
    unknown: Option<&'a str>,
    quote: Option<&'a str>,
    about: bool,
    config: bool,
    mail: bool,
}

/// The words behind `curl`.
pub fn curl(args: &[String]) -> Request {
    let line = read(args);
    let executor = executor(&line.urls);
    if line.about && line.urls.is_empty() {
        return Request { inner: Inner::new(Risk::Read, "curl --version"), executor };
    }
    let verb = match (line.method, line.head, line.upload) {
        (Some(given), ..) => given,
        (None, true, _) => "HEAD",
        (None, _, true) => "PUT",
        _ if line.body.is_some() && !line.get => "POST",
        _ => "GET",
    };
    let nothing = [String::new()];
    let urls = if line.urls.is_empty() { &nothing[..] } else { &line.urls[..] };
    let mut inner =
        urls.iter().map(|u| one(u, verb, &line)).reduce(Inner::and).unwrap_or_else(|| Inner::new(Risk::Mutate, "curl"));
    // An upload changes the other side, whatever the method is called.
    if line.upload
        || line.mail
        || line.body.is_some() && !line.get && matches!(verb, "GET" | "HEAD") && !asks_with_body(urls)
    {
        inner = inner.floor(Risk::Mutate, "curl sends data");
    }
    if let Some(file) = &line.writes {
        inner = inner.floor(Risk::Mutate, &format!("curl writes {file}"));
    }
    if line.config || line.unknown.is_some() {
        let what = line.unknown.unwrap_or("--config");
        inner = inner.floor(Risk::Mutate, &format!("curl {what}: not known"));
    }
    if let Some(order) = line.quote {
        let upper = order.to_uppercase();
        let ends = ["DELE", "RMD", "RM ", "RMDIR"].iter().any(|w| upper.trim_start_matches(['-', '+']).starts_with(w));
        inner = inner.floor(if ends { Risk::Destroy } else { Risk::Mutate }, &format!("curl -Q {order}"));
    }
    Request { inner, executor }
}

fn one(url: &str, verb: &str, line: &Line<'_>) -> Inner {
    let mut inner = method(verb, url, line.body);
    inner.problem = address::refused_by_curl(url, !line.globoff);
    if address::streams(url, line.unbuffered) {
        inner.mode = Mode::Stream;
    }
    if url.starts_with("telnet:") {
        inner.mode = Mode::Tty;
    }
    inner
}

/// Elasticsearch's way: `GET` with a body.
fn asks_with_body(urls: &[String]) -> bool {
    urls.iter().all(|u| address::asks(&address::path(u)) || address::says(&address::path(u), true).is_none())
}

fn read(args: &[String]) -> Line<'_> {
    let mut line = Line::default();
    let mut words = args.iter().map(String::as_str);
    let mut only_urls = false;
    while let Some(word) = words.next() {
        if only_urls || !word.starts_with('-') || word == "-" {
            line.urls.push(word.to_owned());
        } else if word == "--" {
            only_urls = true;
        } else if let Some(long) = word.strip_prefix("--") {
            // curl takes no `--name=value`.
            let name = format!("--{long}");
            if listed(&table().curl_values, &name) {
                line.value(&format!("--{long}"), words.next().unwrap_or(""), word);
            } else if listed(&table().curl_switches, &name) || long.starts_with("no-") {
                line.switch(&name);
            } else {
                line.unknown = Some(word);
            }
        } else {
            letters(&word[1..], word, &mut words, &mut line);
        }
    }
    line
}

/// `-sSLo file`, `-XPOST`: letters, the first that takes a value takes the rest.
fn letters<'a>(letters: &'a str, word: &'a str, words: &mut impl Iterator<Item = &'a str>, line: &mut Line<'a>) {
    for (at, letter) in letters.char_indices() {
        if table().curl_short_values.contains(letter) {
            let glued = &letters[at + letter.len_utf8()..];
            let value = if glued.is_empty() { words.next().unwrap_or("") } else { glued };
            line.value(&format!("-{letter}"), value, word);
            return;
        }
        if table().curl_short_switches.contains(letter) {
            line.switch(&format!("-{letter}"));
        } else {
            line.unknown = Some(word);
        }
    }
}

impl<'a> Line<'a> {
    fn value(&mut self, name: &str, value: &'a str, word: &'a str) {
        if listed(&table().curl_writes, name) && !matches!(value, "-" | "/dev/null" | "" | "NUL" | "%") {
            self.writes = Some(value.to_owned());
        }
        match name {
            "-X" | "--request" => self.method = Some(value),
            "-d" | "--data" | "--data-ascii" | "--data-binary" | "--data-raw" | "--data-urlencode" | "--json"
            | "-F" | "--form" | "--form-string" => self.body = Some(value),
            "-T" | "--upload-file" => self.upload = true,
            "--url" => self.urls.push(value.to_owned()),
            "-Q" | "--quote" => self.quote = Some(value),
            "-K" | "--config" => self.config = true,
            "--mail-from" | "--mail-rcpt" => self.mail = true,
            "-h" | "--help" => self.about = true,
            "--unix-socket" | "--abstract-unix-socket" => {}
            _ if word.contains(OPAQUE) => self.unknown = Some(word),
            _ => {}
        }
    }

    fn switch(&mut self, name: &str) {
        match name {
            "-I" | "--head" => self.head = true,
            "-G" | "--get" => self.get = true,
            "-g" | "--globoff" => self.globoff = true,
            "-N" | "--no-buffer" => self.unbuffered = true,
            "-O" | "--remote-name" | "--remote-name-all" => self.writes = Some("a file".to_owned()),
            "-V" | "--version" | "-M" | "--manual" => self.about = true,
            _ => {}
        }
    }
}
