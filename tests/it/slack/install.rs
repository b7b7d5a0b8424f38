//! Installing by a browser: who may, what is refused and in which words, what is kept, and what happens to tokens that
//! expire. The browser is a client that follows no redirect by itself and keeps no cookie that it is not given.

use super::{Both, PEOPLE, told};
use crate::fake_slack::{Consent, FakeSlack};
use crate::harness::serve::Serve;

pub const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
pub const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

/// The configuration of a bot that is installed by a browser alone.
pub fn by_browser(slack: &FakeSlack, more: &str) -> String {
    format!("{}\n{PEOPLE}", table(slack, more))
}

pub fn table(slack: &FakeSlack, more: &str) -> String {
    format!(
        "[slack]\napp_token = {:?}\napi_url = {:?}\nsite_url = {:?}\nannounce = \"#incidents\"\nclient_id = \"111.222\"\n\
         client_secret = \"c1ient-5ecret\"\ntoken_key = {KEY:?}\n{more}",
        slack.app_token(),
        slack.api_url(),
        slack.url(),
    )
}

/// A Slack that lets browsers come back to this bot, with a second workspace.
pub fn ready(slack: &FakeSlack, bot: &Serve) {
    slack.sends_back_to(&format!("{}/slack/oauth/callback", bot.url()));
    slack.with(|world| {
        if !world.teams.contains_key("T0BETA1") {
            world.add_team("T0BETA1", "Beta", "beta");
        }
    });
}

/// A browser with the cookies that it was given.
pub struct Browser {
    http: reqwest::Client,
    base: String,
    pub session: String,
    pub install: String,
}

/// What an address answered.
pub struct Page {
    pub status: u16,
    pub to: String,
    pub body: String,
}

fn cookie(answer: &reqwest::Response, name: &str) -> Option<String> {
    let all = answer.headers().get_all("set-cookie").into_iter().filter_map(|v| v.to_str().ok());
    let found = all.filter_map(|line| line.strip_prefix(&format!("{name}="))).find(|v| !v.starts_with(';'));
    found.and_then(|v| v.split(';').next()).map(str::to_string)
}

impl Browser {
    /// Signed in by a link that `firebell invite` prints.
    pub async fn of(bot: &Serve, who: &str, admin: bool) -> Browser {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("a client");
        let words = ["invite", who, "--admin"];
        let ran = bot.run(if admin { &words } else { &words[..2] }).await;
        let link = ran.stdout.split_whitespace().find(|w| w.contains("/signin?token=")).expect("a link").to_string();
        let page = http.get(&link).send().await.expect("it answers");
        let press = cookie(&page, "firebell_press").expect("a page with a press");
        let token = link.split_once("token=").expect("a token").1;
        let pressed = http
            .post(bot.url() + "/signin")
            .header("cookie", format!("firebell_press={press}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={token}&press={press}"));
        let session = cookie(&pressed.send().await.expect("it answers"), "firebell_session").expect("signed in");
        Browser { http, base: bot.url(), session, install: String::new() }
    }

    pub async fn open(&mut self, url: &str) -> Page {
        let url = if url.starts_with('/') { format!("{}{url}", self.base) } else { url.to_string() };
        let mut request = self.http.get(&url);
        if url.starts_with(&self.base) {
            let cookies = format!("firebell_session={}; firebell_install={}", self.session, self.install);
            request = request.header("cookie", cookies);
        }
        let answer = request.send().await.expect("it answers");
        if let Some(fresh) = cookie(&answer, "firebell_install") {
            self.install = fresh;
        }
        let to = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default().to_string();
        Page { status: answer.status().as_u16(), to, body: answer.text().await.expect("a page") }
    }

    /// To Slack and up to the address that Slack sends back to, which is not opened.
    pub async fn asks_slack(&mut self) -> String {
        let begun = self.open("/slack/install").await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        let asked = self.open(&begun.to).await;
        assert_eq!(asked.status, 302, "{} {}", begun.to, asked.body);
        asked.to
    }

    pub async fn installs(&mut self) -> Page {
        let back = self.asks_slack().await;
        self.open(&back).await
    }
}

/// A bot without a bot token, and a browser of its administrator.
pub async fn started(slack: &FakeSlack, more: &str) -> (Serve, Browser) {
    let bot = Serve::start(&by_browser(slack, more)).await;
    ready(slack, &bot);
    let browser = Browser::of(&bot, "root", true).await;
    (bot, browser)
}

