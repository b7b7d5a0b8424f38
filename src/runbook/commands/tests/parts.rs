//! Each rule on the smallest example of it.

use super::{block, commands, texts};
use crate::commands::{Guess, tools};
use crate::shell::Tongue;

#[test]
fn continued_lines_are_joined_by_one_space_and_quoted_newlines_are_kept() {
    let table = [
        ("docker run \\\n    --rm \\\n\t-it alpine", "docker run --rm -it alpine"),
        ("psql -c \\\n  \"SELECT 1\n   FROM t;\"", "psql -c \"SELECT 1\n   FROM t;\""),
        ("ssh web1 'df -h\nfree -m'", "ssh web1 'df -h\nfree -m'"),
        ("ssh web1 \"tar czf a.tgz \\\n  b c\nls\"", "ssh web1 \"tar czf a.tgz b c\nls\""),
        ("echo 'a \\\n  b'", "echo 'a \\\n  b'"),
        ("kubectl get pods |\n  grep api &&\n  echo ok", "kubectl get pods | grep api && echo ok"),
        ("kubectl get pods \\\n  | grep api", "kubectl get pods | grep api"),
        ("cat <<-EOF > f\n\ta\n\tEOF", "cat <<-EOF > f\n\ta\n\tEOF"),
        ("echo $((1<<3))", "echo $((1<<3))"),
        ("curl http://h/q?x=rate(a[5m])", "curl http://h/q?x=rate(a[5m])"),
        ("kubectl logs <ana's pod> --tail=5", "kubectl logs <ana's pod> --tail=5"),
        ("echo ${A:-\"b c\"} # why", "echo ${A:-\"b c\"}"),
        ("echo a#b \"# c\" # d", "echo a#b \"# c\""),
        ("docker ps --format '{{.Names}}'", "docker ps --format '{{.Names}}'"),
        ("case $1 in\n  a) docker ps;;\n  *) exit 1;;\nesac", "case $1 in\n  a) docker ps;;\n  *) exit 1;;\nesac"),
        ("(cd /srv &&\n  make)", "(cd /srv &&\n  make)"),
        ("diff <(ls a) <(ls b)", "diff <(ls a) <(ls b)"),
        ("echo \"$(docker ps \\\n  -q)\"", "echo \"$(docker ps -q)\""),
    ];
    for (written, text) in table {
        assert_eq!(block("bash", written), [text], "{written}");
    }
}

#[test]
fn a_line_that_cannot_be_typed_as_it_stands_says_why() {
    let table = [
        ("docker run \\\n  # the image\n  alpine", "docker run alpine", "comment behind a backslash"),
        ("docker run \\ \n  alpine", "docker run alpine", "a space follows the backslash"),
        ("docker run\n  --rm alpine", "docker run --rm alpine", "without a backslash"),
        ("docker ps\n| grep api", "docker ps | grep api", "without a backslash"),
        ("echo \"never closed", "echo \"never closed", "never closed"),
        ("kubectl get $(cat x", "kubectl get $(cat x", "never closed"),
    ];
    for (written, text, problem) in table {
        let found = commands(&format!("# T\n\n```sh\n{written}\n```\n")).found;
        assert_eq!(found.len(), 1, "{written}: {found:?}");
        assert_eq!(found[0].text, text);
        assert!(found[0].problem.as_deref().is_some_and(|p| p.contains(problem)), "{written}: {:?}", found[0].problem);
    }
}

#[test]
fn an_open_quote_does_not_swallow_the_commands_below_it() {
    assert_eq!(
        block("sh", "echo Don't worry\ndocker ps\ndocker stop api"),
        ["echo Don't worry", "docker ps", "docker stop api"]
    );
    assert_eq!(block("sh", "echo \"open\ndocker ps"), ["echo \"open", "docker ps"]);
}

#[test]
fn lines_are_those_of_the_file_also_in_lists() {
    let text = "1. Step\n\n   ```bash\n   docker run \\\n     alpine\n\n   docker ps  # all\n   ```\n";
    let found = commands(text).found;
    let seen: Vec<_> = found.iter().map(|f| (f.line, f.line_end, f.text.as_str(), f.comment.as_deref())).collect();
    assert_eq!(seen, [(4, 5, "docker run alpine", None), (7, 7, "docker ps", Some("all"))]);
}

