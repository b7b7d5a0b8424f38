//! Rows in bounded memory, and as the clients print them: psql's aligned, unaligned and expanded form and its CSV,
//! mysql's box, tabs and lines. What a single row says in numbers is also read for thresholds.

use super::said::Said;

/// Rows of one result: a table that somebody reads.
const ROWS_MAX: usize = 5_000;
/// Bytes of one cell; of what is longer the rest is left out.
const CELL_BYTES_MAX: usize = 16 * 1024;
/// Columns of a single row of which values are read.
const READ_MAX: usize = 60;

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    /// Aligned to the right.
    pub number: bool,
}

pub struct Grid {
    pub columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
    bytes: usize,
    bytes_max: usize,
    /// Rows and bytes that came and did not fit.
    pub more_rows: u64,
    pub more_bytes: u64,
}

impl Grid {
    pub fn new(columns: Vec<Column>, bytes_max: usize) -> Grid {
        Grid { columns, rows: Vec::new(), bytes: 0, bytes_max, more_rows: 0, more_bytes: 0 }
    }

    /// Whether it fits; what does not is counted.
    pub fn push(&mut self, mut row: Vec<Option<String>>) -> bool {
        let size: usize = row.iter().flatten().map(String::len).sum::<usize>() + row.len();
        if self.rows.len() >= ROWS_MAX || (self.bytes + size > self.bytes_max && !self.rows.is_empty()) {
            self.more_rows += 1;
            self.more_bytes += size as u64;
            return false;
        }
        for cell in row.iter_mut().flatten() {
            if cell.len() > CELL_BYTES_MAX {
                let cut = (0..=CELL_BYTES_MAX).rev().find(|at| cell.is_char_boundary(*at)).unwrap_or(0);
                let more = cell.len() - cut;
                cell.truncate(cut);
                cell.push_str(&format!("[{more} bytes left out]"));
                self.more_bytes += more as u64;
            }
        }
        self.bytes += row.iter().flatten().map(String::len).sum::<usize>() + row.len();
        self.rows.push(row);
        true
    }

    pub fn count(&self) -> u64 {
        self.rows.len() as u64 + self.more_rows
    }

