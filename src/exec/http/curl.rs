//! Reads `curl` and `wget` as runbooks write them, and the short `health URL`, into one request. What would write a file,
//! read one, or go by another way (a proxy, a socket, another name's address) is refused.

use crate::exec::words::{Flag, Mixed, Words, value, yes};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use std::time::Duration;

#[derive(Debug, PartialEq)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    pub user: Option<(String, String)>,
    pub follow: bool,
    pub insecure: bool,
    pub max_time: Option<Duration>,
    pub print: Print,
    /// An answer from 400 on is a failure: with this exit status.
    pub fail: Option<i32>,
    pub write_out: Option<Vec<Out>>,
    pub expect: Expect,
}

/// What of the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    pub head: bool,
    pub body: bool,
    /// The body also where the status is a failure.
    pub failed_body: bool,
}

/// What a bare health check asks of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    pub status: Option<u16>,
    /// Paths into a JSON body, and the text that has to stand there.
    pub fields: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    Text(String),
    Status,
    Seconds,
    FirstByteSeconds,
    Bytes,
    Url,
    Redirects,
    ContentType,
    Zero,
}

pub fn read(argv: &[String]) -> Result<Request, String> {
    let (program, rest) = argv.split_first().ok_or("There is no command")?;
    match program.as_str() {
        "curl" => curl(rest),
        "wget" => wget(rest),
        "health" => health(rest),
        other => Err(format!("{other} is no HTTP client that is known")),
    }
}

fn plain(url: &str, method: Method) -> Result<Request, String> {
    let with_scheme = if url.contains("://") { url.to_string() } else { format!("http://{url}") };
    let mut url = Url::parse(&with_scheme).map_err(|e| format!("{url} is no address: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{} is not asked over HTTP", url.scheme()));
    }
    let user = match url.username() {
        "" => None,
        name => Some((decoded(name), decoded(url.password().unwrap_or_default()))),
    };
    // Neither can fail where there is a host.
    url.set_username("").ok();
    url.set_password(None).ok();
    Ok(Request {
        method,
        url,
        headers: HeaderMap::new(),
        body: None,
        user,
        follow: false,
        insecure: false,
        max_time: None,
        print: Print { head: false, body: true, failed_body: true },
        fail: None,
        write_out: None,
        expect: Expect::default(),
    })
}

/// `%40` and the like in a name or a password.
fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

const CURL: &[Flag] = &[
    yes("silent", 's'),
    yes("show-error", 'S'),
    yes("fail", 'f'),
    yes("fail-with-body", ' '),
    yes("insecure", 'k'),
    yes("location", 'L'),
    yes("include", 'i'),
    yes("head", 'I'),
    yes("get", 'G'),
    yes("verbose", 'v'),
    yes("no-buffer", 'N'),
    yes("compressed", ' '),
    yes("ipv4", '4'),
    yes("ipv6", '6'),
    yes("http1.1", ' '),
    yes("http2", ' '),
    yes("no-progress-meter", ' '),
    yes("progress-bar", '#'),
    yes("globoff", 'g'),
    value("request", 'X'),
    value("header", 'H'),
    value("data", 'd'),
    value("data-raw", ' '),
    value("data-binary", ' '),
    value("data-ascii", ' '),
    value("data-urlencode", ' '),
    value("json", ' '),
    value("user", 'u'),
    value("user-agent", 'A'),
    value("referer", 'e'),
    value("cookie", 'b'),
    value("output", 'o'),
    value("write-out", 'w'),
    value("max-time", 'm'),
    value("connect-timeout", ' '),
    value("url", ' '),
    value("max-redirs", ' '),
    value("noproxy", ' '),
];

