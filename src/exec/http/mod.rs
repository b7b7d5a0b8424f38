//! HTTP: health checks and the `curl` and `wget` of runbooks, to hosts of the target's allow list only, redirects
//! included. Prints what the program would print, and reads status, latency and the values of a JSON body. Sends once.

pub(super) mod curl;
pub(super) mod guard;
mod json;

pub use guard::Allowed;

use super::clean::{Kept, Secrets};
use super::ran::{self, Waited, not_started, reading, within};
use crate::clock;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, End, Execute, Plan, Ran, Reading, Watch};
use curl::{Out, Request};
use guard::{Guarded, refused};
use reqwest::header::{HOST, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const REDIRECTS_MAX: usize = 10;
/// Bytes that are received of one answer, whatever of it is kept: a health check is no download.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Who may be asked as one target.
#[derive(Clone, Default)]
pub struct Place {
    pub allowed: Vec<Allowed>,
    /// `http://localhost:3000` of the runbook is really `http://10.0.0.7:3000`: origin and base address.
    pub instead: BTreeMap<String, Url>,
    /// A file of further authorities, for a company's own.
    pub authorities: Option<PathBuf>,
    pub secrets: Secrets,
}

pub struct Http {
    places: BTreeMap<String, Place>,
    checked: reqwest::Client,
    unchecked: reqwest::Client,
    /// Of the places that have authorities of their own.
    trusting: BTreeMap<String, reqwest::Client>,
}

impl Http {
    pub fn new(places: BTreeMap<String, Place>) -> Result<Http, String> {
        let client = |insecure, more: Vec<reqwest::Certificate>| {
            reqwest::Client::builder()
                .tls_certs_merge(more)
                .user_agent(concat!("firebell/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .retry(reqwest::retry::never())
                .dns_resolver(Arc::new(Guarded))
                .connect_timeout(CONNECT_TIME)
                .tls_danger_accept_invalid_certs(insecure)
                .build()
                .map_err(|e| format!("The HTTP client cannot start: {}", cause(&e)))
        };
        let mut trusting = BTreeMap::new();
        for (name, place) in &places {
            if let Some(path) = &place.authorities {
                let of = |why: String| format!("The authorities of {}: {why}", path.display());
                let bytes = std::fs::read(path).map_err(|e| of(ran::io(&e)))?;
                let more = reqwest::Certificate::from_pem_bundle(&bytes).map_err(|e| of(cause(&e)))?;
                trusting.insert(name.clone(), client(false, more)?);
            }
        }
        Ok(Http { places, checked: client(false, Vec::new())?, unchecked: client(true, Vec::new())?, trusting })
    }

    fn client(&self, target: &str, insecure: bool) -> &reqwest::Client {
        match insecure {
            true => &self.unchecked,
            false => self.trusting.get(target).unwrap_or(&self.checked),
        }
    }

    fn read(&self, call: &Call) -> Result<(&Place, Request), String> {
        let place = self.places.get(&call.target).ok_or(format!("{} is not set up as an HTTP target", call.target))?;
        let request = curl::read(&call.argv)?;
        place.judge(&request.url)?;
        Ok((place, request))
    }
}

impl Place {
    /// Where it really goes, or why it may not.
    fn judge(&self, url: &Url) -> Result<Url, String> {
        let Some(base) = self.instead.get(&url.origin().ascii_serialization()) else {
            return refused(url, &self.allowed).map_or(Ok(url.clone()), Err);
        };
        let mut real = base.clone();
        real.set_path(url.path());
        real.set_query(url.query());
        Ok(real)
    }
}

impl Execute for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let (place, request) = self.read(call).map_err(Cannot)?;
            let real = place.judge(&request.url).map_err(Cannot)?;
            let body = request.body.as_ref().map_or(String::new(), |b| format!(" with {} bytes", b.len()));
            let finds = if real == request.url { Vec::new() } else { vec![format!("it goes to {real}")] };
            let does = place.secrets.hide(&format!("{} {}{body}", request.method, request.url));
            Ok(Plan { does, native: true, finds })
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let (place, request) = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, true),
            };
            let began = clock::instant();
            let own_limit = request.max_time.filter(|own| *own < call.bounds.time);
            let time = own_limit.unwrap_or(call.bounds.time);
            let client = self.client(&call.target, request.insecure);
            let mut answer = Answer::new(call.bounds.output_bytes, began);
            let waited = within(time, watch, ask(client, place, &request, &mut answer)).await;
            let changes = !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
            let end = match waited {
                Waited::Done(Ok(())) => answer.judge(&request),
                Waited::Done(Err(Broken::Refused(why))) if !answer.sent => End::NotStarted(why),
                Waited::Done(Err(Broken::Refused(why))) => answer.fail(47, &why),
                Waited::Done(Err(Broken::Unreached(code, why))) if !answer.sent && changes => {
                    End::NotStarted(format!("{why} (curl would say {code})"))
                }
                Waited::Done(Err(Broken::Unreached(code, why))) => answer.fail(code, &why),
                Waited::Done(Err(Broken::Cut(why))) if changes => {
                    End::Unknown(format!("{why}: ask the service itself whether it was done"))
                }
                Waited::Done(Err(Broken::Cut(why))) => answer.fail(56, &why),
                Waited::TimedOut if own_limit.is_some() && !changes => {
                    answer.fail(28, &format!("No answer within {} s", time.as_secs_f64()))
                }
                Waited::TimedOut => End::TimedOut,
                Waited::Stopped => End::Stopped,
            };
            answer.into_ran(end, &request, &place.secrets, began)
        })
    }
}

