//! Rows as the docker command line prints them: as a table, or by a `--format`.

use super::template::Template;
use serde_json::Value;

/// The field of a row, and its heading.
pub type Column = (&'static str, &'static str);

#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    Default,
    Table(Template),
    Line(Template),
    Json,
}

impl Format {
    /// Of a listing: `\t` and `\n` are a tab and a new line there.
    pub fn of_rows(format: Option<&str>) -> Result<Format, String> {
        let Some(format) = format.filter(|f| !f.is_empty() && *f != "table") else { return Ok(Format::Default) };
        let format = format.replace("\\t", "\t").replace("\\n", "\n");
        match format.strip_prefix("table ") {
            Some(rest) => Template::read(rest.trim_start()).map(Format::Table),
            None if format == "json" => Ok(Format::Json),
            None => Template::read(&format).map(Format::Line),
        }
    }

    /// Of one object.
    pub fn of_object(format: Option<&str>) -> Result<Format, String> {
        match format {
            None | Some("") => Ok(Format::Default),
            Some("json") => Ok(Format::Json),
            Some(format) => Template::read(format).map(Format::Line),
        }
    }
}

/// All of them, with headings where it is a table.
pub fn rows(rows: &[Value], columns: &[Column], format: &Format) -> Result<String, String> {
    let failed = |why: String| format!("template parsing error: {why}");
    match format {
        Format::Default => {
            let headings = columns.iter().map(|(_, heading)| heading.to_string()).collect();
            let cells = rows.iter().map(|row| columns.iter().map(|(field, _)| text(row, field)).collect());
            Ok(aligned(std::iter::once(headings).chain(cells).collect(), 10))
        }
        Format::Table(template) => {
            let heading = |field: &str| {
                let known = columns.iter().chain(MORE).find(|(name, _)| *name == field);
                known.map_or(field.to_string(), |(_, heading)| heading.to_string())
            };
            let mut lines = vec![template.headings(heading)];
            for row in rows {
                lines.push(template.write(row).map_err(failed)?);
            }
            let cells = lines.iter().map(|line| line.split('\t').map(str::to_string).collect());
            Ok(aligned(cells.collect(), 10))
        }
        Format::Line(template) => {
            let lines = rows.iter().map(|row| template.write(row).map(|line| line + "\n").map_err(failed));
            lines.collect()
        }
        Format::Json => Ok(rows.iter().map(|row| format!("{row}\n")).collect()),
    }
}

/// Headings of fields that are in no default table.
const MORE: &[Column] = &[
    ("RunningFor", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Labels", "LABELS"),
    ("Mounts", "MOUNTS"),
    ("Networks", "NETWORKS"),
    ("State", "STATE"),
    ("Size", "SIZE"),
    ("LocalVolumes", "LOCAL VOLUMES"),
    ("Container", "CONTAINER"),
    ("Digest", "DIGEST"),
    ("Mountpoint", "MOUNTPOINT"),
    ("Scope", "SCOPE"),
    ("Label", "LABEL"),
    ("ID", "ID"),
    ("Internal", "INTERNAL"),
    ("IPv6", "IPV6"),
    ("Name", "NAME"),
    ("MemUsage", "MEM USAGE / LIMIT"),
    ("MemPerc", "MEM %"),
    ("CPUPerc", "CPU %"),
];

fn text(row: &Value, field: &str) -> String {
    match row.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Columns under each other: three blanks between them, and so wide at least.
pub fn aligned(lines: Vec<Vec<String>>, wide: usize) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |no: usize| {
        let cells = lines.iter().filter(|line| line.len() > no + 1).map(|line| line[no].chars().count() + 3);
        cells.max().unwrap_or(0).max(wide)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        for (no, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if no + 1 < line.len() {
                out.extend(std::iter::repeat_n(' ', widths[no].saturating_sub(cell.chars().count())));
            }
        }
        out.push('\n');
    }
    out
}

/// Cut as the command line cuts: with a sign that something is missing.
pub fn cut(text: &str, chars: usize) -> String {
    match text.chars().count() > chars {
        true => text.chars().take(chars - 1).chain(['…']).collect(),
        false => text.to_string(),
    }
}

/// The twelve characters that identify an object for people.
pub fn short(id: &str, whole: bool) -> String {
    match whole {
        true => id.to_string(),
        false => id.strip_prefix("sha256:").unwrap_or(id).chars().take(12).collect(),
    }
}
