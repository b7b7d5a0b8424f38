//! The tree of a document: headings and what stands for them, tables, repairs, any text.

use super::*;

fn read(text: &str) -> Document {
    Document::read(&Source::read(text.as_bytes()).expect("small enough"))
}

/// One line for each block: lines, depth of its section, kind, text.
fn show(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        let depth = document.path(block.section).len();
        let lines =
            if block.first == block.last { block.first.to_string() } else { format!("{}-{}", block.first, block.last) };
        let quoted = if block.quoted { "quoted " } else { "" };
        let plain =
            |lines: &[Inline]| lines.iter().map(|l| format!("{}:{}", l.line, l.plain)).collect::<Vec<_>>().join(" / ");
        let what = match &block.kind {
            BlockKind::Title => {
                format!("{:?} {}", document.sections[block.section].kind, document.sections[block.section].name)
            }
            BlockKind::Paragraph(lines) => format!("text {}", plain(lines)),
            BlockKind::Item(item) => {
                let opens = if document.sections[block.section].line == block.first
                    && matches!(document.sections[block.section].kind, SectionKind::Item(_))
                {
                    "opens "
                } else {
                    ""
                };
                format!(
                    "{opens}item {}{}{} {}",
                    item.depth,
                    item.number.map_or(String::new(), |n| format!(" {n}.")),
                    item.check.map_or("", |c| if c { " [x]" } else { " [ ]" }),
                    plain(&item.text)
                )
            }
            BlockKind::Fence(fence) => format!(
                "code {}{} {}",
                fence.lang.as_deref().unwrap_or("-"),
                if fence.closed { "" } else { " unclosed" },
                fence.body.iter().map(|(n, t)| format!("{n}:{t}")).collect::<Vec<_>>().join(" / ")
            ),
            BlockKind::Table(table) => {
                format!(
                    "table {}:{}",
                    table.head_line,
                    table.head.iter().map(|c| c.plain.as_str()).collect::<Vec<_>>().join("|")
                ) + &table
                    .rows
                    .iter()
                    .map(|r| {
                        format!(
                            " / {}:{}",
                            r.line,
                            r.cells.iter().map(|c| c.plain.as_str()).collect::<Vec<_>>().join("|")
                        )
                    })
                    .collect::<String>()
            }
            BlockKind::Html(_) => "html".into(),
            BlockKind::Break => "break".into(),
            BlockKind::Other => "other".into(),
        };
        out += &format!("{lines} {}{quoted}{what}\n", "  ".repeat(depth));
    }
    out
}

#[track_caller]
fn is(text: &str, expected: &str) {
    let document = read(text);
    let got = show(&document);
    assert_eq!(got.trim_end(), expected.trim_end(), "\n{got}");
}

#[test]
fn headings_and_what_stands_for_them_nest() {
    is(
        "# Night shift\n\n## 2. Queue stuck (5 min)\n\n**Signs:**\n- depth > 500\n\n**Ways out:**\n\n**If workers hang:**\n```sh\n$ jobs restart\n```\n**If the broker is full:**\nask ana\n\n**Check again**\n\n1. **Drain** (< 5 minutes)\n   ```\n   drain a\n\n     b\n   ```\n2. **Page bo**: at once\n3. plain\n\n## 3. Next\n\nRun these:\n- one\n- two\n\nafterwards\n",
        "1   Heading(1) Night shift\n\
         3     Heading(2) Queue stuck (5 min)\n\
         5       Bold Signs\n\
         6       item 0 6:depth > 500\n\
         8       Bold Ways out\n\
         10         Bold If workers hang\n\
         11-13         code sh 12:$ jobs restart\n\
         14         Bold If the broker is full\n\
         15         text 15:ask ana\n\
         17       Bold Check again\n\
         19         opens item 0 1. 19:Drain (< 5 minutes)\n\
         20-24         code - 21:drain a / 22: / 23:  b\n\
         25       item 0 2. 25:Page bo: at once\n\
         26       item 0 3. 26:plain\n\
         28     Heading(2) Next\n\
         30       Lead Run these\n\
         31       item 0 31:one\n\
         32       item 0 32:two\n\
         34     text 34:afterwards",
    );
}

#[test]
fn a_paragraph_of_definitions_stays_one_block_with_its_lines() {
    is(
        "**S1 - Worst**: all is down\n**S2**: some is\n\n**S3 – Footer only**\nwords\n",
        "1-2 text 1:S1 - Worst: all is down / 2:S2: some is\n4   Bold S3 – Footer only\n5   text 5:words",
    );
    let document = read("**S1 - Worst**: all is down");
    let BlockKind::Paragraph(lines) = &document.blocks[0].kind else { panic!("a paragraph") };
    assert_eq!(lines[0].lead(), Some(("S1 - Worst", ": all is down")));
}

#[test]
fn tables_keep_their_lines_cells_and_code() {
    is(
        "> | Sign | Do |\n> |---|---|\n> | down \\| slow | `a \\| b` |\n> | short |\n\n<table><tr><th>Level<th>Time</tr>\n<tr><td>S1</td><td>5 min &lt; 10<br>or so</td></tr></table>\n",
        "1-4 quoted table 1:Sign|Do / 3:down | slow|a | b / 4:short\n6-7 table 6:Level|Time / 7:S1|5 min < 10 or so",
    );
    let document = read("| a | b |\n|---|---|\n| x | run `df -h` and `du \\| sort` |\n");
    let BlockKind::Table(table) = &document.blocks[0].kind else { panic!("a table") };
    assert_eq!(table.rows[0].cells[1].codes().collect::<Vec<_>>(), ["df -h", "du | sort"]);
}