fn curl(argv: &[String]) -> Result<Request, String> {
    let words = Words::read(argv, CURL, Mixed::Yes)?;
    let mut urls = words.all("url");
    urls.extend(words.words.iter().cloned());
    let [url] = &urls[..] else { return Err("This asks one address at a time".to_string()) };
    let mut bodies = words.all("data");
    for name in ["data-raw", "data-binary", "data-ascii", "json"] {
        bodies.extend(words.all(name));
    }
    if words.all("data-raw").is_empty() && bodies.iter().any(|b| b.starts_with('@')) {
        return Err("The body is read from a file, which is not done natively".to_string());
    }
    for text in words.all("data-urlencode") {
        bodies.push(encoded(&text)?);
    }
    if let Some(output) = words.get("output").filter(|o| !["/dev/null", "-"].contains(o)) {
        return Err(format!("The answer is written to the file {output}, which is not done natively"));
    }
    let body = (!bodies.is_empty()).then(|| bodies.join("&"));
    let method = match words.get("request") {
        Some(name) => Method::from_bytes(name.as_bytes()).map_err(|_| format!("{name} is no method"))?,
        None if words.has("head") => Method::HEAD,
        None if body.is_some() && !words.has("get") => Method::POST,
        None => Method::GET,
    };
    let mut request = plain(url, method)?;
    match body {
        Some(body) if words.has("get") => {
            let query = request.url.query().map_or(body.clone(), |q| format!("{q}&{body}"));
            request.url.set_query(Some(&query));
        }
        Some(body) => {
            let kind =
                if words.get("json").is_some() { "application/json" } else { "application/x-www-form-urlencoded" };
            header(&mut request.headers, &format!("Content-Type: {kind}"))?;
            request.body = Some(body.into_bytes());
        }
        None => {}
    }
    header(&mut request.headers, "Accept: */*")?;
    for line in words.all("header") {
        header(&mut request.headers, &line)?;
    }
    for (option, name) in [("user-agent", "User-Agent"), ("referer", "Referer"), ("cookie", "Cookie")] {
        if let Some(text) = words.get(option) {
            header(&mut request.headers, &format!("{name}: {text}"))?;
        }
    }
    if let Some(user) = words.get("user") {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        request.user = Some((name.to_string(), password.to_string()));
    }
    request.follow = words.has("location");
    request.insecure = words.has("insecure");
    request.max_time = words.get("max-time").map(seconds).transpose()?;
    request.write_out = words.get("write-out").map(write_out).transpose()?;
    let fails = words.has("fail") || words.has("fail-with-body");
    request.fail = fails.then_some(22);
    request.print = Print {
        head: words.has("include") || words.has("head"),
        body: words.get("output") != Some("/dev/null"),
        failed_body: !words.has("fail"),
    };
    Ok(request)
}

/// `--data-urlencode`: `content`, `=content` or `name=content`.
fn encoded(text: &str) -> Result<String, String> {
    let encode = |content: &str| url::form_urlencoded::byte_serialize(content.as_bytes()).collect::<String>();
    match text.split_once('=') {
        Some(("", content)) => Ok(encode(content)),
        Some((name, content)) => Ok(format!("{name}={}", encode(content))),
        None if text.contains('@') => Err("The body is read from a file, which is not done natively".to_string()),
        None => Ok(encode(text)),
    }
}

const WGET: &[Flag] = &[
    yes("quiet", 'q'),
    yes("spider", ' '),
    yes("no-check-certificate", ' '),
    yes("server-response", 'S'),
    yes("no-verbose", ' '),
    yes("content-on-error", ' '),
    value("output-document", 'O'),
    value("timeout", 'T'),
    value("tries", 't'),
    value("header", ' '),
    value("post-data", ' '),
    value("method", ' '),
    value("body-data", ' '),
    value("user", ' '),
    value("password", ' '),
    value("user-agent", 'U'),
];

