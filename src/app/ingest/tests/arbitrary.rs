//! Properties over bytes that nobody would send: reading never panics, and gives either deliveries that the domain
//! takes or one sentence.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

/// What takes the place of a value somewhere in a body.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{}]])),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        Just(json!("")),
        Just(json!("\u{0}\u{1}\u{202e}\u{200b}\n")),
        Just(json!("0001-01-01T00:00:00Z")),
        Just(json!("9999-12-31T23:59:59.999999999+14:00")),
        "\\PC{0,40}".prop_map(|s| json!(s)),
        (0..5_000usize).prop_map(|n| json!("é".repeat(n))),
    ]
}

/// Every place in a body, as a JSON pointer.
fn places(value: &Value, here: &str, into: &mut Vec<String>) {
    into.push(here.to_string());
    let children: Vec<(String, &Value)> = match value {
        Value::Array(all) => all.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        Value::Object(all) => all.iter().map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        places(child, &format!("{here}/{key}"), into);
    }
}

/// A body with some of its values taken out or replaced.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let bodies = prop_oneof![Just(FIRING), Just(MIXED), Just(RESOLVED), Just(TRUNCATED), Just(FLAT), Just(NESTED)];
    let changes = prop::collection::vec((any::<Index>(), prop::option::of(odd())), 1..6);
    (bodies, changes).prop_map(|(body, changes)| {
        let mut json: Value = serde_json::from_str(body).expect("test data is JSON");
        for (index, change) in changes {
            let mut all = Vec::new();
            places(&json, "", &mut all);
            let place = index.get(&all);
            match (change, place.rsplit_once('/')) {
                (Some(value), _) => {
                    if let Some(slot) = json.pointer_mut(place) {
                        *slot = value;
                    }
                }
                (None, Some((parent, key))) => {
                    let key = key.replace("~1", "/").replace("~0", "~");
                    match json.pointer_mut(parent) {
                        Some(Value::Object(o)) => drop(o.remove(&key)),
                        Some(Value::Array(a)) => drop(key.parse().ok().map(|i: usize| a.remove(i))),
                        _ => {}
                    }
                }
                (None, None) => {}
            }
        }
        json.to_string().into_bytes()
    })
}

/// A body with bytes flipped, and cut off somewhere.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let flips = prop::collection::vec((any::<Index>(), any::<u8>()), 0..8);
    (prop_oneof![Just(FIRING), Just(MIXED), Just(NESTED)], flips, any::<Index>(), any::<bool>()).prop_map(
        |(body, flips, end, whole)| {
            let mut bytes = body.as_bytes().to_vec();
            for (index, byte) in flips {
                let i = index.index(bytes.len());
                bytes[i] = byte;
            }
            if !whole {
                bytes.truncate(end.index(bytes.len()));
            }
            bytes
        },
    )
}

fn sources() -> Vec<Ingest> {
    let nested = Mapping {
        alerts: Some("batch.checks".into()),
        title: "check.name".into(),
        group: "check.labels.0".into(),
        ..Mapping::default()
    };
    let condition = |text: &str| crate::config::Matcher::parse(text).expect("a condition");
    let rule = |text: &str, incident| crate::config::Rule {
        conditions: vec![condition(text)],
        severity: Some("P3".into()),
        service: Some("checkout".into()),
        incident,
        place: "line 1".into(),
    };
    let rules = vec![rule("severity=~\"(?i)c.*|.{3}\"", true), rule("title!=\"\"", false), rule("a.0.b=\"\"", false)];
    let sorted = [alertmanager(), generic(nested.clone())].map(|s| Ingest { rules: rules.clone(), ..s });
    let plain = [alertmanager(), generic(Mapping::default()), generic(nested)];
    plain.into_iter().chain(sorted).collect()
}

/// Holds for whatever bytes an authenticated source sends.
fn taken_or_a_sentence(body: &[u8]) -> Result<(), TestCaseError> {
    for settings in sources() {
        match read("prod", &settings, body, &directory()) {
            Err(sentence) => {
                let chars = sentence.chars().count();
                prop_assert!((1..300).contains(&chars), "{sentence}");
                prop_assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
            }
            Ok(readings) => {
                for r in &readings {
                    prop_assert!(!r.delivery.group.is_empty() && r.delivery.group.len() <= 500);
                    prop_assert!(!r.delivery.group.chars().any(char::is_control));
                    prop_assert!((1..=limits::TITLE_CHARS_MAX).contains(&r.declaration.title.chars().count()));
                    let because = Some(Because::Alerts(r.delivery.clone()));
                    let declaration = Declaration { because, ..r.declaration.clone() };
                    let done =
                        decide::declare(IncidentId(1), &declaration, &source_actor(), &directory(), Timestamp(1));
                    prop_assert!(done.is_ok(), "{done:?}");
                }
            }
        }
        let kept = unreadable("prod", "x", body, body.len() as u64);
        prop_assert!(kept.kept_as == KeptAs::Base64 || body.starts_with(kept.kept.as_bytes()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_taken_or_get_a_sentence(body in prop::collection::vec(any::<u8>(), 0..400)) {
        taken_or_a_sentence(&body)?;
    }

    #[test]
    fn bodies_with_odd_values_are_taken_or_get_a_sentence(body in mutated()) {
        taken_or_a_sentence(&body)?;
    }

    #[test]
    fn damaged_bodies_are_taken_or_get_a_sentence(body in damaged()) {
        taken_or_a_sentence(&body)?;
    }
}
