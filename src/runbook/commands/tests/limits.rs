//! No input makes it panic, and none takes more than linear time: each of the large ones would not end otherwise.

use super::commands;
use crate::commands::Commands;
use proptest::prelude::*;

/// What must hold of everything that is found.
fn sound(text: &str, found: &Commands) {
    let lines = text.lines().count().max(1) as u32;
    for f in &found.found {
        assert!(f.line >= 1 && f.line <= f.line_end && f.line_end <= lines, "{f:?} of {lines}");
        assert!(!f.text.trim().is_empty(), "{f:?}");
        assert_eq!(f.text, f.text.trim_end(), "{f:?}");
    }
    for pair in found.found.windows(2) {
        assert!(pair[0].line <= pair[1].line, "{pair:?}");
    }
}

fn fragment() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "```",
        "```bash",
        "```sql",
        "```console",
        "```powershell",
        "~~~",
        "    ",
        "> ",
        "- ",
        "1. ",
        "| a | b |",
        "|---|---|",
        "`",
        "\"",
        "'",
        "$(",
        "${",
        "((",
        ")",
        "}",
        "{",
        "\\",
        "\\ ",
        "<<EOF",
        "EOF",
        "<<'X'",
        "|",
        "&&",
        ";",
        ";;",
        "#",
        "# if ",
        "-- ",
        "/*",
        "$$",
        "$",
        "$ ",
        "# ",
        "PS C:\\>",
        "C:\\>",
        "a=# ",
        "mysql> ",
        "ana@b:~$ ",
        "[root@a ~]# ",
        "/ # ",
        "docker ps",
        "ssh web1",
        "psql",
        "exit",
        "\\q",
        "SELECT 1;",
        "select",
        "if",
        "then",
        "fi",
        "for x in",
        "do",
        "done",
        "case",
        "esac",
        "function",
        "A=1",
        "export A=",
        "@\"",
        "\"@",
        "never run ",
        "Run ",
        "禁止",
        "を実行",
        "é",
        "𝒳",
        "<pod>",
        "<",
        ">",
        "→",
        "\u{feff}",
        "\t",
        "0 0 * * * ",
        "#!/bin/sh",
        "<pre>",
        "</pre>",
        "&lt;",
    ]);
    prop_oneof![6 => known.prop_map(str::to_owned), 1 => "\\PC{0,12}", 2 => Just("\n".to_owned()), 1 => Just(" ".to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_a_panic(parts in prop::collection::vec(fragment(), 0..60)) {
        let text = parts.concat();
        sound(&text, &commands(&text));
    }

    #[test]
    fn any_block_is_read_without_a_panic(
        label in prop::sample::select(vec!["", "bash", "console", "sql", "powershell", "cmd", "fish", "redis", "mongo"]),
        parts in prop::collection::vec(fragment(), 0..60),
    ) {
        let body = parts.concat().replace("```", "");
        let text = format!("```{label}\n{body}\n```\n");
        sound(&text, &commands(&text));
    }

    #[test]
    fn one_line_commands_in_shell_fences_are_found_as_they_are_written(
        tool in prop::sample::select(vec!["docker", "kubectl", "systemctl", "curl", "psql"]),
        rest in prop::collection::vec("[a-z0-9./:-]{1,12}", 1..6),
    ) {
        let line = format!("{tool} -x {}", rest.join(" "));
        let found = commands(&format!("```bash\n{line}\n```\n")).found;
        prop_assert_eq!(found.into_iter().map(|f| f.text).collect::<Vec<_>>(), vec![line]);
    }
}

/// `unit` until about 60 kB: what took quadratic time would take minutes.
fn large(head: &str, unit: &str, foot: &str) {
    let mut text = String::from(head);
    let mut lines = head.matches('\n').count();
    while text.len() < 60_000 && lines < 49_000 {
        text.push_str(unit);
        lines += unit.matches('\n').count();
    }
    text.push_str(foot);
    sound(&text, &commands(&text));
}

#[test]
fn large_blocks_take_linear_time() {
    let long = "x".repeat(40);
    for unit in [
        "echo \"open\n",
        "echo $(\n",
        "if a; then\n",
        "cat <<E\n",
        "A=1\n",
        "word\n",
        "docker ps \\\n",
        "# note\n",
        "echo 'a' \"b\n",
        "(\n",
        "$ docker ps\nout\n",
        "ssh a\n",
    ] {
        large("```bash\n", &unit.replace('\n', &format!(" {long}\n")).replace("\\ ", "\\\n"), "```\n");
        large("```\n", unit, "```\n");
    }
    for unit in ["SELECT 'a\n", "SELECT 1\n", "SELECT $x$\n", "-- a\n", "SELECT /*\n\n"] {
        large("```sql\n", unit, "```\n");
    }
    for unit in ["Get-Item {\n", "Get-Item `\n", "@\"\n"] {
        large("```powershell\n", unit, "```\n");
    }
}

#[test]
fn long_lines_take_linear_time() {
    for unit in
        ["`docker ps` and ", "a\"b'c$(", "<x", "A=1 ", "run `x`, never `docker ps -a`. ", "docker ", "(", "| `df -h` "]
    {
        large("- ", unit, "\n");
        large("| command |\n|---|\n| ", unit, " |\n");
        large("```bash\ndocker ", unit, "\n```\n");
        large("```\n$ ", unit, "\n```\n");
    }
}