#[test]
fn comments_belong_to_the_commands_below_or_to_the_one_above() {
    let body = "# Check the queue\n# on the host\nrabbitmqctl list_queues\ndf -h\n\n./menu.sh\n# Select option 3 (Restart)\n\ncurl x/health\n# Should print ok\ncurl x/ready";
    let found = commands(&format!("```sh\n{body}\n```")).found;
    let seen: Vec<_> = found
        .iter()
        .map(|f| (f.text.as_str(), f.comment.as_deref(), f.option.as_deref(), f.expectation.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            ("rabbitmqctl list_queues", Some("Check the queue\non the host"), None, None),
            ("df -h", Some("Check the queue\non the host"), None, None),
            ("./menu.sh", Some("Select option 3 (Restart)"), Some("3 (Restart)"), None),
            ("curl x/health", Some("Should print ok"), None, Some("Should print ok")),
            ("curl x/ready", None, None, None),
        ]
    );
}

#[test]
fn conditions_and_choices_are_read_from_comments() {
    let body = "# If the disk is full\ndocker image prune -f\n\n# Option 1: restart\ndocker restart a\n\n# Option 2: roll back\ndocker stop a\n\n# Or start over\ndocker rm a";
    let found = commands(&format!("```sh\n{body}\n```")).found;
    assert_eq!(found[0].condition.as_deref(), Some("If the disk is full"));
    assert_eq!(found[0].alternative, None);
    assert!(found[1].alternative.is_some());
    assert!(found[1..].iter().all(|f| f.alternative == found[1].alternative));
    let sides = commands("```sh\nsystemctl start a\nsystemctl stop a\nsystemctl restart a\ndf -h\n```").found;
    assert!(sides[..3].iter().all(|f| f.alternative == Some(sides[0].line)));
    assert_eq!(sides[3].alternative, None);
}

#[test]
fn fences_of_comments_hold_no_commands() {
    assert!(block("bash", "# docker stop api\n# then look at the dashboard").is_empty());
}

#[test]
fn assignments_are_remembered_and_are_no_commands() {
    let found = commands("```sh\nNS=prod\nexport A=1 B=2\nARR=(a\n b)\nkubectl get pods -n $NS\n```").found;
    assert_eq!(found.len(), 1);
    assert_eq!(&found[0].assigned[..], ["NS", "A", "B", "ARR"]);
    assert_eq!(
        block("sh", "cd /srv\nsleep 5\necho done\nFOO=1 make deploy"),
        ["cd /srv", "sleep 5", "echo done", "FOO=1 make deploy"]
    );
    assert_eq!(block("sh", "export A=1 && docker ps"), ["export A=1 && docker ps"]);
}

#[test]
fn what_is_no_command_in_a_shell_fence_is_left_with_a_guess() {
    let table = [
        ("[Unit]", Guess::Config),
        ("key: value", Guess::Config),
        ("- item", Guess::Config),
        ("name = value", Guess::Config),
        ("\"level\": 3,", Guess::Config),
        ("total = a * b", Guess::Formula),
        ("*/5 * * * * /opt/check.sh", Guess::Cron),
        ("0 2 * * MON-FRI /opt/check.sh", Guess::Cron),
        ("@weekly /opt/check.sh", Guess::Cron),
        ("HEALTHCHECK --interval=30s CMD curl x", Guess::Container),
        ("/etc/logrotate.d/api", Guess::Path),
        ("/var/log/api.log", Guess::Path),
        ("api -> db", Guess::Diagram),
        ("find the process that is stuck", Guess::Sentence),
        ("then restart the other one", Guess::Sentence),
        ("docker is not running here", Guess::Sentence),
        ("web-1  1/1  Running", Guess::Output),
        ("1 row", Guess::Output),
    ];
    for (line, guess) in table {
        let found = commands(&format!("```bash\n{line}\n```"));
        assert!(found.found.is_empty(), "{line}: {:?}", found.found);
        assert_eq!(found.skipped.iter().map(|s| s.guess).collect::<Vec<_>>(), [guess], "{line}");
    }
}

