//! The mail adapter against servers that misbehave at every step, row by row of the table in its header; and what
//! stands in its mails.

use super::mail_stand_in::{STEPS, Says, mail_server};
use super::{AMPLE, PASSWORD, SHORT, Want, check, now, page, smtp_settings};
use crate::engine::ports::{Guarantee, Message, Notify, Outcome, Sending, SendingKind};
use crate::notify::smtp::{Encryption, Settings, Smtp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;
use tokio::net::TcpListener;

const USUAL: &[&str] = &["AUTH LOGIN PLAIN"];

fn smtp(port: u16, timeout: Duration) -> Smtp {
    Smtp::new(smtp_settings(port, timeout), now()).unwrap()
}

fn starttls(port: u16) -> Smtp {
    let settings = Settings { encryption: Encryption::StartTls, ..smtp_settings(port, AMPLE) };
    Smtp::new(settings, now()).unwrap()
}

fn reply(text: impl Into<String>) -> Says {
    Says::Reply(text.into())
}

/// One row of the table in the adapter's header.
struct Row {
    at: String,
    happens: String,
    verdict: String,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("../smtp.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = lines.map(|line| line.split('|').map(|cell| cell.trim().to_string()).collect::<Vec<_>>());
    let row = |cells: Vec<String>| Row { at: cells[0].clone(), happens: cells[1].clone(), verdict: cells[2].clone() };
    cells.skip(1).map(row).collect()
}

/// The outcome is what the table's verdict says.
fn expect(verdict: &str, case: &str, pager: &Smtp, outcome: &Outcome) {
    let want = match verdict {
        "accepted" => Want::Done,
        "never" => Want::Never,
        _ => Want::Retry(None),
    };
    check(case, pager.channel(), outcome, want);
    if let Outcome::Retry { maybe_arrived, .. } = outcome {
        assert_eq!(*maybe_arrived, verdict == "retry, may have arrived", "{case}: {outcome:?}");
    }
}

/// What a server says at a step, and what comes of it.
async fn meets(verdict: &str, step: &'static str, says: Says) {
    let silent = match &says {
        Says::Hang => true,
        Says::Raw(text) => !text.ends_with("\n"),
        _ => false,
    };
    let timeout = if silent { SHORT } else { AMPLE };
    let case = format!("{step}: {says:?}");
    let (port, told) = mail_server(step, says, USUAL).await;
    let pager = smtp(port, timeout);
    let outcome = pager.send(&page()).await;
    expect(verdict, &case, &pager, &outcome);
    let hellos = told.all().iter().filter(|line| line.starts_with("EHLO")).count();
    assert!(hellos <= 1, "{case}: tried {hellos} times");
}

const BROKEN: [Says; 6] = [
    Says::Hang,
    Says::Reset,
    Says::Close,
    Says::Raw("HTTP/1.1 400 Bad Request\r\n\r\n"),
    Says::Raw("\u{fffd}\0{{{ 999 \r\n"),
    Says::Raw("250-half an ans"),
];

#[tokio::test]
async fn every_row_of_the_table_is_what_happens() {
    let rows = rows();
    assert!(rows.len() >= 12, "the table is there");
    for row in &rows {
        let verdict = row.verdict.as_str();
        match (row.at.as_str(), row.happens.as_str()) {
            ("connection", "refused, unreachable, no answer in time") => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let port = listener.local_addr().unwrap().port();
                drop(listener);
                let pager = smtp(port, AMPLE);
                let outcome = pager.send(&page()).await;
                expect(verdict, "refused", &pager, &outcome);
                assert!(format!("{outcome:?}").contains("connection refused"), "{outcome:?}");
            }
            ("any step", "421") => {
                for step in STEPS {
                    meets(verdict, step, reply("421 4.3.2 closing down")).await;
                }
            }
            ("any step", codes) => {
                let (first, last) = codes.split_once('-').expect("a range of codes");
                let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
                for step in STEPS {
                    for code in [first, first + 21, first + 50, first + 51, first + 54, last] {
                        meets(verdict, step, reply(format!("{code} 4.7.1 no"))).await;
                    }
                }
                for code in first..=last {
                    meets(verdict, ".", reply(format!("{code}-no\r\n{code} not at all"))).await;
                }
            }
            ("a step before the message", _) => {
                let steps = STEPS.iter().filter(|step| **step != ".");
                let all = steps.flat_map(|step| BROKEN.map(|says| meets(verdict, step, says)));
                futures_util::future::join_all(all).await;
                // Positive, and no answer to what was asked.
                for (step, says) in [("DATA", "250 fine"), ("MAIL", "354 go on"), ("RCPT", "354 go on")] {
                    meets(verdict, step, reply(says)).await;
                }
            }
            ("message", "no answer in time, reset, closed, not SMTP") => {
                let all = BROKEN.map(|says| meets(verdict, ".", says));
                futures_util::future::join_all(all).await;
                meets(verdict, ".", reply("354 go on")).await;
            }
            ("message", "200-299") => {
                for code in [200, 250, 251, 252, 299] {
                    // The second digit of a reply is 0 to 5 (RFC 5321, 4.2.1).
                    let code = if code == 299 { 259 } else { code };
                    meets(verdict, ".", reply(format!("{code} taken"))).await;
                }
                // Taken is taken, however it says goodbye.
                for says in BROKEN {
                    meets(verdict, "QUIT", says).await;
                }
            }
            ("encryption", "STARTTLS not offered") => {
                let (port, told) = mail_server("", Says::Close, USUAL).await;
                let pager = starttls(port);
                expect(verdict, "no STARTTLS", &pager, &pager.send(&page()).await);
                assert!(told.all().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{:?}", told.all());
            }
            ("encryption", "handshake broken off") => {
                for says in [
                    Says::Reset,
                    Says::Close,
                    Says::Raw("220 go ahead\r\nand now no TLS\r\n"),
                    reply("454 4.7.0 no TLS for the moment"),
                ] {
                    let (port, _) = mail_server("STARTTLS", says.clone(), &["STARTTLS", "AUTH PLAIN"]).await;
                    let pager = starttls(port);
                    expect(verdict, &format!("STARTTLS: {says:?}"), &pager, &pager.send(&page()).await);
                }
            }
            // With a real certificate: tests/it/mail.rs.
            ("encryption", "certificate not trusted, or of another name") => assert_eq!(verdict, "never"),
            ("login", "neither PLAIN nor LOGIN offered") => {
                for extensions in [&[][..], &["AUTH CRAM-MD5 XOAUTH2"]] {
                    let (port, told) = mail_server("", Says::Close, extensions).await;
                    let pager = smtp(port, AMPLE);
                    expect(verdict, "no login", &pager, &pager.send(&page()).await);
                    assert!(told.messages().is_empty());
                }
            }
            ("recipients", "some refused, some taken") => {
                let no = reply("550 no such person");
                let (port, _) = mail_server("RCPT TO:<bo@", no, USUAL).await;
                let to = vec!["bo@example.org".parse().unwrap(), "cy@example.org".parse().unwrap()];
                let pager = Smtp::new(Settings { to, ..smtp_settings(port, AMPLE) }, now()).unwrap();
                let outcome = pager.send(&Sending { person: None, ..page() }).await;
                expect(verdict, "one of two", &pager, &outcome);
                let receipt = Some("not for bo@example.org (550); 2.0.0 queued as 4711".to_string());
                assert_eq!(outcome, Outcome::Done { receipt });
            }
            (at, happens) => panic!("no case for {at}: {happens}"),
        }
    }
}

#[tokio::test]
async fn a_mail_says_what_to_do_first_and_stays_in_its_thread() {
    let (port, told) = mail_server("", Says::Close, USUAL).await;
    let pager = smtp(port, AMPLE);
    assert_eq!(pager.guarantee(), Guarantee::AtLeastOnceLabelled);
    let key = "firebell-a1-INC-42-7".to_string();
    let mut sending = Sending { idempotency_key: key.clone(), ..page() };
    sending.message.thread = key.clone();
    sending.message.ack_link = Some("http://127.0.0.1:7911/ack/signed".to_string());
    let taken = Outcome::Done { receipt: Some("2.0.0 queued as 4711".to_string()) };
    assert_eq!(pager.send(&sending).await, taken);
    let expected = "From: Firebell <firebell@example.org>\r\n\
        Subject: [P1] INC-42 checkout is down\r\n\
        Date: Sun, 06 Nov 1994 08:49:07 +0000\r\n\
        Message-ID: <firebell-a1-INC-42-7@example.org>\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Auto-Submitted: auto-generated\r\n\
        X-Auto-Response-Suppress: All\r\n\
        To: ana@example.org\r\n\
        Importance: high\r\n\
        Content-Transfer-Encoding: 7bit\r\n\
        \r\n\
        Acknowledge (one press): http://127.0.0.1:7911/ack/signed\r\n\
        INC-42: http://127.0.0.1:7911/incidents/42\r\n\
        \r\n\
        Declared by bo.\r\n";
    assert_eq!(told.messages()[0].trim_end(), expected.trim_end());
    let said = told.all();
    let commands: Vec<&str> = said.iter().map(String::as_str).filter(|line| !line.starts_with("message:")).collect();
    let login = STANDARD.encode(format!("\0firebell\0{PASSWORD}"));
    assert_eq!(
        commands,
        [
            "EHLO example.org",
            &format!("AUTH PLAIN {login}"),
            "MAIL FROM:<firebell@example.org>",
            "RCPT TO:<ana@example.org>",
            "DATA",
            "QUIT",
        ]
    );

    // A repeat is labelled and keeps its name; what becomes of it is a reply.
    let again = Sending { maybe_repeated: true, attempt: 2, ..sending.clone() };
    let reply =
        Sending { kind: SendingKind::PageAcknowledged, idempotency_key: "firebell-a1-INC-42-9".into(), ..sending };
    for sending in [&again, &reply] {
        assert_eq!(pager.send(sending).await, taken);
    }
    let messages = told.messages();
    assert!(messages[1].contains("Message-ID: <firebell-a1-INC-42-7@example.org>\r\n"), "{}", messages[1]);
    assert!(messages[1].contains("May be a repeat: an earlier try may have arrived.\r\n"), "{}", messages[1]);
    for line in [
        "Subject: Re: [P1] INC-42 checkout is down\r\n",
        "Message-ID: <firebell-a1-INC-42-9@example.org>\r\n",
        "References: <firebell-a1-INC-42-7@example.org>\r\n",
        "In-Reply-To: <firebell-a1-INC-42-7@example.org>\r\n",
    ] {
        assert!(messages[2].contains(line), "{line} in {}", messages[2]);
    }
    assert!(!messages[2].contains("Acknowledge") && !messages[2].contains("Importance"), "{}", messages[2]);
}

#[tokio::test]
async fn no_title_and_no_text_can_add_a_header_or_end_the_mail() {
    let (port, told) = mail_server("", Says::Close, USUAL).await;
    let pager = smtp(port, AMPLE);
    let evil = "down\r\nBcc: cy@example.org\r\n\r\n<b>new body</b>\r\n.\r\nQUIT\r\n\u{2028}X: y\u{85}Z: é 🔥\0";
    for kind in [SendingKind::Page, SendingKind::PageResolved, SendingKind::Test] {
        let mut sending = Sending { kind, idempotency_key: evil.to_string(), ..page() };
        let text = Some(evil.to_string());
        sending.message = Message {
            summary: evil.into(),
            text: format!("{evil}\r\n.\r\n..\rlone\nend {}", "long ".repeat(500)),
            thread: evil.into(),
            severity_level: evil.into(),
            service: text.clone(),
            link: text.clone(),
            ack_link: text,
            ..sending.message
        };
        let outcome = pager.send(&sending).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }
    let messages = told.messages();
    assert_eq!(messages.len(), 3);
    for message in messages {
        assert!(message.is_ascii());
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{head}");
        let names: Vec<&str> =
            head.split("\r\n").filter(|l| !l.starts_with(' ')).map(|l| l.split(':').next().unwrap()).collect();
        for name in &names {
            let known = ["From", "Subject", "Date", "Message-ID", "Content-Type", "Auto-Submitted", "To"]
                .contains(name)
                || ["X-Auto-Response-Suppress", "Importance", "Content-Transfer-Encoding"].contains(name)
                || ["References", "In-Reply-To"].contains(name);
            assert!(known, "{name} in {head}");
        }
        assert!(message.split("\r\n").all(|line| line.len() <= 998), "lines fit every server");
    }
    assert!(!told.all().iter().any(|line| line.contains("cy@example.org") && line.starts_with("RCPT")));
}

#[tokio::test]
async fn a_server_that_quotes_the_password_does_not_print_it() {
    let encoded = STANDARD.encode(format!("\0firebell\0{PASSWORD}"));
    let quoted = format!("535 5.7.8 {PASSWORD} ({encoded}) of <firebell> is wrong");
    let (port, _) = mail_server("AUTH", reply(quoted), USUAL).await;
    let outcome = smtp(port, AMPLE).send(&page()).await;
    let why = "The mail server (smtp) refused the login (535): check its user and password; \
        it says: 5.7.8 [hidden] ([hidden]) of firebell is wrong";
    assert_eq!(outcome, Outcome::Never { why: why.to_string() });
}

#[tokio::test]
async fn nobody_to_write_to_is_final_and_nothing_is_said() {
    let (port, told) = mail_server("", Says::Close, USUAL).await;
    let pager = smtp(port, AMPLE);
    let outcome = pager.send(&Sending { person: Some("cy".into()), ..page() }).await;
    check("no address", pager.channel(), &outcome, Want::Never);
    assert!(told.all().is_empty());
}
