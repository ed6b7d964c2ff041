//! `course dev carry`, in a made-up repository of git's.

use super::{Made, made, manifest};
use crate::author::carry;
use crate::repo::git;

const A: &str = "one\ntwo\nthree\nfour\nfive\n";

/// Three steps, committed; the second has changed the fifth line, the third renamed the file.
fn three() -> Made {
    let made = made(&[]);
    for (number, name) in [(1, "01-one"), (2, "02-two"), (3, "03-three")] {
        made.write(&format!("steps/{name}/Cargo.toml"), &manifest(number, ""));
    }
    made.write("steps/01-one/a.rs", A);
    made.write("steps/02-two/a.rs", &A.replace("five", "5"));
    made.write("steps/03-three/b.rs", &A.replace("five", "5"));
    let link = |step, file| format!("[{file}](../steps/{step}/{file})");
    let rename = format!("{} becomes {}.\n", link("02-two", "a.rs"), link("03-three", "b.rs"));
    made.write("notes/03-three.md", &rename);
    let run = |args: &[&str]| {
        let output = git(made.folder.path()).args(args).output().expect("git");
        assert!(output.status.success(), "{output:?}");
    };
    run(&["init", "-q"]);
    run(&["add", "."]);
    run(&["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "all"]);
    made
}

fn carried(made: &Made, from: u32) -> bool {
    carry::run(&made.repo, from).expect("an outcome")
}

#[test]
fn a_change_goes_into_all_later_steps_once() {
    let made = three();
    made.write("steps/01-one/a.rs", &A.replace("one", "1"));
    for _ in 0..2 {
        assert!(carried(&made, 1));
        assert_eq!(made.read("steps/02-two/a.rs"), "1\ntwo\nthree\nfour\n5\n");
        assert_eq!(made.read("steps/03-three/b.rs"), "1\ntwo\nthree\nfour\n5\n");
    }
}

#[test]
fn a_new_dependency_keeps_each_steps_name() {
    let made = three();
    made.write("steps/01-one/Cargo.toml", &manifest(1, "log.workspace = true\n"));
    assert!(carried(&made, 1));
    assert_eq!(made.read("steps/03-three/Cargo.toml"), manifest(3, "log.workspace = true\n"));
}

#[test]
fn new_and_deleted_files_are_carried() {
    let made = three();
    made.write("steps/01-one/new.rs", "new\n");
    assert!(carried(&made, 1));
    assert_eq!(made.read("steps/03-three/new.rs"), "new\n");
    let made = three();
    std::fs::remove_file(made.folder.path().join("steps/02-two/a.rs")).expect("a file");
    assert!(carried(&made, 2));
    assert!(!made.folder.path().join("steps/03-three/b.rs").exists());
}

#[test]
fn a_conflict_stops_and_is_marked() {
    let made = three();
    made.write("steps/01-one/a.rs", &A.replace("five", "FIVE"));
    assert!(!carried(&made, 1));
    let text = made.read("steps/02-two/a.rs");
    assert!(text.contains("<<<<<<< this step\n5\n"), "{text}");
    assert_eq!(made.read("steps/03-three/b.rs"), A.replace("five", "5"));
    // Made right, it goes on from there.
    made.write("steps/02-two/a.rs", &A.replace("five", "5, FIVE"));
    assert!(carried(&made, 2));
    assert_eq!(made.read("steps/03-three/b.rs"), A.replace("five", "5, FIVE"));
}

#[test]
fn a_deleted_file_that_a_later_step_changed_stops() {
    let made = three();
    std::fs::remove_file(made.folder.path().join("steps/01-one/a.rs")).expect("a file");
    assert!(!carried(&made, 1));
    assert_eq!(made.read("steps/02-two/a.rs"), A.replace("five", "5"));
}

#[test]
fn nothing_changed_is_nothing_to_carry() {
    assert!(carried(&three(), 1));
}
