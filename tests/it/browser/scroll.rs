//! A long night's timeline is scrolled smoothly: what is out of sight is not laid out, nothing blocks the page, and
//! news arrives meanwhile. The figures are printed; what is asserted does not depend on how busy the machine is.

use super::{CONFIG, nothing_to_complain_of, signed_in};
use crate::harness::chromium::Chromium;
use crate::harness::serve::Serve;
use serde_json::json;

/// Entries of the timeline; what one page shows at once.
const ENTRIES: usize = 500;
/// Milliseconds that one piece of the page's own work may take. Smooth is 16; this is what only quadratic work or a
/// layout of everything exceeds, also on a machine that is busy with other tests.
const TASK_MAX_MS: f64 = 1_000.0;

/// Scrolls from the end to the beginning, a step each frame, and notes frames, long tasks and what was laid out.
const SCROLL: &str = r#"(async () => {
  const frames = [], tasks = [];
  const watch = new PerformanceObserver((all) => all.getEntries().forEach((task) => tasks.push(task.duration)));
  watch.observe({ type: "longtask" });
  const lines = [...document.querySelectorAll('#timeline li')];
  let skipped = Infinity;
  const seen = new Set();
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  const look = () => {
    // Of a line that is out of sight only the frame is there, and nothing in it.
    const laid = lines.filter((line) => line.querySelector(".word").checkVisibility({ contentVisibilityAuto: true }));
    laid.filter((line) => { const box = line.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; })
      .forEach((line) => seen.add(line.dataset.seq));
    skipped = Math.min(skipped, lines.length - laid.length);
  };
  // Heights become known where one looks: the end moves until it is reached.
  for (let tries = 0; tries < 100 && !seen.has(lines.at(-1).dataset.seq); tries += 1) {
    lines.at(-1).scrollIntoView({ block: "end" });
    await frame();
    look();
  }
  let last = await frame();
  while (window.scrollY > 0 && frames.length < 2000) {
    window.scrollBy(0, -200);
    const now = await frame();
    frames.push(now - last);
    last = now;
    look();
  }
  frames.sort((a, b) => a - b);
  const at = (share) => frames[Math.min(frames.length - 1, Math.floor(frames.length * share))];
  return { lines: lines.length, seen: seen.size, skipped, steps: frames.length, left: window.scrollY,
           median: at(0.5), p95: at(0.95), worst: at(1), tasks: tasks.length, longest: Math.max(0, ...tasks) };
})()"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_entries_scroll_without_laying_all_of_them_out() {
    let serve = Serve::start(CONFIG).await;
    serve.declare("checkout is down").await;
    for n in 0..ENTRIES {
        let text =
            format!("entry {n}: {}", "what was seen on the dashboards of checkout and of payments. ".repeat(n % 5));
        let answer = serve.command("/api/v1/incidents/1/notes", None, &json!({ "text": text })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    ana.size(360, 640).await;
    signed_in(&serve, &ana, "ana").await;
    ana.open(&format!("{}/incidents/1", serve.url())).await;
    ana.live().await;
    assert_eq!(ana.value("document.querySelectorAll('#timeline li').length").await, ENTRIES);
    // Somebody writes while it is being read; a page that jumps or blocks shows it here.
    let write = async {
        for n in 0..20 {
            let text = format!("meanwhile {n}");
            let answer = serve.command("/api/v1/incidents/1/notes", None, &json!({ "text": text })).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    };
    let (figures, ()) = tokio::join!(ana.value(SCROLL), write);
    println!("500 entries at 360 px, frames in ms: {figures}");
    let number = |name: &str| figures[name].as_f64().unwrap_or_else(|| panic!("{name} in {figures}"));
    assert_eq!(number("left"), 0.0, "the beginning was reached: {figures}");
    assert_eq!(number("seen"), number("lines"), "and every entry was in sight on the way: {figures}");
    assert!(number("skipped") >= number("lines") * 0.9, "what is out of sight costs no layout: {figures}");
    assert!(number("longest") < TASK_MAX_MS, "nothing blocks the page: {figures}");
    ana.until("document.getElementById('timeline').textContent.includes('meanwhile 19')").await;
    nothing_to_complain_of(&[&ana]);
    chromium.close().await;
}
