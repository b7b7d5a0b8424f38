//! The receiver of the signed webhook takes what is signed as documented, and nothing else.

use crate::harness::fake_webhook::{FakeWebhook, signature};
use crate::harness::faults::Fault;
use crate::harness::{Answer, http_client};

const SECRET: &str = "a secret that ana and bo share";
const NOW: u64 = 1_800_000_000;
const BODY: &str = r#"{"incident":"INC-1","text":"checkout is down"}"#;

/// A receiver whose clock stands still.
fn receiver() -> FakeWebhook {
    FakeWebhook::start_with_clock(SECRET, || NOW)
}

async fn deliver(hook: &FakeWebhook, headers: &[(&str, &str)], body: &str) -> Result<Answer, String> {
    let mut request = http_client().post(hook.url()).header("content-type", "application/json").body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(request).await
}

#[test]
fn the_signature_is_the_documented_one() {
    // Computed apart from this code:
    // printf '1800000000.%s' "$BODY" | openssl dgst -sha256 -hmac "$SECRET"
    assert_eq!(
        signature(SECRET, NOW, BODY),
        "t=1800000000,v1=e741e886622c5b578221f50c28b56ca1f3ade2e17406242417c93868ec877a6d"
    );
}

#[tokio::test]
async fn a_signed_delivery_is_acted_on_once_however_often_it_comes() {
    let hook = receiver();
    let signed = signature(SECRET, NOW, BODY);
    let headers = [("firebell-signature", signed.as_str()), ("idempotency-key", "page-1")];
    for _ in 0..2 {
        assert_eq!(deliver(&hook, &headers, BODY).await.unwrap().status, 200);
    }
    hook.see(|inbox| {
        assert_eq!(inbox.arrivals("page-1"), 2);
        assert_eq!(inbox.acted().count(), 1);
        assert_eq!(inbox.deliveries[0].body["incident"], "INC-1");
        assert_eq!(inbox.refused().count(), 0);
    });
}

#[tokio::test]
async fn what_is_not_signed_as_documented_is_refused() {
    let hook = receiver();
    let good = signature(SECRET, NOW, BODY);
    let other_secret = signature("cy guesses", NOW, BODY);
    let too_old = signature(SECRET, NOW - 301, BODY);
    let too_new = signature(SECRET, NOW + 301, BODY);
    let other_body = signature(SECRET, NOW, "{}");
    let moved_in_time = good.replace("t=1800000000", "t=1800000001");
    let key = ("idempotency-key", "page-1");
    let cases = [
        (None, "Firebell-Signature is missing"),
        (Some("v1=00"), "not of the form"),
        (Some("t=1800000000,v1=zz"), "not of the form"),
        (Some(other_secret.as_str()), "does not fit"),
        (Some(&other_body), "does not fit"),
        (Some(&moved_in_time), "does not fit"),
        (Some(&too_old), "five minutes"),
        (Some(&too_new), "five minutes"),
    ];
    for (signature, reason) in cases {
        let mut headers = vec![key];
        headers.extend(signature.map(|signature| ("firebell-signature", signature)));
        let answer = deliver(&hook, &headers, BODY).await.unwrap();
        assert_eq!(answer.status, 401, "{reason}: {}", answer.body);
        assert!(answer.body.contains(reason), "{reason}: {}", answer.body);
    }
    let keyless = [("firebell-signature", good.as_str())];
    let answer = deliver(&hook, &keyless, BODY).await.unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("Idempotency-Key is missing"));
    let edge = signature(SECRET, NOW - 300, BODY);
    let headers = [key, ("firebell-signature", edge.as_str())];
    assert_eq!(deliver(&hook, &headers, BODY).await.unwrap().status, 200);
    let list = signature(SECRET, NOW, "[]");
    let headers = [key, ("firebell-signature", list.as_str())];
    assert_eq!(deliver(&hook, &headers, "[]").await.unwrap().status, 400);
    hook.see(|inbox| assert_eq!(inbox.refused().count(), cases.len() + 2));
}

#[tokio::test]
async fn a_receiver_on_the_machines_clock_refuses_the_signature_of_another_year() {
    let hook = FakeWebhook::start(SECRET);
    let old = signature(SECRET, 1_000_000_000, BODY);
    let headers = [("firebell-signature", old.as_str()), ("idempotency-key", "page-1")];
    assert_eq!(deliver(&hook, &headers, BODY).await.unwrap().status, 401);
}

#[tokio::test]
async fn a_delivery_whose_answer_was_lost_is_known_when_it_comes_again() {
    let hook = receiver();
    let signed = signature(SECRET, NOW, BODY);
    let headers = [("firebell-signature", signed.as_str()), ("idempotency-key", "page-1")];
    hook.faults.next(1, Fault::reset_before());
    hook.faults.next(1, Fault::closed_after());
    deliver(&hook, &headers, BODY).await.unwrap_err();
    deliver(&hook, &headers, BODY).await.unwrap_err();
    assert_eq!(deliver(&hook, &headers, BODY).await.unwrap().status, 200);
    hook.see(|inbox| {
        let acted: Vec<bool> = inbox.deliveries.iter().map(|delivery| delivery.acted).collect();
        assert_eq!(acted, [false, true, false]);
    });
}
