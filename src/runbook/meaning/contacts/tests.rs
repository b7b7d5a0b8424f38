//! Tables of contacts: what is read, and what only looks like it.

use super::*;
use crate::document::Document;
use crate::source::Source;

/// One line for each contact: line, role, name, phone, mail, channel.
fn read(text: &str) -> Vec<String> {
    let source = Source::read(text.as_bytes()).unwrap();
    let document = Document::read(&source);
    let show = |v: Option<String>| v.unwrap_or_else(|| "-".into());
    contacts(&Reading::new(&source, &document))
        .0
        .into_iter()
        .map(|c| {
            format!(
                "{} {}|{}|{}|{}|{}",
                c.line,
                show(c.role),
                show(c.name),
                show(c.phone),
                show(c.email),
                show(c.channel)
            )
        })
        .collect()
}

#[test]
fn tables_of_people_leave_open_what_is_open() {
    let text = "# Shop\n## Contacts\n| Role | Name | Phone | Email | Slack |\n|---|---|---|---|---|\n\
        | **Lead** | [Name] | +1-555-0100 | lead@shop.test | @ana |\n| Deputy | Bo Berg | TBD | — | #shop-ops |\n";
    assert_eq!(read(text), ["5 Lead|-|+1-555-0100|lead@shop.test|@ana", "6 Deputy|Bo Berg|-|-|#shop-ops"]);
}

#[test]
fn lists_of_roles_and_addresses_are_contacts() {
    let text = "# Shop\n## Emergency contacts\n- On-call: +49 30 1234567\n- **Team lead**: Ana Lima, ana@shop.test\n\
        - Manager: [Contact]\n- Database server: 10.0.0.5\n- Docs: /srv/docs\n- Created: 2024-01-10\n- Hotline desk: +1-555-SHOPNOW\n";
    assert_eq!(
        read(text),
        [
            "3 On-call|-|+49 30 1234567|-|-",
            "4 Team lead|Ana Lima|-|ana@shop.test|-",
            "5 Manager|-|-|-|-",
            "9 Hotline desk|-|+1-555-SHOPNOW|-|-"
        ]
    );
}

#[test]
fn ways_under_one_title_are_one_contact() {
    let text = "# Shop\n## Kontakte\n### Bereitschaft\n- Telefon: 0301 234567\n- E-Mail: ruf@shop.test\n### Leitung\n- Telefon: 0301 999999\n";
    assert_eq!(read(text), ["4 Bereitschaft|-|0301 234567|ruf@shop.test|-", "7 Leitung|-|0301 999999|-|-"]);
}

#[test]
fn contacts_are_found_in_other_languages() {
    for (text, expected) in [
        (
            "## 連絡先\n| 役割 | 氏名 | 電話 |\n|---|---|---|\n| 当番 | 未定 | 03-1234-5678 |\n",
            "4 当番|-|03-1234-5678|-|-",
        ),
        ("## 联系人\n- 值班经理：bo@shop.test\n", "2 值班经理|-|-|bo@shop.test|-"),
        ("## 연락처\n- 당직 팀장: 02-1234-5678\n", "2 당직 팀장|-|02-1234-5678|-|-"),
        ("## Contatos\n- Gerente: cy@shop.test\n", "2 Gerente|-|-|cy@shop.test|-"),
    ] {
        assert_eq!(read(text), [expected], "{text}");
    }
}

#[test]
fn other_tables_and_lists_hold_no_contacts() {
    for text in [
        "# Shop\n## On-call\n| Week of | Primary | Secondary |\n|---|---|---|\n| 2026-01-05 | ana | bo |\n| 2026-01-12 | bo | cy |\n",
        "# Shop\n## Notification matrix\n| Severity | Notify | Channel | Within |\n|---|---|---|---|\n| P1 | manager | #shop-fire | 5 min |\n| P2 | lead | #shop | 1 h |\n",
        "# Shop\n## On-call\n1. Look through what is open in #shop-incidents\n- **Write down** everything in #shop-incidents\n",
        "## Commands\n- Deploy: ssh root@10.0.0.5\n",
        "## Endpoints\n| Service | URL | Port |\n|---|---|---|\n| Shop | https://shop.test | 8080 |\n",
        "# Shop\n## Template\n- Lead: ana@shop.test\n",
        "## Steps\n1. Check that user: admin works\n",
    ] {
        assert_eq!(read(text), Vec::<String>::new(), "{text}");
    }
}
