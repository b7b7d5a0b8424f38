//! Programs as processes of this machine: nothing reaches a shell, nothing outlives its run, nothing grows without bound.

use super::{TARGET, call, run, unwatched, within};
use crate::harness::process::all_inside;
use crate::harness::{BOUND, eventually, temp_dir};
use firebell::engine::ports::execute::{End, Execute};
use firebell::exec::process::Place;
use firebell::exec::programs::Programs;
use firebell::exec::script::{Scripts, Shell, argv};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(700);

fn places(folder: &Path) -> BTreeMap<String, Place> {
    BTreeMap::from([(TARGET.to_string(), Place::at(folder))])
}

fn programs(folder: &Path) -> Programs {
    Programs::new("app-cli", places(folder))
}

/// Every process of a run starts in its folder, so what is left of it can be seen there.
async fn nothing_is_left_in(folder: &Path) {
    eventually("nothing of the run is left", BOUND, async || all_inside(folder).is_empty()).await;
}

#[tokio::test]
async fn words_of_a_program_are_words_and_no_shell() {
    let folder = temp_dir();
    let words = ["printf", "%s|", "$HOME", "; touch x", "$(id)", "a b", "*", "-x", "`id`", "'", "\""];
    let ran = run(&programs(folder.path()), &call(&words)).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "$HOME|; touch x|$(id)|a b|*|-x|`id`|'|\"|"));
    assert!(!folder.path().join("x").exists());
}

#[tokio::test]
async fn values_are_positional_words_of_a_script_and_never_its_text() {
    let folder = temp_dir();
    let scripts = Scripts::new(places(folder.path()));
    let hostile = ["$(touch x)", "'; touch x; '", "a\nb", "-n", "\\"].map(str::to_string);
    for shell in [Shell::Bash, Shell::Sh] {
        let mut call = call(&[]);
        call.argv = argv(shell, r#"for v in "$@"; do printf '<%s>' "$v"; done | tr a-z A-Z"#, &hostile);
        let ran = run(&scripts, &call).await;
        assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "<$(TOUCH X)><'; TOUCH X; '><A\nB><-N><\\>"));
    }
    assert!(!folder.path().join("x").exists());
    let word = "$(touch x)";
    for argv in
        [&["rm", "-rf", "/"][..], &["bash", "-c", word, "x"], &["/bin/sh", "-c", word], &["python3", "-c", word]]
    {
        let refused = scripts.plan(&call(argv)).await;
        assert!(refused.is_err(), "{argv:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_script_of_the_team_is_a_program_with_its_words() {
    let folder = temp_dir();
    let file = folder.join("scripts/health.sh");
    std::fs::create_dir(folder.join("scripts")).expect("a folder");
    std::fs::write(&file, "#!/bin/sh\nprintf '%s|' \"$0\" \"$@\"\n").expect("a script");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it may be run");
    let scripts = Scripts::new(places(folder.path()));
    let ran = run(&scripts, &call(&["./scripts/health.sh", "$(touch x)", "a b"])).await;
    assert!(ran.ok() && ran.stdout.ends_with("/scripts/health.sh|$(touch x)|a b|"), "{ran:?}");
    let ran = run(&scripts, &call(&["sh", "scripts/health.sh", "; touch x"])).await;
    assert!(ran.ok() && ran.stdout == "scripts/health.sh|; touch x|", "{ran:?}");
    assert!(!folder.path().join("x").exists());
}

#[tokio::test]
async fn the_environment_is_clean_and_cannot_be_made_to_run_something_else() {
    let folder = temp_dir();
    let mut call = call(&["env"]);
    call.env.insert("COLOUR".to_string(), "red".to_string());
    let ran = run(&programs(folder.path()), &call).await;
    let mut names: Vec<&str> = ran.stdout.lines().filter_map(|l| Some(l.split_once('=')?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["COLOUR", "FIREBELL_RUN", "HOME", "LANG", "PATH", "PWD", "TERM"]);
    for name in ["LD_PRELOAD", "PATH", "BASH_ENV", "A B", "FIREBELL_RUN", "GIT_SSH_COMMAND"] {
        call.env = BTreeMap::from([(name.to_string(), "x".to_string())]);
        let ran = run(&programs(folder.path()), &call).await;
        assert!(matches!(&ran.end, End::NotStarted(why) if why.contains(name)), "{name}: {:?}", ran.end);
    }
}

#[tokio::test]
async fn of_fifty_megabytes_both_ends_are_kept_and_the_rest_is_counted() {
    let folder = temp_dir();
    let ran = run(&programs(folder.path()), &call(&["sh", "-c", "seq 1 6888888; echo also >&2; exit 3"])).await;
    assert_eq!((ran.end.clone(), ran.stderr.as_str()), (End::Exited(3), "also\n"));
    assert!(ran.stdout.starts_with("1\n2\n") && ran.stdout.ends_with("\n6888888\n"), "{}", ran.stdout.len());
    assert!(ran.stdout.contains(" bytes left out]\n") && ran.stdout.len() < 70_000, "{}", ran.stdout.len());
    assert!(ran.left_out > 50_000_000, "{}", ran.left_out);
}

#[tokio::test]
async fn a_program_that_ignores_being_told_to_end_is_killed() {
    let folder = temp_dir();
    let stubborn = ["sh", "-c", "trap '' TERM; echo began; while :; do sleep 1; done"];
    let ran = run(&programs(folder.path()), &within(SHORT, call(&stubborn))).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::TimedOut, "began\n"));
    assert!(ran.took >= SHORT && ran.took < BOUND, "{:?}", ran.took);
    nothing_is_left_in(folder.path()).await;
}

