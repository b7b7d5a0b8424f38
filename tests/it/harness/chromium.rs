//! A real headless Chromium, driven over the DevTools protocol through a pipe (its descriptors 3 and 4, messages
//! ended by a zero byte): no port that anybody else could reach, and no client library to keep.
//!
//! Each `Page` has a browser context of its own, so its own cookies. It sees what a person sees and presses keys; it
//! never calls into the program. What the browser complains of (console, exceptions, its content policy) is kept.

use super::files::{TempDir, temp_dir};
use super::process::kept;
use super::{BOUND, eventually};
use base64::Engine;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::oneshot;

/// Nothing of it asks anybody outside this machine.
const FLAGS: [&str; 13] = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-default-apps",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// In every page before its own scripts: when each line appeared, and what the content policy turned away.
const WATCH: &str = r#"
window.appeared = {};
document.addEventListener("securitypolicyviolation", (e) => console.error("content policy", e.violatedDirective, e.blockedURI));
new MutationObserver((all) => {
  for (const change of all) for (const node of change.addedNodes) {
    const lines = node.querySelectorAll ? [node, ...node.querySelectorAll("li[data-seq]")] : [];
    for (const line of lines) if (line.matches && line.matches("li[data-seq]")) {
      window.appeared[line.dataset.number ? "row " + line.dataset.number : line.dataset.seq] ??= Date.now();
    }
  }
}).observe(document, { childList: true, subtree: true });
"#;

#[derive(Default)]
struct Heard {
    replies: HashMap<u64, oneshot::Sender<Value>>,
    events: Vec<Value>,
}

type Shared = Arc<Mutex<Heard>>;

fn locked(shared: &Shared) -> std::sync::MutexGuard<'_, Heard> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub struct Chromium {
    child: Child,
    input: tokio::sync::Mutex<ChildStdin>,
    heard: Shared,
    next: AtomicU64,
    _folder: TempDir,
}

async fn listen(output: ChildStdout, heard: Shared) {
    let mut output = BufReader::new(output);
    loop {
        let mut bytes = Vec::new();
        match output.read_until(0, &mut bytes).await {
            Ok(n) if n > 0 => {}
            _ => return,
        }
        bytes.pop();
        let message: Value = serde_json::from_slice(&bytes).expect("the DevTools protocol is JSON");
        let mut heard = locked(&heard);
        match message["id"].as_u64() {
            Some(id) => drop(heard.replies.remove(&id).map(|reply| reply.send(message))),
            None => heard.events.push(message),
        }
    }
}

impl Chromium {
    pub async fn start() -> Chromium {
        let folder = temp_dir();
        let log = File::create(folder.join("chromium.log")).expect("the test's folder can be written");
        // The shell puts the pipes where the browser looks for them.
        let mut command = kept("sh");
        command.args(["-c", "exec 3<&0 4>&1 </dev/null >&2; exec chromium \"$@\"", "sh"]).args(FLAGS);
        command.arg(format!("--user-data-dir={}", folder.join("profile").display())).arg("about:blank");
        command.env("HOME", folder.path()).current_dir(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child =
            tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("a shell can be started");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let heard = Shared::default();
        tokio::spawn(listen(output, heard.clone()));
        let chromium =
            Chromium { child, input: tokio::sync::Mutex::new(input), heard, next: AtomicU64::new(1), _folder: folder };
        chromium.call(None, "Browser.getVersion", json!({})).await;
        chromium
    }

    /// Says something to the browser, or to one of its pages, and waits for the answer.
    async fn call(&self, page: Option<&str>, method: &str, parameters: Value) -> Value {
        let answer = self.ask(page, method, parameters).await;
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// The whole answer, an error included.
    async fn ask(&self, page: Option<&str>, method: &str, parameters: Value) -> Value {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        locked(&self.heard).replies.insert(id, reply);
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(page) = page {
            message["sessionId"] = page.into();
        }
        let sent = async {
            let mut input = self.input.lock().await;
            input.write_all(message.to_string().as_bytes()).await?;
            input.write_all(&[0]).await?;
            input.flush().await
        };
        if let Err(error) = sent.await {
            panic!("chromium does not listen ({error}); is Debian's package \"chromium\" installed? ./test --install");
        }
        let answer = tokio::time::timeout(BOUND, answer).await;
        let answer = answer.unwrap_or_else(|_| panic!("chromium did not answer {method} within {BOUND:?}"));
        answer.expect("the browser is running")
    }

    /// An empty page with cookies of its own.
    pub async fn page(&self) -> Page<'_> {
        let context = self.call(None, "Target.createBrowserContext", json!({})).await;
        let target = json!({ "url": "about:blank", "browserContextId": context["browserContextId"] });
        let target = self.call(None, "Target.createTarget", target).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach).await;
        let session = session["sessionId"].as_str().expect("a session").to_string();
        let page = Page { chromium: self, session };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.call(domain, json!({})).await;
        }
        page.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        page.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await;
        page
    }

    pub async fn close(mut self) {
        self.call(None, "Browser.close", json!({})).await;
        tokio::time::timeout(BOUND, self.child.wait()).await.expect("chromium ends when told").ok();
    }
}

