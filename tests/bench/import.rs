//! What reading a runbook costs: a 20 KB one as people have it, and how that grows up to the limit of 2 MB. Beside it,
//! in the same run, what the Markdown parser alone takes for the same bytes.

use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

const ROUNDS: usize = 60;

pub fn run() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/runbook/tests/whole");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the runbooks of the tests").flatten().map(|e| e.path()).collect();
    files.sort();
    let text: String = files
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .map(|p| std::fs::read_to_string(p).expect("readable") + "\n\n")
        .collect();
    let of_size = |bytes: usize| text.repeat(bytes / text.len() + 1).chars().take(bytes).collect::<String>();
    let twenty = of_size(20_000);
    firebell_runbook::import(twenty.as_bytes()).expect("small enough"); // the tables are read once
    let mut sizes = Vec::new();
    for (bytes, rounds) in [(20_000, ROUNDS), (200_000, 6), (1_000_000, 2)] {
        let text = of_size(bytes);
        let (ours, commands) =
            timed(rounds, || firebell_runbook::import(text.as_bytes()).map_or(0, |i| i.runbook.commands.len()));
        let (markdown, _) = timed(rounds, || pulldown_cmark::Parser::new(&text).count());
        sizes.push(json!({ "bytes": text.len(), "commands": commands, "import_ms": ours, "markdown_parser_alone_ms": markdown }));
    }
    json!({ "figure": "import", "sizes": sizes })
}

/// Milliseconds: median and 95th percentile.
fn timed(rounds: usize, mut work: impl FnMut() -> usize) -> (Value, usize) {
    let mut last = 0;
    let mut took: Vec<f64> = (0..rounds)
        .map(|_| {
            let began = Instant::now();
            last = work();
            began.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| (took[((took.len() - 1) as f64 * share) as usize] * 100.0).round() / 100.0;
    (json!({ "p50": at(0.5), "p95": at(0.95) }), last)
}
