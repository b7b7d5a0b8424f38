//! The room: commands from its script and from its form, whose requests count, and text that tries to be markup.

use super::*;
use firebell_domain::origin::Origin;

fn form_token(page: &str) -> String {
    page.split_once("name=\"form\" value=\"").unwrap().1.split('"').next().unwrap().to_string()
}

#[tokio::test]
async fn a_command_is_said_by_script_and_by_form() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let (status, said) = answer(w.room_say(&ana, "", "/incident declare checkout is down")).await;
    assert_eq!((status.as_u16(), &said["text"], &said["number"]), (200, &json!("Declared INC-1."), &json!(1)));
    let (status, no) = answer(w.room_say(&ana, "", "/incident dance")).await;
    assert_eq!((status.as_u16(), code(&no)), (422, "unknown_word"));

    let (_, page) = w.page("/incidents/1", &ana).await;
    let say = |text: &str| {
        let request = w.post("/room/say").header("cookie", format!("firebell_session={ana}")).header("origin", "null");
        form(request, &[("room", "INC-1"), ("form", &form_token(&page)), ("text", text)])
    };
    let noted = say("/incident note rolled back").send().await.unwrap();
    assert_eq!(noted.status(), 200);
    let noted = noted.text().await.unwrap();
    assert!(noted.contains("<pre>Noted.</pre>") && noted.contains("rolled back"), "{noted}");
    let refused = say("/incident dance").send().await.unwrap();
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("reply refused"));
    let (_, log) = w.read("/api/v1/incidents/1/events").await;
    let note = log["events"].as_array().unwrap().iter().find(|e| e["kind"] == "noted").unwrap().clone();
    assert_eq!(note["actor"], json!({ "by": "person", "name": "ana", "via": "room" }));
}

#[tokio::test]
async fn a_request_that_does_not_come_from_our_page_changes_nothing() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let cookie = format!("firebell_session={ana}");
    let json_body = json!({ "room": "", "text": "/incident declare forged" });
    let say = || w.post("/room/say").header("cookie", &cookie);
    let by_form = |token: &str| form(say(), &[("room", ""), ("form", token), ("text", "/incident declare forged")]);
    let (_, page) = w.page("/", &ana).await;
    let token = form_token(&page);
    let forged = [
        say().json(&json_body),
        say().json(&json_body).header("x-firebell", "1"),
        say().json(&json_body).header("origin", &w.url),
        say().json(&json_body).header("x-firebell", "1").header("origin", "https://evil.example"),
        say().json(&json_body).header("x-firebell", "1").header("origin", "null"),
        say()
            .json(&json_body)
            .header("x-firebell", "1")
            .header("origin", &w.url)
            .header("sec-fetch-site", "cross-site"),
        say().json(&json_body).header("x-firebell", "1").header("sec-fetch-site", "same-site"),
        by_form(""),
        by_form("0000"),
        by_form(&token).header("origin", "https://evil.example"),
        by_form(&token).header("sec-fetch-site", "cross-site"),
        form(say(), &[("room", ""), ("text", "/incident declare forged")])
            .header("x-firebell", "1")
            .header("origin", &w.url),
    ];
    for (n, request) in forged.into_iter().enumerate() {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 403, "case {n}");
    }
    let other = w.sign_in("bo", false).await;
    let (_, page) = w.page("/", &other).await;
    assert_eq!(by_form(&form_token(&page)).send().await.unwrap().status(), 403, "another session's token");
    assert_eq!(w.read("/api/v1/incidents").await.1["incidents"], json!([]));
    assert_eq!(by_form(&token).header("origin", &w.url).send().await.unwrap().status(), 200);
    let ours = say().json(&json_body).header("x-firebell", "1").header("sec-fetch-site", "same-origin");
    assert_eq!(ours.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_name_that_was_rebound_to_this_address_finds_nothing() {
    let w = World::new().await;
    let at = |host: &str, path: &str| w.get(path).header("host", host).send();
    for host in [
        "evil.example",
        "evil.example:7911",
        "bell.example.evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
    ] {
        for path in ["/", "/signin?token=x", "/api/v1/incidents", "/stream"] {
            assert_eq!(at(host, path).await.unwrap().status(), 421, "{host} {path}");
        }
    }
    for host in
        ["bell.example", "BELL.example:80", "bell.intern", "localhost:7911", "127.0.0.1", "[::1]:7911", "10.1.2.3:80"]
    {
        assert_eq!(at(host, "/").await.unwrap().status(), 200, "{host}");
    }
    // Probes come by whatever name they like.
    assert_eq!(at("pod-7.cluster", "/health").await.unwrap().status(), 200);
    assert_eq!(at("pod-7.cluster", "/healthy").await.unwrap().status(), 421);
}

#[tokio::test]
async fn text_that_tries_to_be_markup_stays_text() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let titles = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'};alert(1)//",
        "@everyone <!channel> {{ 7 * 7 }} {% raw %}",
        "שרת הנתונים נפל",
        "&lt;b&gt; & é 🔥",
    ];
    for (n, title) in titles.iter().enumerate() {
        let id = w.declare(title, false).await;
        w.note(id, title).await;
        let (_, list) = w.page("/", &ana).await;
        let (status, page) = w.page(&format!("/incidents/{}", n + 1), &ana).await;
        assert_eq!(status, 200, "{title}");
        for html in [&list, &page] {
            assert!(!html.contains("<script>") && !html.contains("<img") && !html.contains("49 "), "{html}");
            assert_eq!(html.matches("<script").count(), 1, "the page's own");
            let shown = unescaped(html);
            assert!(shown.contains(title), "{title} in {shown}");
        }
        assert!(page.contains("dir=\"auto\""));
    }
    // The answer to a command is shown as text too.
    let (_, page) = w.page("/", &ana).await;
    let request = w.post("/room/say").header("cookie", format!("firebell_session={ana}"));
    let said = form(request, &[("room", ""), ("form", &form_token(&page)), ("text", "/incident <img src=x>")]);
    let said = said.send().await.unwrap().text().await.unwrap();
    assert!(!said.contains("<img") && unescaped(&said).contains("<img src=x>"), "{said}");
}