enum Broken {
    /// By our rules.
    Refused(String),
    /// Nothing was sent: with the exit status of curl.
    Unreached(i32, String),
    /// It was sent, and no whole answer came.
    Cut(String),
}

/// What has come so far.
struct Answer {
    began: Instant,
    sent: bool,
    redirects: usize,
    url: Option<Url>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    first_byte: Duration,
    whole: Duration,
    body: Kept,
    bytes: u64,
    said: Vec<String>,
}

async fn ask(client: &reqwest::Client, place: &Place, request: &Request, answer: &mut Answer) -> Result<(), Broken> {
    let (mut url, mut method, mut body) = (request.url.clone(), request.method.clone(), request.body.clone());
    let first = url.origin();
    loop {
        // Every step is judged by itself: a redirect leads where the answering host wants.
        let real = place.judge(&url).map_err(Broken::Refused)?;
        let mut sending = client.request(method.clone(), real.clone()).headers(request.headers.clone());
        if url.origin() == first {
            if let Some((name, password)) = &request.user {
                sending = sending.basic_auth(name, Some(password));
            }
        } else {
            // What proves who we are is for the host that was asked, and for no other.
            let mut headers = request.headers.clone();
            for name in ["authorization", "cookie", "x-api-key"] {
                headers.remove(name);
            }
            sending = client.request(method.clone(), real.clone()).headers(headers);
        }
        if real != url && !request.headers.contains_key(HOST) {
            let host =
                url.host_str().unwrap_or_default().to_string() + &url.port().map_or(String::new(), |p| format!(":{p}"));
            if let Ok(host) = HeaderValue::from_str(&host) {
                sending = sending.header(HOST, host);
            }
        }
        if let Some(body) = &body {
            sending = sending.body(body.clone());
        }
        let response = sending.send().await.map_err(|e| broken(&e))?;
        answer.sent = true;
        let status = response.status();
        let next = response.headers().get(LOCATION).and_then(|l| url.join(l.to_str().ok()?).ok());
        match next.filter(|_| request.follow && status.is_redirection()) {
            None => return answer.take(url, response).await,
            Some(_) if answer.redirects == REDIRECTS_MAX => {
                return Err(Broken::Refused(format!("It was redirected more than {REDIRECTS_MAX} times")));
            }
            Some(next) => {
                answer.redirects += 1;
                if matches!(status.as_u16(), 301..=303) && method == Method::POST {
                    (method, body) = (Method::GET, None);
                }
                url = next;
            }
        }
    }
}

impl Answer {
    fn new(bytes_max: usize, began: Instant) -> Answer {
        Answer {
            began,
            sent: false,
            redirects: 0,
            url: None,
            status: None,
            headers: HeaderMap::new(),
            first_byte: Duration::ZERO,
            whole: Duration::ZERO,
            body: Kept::new(bytes_max),
            bytes: 0,
            said: Vec::new(),
        }
    }

    async fn take(&mut self, url: Url, mut response: Response) -> Result<(), Broken> {
        self.first_byte = self.began.elapsed();
        (self.url, self.status, self.headers) = (Some(url), Some(response.status()), response.headers().clone());
        while let Some(chunk) =
            response.chunk().await.map_err(|e| Broken::Cut(format!("The answer broke off: {}", cause(&e))))?
        {
            self.bytes += chunk.len() as u64;
            self.body.push(&chunk);
            if self.bytes > BODY_BYTES_MAX {
                self.said
                    .push(format!("The answer is longer than {} MB: the rest was not received", BODY_BYTES_MAX >> 20));
                break;
            }
        }
        self.whole = self.began.elapsed();
        Ok(())
    }