pub struct Page<'a> {
    chromium: &'a Chromium,
    session: String,
}

impl Page<'_> {
    async fn call(&self, method: &str, parameters: Value) -> Value {
        self.chromium.call(Some(&self.session), method, parameters).await
    }

    pub async fn open(&self, url: &str) {
        let went = self.call("Page.navigate", json!({ "url": url })).await;
        assert!(went["errorText"].is_null(), "{url}: {went}");
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'").await;
    }

    /// What an expression has as its value in the page.
    pub async fn value(&self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = Value::Null;
        eventually("the page stays while it is asked", BOUND, async || match self.evaluate(asked.clone()).await {
            Some(said) => {
                answer = said;
                true
            }
            None => false,
        })
        .await;
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Nothing while the page is being exchanged for another: the browser then drops the question.
    async fn evaluate(&self, asked: Value) -> Option<Value> {
        let answer = self.chromium.ask(Some(&self.session), "Runtime.evaluate", asked).await;
        let error = answer["error"]["message"].as_str().unwrap_or_default();
        if error.contains("navigated or closed") || error.contains("context") {
            return None;
        }
        assert!(answer["error"].is_null(), "Runtime.evaluate: {}", answer["error"]);
        Some(answer["result"].clone())
    }

    /// Waits until an expression is true; shows the page's text when it never is.
    pub async fn until(&self, expression: &str) {
        let began = std::time::Instant::now();
        // While a page is being exchanged for another there is nothing to ask.
        let asked = json!({ "expression": format!("!!({expression})"), "returnByValue": true });
        eventually(expression, BOUND * 2, async || {
            let is = self.evaluate(asked.clone()).await.is_some_and(|said| said["result"]["value"] == true);
            if !is && began.elapsed() > BOUND {
                let text = self.value("location.href + '\\n' + document.body.innerText").await;
                panic!("waited {BOUND:?} in vain until {expression}:\n{}", text.as_str().unwrap_or_default());
            }
            is
        })
        .await;
    }

    /// Presses a key as a person does: `Enter`, `Tab`, `ArrowDown`, `Escape`.
    pub async fn press(&self, key: &str) {
        self.press_with(key, 0).await;
    }

    pub async fn press_back_tab(&self) {
        self.press_with("Tab", 8).await;
    }

    /// To the end of the text in a field of several lines: the End key with Ctrl.
    pub async fn press_text_end(&self) {
        self.press_with("End", 2).await;
    }

    async fn press_with(&self, key: &str, modifiers: u32) {
        let code = match key {
            "Enter" => 13,
            "Tab" => 9,
            "Escape" => 27,
            "End" => 35,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            other => panic!("no such key: {other}"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let mut event = json!({
            "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text, "modifiers": modifiers,
        });
        self.call("Input.dispatchKeyEvent", event.clone()).await;
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", event).await;
    }

    /// Types into whatever has the focus, key by key.
    pub async fn types(&self, text: &str) {
        for letter in text.chars() {
            let letter = letter.to_string();
            self.call("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": letter, "text": letter })).await;
            self.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": letter })).await;
        }
    }

    /// Tabs on until what has the focus satisfies `fits` (an expression over `it`); panics after a whole round.
    pub async fn tab_to(&self, fits: &str) {
        for _ in 0..60 {
            if self.value(&format!("(it => !!({fits}))(document.activeElement)")).await == true {
                return;
            }
            self.press("Tab").await;
        }
        panic!("the Tab key does not lead to {fits}");
    }

    pub async fn size(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// `dark` or `light`, as the reader's own setting.
    pub async fn scheme(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    pub async fn without_script(&self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// What is in sight, as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" })).await;
        let data = shot["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD.decode(data).expect("a picture in base64")
    }

    /// What the browser complained of on this page. `network` tells of answers that did not come.
    pub fn complaints(&self, network: bool) -> Vec<String> {
        let heard = locked(&self.chromium.heard);
        let ours = heard.events.iter().filter(|e| e["sessionId"] == self.session.as_str());
        let bad = ours.filter(|e| match e["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => {
                matches!(e["params"]["type"].as_str(), Some("error" | "warning" | "assert"))
            }
            Some("Log.entryAdded") => {
                let entry = &e["params"]["entry"];
                matches!(entry["level"].as_str(), Some("error" | "warning"))
                    && (network || entry["source"] != "network")
            }
            _ => false,
        });
        bad.map(|e| e["params"].to_string()).collect()
    }

    /// Waits until the page says that it is kept up to date.
    pub async fn live(&self) {
        self.until("document.getElementById('live')?.textContent === 'live'").await;
    }
}
