//! Recognises what people leave where a secret belongs: the sample's own text, "CHANGEME", a template that nobody filled
//! in. A pager with such a key pages nobody, and a token that stands in a manual lets everybody in.

/// As they read without blanks, signs and case; anywhere in the text. Long enough that no random key contains one.
const PARTS: [&str; 13] = [
    "changeme",
    "changethis",
    "replaceme",
    "replacethis",
    "placeholder",
    "randombytes",
    "hexadecimaldigits",
    "integrationkey",
    "routingkey",
    "yoursecret",
    "yourtoken",
    "yourkey",
    "insertyour",
];
/// The whole text.
const WORDS: [&str; 12] =
    ["secret", "password", "token", "key", "todo", "fixme", "example", "sample", "dummy", "none", "null", "test"];
/// How templates mark what is still to be filled in.
const MARKS: [(&str, &str); 5] = [("<", ">"), ("${", "}"), ("$(", ")"), ("{{", "}}"), ("%", "%")];

pub fn is_one(text: &str) -> bool {
    let text = text.trim();
    let folded: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let repeated = folded.chars().all(|c| folded.starts_with(c));
    PARTS.iter().any(|part| folded.contains(part))
        || WORDS.contains(&folded.as_str())
        || MARKS.iter().any(|(open, close)| text.len() > 2 && text.starts_with(open) && text.ends_with(close))
        || (folded.is_empty() || repeated) && !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_one;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_filled_in_is_recognised() {
        for text in [
            "CHANGEME",
            "change-me-please",
            "<your PagerDuty key>",
            "<key>",
            "${PAGERDUTY_ROUTING_KEY}",
            "$(cat /run/secrets/key)",
            "{{ routing_key }}",
            "%FIREBELL_TOKEN%",
            "xxxxxxxxxxxxxxxxxxxxxxxx",
            "00000000000000000000000000000000",
            "xxxx-xxxx-xxxx-xxxx",
            "----------------",
            "****************",
            "Password",
            "your-secret-here-please",
            "to-do",
        ] {
            assert!(is_one(text), "{text}");
        }
    }

    #[test]
    fn what_somebody_chose_is_not() {
        for text in [
            "0123456789abcdef0123456789abcdef",
            "correct horse battery staple",
            "the token of prometheus",
            "between firebell and ops",
            "secret-of-the-deploy-bot",
            "$2b$12$KIXx0",
        ] {
            assert!(!is_one(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_random_key_is_mistaken_for_one(bytes in proptest::array::uniform24(any::<u8>())) {
            prop_assume!(bytes.iter().any(|b| *b != bytes[0]));
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            prop_assert!(!is_one(&hex));
        }
    }
}