    /// Columns that say which one a row is (`name`, `id`), and each number beside them.
    pub fn readings(&self, about: Option<&str>, said: &mut Said) {
        let number = |cell: &Option<String>| cell.as_deref().and_then(|c| c.trim().parse::<f64>().ok());
        // Name and value, as `SHOW STATUS` has them.
        let pairs =
            matches!(&self.columns[..], [name, value] if !name.number && value.name.eq_ignore_ascii_case("value"));
        match (&self.rows[..], self.more_rows) {
            ([row], 0) if !pairs => {
                for (column, cell) in self.columns.iter().zip(row).take(READ_MAX) {
                    let Some(value) = number(cell) else { continue };
                    let name = if column.name == "?column?" { "value" } else { &column.name };
                    // A count says of what only in its statement.
                    let vague = ["count", "count(*)", "value", "sum", "avg", "min", "max"]
                        .contains(&name.to_lowercase().as_str());
                    let metric = match about.filter(|_| vague) {
                        Some(about) => format!("{} of {about}", name.split('(').next().unwrap_or(name)),
                        None => name.to_string(),
                    };
                    said.reading(metric, value, "");
                }
            }
            // A number for each name.
            (rows, _) if self.columns.len() >= 2 && !self.columns[0].number => {
                for row in rows {
                    let Some(Some(who)) = row.first() else { continue };
                    for (column, cell) in self.columns.iter().zip(row).skip(1).take(6) {
                        if let Some(value) = number(cell).filter(|_| !who.trim().is_empty()) {
                            let metric = if pairs { who.clone() } else { format!("{} of {who}", column.name) };
                            said.reading(metric, value, "");
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// How psql was asked to print.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Psql {
    pub csv: bool,
    pub unaligned: bool,
    pub tuples_only: bool,
    pub expanded: bool,
    pub separator: Option<String>,
    pub null: String,
}

impl Psql {
    pub fn print(&self, grid: &Grid) -> String {
        let rows: Vec<Vec<String>> = grid.rows.iter().map(|r| self.cells(r)).collect();
        let names: Vec<&str> = grid.columns.iter().map(|c| c.name.as_str()).collect();
        match self {
            Psql { csv: true, .. } => csv(&names, &rows, self.tuples_only),
            Psql { expanded: true, .. } => self.expanded(&names, &rows),
            Psql { unaligned: true, .. } => {
                let separator = self.separator.as_deref().unwrap_or("|");
                let header = (!self.tuples_only).then(|| names.join(separator));
                let lines = header.into_iter().chain(rows.iter().map(|r| r.join(separator)));
                let footer = (!self.tuples_only).then(|| count(grid));
                lines.chain(footer).map(|l| l + "\n").collect()
            }
            _ => self.aligned(grid, &names, &rows),
        }
    }

    fn cells(&self, row: &[Option<String>]) -> Vec<String> {
        row.iter().map(|c| c.clone().unwrap_or(self.null.clone())).collect()
    }

    fn aligned(&self, grid: &Grid, names: &[&str], rows: &[Vec<String>]) -> String {
        let wide: Vec<usize> = (0..names.len())
            .map(|i| {
                let cells = rows.iter().flat_map(|r| r[i].split('\n')).map(width).max().unwrap_or(0);
                // As psql does, also where the names are not printed.
                cells.max(width(names[i]))
            })
            .collect();
        let mut out = String::new();
        if !self.tuples_only {
            let centred = names.iter().zip(&wide).map(|(name, wide)| {
                let left = (wide - width(name)) / 2;
                format!(" {}{name}{} ", " ".repeat(left), " ".repeat(wide - width(name) - left))
            });
            out.push_str(&centred.collect::<Vec<_>>().join("|"));
            out.push('\n');
            out.push_str(&wide.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("+"));
            out.push('\n');
        }
        for row in rows {
            let cells: Vec<Vec<&str>> = row.iter().map(|c| c.split('\n').collect()).collect();
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or(1) {
                for (i, cell) in cells.iter().enumerate() {
                    let text = cell.get(line).copied().unwrap_or_default();
                    let goes_on = line + 1 < cell.len();
                    let (last, pad) = (i + 1 == cells.len(), " ".repeat(wide[i] - width(text)));
                    let end = if goes_on { "+" } else { " " };
                    match (grid.columns[i].number, last && !goes_on) {
                        (true, true) => out.push_str(&format!(" {pad}{text}")),
                        (true, false) => out.push_str(&format!(" {pad}{text}{end}")),
                        (false, true) => out.push_str(&format!(" {text}")),
                        (false, false) => out.push_str(&format!(" {text}{pad}{end}")),
                    }
                    if !last {
                        out.push('|');
                    }
                }
                out.push('\n');
            }
        }
        if !self.tuples_only {
            out.push_str(&count(grid));
            out.push('\n');
        }
        out.push('\n');
        out
    }

    fn expanded(&self, names: &[&str], rows: &[Vec<String>]) -> String {
        let name_wide = names.iter().map(|n| width(n)).max().unwrap_or(0);
        let cell_wide = rows.iter().flatten().flat_map(|c| c.split('\n')).map(width).max().unwrap_or(0);
        let mut out = String::new();
        if rows.is_empty() && !self.tuples_only {
            return "(0 rows)\n\n".to_string();
        }
        for (no, row) in rows.iter().enumerate() {
            if !self.tuples_only {
                let title = format!("-[ RECORD {} ]", no + 1);
                let left = "-".repeat((name_wide + 1).saturating_sub(title.len()));
                // The title may be wider than the names; then it takes of the other side.
                let right = (name_wide + 1 + 1 + cell_wide + 1).saturating_sub(title.len().max(name_wide + 1) + 1);
                let (joint, right) = match title.len() <= name_wide + 1 {
                    true => ("+", right),
                    false => ("", right + 1),
                };
                out.push_str(&format!("{title}{left}{joint}{}\n", "-".repeat(right)));
            } else if no > 0 {
                out.push_str(&format!("{}+{}\n", "-".repeat(name_wide + 1), "-".repeat(cell_wide + 1)));
            }
            for (name, cell) in names.iter().zip(row) {
                let lines: Vec<&str> = cell.split('\n').collect();
                for (at, line) in lines.iter().enumerate() {
                    let name = if at == 0 { name } else { "" };
                    let pad = " ".repeat(name_wide - width(name));
                    let goes_on = at + 1 < lines.len();
                    let end = if goes_on { " ".repeat(cell_wide - width(line)) + "+" } else { String::new() };
                    out.push_str(&format!("{name}{pad} | {line}{end}\n"));
                }
            }
        }
        out.push('\n');
        out
    }
}

fn count(grid: &Grid) -> String {
    match grid.count() {
        1 => "(1 row)".to_string(),
        n => format!("({n} rows)"),
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn csv(names: &[&str], rows: &[Vec<String>], tuples_only: bool) -> String {
    let cell = |text: &str| match text.contains([',', '"', '\n', '\r']) || text == "\\." {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    };
    let line = |cells: &mut dyn Iterator<Item = &str>| cells.map(cell).collect::<Vec<_>>().join(",") + "\n";
    let header = (!tuples_only).then(|| line(&mut names.iter().copied()));
    header.into_iter().chain(rows.iter().map(|r| line(&mut r.iter().map(String::as_str)))).collect()
}

/// How mysql was asked to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mysql {
    /// Tabs instead of a box.
    pub batch: bool,
    /// Without the line of names.
    pub no_names: bool,
    pub vertical: bool,
    /// Nothing is escaped between the tabs.
    pub raw: bool,
}

impl Mysql {
    pub fn print(&self, grid: &Grid) -> String {
        let rows: Vec<Vec<String>> =
            grid.rows.iter().map(|r| r.iter().map(|c| c.clone().unwrap_or("NULL".to_string())).collect()).collect();
        let names: Vec<&str> = grid.columns.iter().map(|c| c.name.as_str()).collect();
        match self {
            Mysql { vertical: true, .. } => vertical(&names, &rows),
            Mysql { batch: true, .. } => {
                let header = (!self.no_names && !rows.is_empty()).then(|| names.join("\t") + "\n");
                let escaped = |text: &String| match self.raw {
                    true => text.clone(),
                    false => text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"),
                };
                let lines = rows.iter().map(|r| r.iter().map(escaped).collect::<Vec<_>>().join("\t") + "\n");
                header.into_iter().chain(lines).collect()
            }
            _ => self.boxed(grid, &names, &rows),
        }
    }

    fn boxed(&self, grid: &Grid, names: &[&str], rows: &[Vec<String>]) -> String {
        // mysql prints nothing of an empty set.
        if rows.is_empty() {
            return String::new();
        }
        let wide = |i: usize| {
            let cells = rows.iter().map(|r| width(&r[i])).max().unwrap_or(0);
            cells.max(if self.no_names { 0 } else { width(names[i]) })
        };
        let wide: Vec<usize> = (0..names.len()).map(wide).collect();
        let rule = format!("+{}+\n", wide.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("+"));
        let line = |cells: &mut dyn Iterator<Item = &str>, header: bool| {
            let padded = cells.enumerate().map(|(i, cell)| {
                let pad = " ".repeat(wide[i].saturating_sub(width(cell)));
                match grid.columns[i].number && !header {
                    true => format!(" {pad}{cell} "),
                    false => format!(" {cell}{pad} "),
                }
            });
            format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
        };
        let mut out = rule.clone();
        if !self.no_names {
            out.push_str(&line(&mut names.iter().copied(), true));
            out.push_str(&rule);
        }
        for row in rows {
            out.push_str(&line(&mut row.iter().map(String::as_str), false));
        }
        out + &rule
    }
}

fn vertical(names: &[&str], rows: &[Vec<String>]) -> String {
    let wide = names.iter().map(|n| width(n)).max().unwrap_or(0);
    let stars = "*".repeat(27);
    let mut out = String::new();
    for (no, row) in rows.iter().enumerate() {
        out.push_str(&format!("{stars} {}. row {stars}\n", no + 1));
        for (name, cell) in names.iter().zip(row) {
            out.push_str(&format!("{}{name}: {cell}\n", " ".repeat(wide - width(name))));
        }
    }
    out
}
