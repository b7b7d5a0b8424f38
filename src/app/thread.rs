//! How a page is called at a vendor, and which page a vendor means: `firebell-INSTALL-INC-42-7`. The installation's
//! name keeps two Firebells apart that page through one account. Names are for ever: vendors hold them for days.

use firebell_domain::id::IncidentId;
use firebell_domain::intent::IntentNo;
use firebell_domain::time::Timestamp;

pub fn name(install: &str, incident: IncidentId, no: IntentNo) -> String {
    format!("firebell-{install}-{incident}-{no}")
}

/// The message about a scheduled look.
pub fn of_look(install: &str, operation: &str, run: Timestamp) -> String {
    format!("firebell-{install}-look-{operation}-{}", run.0)
}

/// The page that a vendor speaks of; `None` for what this installation never said.
pub fn read(install: &str, said: &str) -> Option<(IncidentId, IntentNo)> {
    let rest = said.strip_prefix("firebell-")?.strip_prefix(install)?.strip_prefix('-')?;
    let (incident, no) = rest.rsplit_once('-')?;
    let page = (IncidentId::parse(incident)?, no.parse().ok()?);
    // Reading is generous elsewhere; here only what `name` makes is ours.
    (name(install, page.0, page.1) == said).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_was_said_is_known_again() {
        assert_eq!(name("ab12", IncidentId(42), 7), "firebell-ab12-INC-42-7");
        assert_eq!(read("ab12", "firebell-ab12-INC-42-7"), Some((IncidentId(42), 7)));
        for other in [
            "",
            "firebell-ab12-INC-42",
            "firebell-ab12-INC-42-",
            "firebell-ab12-INC-42-07",
            "firebell-ab12-INC-42-+7",
            "firebell-ab12-inc-42-7",
            "firebell-ab12-42-7",
            "firebell-ab12-INC-042-7",
            "firebell-ab1-INC-42-7",
            "firebell-ab123-INC-42-7",
            "firebell-ab12-INC-42-7 ",
            "firebell-ab12-INC-42-99999999999",
            "firebell-test-ab12",
            &of_look("ab12", "5f2a9c01d4e7aa00", Timestamp(1)),
            "d3640fbd41094207a1c11e58e46b1662",
        ] {
            assert_eq!(read("ab12", other), None, "{other}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_page_is_found_again_and_nothing_panics(id in 1..i64::MAX, no in any::<u32>(), text in "\\PC*") {
            prop_assert_eq!(read("ab12", &name("ab12", IncidentId(id), no)), Some((IncidentId(id), no)));
            prop_assert_eq!(read("ab12", &text), None);
        }
    }
}