#[test]
fn programs_that_nobody_knows_are_commands_in_a_shell_fence() {
    for line in [
        "acmectl pool list",
        "acmectl backup restore all",
        "acmectl drain --now",
        "ufw deny from any",
        "acme-status",
        "$TOOL --check",
        "bin/acme up",
    ] {
        assert_eq!(block("bash", line), [line]);
    }
    for line in ["A=1 \\\n  B=2 \\\n  ./run.sh", "if ! systemctl is-active api; then systemctl start api; fi"] {
        assert_eq!(block("bash", line), [line.replace(" \\\n  ", " ")]);
    }
    // Without a label they need the document to have run them before.
    assert!(block("", "acmectl pool list").is_empty());
    assert_eq!(texts("```sh\nacmectl pool list\n```\n\n- Drain: `acmectl drain web1`\n").len(), 2);
    assert!(texts("- Drain: `acmectl drain web1`\n").is_empty());
}

#[test]
fn blocks_without_a_label_need_a_prompt_or_commands() {
    assert_eq!(block("", "docker ps\ndocker stop api"), ["docker ps", "docker stop api"]);
    assert_eq!(block("", "kubectl get pods\nNAME  READY  AGE\nweb   1/1    3d"), ["kubectl get pods"]);
    assert_eq!(block("", "$ acmectl list\nweb"), ["acmectl list"]);
    assert_eq!(block("", "make deploy"), ["make deploy"]);
    for text in [
        "api -> db",
        "docker\nkubernetes",
        "find large files",
        "make sure it works",
        "ERROR docker run failed",
        "Level 1 → Level 2",
    ] {
        assert!(block("", text).is_empty(), "{text}");
    }
}

#[test]
fn other_languages_and_output_are_no_commands() {
    for label in ["yaml", "json", "python", "dockerfile", "log", "output", "promql", "diff", "mermaid", "nginx"] {
        assert!(block(label, "docker ps").is_empty(), "{label}");
    }
    for label in ["sh", "{.bash}", "Bash", "shell", "console", "zsh", "kubectl", "text", "terminal"] {
        assert_eq!(block(label, "docker ps -a"), ["docker ps -a"], "{label}");
    }
    assert!(texts("Expected output:\n\n```\ndocker ps -a\n```\n").is_empty());
    assert!(texts("You should see something like:\n\n```\nkubectl ready -x\n```\n").is_empty());
    assert_eq!(texts("Run this and check the output:\n\n```\ndocker ps -a\n```\n"), ["docker ps -a"]);
}

#[test]
fn prompts_are_dropped_and_output_is_left() {
    let table: [(&str, &str); 12] = [
        ("$ df -h", "df -h"),
        ("ana@web1:~$ df -h", "df -h"),
        ("root@web1:/var/log# df -h", "df -h"),
        ("[root@web1 ~]# df -h", "df -h"),
        ("[ana@web1 srv]$ df -h", "df -h"),
        ("bash-5.1$ df -h", "df -h"),
        ("sh-4.2# df -h", "df -h"),
        ("/app # df -h", "df -h"),
        ("(venv) $ df -h", "df -h"),
        ("PS C:\\Users\\ana> df -h", "df -h"),
        ("C:\\srv> df -h", "df -h"),
        ("❯ df -h", "df -h"),
    ];
    for (line, text) in table {
        assert_eq!(block("", &format!("{line}\nFilesystem  Size\ndocker ps")), [text], "{line}");
    }
    assert_eq!(block("console", "# systemctl restart nginx\nok"), ["systemctl restart nginx"]);
    assert_eq!(block("console", "$ df -h\n# find the largest\n$ du -sh *"), ["df -h", "du -sh *"]);
    assert!(block("bash", "# systemctl restart nginx").is_empty());
    // A path and a comment behind it are no prompt of a container.
    assert!(block("", "/var/log/api.log  # the log").is_empty());
}