#[tokio::test]
async fn an_administrator_installs_it_by_a_browser_and_people_work_there() {
    let slack = FakeSlack::start();
    let (bot, mut browser) = started(&slack, "").await;
    let before = bot.get("/health/components").await.body;
    assert!(before.contains("nobody has installed the app yet: open"), "{before}");
    slack.consents(Consent::Given("T0ACME".into()));
    let begun = browser.open("/slack/install").await;
    assert!(begun.to.starts_with(&format!("{}/oauth/v2/authorize?client_id=111.222", slack.url())), "{}", begun.to);
    let asked = url::Url::parse(&begun.to).expect("an address");
    let asked = asked.query_pairs().find(|(k, _)| k == "scope").map(|(_, v)| v.into_owned()).unwrap_or_default();
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/slack-manifest.yaml"));
    let manifest = manifest.expect("the manifest");
    let listed = manifest.lines().skip_while(|l| l.trim() != "bot:").skip(1).map_while(|l| l.trim().strip_prefix("- "));
    assert_eq!(asked, listed.collect::<Vec<_>>().join(","), "exactly the scopes of the manifest");

    let page = browser.installs().await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Firebell is in Acme") && !page.body.contains("not given"), "{}", page.body);
    slack.connected(2).await;
    let reply = slack.ana().says("#general", "/incident declare P1 checkout is down").await;
    assert!(told(&reply).contains("INC-1"), "{reply:?}");
    slack.channel("inc-1").await;
    slack.message("#incidents", "checkout is down").await;
    let health = bot.get("/health/components").await.json();
    assert_eq!(health["chats"]["slack"]["status"], "healthy", "{health}");
    let checked = bot.run(&["config", "check", "--online"]).await;
    assert_eq!(checked.status, 0, "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains("slack workspace Acme (T0ACME): its token is valid, it does not expire"));
    no_token_lies_about(&slack, &bot);
    Both { slack, bot }.finish().await;
}

/// Neither in the database's files nor in the log.
fn no_token_lies_about(slack: &FakeSlack, bot: &Serve) {
    let mut secrets: Vec<String> = slack.see(|w| w.tokens.keys().cloned().collect());
    secrets.extend(["c1ient-5ecret".to_string(), KEY.to_string()]);
    let files = std::fs::read_dir(bot.folder()).expect("a folder").filter_map(Result::ok);
    let mut looked = 0;
    for file in files.filter(|f| f.file_name() != "firebell.toml") {
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        looked += usize::from(file.file_name().to_string_lossy().starts_with("firebell.db"));
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", file.path().display());
        }
    }
    assert!(looked >= 1, "the database was looked into");
}

#[tokio::test]
async fn whoever_is_no_administrator_attaches_no_workspace() {
    let slack = FakeSlack::start();
    let (bot, mut root) = started(&slack, "").await;
    slack.consents(Consent::Given("T0ACME".into()));
    let mut bo = Browser::of(&bot, "bo", false).await;
    let page = bo.open("/slack/install").await;
    assert_eq!(page.status, 403, "{}", page.body);
    assert!(page.body.contains("Only administrators of Firebell install it"), "{}", page.body);
    let session = std::mem::take(&mut bo.session);
    let page = bo.open("/slack/install").await;
    assert_eq!(page.status, 401, "{}", page.body);
    assert!(page.body.contains("Sign in as an administrator"), "{}", page.body);
    // Nor with an answer of Slack that an administrator's browser began.
    bo.session = session;
    let back = root.asks_slack().await;
    bo.install = root.install.clone();
    assert_eq!(bo.open(&back).await.status, 403);
    assert!(root.open(&back).await.body.contains("Firebell is in Acme"), "and it was not used up by that");
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn a_state_that_is_forged_used_of_another_browser_or_too_late_installs_nothing() {
    let slack = FakeSlack::start();
    let (bot, mut root) = started(&slack, "").await;
    slack.consents(Consent::Given("T0ACME".into()));
    let nothing = |page: &Page, status: u16, part: &str| {
        assert_eq!(page.status, status, "{}", page.body);
        assert!(page.body.contains(part), "{part:?} in {}", page.body);
    };
    // A code that is good, with a state that nobody gave out.
    let back = root.asks_slack().await;
    let (head, _) = back.rsplit_once("state=").expect("a state");
    nothing(
        &root.open(&format!("{head}state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).await,
        403,
        "used already, or does",
    );
    nothing(&root.open(head.trim_end_matches('&')).await, 403, "used already, or does");
    // The same administrator in another browser: the link was sent to them.
    let back = root.asks_slack().await;
    let mut other = Browser::of(&bot, "root", true).await;
    nothing(&other.open(&back).await, 403, "begun in another browser");
    nothing(&root.open(&back).await, 403, "used already, or does");
    // Another administrator in the same browser.
    let back = root.asks_slack().await;
    let own = std::mem::replace(&mut root.session, Browser::of(&bot, "ana", true).await.session);
    nothing(&root.open(&back).await, 403, "by somebody else who was signed in");
    root.session = own;
    // Denied; a code that is too old; a whole organisation.
    slack.consents(Consent::Denied);
    nothing(&root.installs().await, 403, "pressed Cancel at Slack");
    slack.consents(Consent::Given("T0ACME".into()));
    let back = root.asks_slack().await;
    slack.expires_codes();
    nothing(&root.open(&back).await, 422, "older than 10 minutes");
    slack.consents(Consent::WholeOrganisation);
    let whole = root.installs().await;
    nothing(&whole, 422, "installed the app for a whole organisation");
    nothing(&whole, 422, "Nothing was kept: remove it there, and choose one workspace.");
    // Slack is down.
    slack.consents(Consent::Given("T0ACME".into()));
    slack.fault("oauth.v2.access", crate::fake_slack::Fault::Status(500));
    nothing(&root.installs().await, 422, "status 500");
    // None of it has left anything behind.
    let health = bot.get("/health/components").await.body;
    assert!(health.contains("nobody has installed the app yet"), "{health}");
    // And a replay of one that worked.
    let back = root.asks_slack().await;
    let kept = root.install.clone();
    assert!(root.open(&back).await.body.contains("Firebell is in Acme"));
    root.install = kept;
    nothing(&root.open(&back).await, 403, "used already, or does");
    let exchanges =
        slack.see(|w| w.calls.iter().filter(|c| c.method == "oauth.v2.access" && c.outcome == "ok").count());
    assert_eq!(exchanges, 2, "one for the organisation, one that was kept");
    Both { slack, bot }.finish().await;
}
