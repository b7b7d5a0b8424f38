//! Pipelines as argument vectors: what they are, and what is left to a shell.

use crate::shell::stages::{Piece, Word, stages};

fn words(text: &str) -> Vec<Vec<String>> {
    let stages = stages(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    stages
        .iter()
        .map(|s| s.words.iter().map(|w| w.literal().unwrap_or_else(|| format!("{:?}", w.0))).collect())
        .collect()
}

#[test]
fn quotes_are_resolved_as_a_shell_resolves_them() {
    for (text, expected) in [
        ("docker ps -a", vec![vec!["docker", "ps", "-a"]]),
        ("docker ps --format '{{.Names}} up'", vec![vec!["docker", "ps", "--format", "{{.Names}} up"]]),
        ("echo \"a \\\"b\\\" \\n\" c\\ d", vec![vec!["echo", "a \"b\" \\n", "c d"]]),
        (
            "docker logs web 2>&1 | grep -i 'out of memory' | tail -20",
            vec![vec!["docker", "logs", "web"], vec!["grep", "-i", "out of memory"], vec!["tail", "-20"]],
        ),
        (
            "curl -s 'http://localhost:3000/health?x=1&y=2'",
            vec![vec!["curl", "-s", "http://localhost:3000/health?x=1&y=2"]],
        ),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
    assert!(stages("docker logs web 2>&1 | grep x").expect("two")[0].joins);
    assert!(stages("docker logs web 2>/dev/null").expect("one")[0].quiet);
}

#[test]
fn what_a_shell_would_compute_is_left_to_a_shell() {
    for text in [
        "docker restart $(docker ps -q)",
        "docker restart `docker ps -q`",
        "rm -rf /tmp/*",
        "ls ~/logs",
        "cp a{1,2} b",
        "docker ps && docker logs web",
        "docker ps; docker logs web",
        "docker ps &",
        "for c in a b; do docker restart $c; done",
        "( cd /srv && docker compose up -d )",
        "docker ps > out.txt",
        "cat < in.txt",
        "diff <(docker ps) <(docker ps -a)",
        "cd /srv",
        "export A=b",
        "A=b",
        "! docker ps",
        "time docker ps",
        "echo ${A:-b}",
        "echo $((1+1))",
        "psql <<EOF\nSELECT $X;\nEOF",
        "$CMD ps",
        "echo 'open",
        "",
    ] {
        assert!(stages(text).is_err(), "{text}: {:?}", stages(text));
    }
}

#[test]
fn placeholders_and_variables_are_holes_in_words() {
    let all = stages("redis-cli -a \"$REDIS_PASSWORD\" get <key>").expect("one");
    let hole = |piece: Piece| Word(vec![piece]);
    assert_eq!(all[0].words[2], hole(Piece::Variable("REDIS_PASSWORD".into())));
    assert_eq!(all[0].words[4], hole(Piece::Placeholder("<key>".into())));
    let all = stages("PGPASSWORD=x psql -h db").expect("one");
    assert_eq!(all[0].env, [("PGPASSWORD".to_string(), hole(Piece::Text("x".into())))]);
}
