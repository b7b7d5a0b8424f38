//! Whatever comes in: no panic, one state for each line, time that grows with the size.

use crate::import;
use proptest::prelude::*;

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\n\n"),
        Just("# Runbook\n"),
        Just("## Severity levels\n"),
        Just("### P1 - Critical (< 5 minutes)\n"),
        Just("**P1**: down\n**P2**: slow\n"),
        Just("| Level | Response time |\n|---|---|\n| P1 | 15 min |\n| P2 | 1 h |\n"),
        Just("```bash\n"),
        Just("```\n"),
        Just("$ docker ps -a | grep x\n"),
        Just("rm -rf <dir>\n"),
        Just("kubectl get pods -n {{ns}}\n"),
        Just("psql -c \"DELETE FROM t"),
        Just("\"\n"),
        Just("ssh host \"\n"),
        Just("cat <<EOF\n"),
        Just("EOF\n"),
        Just("# 1. Check\n"),
        Just("- [ ] item\n"),
        Just("1. **Step** (0-5 minutes)\n   "),
        Just("If queue > 500: scale workers\n"),
        Just("**Symptoms**\n- slow\n"),
        Just("**Resolution**\n"),
        Just("Every Monday 2:00 AM\n"),
        Just("0 2 * * * /bin/x\n"),
        Just("[Name]"),
        Just("`df -h` "),
        Just("never run `x y`\n"),
        Just("障害対応: 5分以内\n"),
        Just("Wenn nicht innerhalb von 15 Minuten bestätigt: Teamleiter anrufen\n"),
        Just("é🚨"),
        Just("\\`\\`\\`"),
        Just("$(("),
        Just("${a:-"),
        Just("'"),
        Just("{ "),
        Just("for i in 1 2; do\n"),
        Just("<!-- firebell: ignore x -->"),
        Just("\u{0}"),
        Just("\t"),
    ];
    proptest::collection::vec(piece, 0..50).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn text_is_imported_without_panic_and_accounted_for(text in pieces()) {
        let import = import(text.as_bytes()).expect("small enough");
        let lines = import.report.lines.len() as u32;
        prop_assert_eq!(import.judged.len(), import.runbook.commands.len());
        for command in &import.runbook.commands {
            prop_assert!(command.line >= 1 && command.line <= command.line_end && command.line_end <= lines, "{:?} in {:?}", command, text);
        }
        for finding in &import.runbook.findings {
            prop_assert!(finding.lines.iter().all(|l| *l >= 1 && *l <= lines.max(1)), "{:?} in {:?}", finding, text);
            prop_assert!(crate::lint::RULES.iter().any(|(name, ..)| *name == finding.rule), "{} has no entry", finding.rule);
        }
    }

    #[test]
    fn bytes_are_imported_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        import(&bytes).expect("small enough");
    }
}

/// Not how long, but how much longer: twice the text may not take more than a few times as long.
#[test]
fn the_cost_grows_with_the_size_and_not_faster() {
    let whole =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whole/checkout.md"))
            .expect("the runbook of the tests");
    let steps = |times: usize| {
        let text = whole.repeat(times);
        import(text.as_bytes()).expect("small enough").runbook.commands.len()
    };
    let one = steps(1);
    assert!(one > 5);
    assert_eq!(steps(8), one * 8);
}
