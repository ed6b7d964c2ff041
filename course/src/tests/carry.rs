//! `course dev carry`, in a small made-up repository and in a copy of the course.

mod course;
mod drawn;

use super::{Made, made, manifest};
use crate::author::carry::{Args, carried};
use crate::repo::git;

const A: &str = "one\ntwo\nthree\nfour\nthe five\n";

/// Three steps, committed; the second has changed the fifth line, the third renamed the file.
fn three() -> Made {
    let made = made(&[]);
    for (number, name) in [(1, "01-one"), (2, "02-two"), (3, "03-three")] {
        made.write(&format!("steps/{name}/Cargo.toml"), &manifest(number, ""));
    }
    made.write("steps/01-one/a.rs", A);
    made.write("steps/02-two/a.rs", &A.replace("the five", "the 5"));
    made.write("steps/03-three/b.rs", &A.replace("the five", "the 5"));
    let link = |step, file| format!("[{file}](../steps/{step}/{file})");
    let begin =
        format!("{}\n```text\nthree\n```\n\n**Checkpoint**\n\n", link("01-one", "a.rs"));
    let quote = begin.replace(")\n", "), as it stands\n").replace("01-one", "02-two");
    let five = format!("{}\n```diff\n four\n-the five\n+the 5\n```\n", link("02-two", "a.rs"));
    made.write("notes/02-two.md", &(quote + &five));
    let rename = format!("{} becomes {}.\n", link("02-two", "a.rs"), link("03-three", "b.rs"));
    made.write("notes/03-three.md", &format!("**Checkpoint**\n\n{rename}"));
    commit(&made.repo);
    made
}

/// Makes a repository of the folder, with one commit.
fn commit(repo: &crate::repo::Repo) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let run = |args: &[&str]| {
        let output = git(&repo.root).args(who).args(args).output().expect("git");
        assert!(output.status.success(), "{output:?}");
    };
    run(&["init", "-q"]);
    run(&["add", "-A"]);
    run(&["commit", "-qm", "all"]);
}

#[track_caller]
fn carry(made: &Made) {
    carried(&made.repo, &Args::default()).expect("an edit that is carried");
}

/// Why it stops.
#[track_caller]
fn stopped(made: &Made) -> String {
    let why = carried(&made.repo, &Args::default()).expect_err("an edit that stops");
    format!("{why:#}")
}

#[test]
fn an_edit_goes_into_all_later_steps_and_their_fences_once() {
    let made = three();
    made.write("steps/01-one/a.rs", &A.replace("three", "3").replace("four", "4"));
    for _ in 0..2 {
        carry(&made);
        assert_eq!(made.read("steps/02-two/a.rs"), "one\ntwo\n3\n4\nthe 5\n");
        assert_eq!(made.read("steps/03-three/b.rs"), "one\ntwo\n3\n4\nthe 5\n");
        let chapter = made.read("notes/02-two.md");
        assert!(chapter.contains("```text\n3\n```"), "{chapter}");
        assert!(chapter.contains("```diff\n 4\n-the five\n+the 5\n```"), "{chapter}");
    }
}

#[test]
fn a_second_edit_before_the_commit_is_carried_on_top_of_the_first() {
    let made = three();
    for four in ["4", "fourth", "vier"] {
        made.write("steps/01-one/a.rs", &A.replace("four", four));
        carry(&made);
        assert_eq!(
            made.read("steps/03-three/b.rs"),
            format!("one\ntwo\nthree\n{four}\nthe 5\n")
        );
    }
}

#[test]
fn who_takes_all_back_with_git_begins_again_from_the_commit() {
    let made = three();
    made.write("steps/01-one/a.rs", &A.replace("four", "4"));
    carry(&made);
    made.repo.git(["checkout", "-q", "."]).expect("git");
    made.write("steps/01-one/a.rs", &A.replace("three", "3"));
    carry(&made);
    assert_eq!(made.read("steps/03-three/b.rs"), "one\ntwo\n3\nfour\nthe 5\n");
}

#[test]
fn an_edit_of_a_fence_makes_the_steps() {
    let made = three();
    let chapter = made.read("notes/02-two.md");
    made.write("notes/02-two.md", &chapter.replace("+the 5\n", "+the 5\n+six\n"));
    carry(&made);
    assert_eq!(made.read("steps/02-two/a.rs"), "one\ntwo\nthree\nfour\nthe 5\nsix\n");
    assert_eq!(made.read("steps/03-three/b.rs"), "one\ntwo\nthree\nfour\nthe 5\nsix\n");
}

#[test]
fn each_step_keeps_its_packages_name() {
    let made = three();
    made.write("steps/01-one/Cargo.toml", &manifest(1, "# the log\nlog.workspace = true\n"));
    carry(&made);
    let third = made.read("steps/03-three/Cargo.toml");
    assert_eq!(third, manifest(3, "# the log\nlog.workspace = true\n"));
}

#[test]
fn new_and_deleted_files_are_carried() {
    let made = three();
    made.write("steps/01-one/new.rs", "// new\n");
    carry(&made);
    assert_eq!(made.read("steps/03-three/new.rs"), "// new\n");
    std::fs::remove_file(made.folder.path().join("steps/01-one/new.rs")).expect("a file");
    carry(&made);
    assert!(!made.folder.path().join("steps/03-three/new.rs").exists());
}

#[test]
fn what_does_not_go_together_stops_with_its_place_and_leaves_nothing() {
    let made = three();
    made.write("steps/01-one/a.rs", &A.replace("the five", "the 7"));
    let why = stopped(&made);
    assert!(why.starts_with("notes/02-two.md:8: this and the step before now change"), "{why}");
    assert!(why.contains("steps/02-two/a.rs"), "{why}");
    assert_eq!(made.read("steps/02-two/a.rs"), A.replace("the five", "the 5"));
    // Made right by hand, it goes on.
    made.write("steps/02-two/a.rs", &A.replace("the five", "the 5, 7"));
    carry(&made);
    assert_eq!(made.read("steps/03-three/b.rs"), A.replace("the five", "the 5, 7"));
    let chapter = made.read("notes/02-two.md");
    assert!(chapter.contains(" four\n-the 7\n+the 5, 7\n"), "{chapter}");
}

#[test]
fn a_deleted_file_that_a_later_step_changes_stops() {
    let made = three();
    std::fs::remove_file(made.folder.path().join("steps/01-one/a.rs")).expect("a file");
    let why = stopped(&made);
    assert!(why.contains("notes/02-two.md:1:") && why.contains("no more"), "{why}");
    assert_eq!(made.read("steps/02-two/a.rs"), A.replace("the five", "the 5"));
}

#[test]
fn nothing_edited_is_nothing_to_carry() {
    let made = three();
    carry(&made);
    let args = Args { from: Some(1), until: None };
    let why = carried(&made.repo, &args).expect_err("nothing to carry").to_string();
    assert_eq!(why, "step 1 and its chapter are as they were; there is nothing to carry.");
}
