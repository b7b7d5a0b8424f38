//! Tables as kubectl aligns them. The API itself says the columns; this only sets them side by side.

/// What parts two columns, and the narrowest that one is.
const GAP: usize = 3;
const NARROWEST: usize = 6;

/// Rows of cells, the first of them headings if there are any. The last column is not filled up.
pub fn aligned(rows: &[Vec<String>]) -> String {
    parted(rows, GAP)
}

/// With so many spaces between two columns.
pub fn parted(rows: &[Vec<String>], gap: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        (cells.max().unwrap_or_default() + gap).max(NARROWEST)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            out.push_str(cell);
            if at + 1 < row.len() {
                out.extend(std::iter::repeat_n(' ', widths[at].saturating_sub(cell.chars().count())));
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_as_kubectl_sets_them() {
        let rows = [["NAME", "READY", "AGE"], ["shop-1", "1/1", "5m"], ["s", "0/1", "5d3h"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| c.to_string()).collect()).collect();
        assert_eq!(aligned(&rows), "NAME     READY   AGE\nshop-1   1/1     5m\ns        0/1     5d3h\n");
    }
}