#[test]
fn what_people_forget_and_generators_add_is_put_right() {
    // A closing fence that was forgotten before the next block, and before a heading.
    is("```bash\nls\n```bash\ndf\n```\ntext\n", "1-2 code bash 2:ls\n3-5 code bash 4:df\n6 text 6:text");
    is(
        "```bash\nls\n\n## Next step\ntext\n```sh\nps\n```\n",
        "1-3 code bash 2:ls / 3:\n4   Heading(2) Next step\n5   text 5:text\n6-8   code sh 7:ps",
    );
    is("```bash\nls\n## a comment of many\nps\n```\n", "1-5 code bash 2:ls / 3:## a comment of many / 4:ps");
    assert_eq!(
        read("x\n\n```\nls\n").findings.iter().map(|f| (f.rule.as_str(), f.lines[0])).collect::<Vec<_>>(),
        [("unclosed-fence", 3)]
    );
    is("##Ablauf\n• eins\n• zwei\n", "1   Heading(2) Ablauf\n2   item 0 2:eins\n3   item 0 3:zwei");
    is(
        "!!! warning \"Mind the order\"\n    First this:\n\n    ```sh\n    a\n    ```\nthen\n\n=== \"Docker\"\n\n    docker ps\n",
        "1   quoted Bold Mind the order\n2     quoted Lead First this\n4-6     quoted code sh 5:a\n7 text 7:then\n9   Bold Docker\n11   text 11:docker ps",
    );
    is(
        "NIGHT SHIFT\n\nwords\n\nDAY SHIFT\n\nCall <name of ana>, not <b>bo</b>\n",
        "1   Bold NIGHT SHIFT\n3   text 3:words\n5   Bold DAY SHIFT\n7   text 7:Call <name of ana>, not bo",
    );
    is(
        "---\ntitle: x\n---\n\n    indented --code\n\nText[^1].\n\n[^1]: note\n",
        "1-3 other\n5 code - 5:indented --code\n7 text 7:Text.\n9 other",
    );
}

#[test]
fn names_of_sections_are_without_decoration() {
    for (written, name) in [
        ("## 🚨 INCIDENTS 🚨", "INCIDENTS"),
        ("## 3. If network issues", "If network issues"),
        ("## 1.2.3 Deep", "Deep"),
        ("## 4) Paren", "Paren"),
        ("## **Step 1: Look** (0-2 minutes)", "Step 1: Look (0-2 minutes)"),
        ("## \"Disk full\" alert", "\"Disk full\" alert"),
        ("## 2 AM checks", "2 AM checks"),
        ("## 障害対応：", "障害対応"),
        ("## ⚠️", "⚠️"),
        ("## P1 – Kritisch 🔥:", "P1 – Kritisch"),
    ] {
        assert_eq!(read(written).sections[1].name, name, "{written}");
    }
}

#[test]
fn sections_know_their_last_line() {
    let document = read("# A\n\n## B\n- x\n\n```\ny\n```\n\n## C\nz\n");
    assert_eq!(
        document.sections.iter().map(|s| (s.line, s.last)).collect::<Vec<_>>(),
        [(1, 11), (1, 11), (3, 8), (10, 11)]
    );
    assert!(document.inside(2, 1) && !document.inside(3, 2));
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn is_read_without_panic_and_with_lines_of_the_file(pieces in proptest::collection::vec(prop_oneof![
            Just("\n"), Just("# "), Just("## T"), Just("```"), Just("```sh"), Just("~~~"), Just("- "), Just("1. "), Just("**"), Just("`"), Just("|"), Just("|---|\n"),
            Just("    "), Just("> "), Just(":"), Just("!!! x"), Just("word "), Just("<tr>"), Just("<td>é"), Just("\\`\\`\\`"), Just("[ ] "), Just("é🚨"), Just("\t"), Just("(5 min)"), Just("---"), Just("[^1]:"), Just("<x y>"), Just("&lt;"),
        ], 0..60)) {
            let text = pieces.concat();
            let document = read(&text);
            let mut at = 1;
            for block in &document.blocks {
                prop_assert!(block.first >= 1 && block.first <= block.last && block.last <= document.line_count.max(1), "{text:?}: {block:?}");
                prop_assert!(block.first >= at, "{text:?}: blocks come in the order of the document");
                at = block.first;
                prop_assert!(block.section < document.sections.len());
            }
            for (id, section) in document.sections.iter().enumerate() {
                prop_assert!(section.parent.is_none_or(|p| p < id));
                prop_assert!(section.line <= section.last || document.line_count == 0);
            }
        }
    }

    #[test]
    fn deep_nesting_and_long_files_take_linear_time() {
        for piece in [
            "> ",
            "- ",
            "  - x\n",
            "**",
            "[",
            "`",
            "<a ",
            "| ",
            "*a **b ",
            "```\n",
            "1. **b**\n",
            "!!! x\n    ",
            "## h\n",
            "<td>",
            "\\`\\`\\`\n",
        ] {
            let text = piece.repeat(200_000 / piece.len());
            let document = read(&text);
            assert!(document.blocks.len() <= 200_000, "{piece:?}");
        }
    }
}

#[test]
fn capitals_between_blank_lines_are_titles_where_nothing_else_is() {
    let plain = "1. GENERAL\n\nText.\n\n1.1 Stop it\n\n    systemctl stop web\n\nNOTE: not this one\nnor this.\n";
    let source = Source::read(plain.as_bytes()).expect("small enough");
    let names = |d: &Document| d.sections.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    let document = Document::read(&source);
    assert_eq!(names(&document)[1..], ["GENERAL", "Stop it"]);
    let marked = Source::read(format!("# Guide\n\n{plain}").as_bytes()).expect("small enough");
    assert!(!names(&Document::read(&marked)).contains(&"GENERAL".to_owned()));
}