/// What a browser would show.
fn unescaped(html: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    named.iter().fold(html.to_string(), |text, (escape, plain)| text.replace(escape, plain))
}

#[tokio::test]
async fn no_page_has_a_script_or_a_style_of_its_own() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    w.declare("checkout is down", false).await;
    let pages = [
        w.page("/", &ana).await.1,
        w.page("/incidents/1", &ana).await.1,
        w.page("/", "").await.1,
        w.page("/nothing", "").await.1,
    ];
    for page in &pages {
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains(" onclick"), "{page}");
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere: {page}");
        for asset in page.split("/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let response = w.get(&format!("/assets/{asset}")).send().await.unwrap();
            assert_eq!(response.status(), 200, "{asset}");
            assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        }
        let opened = page.matches("<form").count();
        assert_eq!(page.matches("method=\"post\"").count(), opened);
    }
}

#[tokio::test]
async fn a_long_incident_shows_its_end_and_the_rest_when_asked() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    let notes = (0..600).map(|n| w.note(id, Box::leak(format!("note number {n}.").into_boxed_str())));
    futures_util::future::join_all(notes).await;
    let (_, page) = w.page("/incidents/1", &ana).await;
    assert!(page.contains("note number 599.") && !page.contains("note number 5."));
    assert!(page.contains("earlier entries"));
    let (_, page) = w.page("/incidents/1?all=1", &ana).await;
    assert!(page.contains("note number 5.") && page.contains("note number 599."));
}

#[tokio::test]
async fn a_message_that_was_put_on_the_timeline_leads_back_to_where_it_stands() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let link = "https://acme.slack.com/archives/C1/p1764000000000100";
    let origin = |link: &str| {
        let text = "db1 is full\n— @bo in Slack".to_string();
        let (chat, author) = ("slack".into(), Some("UBO".to_string()));
        let message = "1764000000.000100".to_string();
        let origin = Origin { chat, place: "C1".into(), message, author, link: Some(link.to_string()) };
        Input::Quote { text, origin: Box::new(origin) }
    };
    for link in [link, "javascript:alert(1)"] {
        w.app.act_on(id, origin(link), &Actor::person("ana", "slack")).await.unwrap();
    }
    let ana = w.sign_in("ana", false).await;
    let (_, page) = w.page("/incidents/1", &ana).await;
    let page = page.replace("&#x2f;", "/");
    let href = format!("href=\"{link}\"");
    assert_eq!(page.matches(&href).count(), 1, "{page}");
    assert_eq!(page.matches("/archives/C1").count(), 1, "its address is said once, by the link: {page}");
    assert!(!page.contains("javascript:") && page.matches("in Slack").count() == 2, "{page}");
    let (_, log) = w.read("/api/v1/incidents/1/events").await;
    let kept: Vec<&Value> = log["events"].as_array().unwrap().iter().filter(|e| e["kind"] == "noted").collect();
    assert_eq!((&kept[0]["origin"]["link"], &kept[1]["origin"]["link"]), (&json!(link), &Value::Null), "{kept:?}");
    assert_eq!(kept[0]["origin"]["author"], "UBO");
}
