//! Files that are not what they should be: one sentence that names the file and says what to do, status 2, no panic.

use crate::harness::files::temp_dir;
use crate::harness::port::free_port;
use crate::harness::postgres::fresh_database;
use crate::harness::serve::Serve;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

/// Starts, expects the start to be refused, and answers what was said.
async fn refused(serve: &mut Serve) -> String {
    serve.start_unready();
    let status = serve.ended().await;
    let log = serve.log();
    assert_eq!(status, Some(2), "{log}");
    assert!(log.starts_with("firebell: ") && log.lines().count() == 1, "one sentence is enough:\n{log}");
    log.trim_end().trim_start_matches("firebell: ").to_owned()
}

#[tokio::test]
async fn a_megabyte_of_garbage_in_place_of_the_database_is_named_and_left_as_it_is() {
    let mut serve = Serve::configured("");
    let file = serve.folder().join("firebell.db");
    let garbage: Vec<u8> = (0..1_048_576_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&file, &garbage).unwrap();
    let said = refused(&mut serve).await;
    assert_eq!(
        said,
        format!(
            "{} is not a Firebell database, or is damaged. Move it away to start anew, name another database_url, or put a backup back with \"firebell restore FILE --force\".",
            file.display()
        )
    );
    assert!(fs::read(&file).unwrap() == garbage, "it was not touched");
    for arguments in [&["audit", "verify"][..], &["oncall"], &["backup", "copy.db"]] {
        let ran = serve.run(arguments).await;
        assert_eq!(ran.status, 2, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("firebell.db is not a Firebell database"), "{arguments:?}: {}", ran.stderr);
    }
    assert!(!serve.folder().join("copy.db").exists() && !serve.folder().join("copy.db.part").exists());
}

#[tokio::test]
async fn a_database_that_belongs_to_another_program_is_not_written_to() {
    let mut serve = Serve::configured("");
    let file = serve.folder().join("firebell.db");
    let made = std::process::Command::new("sqlite3").arg(&file).arg("CREATE TABLE song (title TEXT)").status();
    assert!(made.expect("sqlite3 can be started").success());
    let before = fs::read(&file).unwrap();
    let said = refused(&mut serve).await;
    assert!(said.starts_with(&format!("{} is not a Firebell database", file.display())), "{said}");
    assert!(fs::read(&file).unwrap() == before, "it was not touched");
}

#[tokio::test]
async fn a_token_file_that_cannot_be_read_is_named() {
    let mut serve = Serve::configured("");
    let token = serve.folder().join("firebell.token");
    fs::create_dir(&token).unwrap();
    let said = refused(&mut serve).await;
    assert!(said.starts_with(&format!("{}: ", token.display())) && said.contains("directory"), "{said}");

    let mut serve = Serve::configured("");
    let token = serve.folder().join("firebell.token");
    fs::write(&token, [0xff; 65]).unwrap();
    let said = refused(&mut serve).await;
    assert!(said.starts_with(&format!("{}: ", token.display())) && said.contains("UTF-8"), "{said}");

    let mut serve = Serve::configured("");
    let token = serve.folder().join("firebell.token");
    fs::write(&token, "x".repeat(64)).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::metadata(&token).unwrap().uid() == 0 {
        // Root may read everything that is its own, so it becomes somebody else's, and the bot a root of nothing.
        chown(&token, Some(65_534), Some(65_534)).unwrap();
        serve = serve.through(&["unshare", "-r"]);
    }
    let said = refused(&mut serve).await;
    assert!(said.starts_with(&format!("{}: Permission denied", token.display())), "{said}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let data = temp_dir();
    let at = data.path().to_str().expect("a plain path").to_owned();
    let seal = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    let through = ["unshare", "-rm", "sh", "-c", seal, &at];
    let config = format!("database_url = \"sqlite://{at}/firebell.db\"\n");
    let mut serve = Serve::configured(&config).through(&through);
    let said = refused(&mut serve).await;
    assert!(said.contains(&at) && said.contains("Read-only file system"), "{said}");

    // The same folder with everything in it already.
    let mut first = Serve::start(&config).await;
    first.terminate().await;
    let mut serve = Serve::configured(&config).through(&through);
    let said = refused(&mut serve).await;
    assert!(said.contains(&at) && said.contains("Read-only file system"), "{said}");
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_named_without_its_password() {
    let nobody = free_port();
    let mut serve = Serve::configured(&format!("database_url = \"postgres://ana:hush@{}/bells\"\n", nobody.address()));
    let said = refused(&mut serve).await;
    let begins = format!("postgres://ana@{}/bells cannot be reached: ", nobody.address());
    assert!(said.starts_with(&begins) && said.contains("refused"), "{said}");
    assert!(said.ends_with("Start Postgres, or correct database_url.") && !said.contains("hush"), "{said}");

    let url = fresh_database();
    let serve = Serve::configured(&format!("database_url = {url:?}\n"));
    let ran = serve.run(&["audit", "verify"]).await;
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("There is no Firebell in postgres://"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("yet. \"firebell serve\" sets it up.\n"), "{}", ran.stderr);
}