#[test]
fn statements_are_joined_and_given_to_the_server_that_is_named() {
    let table = [
        ("```sql\nVACUUM ANALYZE;\n```", "VACUUM ANALYZE;", Tongue::Postgres),
        ("```mysql\nSELECT 1;\n```", "SELECT 1;", Tongue::Mysql),
        ("```sql\nSELECT a\n  FROM b -- why\n WHERE c;\n```", "SELECT a FROM b WHERE c;", Tongue::Postgres),
        ("```sql\nSELECT 'x\n y;'\nFROM b;\n```", "SELECT 'x\n y;' FROM b;", Tongue::Postgres),
        ("```sql\nSHOW PROCESSLIST\n```", "SHOW PROCESSLIST", Tongue::Mysql),
        ("## MariaDB\n\n```sh\nTRUNCATE TABLE jobs;\n```", "TRUNCATE TABLE jobs;", Tongue::Mysql),
        ("```sh\n# Connect to PostgreSQL and run:\nDELETE FROM jobs;\n```", "DELETE FROM jobs;", Tongue::Postgres),
        ("```redis\nFLUSHALL ASYNC\n```", "FLUSHALL ASYNC", Tongue::Redis),
        ("In Redis, run `FLUSHDB`.", "FLUSHDB", Tongue::Redis),
        ("```\nshop=> select 1;\n```", "select 1;", Tongue::Postgres),
        ("```\nMariaDB [shop]> select 1;\n```", "select 1;", Tongue::Mysql),
        ("```\n10.0.0.5:6379> GET a\n```", "GET a", Tongue::Redis),
    ];
    for (text, statement, tongue) in table {
        let found = commands(text).found;
        let seen: Vec<_> = found.iter().map(|f| (f.text.as_str(), f.tongue)).collect();
        assert_eq!(seen, [(statement, tongue)], "{text}");
    }
    // Two statements on one line are one line; without a server anywhere, a statement in a shell fence is not understood.
    assert_eq!(block("sql", "SELECT 1; SELECT 2;\nSELECT 3;"), ["SELECT 1; SELECT 2;", "SELECT 3;"]);
    let found = commands("```sh\nDELETE FROM jobs;\n```");
    assert!(found.found.is_empty());
    assert_eq!(found.skipped[0].guess, Guess::Sql);
    assert!(block("sh", "DELETE the old files first").is_empty());
}

#[test]
fn sessions_are_opened_by_clients_that_wait_for_input() {
    let opens = [
        "ssh web1",
        "ssh -i key -p 22 ana@web1",
        "ssh -t web1",
        "docker exec -it a sh",
        "docker compose exec a bash",
        "kubectl exec -it a -n b -- bash",
        "oc rsh a",
        "gcloud compute ssh a --zone b",
        "sudo docker exec -it a /bin/bash",
        "heroku run bash",
    ];
    for line in opens {
        let found = commands(&format!("```sh\n{line}\ndf -h\n```")).found;
        assert!(found[1].session.as_ref().is_some_and(|s| s.line == 2), "{line}");
        assert!(found[0].session.is_none());
    }
    // Words of two letters are no options, in whatever script.
    assert!(commands("```sh\ndocker exec -it ap sh\nls\n```").found[1].session.is_some());
    assert_eq!(block("sh", "docker exec é sh"), ["docker exec é sh"]);
    let closed = [
        "ssh web1 df",
        "ssh -N -L 1:a:2 web1",
        "psql -c 'SELECT 1'",
        "psql app < dump.sql",
        "mysql -e 'SELECT 1'",
        "redis-cli ping",
        "docker exec a ls",
        "docker exec -it a sh -c 'ls'",
        "kubectl exec a -- ls",
        "echo x | psql app",
        "psql -Atc 'SELECT 1'",
        "ssh web1 <<EOF\nls\nEOF",
    ];
    for line in closed {
        let found = commands(&format!("```sh\n{line}\ndf -h\n```")).found;
        assert!(found.iter().all(|f| f.session.is_none()), "{line}");
    }
}

#[test]
fn a_database_session_ends_where_its_language_ends() {
    let found = commands("```sh\npsql app\nSELECT 1;\nhtop\n```").found;
    let seen: Vec<_> = found.iter().map(|f| (f.text.as_str(), f.session.is_some(), f.tongue)).collect();
    assert_eq!(
        seen,
        [("psql app", false, Tongue::Shell), ("SELECT 1;", true, Tongue::Postgres), ("htop", false, Tongue::Shell)]
    );
}

#[test]
fn scripts_are_one_unit_and_scripts_of_other_languages_none() {
    let found = commands("```bash\n#!/bin/sh\nset -e\nif [ -d /a ]; then\n  rm -rf /a\nfi\ndf -h\n```").found;
    let texts: Vec<_> = found.iter().map(|f| f.text.as_str()).collect();
    assert_eq!(texts, ["set -e", "if [ -d /a ]; then\n  rm -rf /a\nfi", "df -h"]);
    assert!(found.iter().all(|f| f.unit == Some(2)));
    assert!(block("", "#!/usr/bin/env python3\nimport os\ndf -h").is_empty());
}

