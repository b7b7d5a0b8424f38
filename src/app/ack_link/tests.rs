//! What a link says comes back, and nothing else opens anything.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_000_000_000_000);

fn links() -> AckLinks {
    AckLinks::new(&AuditKey([7; 32]), "0123456789ab")
}

fn anas() -> AckLink {
    let whose = Whose::Person("ana".into());
    AckLink { incident: IncidentId(42), page: 7, whose, expires_at: expires_at(NOW) }
}

#[test]
fn a_link_says_what_it_was_made_of_and_the_same_page_has_the_same_one() {
    for link in [anas(), AckLink { whose: Whose::Channel("ops".into()), ..anas() }] {
        assert_eq!(links().read(&links().token(&link), NOW), Ok(link.clone()));
        assert_eq!(links().token(&link), links().token(&link));
    }
    let url = links().url("https://bell.example.org/", &anas());
    assert!(url.starts_with("https://bell.example.org/ack/"), "{url}");
    assert!(url.len() <= 70, "fits beside a sentence in one SMS: {} characters", url.len());
}

#[test]
fn a_link_made_years_ago_is_still_read_the_same_way() {
    // What lies in mailboxes must not change its meaning with a new version.
    let token = "ASoHwIKb2AYAYW5hbbQ_8i08hnuB1W1hmA9vdg";
    assert_eq!(links().token(&anas()), token);
}

#[test]
fn it_holds_for_seven_days_from_the_queueing_to_the_second() {
    let (link, token) = (anas(), links().token(&anas()));
    assert_eq!(link.expires_at, NOW.plus_s(7 * 86_400));
    assert!(links().read(&token, Timestamp(link.expires_at.0 - 1)).is_ok());
    assert_eq!(links().read(&token, link.expires_at), Err(Unfit::Expired(link)));
}

#[test]
fn another_key_and_another_installation_know_nothing_of_it() {
    let token = links().token(&anas());
    for other in [
        AckLinks::new(&AuditKey([8; 32]), "0123456789ab"),
        AckLinks::new(&AuditKey([7; 32]), "0123456789ac"),
        AckLinks { key: [7; 32] },
    ] {
        assert_eq!(other.read(&token, NOW), Err(Unfit::Unknown));
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let token = links().token(&anas());
    let bytes = URL_SAFE_NO_PAD.decode(&token).expect("base64url");
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(links().read(&URL_SAFE_NO_PAD.encode(flipped), NOW), Err(Unfit::Unknown), "bit {bit}");
    }
    // The same in the text: also the bits of its last character that carry nothing.
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut flipped = token.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            let flipped = String::from_utf8_lossy(&flipped).into_owned();
            assert_eq!(links().read(&flipped, NOW), Err(Unfit::Unknown), "{flipped}");
        }
        assert_eq!(links().read(&token[..at], NOW), Err(Unfit::Unknown), "cut at {at}");
        assert_eq!(links().read(&token[at + 1..], NOW), Err(Unfit::Unknown), "begun at {}", at + 1);
    }
    for more in [format!("{token}A"), format!("{token}="), format!(" {token}"), token.repeat(2), token.repeat(100)] {
        assert_eq!(links().read(&more, NOW), Err(Unfit::Unknown), "{more}");
    }
}

/// What is signed and yet says nothing that we ever say: of a version to come.
#[test]
fn what_is_signed_but_not_understood_is_refused() {
    let signed = |said: &[u8]| {
        let mac = mac(&links().key, &[said]);
        URL_SAFE_NO_PAD.encode([said, &mac[..MAC_BYTES]].concat())
    };
    let endless = [&[1][..], &[0xff; 40]].concat();
    let (no_name, no_text) = (&[1, 42, 7, 5, 0][..], &[1, 42, 7, 5, 0, 0xff][..]);
    let (kind, version) = (&[1, 42, 7, 5, 2, b'a'][..], &[2, 42, 7, 5, 0, b'a'][..]);
    for said in [&[][..], &[1], &[1, 42], &endless, no_name, no_text, kind, version] {
        assert_eq!(links().read(&signed(said), NOW), Err(Unfit::Unknown), "{said:?}");
    }
    assert!(matches!(links().read(&signed(&[1, 42, 7, 5, 0, b'a']), NOW), Err(Unfit::Expired(_))), "else it is read");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_link_says_comes_back(
        incident in 1..i64::MAX, page in any::<u32>(), s in 1_700_000_000..4_000_000_000_i64,
        person in any::<bool>(), name in "\\PC{1,80}",
    ) {
        let whose = if person { Whose::Person(name.as_str().into()) } else { Whose::Channel(name.as_str().into()) };
        let link = AckLink { incident: IncidentId(incident), page, whose, expires_at: Timestamp(s * SECOND) };
        let token = links().token(&link);
        prop_assert!(token.len() <= TOKEN_CHARS_MAX);
        prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')), "{token}");
        prop_assert_eq!(links().read(&token, Timestamp(0)), Ok(link));
    }

    #[test]
    fn whatever_arrives_is_refused_without_a_panic(text in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(links().read(&text, NOW), Err(Unfit::Unknown));
        prop_assert_eq!(links().read(&URL_SAFE_NO_PAD.encode(&bytes), NOW), Err(Unfit::Unknown));
        // Behind the signature as well: the reader itself meets everything.
        let _ = parse(&bytes);
    }
}
