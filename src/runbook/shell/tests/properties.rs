//! Properties: wrapped danger stays danger, and no text makes the judge panic, overflow or hang.

use proptest::prelude::*;

use super::super::{Asked, Tongue, judge};
use super::judged;
use crate::model::Risk;

/// Commands that lose data or cut service, of different tools.
const DESTROYS: &[&str] = &[
    "rm -rf /srv/x",
    "docker compose down",
    "docker volume prune -f",
    "kubectl delete pod x",
    "systemctl stop web",
    "kill -9 4711",
    "helm uninstall web",
    "git reset --hard HEAD",
    "kubectl scale deploy web --replicas=0",
    "find /x -delete",
];

/// In single quotes for a shell, however many are in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn wrap(how: usize, inner: &str) -> String {
    match how {
        0 => format!("sudo sh -c {}", quoted(inner)),
        1 => format!("ssh -p 2222 ops@web1 {}", quoted(inner)),
        2 => format!("docker exec -i api sh -c {}", quoted(inner)),
        3 => format!("bash -lc {}", quoted(inner)),
        4 => format!("ls | grep x | {inner}"),
        5 => format!("cat list | xargs -I{{}} sh -c {}", quoted(inner)),
        6 => format!("( {inner} )"),
        7 => format!("cd /srv && {inner}"),
        8 => format!("true || {{ {inner}; }}"),
        9 => format!("echo $( {inner} )"),
        10 => format!("for i in 1 2; do {inner}; done"),
        11 => format!("if true; then {inner}; fi"),
        12 => format!("timeout 30 bash -c {} > /dev/null 2>&1", quoted(inner)),
        13 => format!("kubectl exec -n p web-0 -- sh -c {}", quoted(inner)),
        14 => format!("{inner} | tee /dev/null"),
        15 => format!("watch -n 5 {}", quoted(inner)),
        16 => format!("nohup env A=b bash -c {} &", quoted(inner)),
        17 => format!("echo {} | bash", quoted(inner)),
        18 => format!("eval {}", quoted(inner)),
        19 => format!("su - app -c {}", quoted(inner)),
        20 => format!("diff <({inner}) x"),
        _ => format!("while read l; do {inner}; done < list"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_destroying_command_stays_one_however_it_is_wrapped(
        which in 0..DESTROYS.len(), hows in proptest::collection::vec(0..22_usize, 0..4),
    ) {
        let mut text = DESTROYS[which].to_owned();
        for how in hows {
            text = wrap(how, &text);
        }
        let judged = judged(&text);
        prop_assert_eq!(judged.risk, Risk::Destroy, "{} {:?}", text, judged);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", tongue in 0..4_u8) {
        let tongue = [Tongue::Shell, Tongue::Postgres, Tongue::Mysql, Tongue::Redis][usize::from(tongue)];
        judge(&Asked { text: &text, tongue, ..Asked::default() });
    }

    #[test]
    fn no_heap_of_shell_pieces_makes_it_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.iter().map(|&p| PIECES[p]).collect();
        let judged = judged(&text);
        // Whatever it is: what holds a broken text together is never called harmless without reason.
        prop_assert!(judged.problem.is_none() || !judged.problem.as_deref().unwrap_or("").is_empty());
    }
}

const PIECES: &[&str] = &[
    " ",
    "\n",
    "'",
    "\"",
    "`",
    "$(",
    ")",
    "(",
    "{",
    "}",
    "${",
    "$((",
    "))",
    "|",
    "||",
    "&&",
    "&",
    ";",
    ";;",
    "<",
    ">",
    "<<",
    "<<<",
    "<<EOF\n",
    "<<E",
    "$[",
    "<<'' ",
    "<<-",
    "EOF\n",
    ">(",
    "<(",
    "[[",
    "]]",
    "[",
    "]",
    "\\",
    "#",
    "!",
    "if ",
    "then ",
    "fi",
    "for ",
    "in ",
    "do ",
    "done",
    "case ",
    "esac",
    "while ",
    "function f ",
    "rm x",
    "docker ps",
    "ssh h ",
    "sudo ",
    "-c ",
    "--",
    "-",
    "=",
    "a=b ",
    "$X",
    "$1",
    "*",
    "?",
    "~",
    "<pod>",
    "{{x}}",
    "{}",
    "xargs ",
    "sh -c ",
    "é",
    "“",
    "–",
    "\u{FFFC}",
    "\t",
    "\r",
    "docker exec ",
    "env ",
    "find . -exec ",
    "\\;",
    "kubectl ",
    "psql -c ",
    "FBPH0001",
    "time ",
    "coproc ",
];

#[test]
fn many_of_one_piece_neither_overflow_the_stack_nor_take_long() {
    for piece in PIECES {
        for count in [10, 45, 1_000] {
            judged(&piece.repeat(count));
            judged(&format!("{piece} ").repeat(count));
        }
    }
}

/// Each of these made the grammar's parser take all memory there is.
#[test]
fn a_here_document_without_an_end_word_is_an_error_and_no_end_of_the_program() {
    for text in [
        "<<\r)$((()",
        "<<E$[\t\t",
        "cat <<'' ",
        "cat <<'' \\",
        "cat <<'' \\\n\\",
        "cat <<\"\" \"a\nb\" ",
        "${<<\r|={}{}<<rm x$X))fi-c FBPH0001<<<(-coproc $1<(kubectl !* xargs time ||env ",
        "<<<$(($((]]&>())${&]=|<<``do function f time && <pod>rm x ",
    ] {
        let judged = judged(text);
        assert!(judged.problem.is_some(), "{text:?}: {judged:?}");
    }
}

#[test]
fn here_documents_shifts_and_quoted_signs_are_read_as_a_shell_reads_them() {
    for text in [
        "cat <<EOF\nrm x\nEOF",
        "cat << 'EOF' > /dev/null\n$(rm x)\nEOF\n",
        "psql <<-\"END OF IT\" | head\n\tSELECT 1;\n\tEND OF IT\n",
        "echo $((1<<2))",
        "echo $(( 1 << $X ))",
        "grep '<<' notes.txt",
        "echo \"a << b\"",
        "grep '<<<<<<<' merge.txt",
        "wc -l <<< \"$X\"",
    ] {
        let judged = judged(text);
        assert_eq!(judged.problem, None, "{text:?}");
    }
}
