//! Who may come in: the first administrator by a link that the first start of all prints, everybody else by
//! `firebell invite`; and out again by `firebell sessions`.

use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually, http_client};

fn links(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|w| w.contains("/signin?token="));
    words.map(str::to_string).collect()
}

/// Opens a link and presses its one button; the session's cookie, or the status of the refusal.
async fn sign_in(serve: &Serve, link: &str) -> Result<String, u16> {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    let http = http.expect("a client");
    let cookie = |answer: &reqwest::Response, name: &str| {
        let all = answer.headers().get_all("set-cookie").into_iter().filter_map(|v| v.to_str().ok());
        let found = all.filter_map(|line| line.strip_prefix(&format!("{name}="))).find(|v| !v.starts_with(';'));
        found.and_then(|v| v.split(';').next()).map(str::to_string)
    };
    let page = http.get(link).send().await.expect("it answers");
    let press = cookie(&page, "firebell_press").ok_or(page.status().as_u16())?;
    let token = link.split_once("token=").expect("a token").1;
    let pressed = http
        .post(serve.url() + "/signin")
        .header("cookie", format!("firebell_press={press}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("token={token}&press={press}"));
    let answer = pressed.send().await.expect("it answers");
    cookie(&answer, "firebell_session").ok_or(answer.status().as_u16())
}

async fn page(serve: &Serve, session: &str, path: &str) -> String {
    let request = http_client().get(serve.url() + path).header("cookie", format!("firebell_session={session}"));
    request.send().await.expect("it answers").text().await.expect("a page")
}

#[tokio::test]
async fn the_first_start_prints_a_link_for_the_first_administrator_and_no_other_start_does() {
    let mut serve = Serve::start("").await;
    eventually("it says where to go", BOUND, async || !links(&serve.log()).is_empty()).await;
    let printed = links(&serve.log());
    assert_eq!(printed.len(), 1, "{}", serve.log());
    // Nobody has used it: the next start does not print another one all the same.
    serve.terminate().await;
    serve.start_again().await;
    eventually("it says so again", BOUND, async || serve.log().matches("Firebell is running").count() == 2).await;
    assert_eq!(links(&serve.log()), printed, "{}", serve.log());
    let session = sign_in(&serve, &printed[0]).await.expect("it works");
    assert!(page(&serve, &session, "/").await.contains("signed in as admin"));
    assert!(page(&serve, &session, "/sessions").await.contains("Everybody else"), "as an administrator");
    assert_eq!(sign_in(&serve, &printed[0]).await, Err(410), "once");
    // Everybody signed out is no first start.
    assert_eq!(serve.run(&["sessions", "admin", "--end"]).await.status, 0);
    serve.terminate().await;
    serve.start_again().await;
    eventually("it says so again", BOUND, async || serve.log().matches("Firebell is running").count() == 3).await;
    assert_eq!(links(&serve.log()), printed);
    let token = printed[0].split_once("token=").expect("a token").1;
    assert_eq!(serve.log().matches(token).count(), 1, "nor is it logged when it is opened");
    serve.terminate().await;
}

#[tokio::test]
async fn the_command_line_invites_lists_and_ends() {
    let mut serve = Serve::start("").await;
    assert_eq!(
        serve.run(&["sessions"]).await.stdout,
        "Nobody is signed in. A link for somebody: firebell invite NAME\n"
    );
    let mut cookies = Vec::new();
    for person in ["ana", "ana", "bo"] {
        let link = links(&serve.run(&["invite", person]).await.stdout).remove(0);
        cookies.push(sign_in(&serve, &link).await.expect("it works"));
    }
    let all = serve.run(&["sessions"]).await.stdout;
    assert_eq!((all.lines().count(), all.matches("  ana  ").count()), (3, 2), "{all}");
    let hers = serve.run(&["sessions", "@ana"]).await.stdout;
    assert_eq!(hers.lines().count(), 2, "{hers}");
    let id = hers.split_whitespace().next().expect("an id");
    let one = serve.run(&["sessions", "ana", "--end", id]).await;
    assert_eq!((one.status, one.stdout.as_str()), (0, "ana: one session is over, and its open pages.\n"));
    let gone = serve.run(&["sessions", "ana", "--end", id]).await;
    let nothing = "ana has no such session. \"firebell sessions ana\" lists what there is.\n";
    assert_eq!((gone.status, gone.stdout.as_str()), (1, nothing));
    let wrong = serve.run(&["sessions", "ana", "--end", "that one"]).await;
    assert_eq!(wrong.status, 1);
    assert!(wrong.stderr.contains("names no session"), "{}", wrong.stderr);
    // An open page of hers stops, and a link that she has not used opens nothing.
    let unused = links(&serve.run(&["invite", "ana"]).await.stdout).remove(0);
    let mut open = Vec::new();
    for session in &cookies {
        let request =
            http_client().get(serve.url() + "/stream").header("cookie", format!("firebell_session={session}"));
        open.push(request.send().await.expect("it answers"));
    }
    let statuses: Vec<u16> = open.iter().map(|r| r.status().as_u16()).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 2, "one of hers is over: {statuses:?}");
    let ended = serve.run(&["sessions", "ana", "--end"]).await;
    let said = "ana: one session is over, and its open pages. One link that was not used yet works no more.\n";
    assert_eq!((ended.status, ended.stdout.as_str()), (0, said));
    let mut his = open.pop().expect("bo's");
    let hers = open.into_iter().find(|r| r.status() == 200).expect("hers");
    tokio::time::timeout(BOUND, hers.bytes()).await.expect("it ends").expect("in order");
    assert_eq!(sign_in(&serve, &unused).await, Err(410));
    assert!(page(&serve, &cookies[0], "/").await.contains("You are not signed in"));
    assert!(page(&serve, &cookies[2], "/").await.contains("signed in as bo"));
    serve.declare("checkout is down").await;
    let mut heard = String::new();
    while !heard.contains("checkout is down") {
        let next = tokio::time::timeout(BOUND, his.chunk()).await.expect("his goes on").expect("in order");
        heard.push_str(std::str::from_utf8(&next.expect("it goes on")).expect("text"));
    }
    serve.terminate().await;
}
