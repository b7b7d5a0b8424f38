//! Pages by mail, through a real server: encrypted, logged in, in the right mailbox, readable; and refused where any
//! of that is wrong. What servers can answer besides is in src/notify/tests/smtp.rs.

use crate::conversation::world::{World, expect_golden};
use crate::harness::fake_pagerduty::{FakePagerduty, ROUTING_KEY};
use crate::harness::mail::{MailServer, PASSWORD, USER};
use crate::harness::serve::Serve;
use firebell::engine::ports::{Message, Notify, Outcome, Sending, SendingKind};
use firebell::notify::smtp::{Encryption, Settings, Smtp};
use firebell_domain::decide::Input;
use firebell_domain::id::IncidentId;
use firebell_domain::limits::SEND_TIMEOUT_S;
use std::fmt::Write;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn settings(server: &MailServer) -> Settings {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Settings {
        channel: "smtp".into(),
        host: "localhost".into(),
        port: server.port(),
        encryption: Encryption::StartTls,
        login: Some((USER.into(), PASSWORD.into())),
        from: "Firebell <firebell@example.org>".parse().expect("an address"),
        to: vec!["oncall@example.org".parse().expect("an address")],
        addresses: [("ana".into(), "Ana Ruiz <ana@example.org>".parse().expect("an address"))].into(),
        ca_pem: Some(fs::read_to_string(server.ca_file()).expect("the authority's certificate")),
        timeout: Duration::from_secs(SEND_TIMEOUT_S),
    }
}

async fn send(settings: Settings, sending: &Sending) -> Outcome {
    let pager = Smtp::new(settings, Arc::new(firebell::clock::system_now)).expect("a pager");
    pager.send(sending).await
}

fn page() -> Sending {
    Sending {
        parts: Vec::new(),
        incident: Some(IncidentId(42)),
        idempotency_key: "firebell-a1-INC-42-7".into(),
        claim_seq: 9,
        attempt: 1,
        maybe_repeated: false,
        person: Some("ana".into()),
        kind: SendingKind::Page,
        message: Message {
            summary: "[P1] INC-42 Kühlung 🔥 is down; é & <b> \"x\" =?utf-8?q?y?=".into(),
            text: format!("Declared by bo.\n.\n..dots\nFrom here\n=3D {}", "long words ".repeat(60)),
            thread: "firebell-a1-INC-42-7".into(),
            severity_level: "P1".into(),
            severity_rank: 1,
            link: Some("http://127.0.0.1:7911/incidents/42".into()),
            ack_link: Some(format!("http://127.0.0.1:7911/ack/{}", "signed".repeat(40))),
            ..Message::default()
        },
    }
}

#[tokio::test]
async fn a_page_arrives_through_starttls_and_login_as_it_was_meant() {
    let server = MailServer::start().await;
    let sending = page();
    let outcome = send(settings(&server), &sending).await;
    let Outcome::Done { receipt: Some(receipt) } = outcome else { panic!("{outcome:?}") };
    assert!(receipt.contains("id="), "{receipt}");
    let [mail] = &server.mails(1).await[..] else { panic!("one mail") };
    assert_eq!(mail.header("envelope-to"), "ana@example.org");
    assert_eq!(mail.to(), "Ana Ruiz <ana@example.org>");
    assert_eq!(mail.header("from"), "Firebell <firebell@example.org>");
    assert_eq!(mail.subject(), sending.message.summary.replace("=?", "=\u{200b}?"));
    assert_eq!(mail.header("message-id"), "<firebell-a1-INC-42-7@example.org>");
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    let (ack, link) = (sending.message.ack_link.expect("a link"), sending.message.link.expect("a link"));
    let expected = format!("Acknowledge (one press): {ack}\nINC-42: {link}\n\n{}\n", sending.message.text.trim_end());
    assert_eq!(mail.body.replace("\r\n", "\n"), expected);
    // The server's own word for it: TLS (the s) and a login (the a).
    let log = server.log();
    assert!(log.contains("P=esmtpsa X=TLS1.3") && log.contains(&format!("A=PLAIN:{USER}")), "{log}");
}