    fn fail(&mut self, code: i32, why: &str) -> End {
        self.said.push(why.to_string());
        End::Exited(code)
    }

    /// Of a whole answer.
    fn judge(&mut self, request: &Request) -> End {
        let status = self.status.unwrap_or_default();
        if let Some(code) = request.fail.filter(|_| status.as_u16() >= 400) {
            return self.fail(code, &format!("The server answered {status}"));
        }
        if let Some(expected) = request.expect.status.filter(|e| *e != status.as_u16()) {
            return self.fail(1, &format!("The server answered {status} and not {expected}"));
        }
        End::Exited(0)
    }

    fn into_ran(mut self, mut end: End, request: &Request, secrets: &Secrets, began: Instant) -> Ran {
        let left_out = self.body.left_out();
        let body = std::mem::replace(&mut self.body, Kept::new(0)).into_bytes();
        let mut readings = self.readings();
        if let Ok(value) = serde_json::from_slice(&body) {
            readings.extend(json::readings(&value));
            if end == End::Exited(0)
                && let Some(why) = json::lacks(&value, &request.expect.fields)
            {
                end = self.fail(1, &why);
            }
        } else if end == End::Exited(0) && !request.expect.fields.is_empty() {
            end = self.fail(1, "The answer is no JSON");
        }
        let mut out = Vec::new();
        if request.print.head
            && let Some(status) = self.status
        {
            out.extend(format!("HTTP/1.1 {status}\n").bytes());
            for (name, value) in &self.headers {
                out.extend(format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())).bytes());
            }
            out.push(b'\n');
        }
        let failed = self.status.is_some_and(|s| s.as_u16() >= 400) && request.fail.is_some();
        if request.print.body && (!failed || request.print.failed_body) {
            out.extend(body);
        }
        for piece in request.write_out.iter().flatten() {
            out.extend(self.written(piece).bytes());
        }
        let mut ran = ran::ended(end, true);
        ran.stdout = secrets.text(&out);
        ran.stderr = secrets.text(self.said.iter().map(|s| format!("{s}\n")).collect::<String>().as_bytes());
        (ran.left_out, ran.readings, ran.took) = (left_out, readings, began.elapsed());
        ran
    }

    fn readings(&self) -> Vec<Reading> {
        let Some(status) = self.status else { return Vec::new() };
        let latency = self.first_byte.as_secs_f64() * 1_000.0;
        vec![reading("status", f64::from(status.as_u16()), ""), reading("latency", latency, "ms")]
    }

    fn written(&self, piece: &Out) -> String {
        match piece {
            Out::Text(text) => text.clone(),
            Out::Status => format!("{:03}", self.status.map_or(0, |s| s.as_u16())),
            Out::Seconds => format!("{:.6}", self.whole.as_secs_f64()),
            Out::FirstByteSeconds => format!("{:.6}", self.first_byte.as_secs_f64()),
            Out::Bytes => self.bytes.to_string(),
            Out::Url => self.url.as_ref().map(Url::to_string).unwrap_or_default(),
            Out::Redirects => self.redirects.to_string(),
            Out::ContentType => {
                let kind = self.headers.get(reqwest::header::CONTENT_TYPE);
                kind.map_or(String::new(), |k| String::from_utf8_lossy(k.as_bytes()).into_owned())
            }
            Out::Zero => "0".to_string(),
        }
    }
}

/// The library's message names the address, which may hold a secret, so it is not used.
fn broken(error: &reqwest::Error) -> Broken {
    let why = cause(error);
    if error.is_connect() {
        let code = match () {
            () if error.is_timeout() => 28,
            () if why.contains("lookup") || why.contains("leads to no address") => 6,
            () if why.contains("certificate") => 60,
            () => 7,
        };
        return Broken::Unreached(code, format!("No connection: {why}"));
    }
    if error.is_builder() {
        return Broken::Unreached(3, format!("The request cannot be made: {why}"));
    }
    Broken::Cut(format!("The connection broke off before an answer: {why}"))
}

/// The innermost reason.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    text.split(" (os error").next().unwrap_or_default().to_string()
}
