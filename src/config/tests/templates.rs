//! The folder of a team's own post-mortem templates: what is read of it, and what is said of what is wrong in it.

use super::{bad, good};
use std::path::PathBuf;

/// Goes with the test, also where that fails.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn folder(name: &str, files: &[(&str, &[u8])]) -> Folder {
    let folder = Folder(std::env::temp_dir().join(format!("firebell-templates-{}-{name}", std::process::id())));
    std::fs::create_dir_all(&folder.0).unwrap();
    for (name, text) in files {
        std::fs::write(folder.0.join(name), text).unwrap();
    }
    folder
}

fn config(folder: &Folder) -> String {
    format!("[postmortem]\ntemplates = {:?}\n", folder.0.display().to_string())
}

#[test]
fn a_folder_has_a_template_per_file_and_format() {
    let files: [(&str, &[u8]); 5] = [
        ("weekly.md", b"# x"),
        ("weekly.html", b"<p>"),
        ("audit.md", b"# y"),
        (".swp.md", b"\xff"),
        ("a.png", b"\xff"),
    ];
    let folder = folder("good", &files);
    let loaded = good(&config(&folder));
    let names: Vec<(&str, bool)> = loaded.config.templates.iter().map(|t| (t.name.as_str(), t.html)).collect();
    assert_eq!(names, [("audit", false), ("weekly", true), ("weekly", false)]);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn what_is_wrong_with_a_file_is_said_at_the_key() {
    for (file, text, says) in [
        (
            "google.md",
            &b"x"[..],
            "has the name of a layout that is built in. Name it otherwise, such as \"our-google\"",
        ),
        ("Our Own.md", b"x", "has a name that cannot be typed"),
        ("weekly.md", b"one\ntwo \xff", "cannot be read: line 2 is not UTF-8 text"),
    ] {
        let folder = folder("bad", &[(file, text)]);
        let said = bad(&config(&folder), &[]);
        assert!(said.contains(says) && said.contains("postmortem.templates"), "{said}");
    }
    let said = bad("[postmortem]\ntemplates = \"nowhere\"\n", &[]);
    assert!(said.contains("the folder \"nowhere\" cannot be read: there is no such file"), "{said}");
}
