//! Reads the folder of a team's own post-mortem templates: which there are, in which format, and their text. Whether
//! a template renders is asked by whoever can render one.

use super::problem::{Problems, Spot, quoted};
use super::read::Table;
use super::settings::Template;
use super::shape::plain;
use firebell_domain::limits::NAME_CHARS_MAX;
use firebell_domain::postmortem::Layout;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a template (1 MiB): whatever is longer was not meant.
pub const TEMPLATE_BYTES_MAX: u64 = 1 << 20;
/// Templates of one folder; more is another folder.
const TEMPLATES_MAX: usize = 100;

pub fn templates(root: &Table<'_>, problems: &mut Problems) -> Vec<Template> {
    let table = root.table("postmortem");
    let Some(folder) = table.text("templates") else { return Vec::new() };
    let spot = table.spot("templates");
    let files = match files(Path::new(folder)) {
        Ok(files) => files,
        Err(e) => {
            let what = format!("the folder {} cannot be read: {}", quoted(folder), plain(&e));
            problems.error(&spot, what, "Make the folder, or leave the key out for the layouts that are built in");
            return Vec::new();
        }
    };
    let all: Vec<Template> = files.iter().filter_map(|file| template(file, &spot, problems)).collect();
    if all.is_empty() {
        let what = format!("the folder {} has no template", quoted(folder));
        problems.warn(&spot, what, "Put files there whose names end in .md or .html");
    }
    if all.len() > TEMPLATES_MAX {
        let what = format!("the folder {} has {} templates, {TEMPLATES_MAX} is the limit", quoted(folder), all.len());
        problems.error(&spot, what, "Name a folder that has templates only");
    }
    all
}

/// By name, so that the order does not depend on the file system.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// A file of the folder; `None` where it is none, or wrong.
fn template(file: &Path, spot: &Spot, problems: &mut Problems) -> Option<Template> {
    let html = match file.extension().and_then(|e| e.to_str()) {
        Some("md") => false,
        Some("html") => true,
        // What else lies there (a picture, a README without an end) is not ours.
        _ => return None,
    };
    let name = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_string();
    let shown = quoted(&file.display().to_string());
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(fits) {
        let fix = "Name it in small letters, digits, - and _, such as \"one-page.md\"";
        problems.error(spot, format!("{shown} has a name that cannot be typed"), fix);
        return None;
    }
    if Layout::parse(&name).is_some() {
        let what = format!("{shown} has the name of a layout that is built in");
        problems.error(spot, what, format!("Name it otherwise, such as \"our-{name}\""));
        return None;
    }
    match read(file) {
        Ok(source) => Some(Template { name, file: file.to_path_buf(), html, source }),
        Err(why) => {
            problems.error(spot, format!("{shown} cannot be read: {why}"), "Correct the file, or take it away");
            None
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file).map_err(|e| plain(&e))?;
    file.take(TEMPLATE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|e| plain(&e))?;
    if bytes.len() as u64 > TEMPLATE_BYTES_MAX {
        return Err("it is larger than 1 MiB".to_string());
    }
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes().iter().take(e.utf8_error().valid_up_to()).filter(|b| **b == b'\n').count() + 1;
        format!("line {line} is not UTF-8 text")
    })
}