#[test]
fn code_spans_are_commands_where_something_is_to_be_done() {
    let commands = [
        ("- Check: `df -h`", "df -h"),
        ("### Step 2: run `df -h`", "df -h"),
        ("```js\ndb.currentOp()\n```", "db.currentOp()"),
        ("- Check CPU: `top`", "top"),
        ("1. `systemctl restart a`", "systemctl restart a"),
        ("Run `df -h` and look.", "df -h"),
        ("Then run the following command: `df -h`", "df -h"),
        ("Restart it with `systemctl restart a`.", "systemctl restart a"),
        ("To restart it, `systemctl restart a`.", "systemctl restart a"),
        ("`systemctl restart a`", "systemctl restart a"),
        ("`ss -ltn` – what listens", "ss -ltn"),
        ("- [ ] `terraform plan` is clean", "terraform plan"),
        ("Run `./check.sh`.", "./check.sh"),
        ("- `./check.sh --all`", "./check.sh --all"),
        ("| a | command |\n|---|---|\n| x | `top` |", "top"),
        ("| a | script |\n|---|---|\n| x | `fix.sh` |", "fix.sh"),
        ("| a | what |\n|---|---|\n| x | `ps aux \\| grep a` |", "ps aux | grep a"),
        ("| a | command |\n|---|---|\n| x | systemctl --failed |", "systemctl --failed"),
        ("- sudo systemctl restart api", "sudo systemctl restart api"),
        ("- $ uptime", "uptime"),
        ("- `for p in a b; do kill $p; done`", "for p in a b; do kill $p; done"),
        ("- If they do not answer run `systemctl restart a`", "systemctl restart a"),
        ("- If the service is not up, run `systemctl start a`", "systemctl start a"),
    ];
    for (text, command) in commands {
        assert_eq!(texts(text), [command], "{text}");
    }
    let mentions = [
        "- `/etc/a.conf`",
        "- `8080`",
        "- `.env`",
        "- `backup/`",
        "- `LOG_LEVEL=info`",
        "- `--verbose`",
        "- `a.b.c`",
        "- `git`",
        "- `nginx.conf`",
        "- `docker compose`",
        "- `nginx 1.25`",
        "- `node exporter`",
        "- Script: `scripts/a.sh`",
        "- `GET /health`",
        "- `a_total{b=\"c\"}`",
        "- `up`",
        "The job runs `make release` by itself.",
        "The `docker compose up` command is slow.",
        "It was started with `docker run a`.",
        "See `README.md`.",
        "| Metric | Meaning |\n|---|---|\n| `up` | alive |",
        "| Alert | Meaning |\n|---|---|\n| `kill -9 seen` | bad |",
        "## Prerequisites\n\n- `kubectl get pods` works",
        "## Postmortem\n\n- `systemctl restart a` helped",
        "- terraform >= 1.5",
        "- nginx 1.25",
        "- Fixed the exit code of `kubectl drain web1`",
        "- The `docker compose up` command is slow",
        "- `docker build`'s cache is shared",
        "- `rustc 1.0.0 (built 2015)`",
        "- `let x = docker ps`",
        "You should pin both versions to avoid breakages from `cargo update`.",
        "### `df -h`",
        "## What `kubectl drain web1` does",
        "- `sum by (job) (rate(a[5m]))`",
        "- see [`docker run -it`](https://docs.example)",
        "- Use the new one instead of `docker-compose up`",
    ];
    for text in mentions {
        assert!(texts(text).is_empty(), "{text}: {:?}", texts(text));
    }
}