#[tokio::test]
async fn one_that_cleans_up_when_told_has_time_for_it() {
    let folder = temp_dir();
    let tidy = ["sh", "-c", "trap 'echo put away; exit 5' TERM; echo began; sleep 100 & wait"];
    let ran = run(&programs(folder.path()), &within(SHORT, call(&tidy))).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::TimedOut, "began\nput away\n"));
    nothing_is_left_in(folder.path()).await;
}

#[tokio::test]
async fn children_that_left_the_group_end_with_it() {
    let folder = temp_dir();
    // Orphans in sessions of their own, which hold the pipes open and ignore being told.
    let fork = "for i in 1 2 3 4 5 6 7 8; do setsid sh -c 'trap \"\" TERM HUP; sleep 1000' & done; env -i sleep 1000 & echo gone";
    let ran = run(&programs(folder.path()), &call(&["sh", "-c", fork])).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "gone\n"));
    assert!(ran.stderr.contains("had been left running and were ended"), "{}", ran.stderr);
    assert!(ran.took < BOUND, "{:?}", ran.took);
    nothing_is_left_in(folder.path()).await;
}

#[tokio::test]
async fn more_processes_than_allowed_end_the_run() {
    let folder = temp_dir();
    let mut places = places(folder.path());
    places.get_mut(TARGET).expect("it is there").processes = 20;
    let bomb = "n=0; while [ $n -lt 60 ]; do sleep 1000 & n=$((n+1)); done; wait";
    let ran = run(&Programs::new("app-cli", places), &call(&["sh", "-c", bomb])).await;
    assert_eq!(ran.end, End::Exited(137));
    assert!(ran.stderr.contains("and 20 are allowed"), "{}", ran.stderr);
    nothing_is_left_in(folder.path()).await;
}

