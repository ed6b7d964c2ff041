use std::fs;

use crate::learner::start::{Started, current_step, progress, start, welcome};
use crate::repo::{Step, set_package, without_tests};

use super::{Made, assert_has, made, manifest};

const TESTS: &str = "src/tests/mod.rs";

/// Two steps, and the work/ that is committed.
fn two() -> Made {
    let first = "//! Your own server. `just start 1` gets chapter 1 ready in this folder; then type \
                 along.\n\nfn main() {}\n";
    let work = manifest(1, "").replace("step-1", "work");
    made(&[
        ("steps/01-one/Cargo.toml", &manifest(1, "")),
        ("steps/01-one/src/main.rs", "fn main() {} // one\n"),
        ("steps/01-one/src/tests/mod.rs", "// tests of one\n"),
        ("steps/02-two/Cargo.toml", &manifest(2, "log.workspace = true\n")),
        ("steps/02-two/src/main.rs", "fn main() {} // two\n"),
        ("steps/02-two/src/tests/mod.rs", "// tests of two\n"),
        ("work/Cargo.toml", &work),
        ("work/src/main.rs", first),
    ])
}

fn step(made: &Made, number: u32) -> Step {
    made.repo.step(number).expect("a step")
}

/// Starts a chapter where nothing may be lost.
fn quietly(made: &Made, number: u32) {
    let never = |lost: &[String]| panic!("asks for {lost:?}");
    let done = start(&made.repo, &step(made, number), never).expect("a start");
    assert_eq!(done, Started::Fresh);
}

#[test]
fn the_first_chapter_begins_with_an_empty_program_and_the_tests() {
    let made = two();
    assert!(current_step(&made.repo).is_err(), "nothing is started yet");
    quietly(&made, 1);
    assert!(made.read("work/src/main.rs").ends_with("fn main() {}\n"));
    assert_eq!(made.read("work/src/tests/mod.rs"), "// tests of one\n");
    assert_eq!(current_step(&made.repo).expect("a step"), 1);
}

#[test]
fn a_later_one_begins_with_the_step_before_and_its_own_tests() {
    let made = two();
    quietly(&made, 2);
    assert_eq!(made.read("work/src/main.rs"), "fn main() {} // one\n");
    assert_eq!(made.read("work/src/tests/mod.rs"), "// tests of two\n");
    assert_eq!(made.read("work/Cargo.toml"), manifest(1, "").replace("step-1", "work"));
    assert_eq!(current_step(&made.repo).expect("a step"), 2);
    quietly(&made, 1);
}

#[test]
fn what_the_learner_wrote_is_asked_for_and_kept() {
    let made = two();
    quietly(&made, 1);
    made.write("work/src/main.rs", "fn main() {} // mine\n");
    made.write("work/src/extra/more.rs", "// mine too\n");
    made.write("work/.env", "PORT=1\n");
    made.write("work/db.sqlite3", "data");
    let two = step(&made, 2);
    assert_eq!(start(&made.repo, &two, |_| Ok(false)).expect("a start"), Started::Refused);
    assert_eq!(made.read("work/src/main.rs"), "fn main() {} // mine\n", "no means no");

    let confirm = |lost: &[String]| {
        assert_eq!(lost, ["src/extra/more.rs", "src/main.rs"]);
        Ok(true)
    };
    let started = start(&made.repo, &two, confirm).expect("a start");
    let Started::Replaced(backup) = started else { panic!("no copy was made") };
    let kept = |path: &str| fs::read_to_string(backup.join(path)).expect(path);
    assert_eq!(kept("src/main.rs"), "fn main() {} // mine\n");
    assert_eq!(kept("src/extra/more.rs"), "// mine too\n");
    assert_eq!(kept(TESTS), "// tests of one\n");
    assert!(!made.repo.root.join("work/src/extra").exists());
    assert_eq!(
        (&*made.read("work/.env"), &*made.read("work/db.sqlite3")),
        ("PORT=1\n", "data")
    );
    quietly(&made, 1);
}

#[test]
fn what_becomes_of_solved_exercises_is_told() {
    let made = two();
    let said = |number| welcome(&made.repo, &step(&made, number), None).expect("a text");
    assert_has(
        &said(2),
        &["work/ holds step 1", "Solved exercises of chapter 1 are not in it"],
    );
    assert!(!said(1).contains("exercises"), "there are none before chapter 1");
    assert_has(&said(1), &["`running 0 tests` is no success"]);
}

#[test]
fn it_is_known_whether_anything_was_typed() {
    let made = two();
    assert!(progress(&made.repo).expect("no error").is_none(), "nothing is started yet");
    quietly(&made, 2);
    let untouched = || {
        let progress = progress(&made.repo).expect("no error").expect("it is started");
        assert_eq!(progress.step, 2);
        progress.untouched
    };
    assert!(untouched());
    made.write(&format!("work/{TESTS}"), "// a test of mine\n");
    assert!(untouched(), "a test is not what the chapter is about");
    made.write("work/src/more.rs", "");
    assert!(!untouched(), "a new file");
}

/// Who has typed the chapter to its end loses nothing by going on.
#[test]
fn a_finished_chapter_is_no_reason_to_ask() {
    let made = two();
    quietly(&made, 1);
    let mut finished = without_tests(made.repo.files("steps/01-one").expect("files"));
    set_package(&mut finished, "work");
    finished.iter().for_each(|(path, text)| made.write(&format!("work/{path}"), text));
    quietly(&made, 2);
}

#[test]
fn what_the_tool_keeps_is_no_part_of_the_work() {
    let made = two();
    quietly(&made, 1);
    made.write("work/.backup-2026-11-21/src/main.rs", "old");
    let files = crate::repo::work(&made.repo).expect("files");
    let names: Vec<_> = files.keys().map(|name| &**name).collect();
    assert_eq!(names, ["Cargo.toml", "src/main.rs", TESTS]);
}

/// The predecessor is the highest number below, so that a step may be taken out.
#[test]
fn numbers_may_have_gaps() {
    let made = two();
    let text = made.read("steps/02-two/src/main.rs").replace("two", "seven");
    made.write("steps/07-seven/Cargo.toml", &manifest(7, ""));
    made.write("steps/07-seven/src/main.rs", &text);
    made.write("steps/07-seven/src/tests/mod.rs", "// tests of seven\n");
    quietly(&made, 7);
    assert_eq!(made.read("work/src/main.rs"), "fn main() {} // two\n");
    assert_eq!(made.read("work/src/tests/mod.rs"), "// tests of seven\n");
    let why = made.repo.step(5).expect_err("there is none").to_string();
    assert_eq!(why, "there is no step 5; the last one is 7");
}
