//! That the tables are readable and say one thing each.

use super::*;

/// Only accidents within one table are meant: "limit" may well be a header and a role.
fn twice<T: Copy + PartialEq + std::fmt::Debug>(phrases: &Phrases<T>) -> Vec<String> {
    let mut seen: BTreeMap<&str, T> = BTreeMap::new();
    let mut twice = Vec::new();
    for (phrase, means) in phrases.entries() {
        match seen.insert(phrase, means) {
            Some(before) if before != means => twice.push(format!("{phrase}: {before:?}, {means:?}")),
            _ => {}
        }
    }
    twice
}

#[test]
fn every_language_is_readable_and_knows_the_essentials() {
    for (name, text) in LANGUAGES {
        let language: Language = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        for role in [
            Role::Severity,
            Role::Escalation,
            Role::Diagnose,
            Role::Remediate,
            Role::Verify,
            Role::Rollback,
            Role::Deploy,
            Role::Threshold,
            Role::Schedule,
            Role::Contacts,
            Role::Template,
            Role::ExpectedOutput,
            Role::Prohibition,
            Role::Postmortem,
        ] {
            assert!(language.roles.contains_key(&role), "{name}: {role:?}");
        }
        for header in [Header::Level, Header::Response, Header::Resolution, Header::EscalateTo, Header::Phone] {
            assert!(language.headers.contains_key(&header), "{name}: {header:?}");
        }
        for unit in [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::BusinessDay] {
            assert!(language.units.contains_key(&unit), "{name}: {unit:?}");
        }
        for list in [&language.between, &language.level_labels, &language.people, &language.to, &language.media] {
            assert!(!list.is_empty(), "{name}");
        }
        assert_eq!(language.weekdays.len(), 7, "{name}");
        assert!(language.actions.len() == 8 && language.unless.len() == 2, "{name}");
        for keys in [language.numbers.keys(), language.weekdays.keys(), language.ordinals.keys()] {
            keys.for_each(|k| assert!(k.parse::<f64>().is_ok(), "{name}: {k}"));
        }
    }
}

#[test]
fn no_phrase_means_two_things_in_one_table() {
    let known = lexicon();
    let found = [
        twice(&known.roles),
        twice(&known.headers),
        twice(&known.units),
        twice(&known.moments),
        twice(&known.often),
        twice(&known.weekdays),
        twice(&known.months),
        twice(&known.actions),
        twice(&known.level_words),
        twice(&known.unless),
    ]
    .concat();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn titles_have_roles_in_ten_languages() {
    for (title, expected) in [
        ("🔥 Severity Levels", Role::Severity),
        ("When to Escalate", Role::Escalation),
        ("Schweregrade", Role::Severity),
        ("Wöchentliche Wartung", Role::Schedule),
        ("Matrice d’escalade", Role::Escalation),
        ("Vérification", Role::Verify),
        ("Niveles de severidad", Role::Severity),
        ("Plantilla de comunicado", Role::Template),
        ("Classificação de incidentes", Role::Severity),
        ("Contatos de emergência", Role::Contacts),
        ("Livelli di gravità", Role::Severity),
        ("Уровни критичности", Role::Severity),
        ("Откат", Role::Rollback),
        ("严重级别定义", Role::Severity),
        ("联系人", Role::Contacts),
        ("切り戻し手順", Role::Rollback),
        ("連絡先一覧", Role::Contacts),
        ("심각도 정의", Role::Severity),
        ("연락처", Role::Contacts),
    ] {
        assert_eq!(roles(title).first(), Some(&expected), "{title}: {:?}", roles(title));
    }
}

#[test]
fn headers_are_read_with_what_stands_beside_them() {
    for (cell, expected) in [
        ("**Response Time (SLA)**", Some(Header::Response)),
        ("Escalate to", Some(Header::EscalateTo)),
        ("Reaktionszeit", Some(Header::Response)),
        ("Délai de résolution", Some(Header::Resolution)),
        ("Tiempo de respuesta", Some(Header::Response)),
        ("响应时间", Some(Header::Response)),
        ("復旧目標", Some(Header::Resolution)),
        ("응답 시간", Some(Header::Response)),
        ("Время реакции", Some(Header::Response)),
        ("Zzyzx", None),
    ] {
        assert_eq!(header(cell), expected, "{cell}");
    }
}
