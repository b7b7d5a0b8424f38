//! axe-core, the accessibility audit: put into a page over the DevTools protocol, so that the page's content policy
//! stays as people get it. `./test --install` fetches it into the build's folder; it is never part of the tree.

use super::chromium::Page;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::LazyLock;

static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../axe/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}. Run ./test --install", file.display()))
});

/// The page as it is, in the tags of WCAG 2.2 AA and of axe's own good practice; nothing is fetched for it.
const RUN: &str = "axe.run(document, { preload: false, resultTypes: ['violations'] }).then((found) =>
  found.violations.map((v) => v.impact + ' ' + v.id + ': ' + v.help + ' — '
    + v.nodes.slice(0, 5).map((n) => n.html.slice(0, 200) + ' ' + (n.any[0]?.message ?? '')).join(' | ')))";

/// Whatever axe finds, worst named first in each line: `serious color-contrast: … — <p>…`.
pub async fn audit(page: &Page<'_>) -> Vec<String> {
    if page.value("typeof axe").await == "undefined" {
        page.value(&format!("{}; true", *SCRIPT)).await;
    }
    let found = page.value(RUN).await;
    let found = found.as_array().unwrap_or_else(|| panic!("axe answered {found}"));
    found.iter().map(|v| v.as_str().map_or_else(|| Value::to_string(v), str::to_string)).collect()
}

/// What must not be there.
pub fn grave(found: &[String]) -> Vec<&String> {
    found.iter().filter(|v| v.starts_with("critical") || v.starts_with("serious")).collect()
}
