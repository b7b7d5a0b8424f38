//! An export reads back letter by letter, and nothing in it is a formula.

use super::table::{Cell, Table, csv};
use proptest::prelude::*;

fn read(text: &str) -> Vec<Vec<String>> {
    let reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(false).from_reader(text.as_bytes());
    reader.into_records().map(|r| r.unwrap().iter().map(str::to_string).collect()).collect()
}

fn of(cells: &[&str]) -> String {
    let row = cells.iter().map(|c| Cell::Text(c.to_string())).collect();
    csv(&Table { head: vec!["a".into(); cells.len()], rows: vec![row] })
}

#[test]
fn lines_end_and_quotes_double_as_rfc_4180_says() {
    let written = of(&["plain", "a,b", "say \"no\"", "two\nlines"]);
    assert_eq!(written, "a,a,a,a\r\nplain,\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n");
}

#[test]
fn what_a_spreadsheet_would_compute_is_text() {
    for formula in
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u{feff}=1", "＝1", "=cmd|' /C calc'!A0", "|x"]
    {
        let rows = read(&of(&[formula, "x"]));
        assert_eq!(rows[1][0], format!("'{formula}"));
    }
    for harmless in ["checkout is down", "a=b", "5 - 3", "", "'=1"] {
        assert_eq!(read(&of(&[harmless, "x"]))[1][0], harmless);
    }
}

#[test]
fn a_severity_named_like_a_formula_is_none_in_the_head() {
    let table = Table { head: vec!["=P1".into(), "incidents".into()], rows: Vec::new() };
    assert_eq!(csv(&table), "'=P1,incidents\r\n");
}

proptest! {
    #[test]
    fn whatever_somebody_wrote_reads_back(cells in prop::collection::vec("[a-z=+@,\"' \r\n\té-]{0,12}", 2..6)) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let rows = read(&of(&cells));
        prop_assert_eq!(rows.len(), 2);
        for (read, written) in rows[1].iter().zip(&cells) {
            let kept = read == written || read.strip_prefix('\'') == Some(written);
            prop_assert!(kept, "{:?} became {:?}", written, read);
            prop_assert!(!read.trim_start().starts_with(['=', '+', '-', '@']), "{:?}", read);
        }
    }
}