#[tokio::test]
async fn memory_has_a_bound_for_one_process_and_for_all_of_them() {
    let folder = temp_dir();
    let mut places = places(folder.path());
    places.get_mut(TARGET).expect("it is there").memory_bytes = 100 << 20;
    let programs = Programs::new("app-cli", places);
    let one = run(&programs, &call(&["python3", "-c", "x = bytearray(300 << 20)"])).await;
    assert!(one.end == End::Exited(1) && one.stderr.contains("MemoryError"), "{one:?}");
    let each = "import time; x = bytearray(40 << 20); time.sleep(1000)";
    let all = ["sh", "-c", "for i in 1 2 3 4; do python3 -c \"$0\" & done; wait", each];
    let all = run(&programs, &call(&all)).await;
    assert!(all.end == End::Exited(137) && all.stderr.contains("and 100 MB are allowed"), "{all:?}");
    nothing_is_left_in(folder.path()).await;
}

#[tokio::test]
async fn somebody_stops_it_and_has_seen_its_lines_before() {
    let folder = temp_dir();
    let programs = programs(folder.path());
    let (stopper, mut lines, mut watch) = unwatched();
    let call = call(&["sh", "-c", "printf 'one \\033[1mtwo\\033[0m\\n'; echo PASSWORD=hunter2 >&2; sleep 1000"]);
    let (ran, seen) = tokio::join!(programs.run(&call, &mut watch), async {
        let mut seen = [lines.recv().await, lines.recv().await].map(Option::unwrap_or_default);
        stopper.send(true).expect("it runs");
        seen.sort();
        seen
    });
    assert_eq!((ran.end, seen), (End::Stopped, ["PASSWORD=[hidden]", "one two"].map(str::to_string)));
    nothing_is_left_in(folder.path()).await;
}

#[tokio::test]
async fn who_gives_up_waiting_leaves_nothing_behind() {
    let folder = temp_dir();
    let programs = programs(folder.path());
    let (_stopper, mut lines, mut watch) = unwatched();
    let call = call(&["sh", "-c", "setsid sleep 1000 & echo began; sleep 1000"]);
    let running = programs.run(&call, &mut watch);
    tokio::select! {
        ran = running => panic!("it ended: {ran:?}"),
        line = lines.recv() => assert_eq!(line.as_deref(), Some("began")),
    }
    nothing_is_left_in(folder.path()).await;
}

#[tokio::test]
async fn it_is_fed_and_need_not_read() {
    let folder = temp_dir();
    let programs = programs(folder.path());
    let mut call = call(&["wc", "-c"]);
    call.input = Some(vec![b'x'; 3_000_000]);
    assert_eq!(run(&programs, &call).await.stdout, "3000000\n");
    call.argv = vec!["true".to_string()];
    assert_eq!(run(&programs, &call).await.end, End::Exited(0));
    call.input = None;
    call.argv = vec!["cat".to_string()];
    assert_eq!(run(&programs, &call).await.end, End::Exited(0));
}

#[tokio::test]
async fn what_cannot_start_says_so_and_changed_nothing() {
    let folder = temp_dir();
    let programs = programs(folder.path());
    let absent = call(&["no-such-program", "x"]);
    let why = "no-such-program is not installed here";
    assert_eq!(programs.plan(&absent).await.expect_err("it is not there").0, why);
    assert_eq!(run(&programs, &absent).await.end, End::NotStarted(why.to_string()));
    let mut elsewhere = call(&["true"]);
    elsewhere.target = "unknown".to_string();
    assert!(matches!(run(&programs, &elsewhere).await.end, End::NotStarted(_)));
    let gone = Programs::new("app-cli", places(&folder.path().join("gone")));
    assert!(matches!(run(&gone, &call(&["true"])).await.end, End::NotStarted(_)));
    let plan = programs.plan(&call(&["sh", "-c", "echo 'a b'"])).await.expect("it is there");
    assert_eq!((plan.does.as_str(), plan.native), (r"sh -c 'echo '\''a b'\'''", false));
}

#[tokio::test]
async fn the_end_of_a_signal_is_told_as_a_shell_tells_it() {
    let folder = temp_dir();
    let ran = run(&programs(folder.path()), &call(&["sh", "-c", "kill -SEGV $$"])).await;
    assert_eq!(ran.end, End::Exited(139));
}