#[test]
fn what_is_forbidden_is_recorded_and_is_no_command() {
    let table = [
        "Never run `rm -rf /a`.",
        "Do not run `rm -rf /a` in production.",
        "- Don't ever use `rm -rf /a`",
        "You must not run `rm -rf /a`",
        "- Please do not execute `rm -rf /a`",
        "- Avoid `rm -rf /a`",
        "`rm -rf /a` must never be run here.",
        "- ❌ `rm -rf /a`",
        "- Niemals `rm -rf /a` ausführen",
        "- `rm -rf /a` nicht ausführen",
        "- Ne jamais lancer `rm -rf /a`",
        "- N'exécutez pas `rm -rf /a`",
        "- Nunca ejecute `rm -rf /a`",
        "- Não execute `rm -rf /a`",
        "- Non eseguire `rm -rf /a`",
        "- Не выполняйте `rm -rf /a`",
        "- 禁止执行 `rm -rf /a`",
        "- 不要运行 `rm -rf /a`",
        "- `rm -rf /a` を実行しないでください",
        "- `rm -rf /a` は禁止",
        "- `rm -rf /a` 실행 금지",
        "## Do not run\n\n```sh\nrm -rf /a\n```",
        "Never run these:\n\n```sh\nrm -rf /a\n```",
        "```sh\n# NEVER run this\nrm -rf /a\n```",
        "## Never run\n\n- `rm -rf /a`",
    ];
    for text in table {
        let found = commands(text);
        assert!(found.found.is_empty(), "{text}: {:?}", found.found);
        assert_eq!(found.prohibitions.iter().map(|p| p.text.as_str()).collect::<Vec<_>>(), ["rm -rf /a"], "{text}");
    }
    let both = commands("- Do not run `rm -rf /a`, use `rm -i /a/b` instead.");
    assert_eq!(both.found.iter().map(|f| f.text.as_str()).collect::<Vec<_>>(), ["rm -i /a/b"]);
    assert_eq!(both.prohibitions.len(), 1);
    assert!(texts("Run `$ # nothing`.").is_empty());
    // A caution is none.
    assert_eq!(texts("```sh\n# Do not run this without a backup\nrm -rf /a\n```"), ["rm -rf /a"]);
    assert_eq!(texts("```sh\n# Do not interrupt\ndocker pull a\n```"), ["docker pull a"]);
}

#[test]
fn the_words_beside_a_code_span_become_its_comment() {
    let table = [
        ("- Check memory: `free -h`", Some("Check memory"), None, None),
        ("- [ ] All up: `docker ps -q | wc -l` should be 8+", Some("All up"), None, Some("should be 8+")),
        (
            "| Issue | Fix | Script |\n|---|---|---|\n| slow | Clear the cache | `menu.sh` → Option 9 |",
            Some("Clear the cache\nOption 9"),
            Some("Option 9"),
            None,
        ),
    ];
    for (text, comment, option, result) in table {
        let found = &commands(text).found[0];
        assert_eq!(
            (found.comment.as_deref(), found.option.as_deref(), found.expectation.as_deref()),
            (comment, option, result),
            "{text}"
        );
        assert!(found.inline && found.lang.is_none());
    }
}

#[test]
fn tools_are_known_by_path_and_version_too() {
    for word in ["docker", "/usr/bin/docker", "python3.11", "kubectl", "psql.exe", "kafka-topics.sh", "netsh"] {
        assert!(tools::is_known_tool(word), "{word}");
    }
    for word in ["", "acmectl", "the", "up", "Docker:", "3000", "backup/"] {
        assert!(!tools::is_known_tool(word), "{word}");
    }
    assert!(tools::all().count() > 1_000);
    assert!(tools::all().all(|w| !w.starts_with(['#', '[']) || w == "[" || w == "[["));
}

#[test]
fn the_phrases_are_small_letters_and_each_stands_once_in_its_list() {
    assert!(!crate::commands::phrases::phrases().run.is_empty(), "it is read into its fields");
    let table: toml::Table = include_str!("../../lexicon/commands.toml").parse().expect("it is TOML");
    for (name, list) in &table {
        let list: Vec<&str> = list.as_array().expect("a list").iter().map(|v| v.as_str().expect("a phrase")).collect();
        let all: std::collections::BTreeSet<&str> = list.iter().copied().collect();
        let twice: Vec<&&str> = all.iter().filter(|p| list.iter().filter(|q| *q == *p).count() > 1).collect();
        assert!(twice.is_empty(), "{name}: twice {twice:?}");
        assert!(list.iter().all(|p| !p.trim().is_empty() && *p == p.to_lowercase()), "{name}");
    }
}

#[test]
fn statements_at_the_prompt_of_sqlplus_are_found_without_its_line_numbers() {
    let table = [
        ("SQL> select status from v$instance;", &["select status from v$instance;"][..]),
        ("SQL>shutdown immediate", &["shutdown immediate"]),
        (
            "SQL> select count(*)\n  2  from jobs\n  3  where state = 'stuck';\n\n  COUNT(*)\n----------\n         4",
            &["select count(*) from jobs where state = 'stuck';"],
        ),
        (
            "$ sqlplus / as sysdba\nSQL> alter system switch logfile;",
            &["sqlplus / as sysdba", "alter system switch logfile;"],
        ),
    ];
    for (written, found) in table {
        assert_eq!(block("", written), found, "{written}");
    }
}