#[tokio::test]
async fn a_page_arrives_where_everything_is_encrypted_from_the_first_byte() {
    let server = MailServer::start().await;
    let tls = Settings { encryption: Encryption::Tls, port: server.tls_port(), ..settings(&server) };
    let nobody = Sending { person: None, ..page() };
    let outcome = send(tls, &nobody).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(server.mails(1).await[0].to(), "oncall@example.org");
    assert!(server.log().contains("P=esmtpsa"), "{}", server.log());
}

#[tokio::test]
async fn whatever_is_wrong_about_the_server_or_the_login_is_final_and_says_what_to_do() {
    let server = MailServer::start().await;
    let good = || settings(&server);
    let login = |password: &str| Some((USER.to_string(), password.into()));
    let cases = [
        (
            "a wrong password",
            Settings { login: login("hunter2-hunter2"), ..good() },
            "The mail server (smtp) refused the login (535): check its user and password; it says: Incorrect authentication data",
        ),
        (
            "no login",
            Settings { login: None, ..good() },
            "The mail server (smtp) refused the recipient (550); it says: log in first",
        ),
        (
            "no STARTTLS",
            Settings { port: server.clear_port(), ..good() },
            "The mail server (smtp) offers no encryption (STARTTLS), so nothing was sent: check host and port in \
             paging.smtp, or write tls = \"tls\"",
        ),
        (
            "an authority that nobody knows",
            Settings { ca_pem: None, ..good() },
            "The mail server (smtp) shows a certificate that cannot be trusted (UnknownIssuer): check host, or set \
             ca_file to your own authority's certificate",
        ),
        (
            "the same, encrypted from the first byte",
            Settings { ca_pem: None, encryption: Encryption::Tls, port: server.tls_port(), ..good() },
            "The mail server (smtp) shows a certificate that cannot be trusted (UnknownIssuer): check host, or set \
             ca_file to your own authority's certificate",
        ),
    ];
    for (case, settings, why) in cases {
        assert_eq!(send(settings, &page()).await, Outcome::Never { why: why.to_string() }, "{case}");
    }
    let outcome = send(Settings { host: "127.0.0.1".into(), ..good() }, &page()).await;
    let Outcome::Never { why } = &outcome else { panic!("{outcome:?}") };
    assert!(why.contains("certificate that cannot be trusted (certificate not valid for name"), "{why}");
    // The right password never went to a server that did not prove who it is.
    assert!(!server.log().contains("A=PLAIN"), "{}", server.log());
    for (who, never, says) in [("nobody", true, "550"), ("greylisted", false, "451"), ("full", false, "452")] {
        let to = format!("{who}@example.org").parse().expect("an address");
        let outcome = send(Settings { addresses: [("ana".into(), to)].into(), ..good() }, &page()).await;
        assert_eq!(matches!(outcome, Outcome::Never { .. }), never, "{outcome:?}");
        assert!(format!("{outcome:?}").contains(says) && !format!("{outcome:?}").contains("maybe_arrived: true"));
    }
    // The wrong port: a server that speaks TLS at once says nothing to who waits for a greeting, and the reverse.
    for (encryption, port) in [(Encryption::StartTls, server.tls_port()), (Encryption::Tls, server.port())] {
        let timeout = Duration::from_secs(1);
        let outcome = send(Settings { encryption, port, timeout, ..good() }, &page()).await;
        assert!(matches!(outcome, Outcome::Retry { maybe_arrived: false, .. }), "{outcome:?}");
    }
    assert!(server.read().is_empty(), "nothing was delivered: {:#?}", server.read());
}