fn wget(argv: &[String]) -> Result<Request, String> {
    let words = Words::read(argv, WGET, Mixed::Yes)?;
    let [url] = &words.words[..] else { return Err("This asks one address at a time".to_string()) };
    let output = words.get("output-document");
    if !words.has("spider") && !matches!(output, Some("-" | "/dev/null")) {
        return Err("wget writes the answer to a file, which is not done natively".to_string());
    }
    let body = words.text("post-data").or(words.text("body-data"));
    let method = match words.get("method") {
        Some(name) => Method::from_bytes(name.as_bytes()).map_err(|_| format!("{name} is no method"))?,
        None if words.has("spider") => Method::HEAD,
        None if words.get("post-data").is_some() => Method::POST,
        None => Method::GET,
    };
    let mut request = plain(url, method)?;
    if body.is_some() {
        header(&mut request.headers, "Content-Type: application/x-www-form-urlencoded")?;
    }
    request.body = body.map(String::into_bytes);
    for line in words.all("header") {
        header(&mut request.headers, &line)?;
    }
    if let Some(agent) = words.get("user-agent") {
        header(&mut request.headers, &format!("User-Agent: {agent}"))?;
    }
    if let Some(user) = words.text("user") {
        request.user = Some((user, words.text("password").unwrap_or_default()));
    }
    (request.follow, request.insecure) = (true, words.has("no-check-certificate"));
    request.max_time = words.get("timeout").map(seconds).transpose()?;
    request.fail = Some(8);
    request.print = Print { head: false, body: output == Some("-"), failed_body: words.has("content-on-error") };
    Ok(request)
}

/// `health URL [--status 200] [--field checks.db=ok] [--max-time 5]`: what configuration and ready-made checks ask.
fn health(argv: &[String]) -> Result<Request, String> {
    let flags = [value("status", ' '), value("field", ' '), value("max-time", 'm'), yes("insecure", 'k')];
    let words = Words::read(argv, &flags, Mixed::Yes)?;
    let [url] = &words.words[..] else { return Err("This asks one address at a time".to_string()) };
    let mut request = plain(url, Method::GET)?;
    let field = |f: String| match f.split_once('=') {
        Some((path, text)) => Ok((path.trim_start_matches('.').to_string(), text.to_string())),
        None => Err(format!("The field {f} is not of the form PATH=TEXT")),
    };
    request.expect = Expect {
        status: words.number("status")?,
        fields: words.all("field").into_iter().map(field).collect::<Result<_, _>>()?,
    };
    request.insecure = words.has("insecure");
    request.max_time = words.get("max-time").map(seconds).transpose()?;
    request.fail = request.expect.status.is_none().then_some(1);
    Ok(request)
}

/// The last of one name counts, and one without a value takes a header away.
fn header(headers: &mut HeaderMap, line: &str) -> Result<(), String> {
    let bad = || format!("{} is no header", line.split(':').next().unwrap_or_default());
    let (name, text) = line.split_once(':').ok_or_else(bad)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| bad())?;
    match text.trim() {
        "" => drop(headers.remove(name)),
        text => drop(headers.insert(name, HeaderValue::from_str(text).map_err(|_| bad())?)),
    }
    Ok(())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|s| (0.0..1e6).contains(s));
    // 0 is "no limit": then the call's own holds.
    let seconds = seconds.ok_or(format!("{text} is no time in seconds"))?;
    Ok(if seconds == 0.0 { Duration::from_secs(1_000_000) } else { Duration::from_secs_f64(seconds) })
}

fn write_out(format: &str) -> Result<Vec<Out>, String> {
    if format.starts_with('@') {
        return Err("What is written out is read from a file, which is not done natively".to_string());
    }
    let format = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    let (mut out, mut rest) = (Vec::new(), format.as_str());
    while let Some((before, after)) = rest.split_once("%{") {
        let (name, after) = after.split_once('}').ok_or("What is written out ends in the middle")?;
        out.push(Out::Text(before.replace("%%", "%")));
        out.push(match name {
            "http_code" | "response_code" => Out::Status,
            "time_total" => Out::Seconds,
            "time_starttransfer" => Out::FirstByteSeconds,
            "size_download" => Out::Bytes,
            "url_effective" | "url" => Out::Url,
            "num_redirects" => Out::Redirects,
            "content_type" => Out::ContentType,
            "ssl_verify_result" | "exitcode" => Out::Zero,
            _ => return Err(format!("%{{{name}}} is not known natively")),
        });
        rest = after;
    }
    out.push(Out::Text(rest.replace("%%", "%")));
    Ok(out)
}

#[cfg(test)]
mod tests;
