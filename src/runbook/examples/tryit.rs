fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).unwrap();
        let source = firebell_runbook::source::Source::read(&bytes).unwrap();
        let doc = firebell_runbook::document::Document::read(&source);
        let c = firebell_runbook::commands::find(&doc);
        println!("== {path}: {} found", c.found.len());
        for f in &c.found {
            println!(
                "{}-{} {:?}{}{}{}{}{}{}{}{}",
                f.line,
                f.line_end,
                f.text,
                f.comment.as_ref().map(|c| format!("   #{c:?}")).unwrap_or_default(),
                if f.inline { " INLINE" } else { "" },
                f.session.as_ref().map(|s| format!(" IN {:?}:{}", s.kind, s.target)).unwrap_or_default(),
                f.alternative.map(|s| format!(" ALT{s}")).unwrap_or_default(),
                f.condition.as_ref().map(|s| format!(" COND")).unwrap_or_default(),
                f.option.as_ref().map(|s| format!(" OPT {s}")).unwrap_or_default(),
                f.expectation.as_ref().map(|s| format!(" EXP {s}")).unwrap_or_default(),
                f.problem.as_ref().map(|s| format!(" PROBLEM {s}")).unwrap_or_default()
            );
            if f.tongue != Default::default() {
                println!("      {:?}", f.tongue);
            }
        }
        for p in &c.prohibitions {
            println!("NEVER {} {:?} ({})", p.line, p.text, p.sentence);
        }
        for s in &c.skipped {
            println!("SKIP {} {:?} {}", s.line, s.guess, source.line(s.line));
        }
    }
}