/// Somebody on the line: hands everything on both ways, and puts words of their own behind the server's "go ahead".
async fn stranger(server: u16, words: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server is there");
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut bytes = [0; 16_384];
                while let Ok(n @ 1..) = from_server.read(&mut bytes).await {
                    let mut said = bytes[..n].to_vec();
                    if said.starts_with(b"220 TLS go ahead") {
                        said.extend(words.as_bytes());
                    }
                    if to_client.write_all(&said).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn nobody_on_the_line_can_speak_for_the_server_before_it_is_encrypted() {
    let server = MailServer::start().await;
    let through = async |words: &'static str| {
        let port = stranger(server.port(), words).await;
        send(Settings { port, ..settings(&server) }, &page()).await
    };
    let outcome = through("").await;
    assert!(matches!(outcome, Outcome::Done { .. }), "the stranger hands on what there is: {outcome:?}");
    // A whole conversation in which everything is taken, said before the first encrypted byte.
    let all_taken = "250-mail.example.org\r\n250 AUTH PLAIN\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n";
    let outcome = through(all_taken).await;
    assert!(matches!(outcome, Outcome::Retry { maybe_arrived: false, .. }), "{outcome:?}");
    assert_eq!(server.mails(1).await.len(), 1, "{}", server.log());
}

/// Three people by mail; Bo's first way is a webhook.
const NIGHT: &str = r#"
    [paging.webhook.ops]
    url = "OPS"
    secret = "between firebell and ops"

    [people.ana]
    email = "ana@example.org"
    contact = [{ via = "smtp" }]
    [people.bo]
    email = "bo@example.org"
    contact = [{ via = "webhook.ops" }, { via = "smtp", address = "bo@phone.example.org" }]
    [people.cy]

    [policies.default]
    repeat = 1
    [[policies.default.levels]]
    page = ["@ana"]
    delay = "5m"
    [[policies.default.levels]]
    page = ["@bo"]
    delay = "10m"
    [[policies.default.levels]]
    page = ["smtp"]
    delay = "10m"
"#;

/// Every mail with what a person sees of it, and how it hangs together.
fn shown(server: &MailServer) -> String {
    let mut text = String::new();
    let mut mails = server.read();
    // What goes out at one instant arrives in any order.
    mails.sort_by_key(|mail| (mail.header("Date").to_string(), mail.to().to_string()));
    for mail in mails {
        for name in ["To", "Subject", "Date", "Message-ID", "In-Reply-To", "Importance", "Auto-Submitted"] {
            if !mail.header(name).is_empty() {
                writeln!(text, "{name}: {}", mail.header(name)).expect("a string takes text");
            }
        }
        writeln!(text, "\n{}\n---", mail.body.trim_end()).expect("a string takes text");
    }
    text
}

#[tokio::test]
async fn an_incidents_whole_night_goes_by_mail() {
    let mut server = MailServer::start().await;
    let mut world = World::with(&(server.toml() + NIGHT)).await;
    // Ana sleeps.
    let id = world.declare("checkout is down", None).await;
    world.settle().await;
    server.mails(1).await;
    // Bo's pager refuses for good, and his mail takes over at once.
    world.ops.faults.next(1, crate::harness::faults::Fault::status(410));
    world.advance(300).await;
    assert_eq!(server.mails(2).await[1].to(), "bo@phone.example.org");
    // The mail server is away when it is everybody's turn, and comes back.
    server.stop();
    world.advance(602).await;
    server.start_again().await;
    world.advance(30).await;
    assert_eq!(server.mails(3).await[2].to(), "oncall@example.org");
    // Cy has it, and it ends.
    world.act(id, "cy", Input::Acknowledge).await;
    world.advance(1).await;
    server.mails(6).await;
    world.act(id, "cy", Input::Resolve { text: "A certificate had expired.".into() }).await;
    world.advance(1).await;
    let mails = server.mails(9).await;
    // Each reply belongs to a page that its reader got.
    for page in &mails[..3] {
        let of_page = mails[3..].iter().filter(|m| m.header("in-reply-to") == page.header("message-id"));
        let readers: Vec<&str> = of_page.map(|m| m.to()).collect();
        assert_eq!(readers, [page.to(); 2]);
    }
    expect_golden("mail/night.txt", &shown(&server));
    let timeline = world.timeline(1).await;
    for line in [
        "Page to @ana through smtp: sent (receipt OK id=",
        "Page to @bo through webhook.ops: given up: webhook.ops has nothing at this address (410)",
        "Page to @bo through smtp: sent (receipt OK id=",
        "Level 3 paged: smtp (no answer for 10 min)",
        "tried again in 2 s: The mail server (smtp) cannot be reached: connection refused\n",
        "Page through smtp: sent (receipt OK id=",
        "Word to smtp that the page to @bo is answered: sent",
    ] {
        assert!(timeline.contains(line), "{line} in\n{timeline}");
    }
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn a_level_pages_a_named_service_and_a_webhook_itself() {
    let config = r#"
        [paging.pagerduty]
        api_url = "PAGERDUTY"
        [paging.pagerduty.services.checkout]
        routing_key = "ROUTING_KEY"
        [paging.webhook.ops]
        url = "OPS"
        secret = "between firebell and ops"
        [people.ana]
        contact = [{ via = "pagerduty.checkout" }]
        [policies.default]
        repeat = 0
        levels = [
            { page = ["pagerduty.checkout", "webhook.ops"], delay = "5m" },
            { page = ["@ana"], delay = "5m" },
        ]
    "#;
    let mut world = World::with(config).await;
    let id = world.declare("the queue is stuck", None).await;
    world.settle().await;
    let line = "[P1] INC-1 the queue is stuck";
    world.expect_pages(&[&format!("ops page everybody: {line}"), &format!("pagerduty trigger everybody: {line}")]);
    world.advance(300).await;
    world.expect_pages(&[&format!("pagerduty trigger everybody: {line}")]);
    assert_eq!(world.pagerduty.see(|v| v.alerts.len()), 2, "each level really pages");
    world.act(id, "cy", Input::Acknowledge).await;
    world.settle().await;
    let told = world.take_pages();
    assert_eq!(told.iter().filter(|t| t.contains("acknowledge")).count(), 3, "{told:?}");
    world.finish().await;
}

#[tokio::test]
async fn page_test_tries_every_contact_method_and_prints_each_answer() {
    let server = MailServer::start().await;
    let pagerduty = FakePagerduty::start();
    let config = format!(
        r#"{}
        [paging.pagerduty]
        api_url = "{}"
        [paging.pagerduty.services.checkout]
        routing_key = "{ROUTING_KEY}"
        [paging.webhook.ops]
        url = "http://127.0.0.1:9/nobody-listens"
        secret = "between firebell and ops"
        [people.ana]
        name = "Ana Ruiz"
        email = "ana@example.org"
        contact = [{{ via = "smtp" }}, {{ via = "pagerduty.checkout" }}, {{ via = "webhook.ops" }}]
        [people.bo]
        contact = [{{ via = "smtp", address = "nobody@example.org" }}]
        [people.cy]
        email = "cy@example.org"
        contact = [{{ via = "smtp" }}]
        "#,
        server.toml(),
        pagerduty.url()
    );
    let serve = Serve::configured(&config);
    let ran = serve.run(&["page-test", "@ana"]).await;
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!((ran.status, lines.len()), (1, 3), "{ran:?}");
    assert!(lines[0].starts_with("smtp: sent, receipt OK id="), "{}", lines[0]);
    assert!(lines[1].starts_with("pagerduty.checkout: sent, receipt firebell-test-"), "{}", lines[1]);
    assert_eq!(
        lines[2],
        "webhook.ops: not sent now, may work later: webhook.ops cannot be reached: connection refused"
    );
    let mails = server.mails(1).await;
    assert_eq!(mails[0].subject(), "TEST page for Ana Ruiz: nothing is wrong");
    assert_eq!(pagerduty.see(|v| v.alerts.len()), 1);

    let ran = serve.run(&["page-test", "bo"]).await;
    let said =
        "smtp: does not work: The mail server (smtp) refused the recipient (550); it says: 5.1.1 no such mailbox\n";
    assert_eq!((ran.status, ran.stdout.as_str()), (1, said));
    let ran = serve.run(&["page-test", "cy", "--format", "json"]).await;
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((ran.status, &json["channels"][0]["sent"]), (0, &true.into()), "{ran:?}");
    server.mails(2).await;
}
