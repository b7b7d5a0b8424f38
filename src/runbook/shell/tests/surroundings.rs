//! Comments and headings: what they may do to a risk, and the chain of reasons.

use super::super::{Asked, judge};
use crate::model::Risk::{self, Destroy, Mutate, Read};

fn risk(text: &str, comment: &str, heading: &str) -> Risk {
    let some = |text: &'static str| Some(text).filter(|t| !t.is_empty());
    let (comment, heading): (&'static str, &'static str) =
        (Box::leak(comment.to_owned().into_boxed_str()), Box::leak(heading.to_owned().into_boxed_str()));
    judge(&Asked { text, comment: some(comment), heading: some(heading), ..Asked::default() }).risk
}

#[test]
fn the_words_around_an_unknown_program_make_it_worse_and_never_better() {
    for (text, comment, heading, expected) in [
        ("./tool.sh", "wipes the queue", "", Destroy),
        ("./tool.sh", "just a check", "", Mutate),
        ("./tool.sh", "Select option 6 (Rollback)", "", Destroy),
        ("./tool.sh", "Löscht alle Sitzungen", "", Destroy),
        ("./tool.sh", "", "Rollback", Destroy),
        ("./tool.sh --list", "", "Rollback", Mutate),
        ("./tool.sh", "Verify the restore", "Restore", Mutate),
        ("appctl reload", "Reload the configuration", "Configuration", Mutate),
        ("ls", "wipes everything", "Delete all", Read),
        ("docker restart api", "drops all connections", "", Mutate),
        ("docker compose down", "just a check", "Checks", Destroy),
        ("./tool.sh", "キャッシュを削除する", "", Destroy),
    ] {
        assert_eq!(risk(text, comment, heading), expected, "{text} # {comment} / {heading}");
    }
}

#[test]
fn the_reason_names_the_innermost_cause_first() {
    let judged = judge(&Asked { text: "ls | sudo xargs docker rm -f", ..Asked::default() });
    assert_eq!(judged.why, ["destroy: docker rm", "xargs", "sudo", "pipeline"]);
}
