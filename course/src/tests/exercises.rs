//! `course dev exercises` and `course exercise`, on a made-up program.

use super::{Made, assert_has, made, manifest};
use crate::author::exercises;
use crate::learner::exercise::{Exercise, judge};
use crate::learner::start::start;

const MAIN: &str = "fn one() -> u32 {\n    1\n}\n\nfn main() {\n    println!(\"{}\", one());\n}\n\n\
                    #[cfg(test)]\nmod tests;\n";
const TESTS: &str = "#[test]\nfn of_the_step() {\n    assert!(crate::one() > 0);\n}\n";
const CHECK: &str = "#[test]\nfn it_is_two() {\n    assert_eq!(crate::one(), 2);\n}\n";
const HINT: &str = "<details><summary>Hint</summary>\n\nThink.\n\n</details>\n\n";

fn one_exercise(number: &str) -> Made {
    let chapter = format!("## Exercises\n\n### Exercise 1.1: two\n\nDo.\n\n{HINT}{HINT}{HINT}");
    let made = made(&[("steps/01-one/Cargo.toml", &manifest(1, "")), ("Cargo.lock", "")]);
    made.write("steps/01-one/src/main.rs", MAIN);
    made.write("steps/01-one/src/tests/mod.rs", TESTS);
    made.write("notes/01-one.md", &chapter);
    made.write("course/exercises/01-1/check.rs", CHECK);
    made.write("course/exercises/01-1/solution.patch", &solution(number));
    made
}

/// Makes `one` give another number.
fn solution(number: &str) -> String {
    format!(
        "diff --git a/src/main.rs b/src/main.rs\n--- a/src/main.rs\n+++ b/src/main.rs\n\
         @@ -1,3 +1,3 @@\n fn one() -> u32 {{\n-    1\n+    {number}\n }}\n"
    )
}

/// What is said of the exercise; nothing when it is right.
fn said(made: &Made) -> String {
    let all = exercises::all(&made.repo).expect("exercises");
    assert_eq!(all.len(), 1);
    exercises::check(&made.repo, &all[0]).err().map(|e| format!("{e:#}")).unwrap_or_default()
}

#[test]
fn a_good_exercise_is_good() {
    assert_eq!(said(&one_exercise("2")), "");
}

#[test]
fn an_exercise_that_is_solved_already_is_told() {
    let made = one_exercise("2");
    made.write("course/exercises/01-1/check.rs", TESTS);
    assert_has(&said(&made), &["01-1/check.rs: passes on the unchanged steps/01-one"]);
    made.write("course/exercises/01-1/check.rs", "");
    assert_has(&said(&made), &["01-1/check.rs: it has no test that runs"]);
    made.write("course/exercises/01-1/check.rs", "no Rust");
    assert_has(&said(&made), &["01-1/check.rs: it must compile on the unchanged step"]);
}

#[test]
fn a_solution_that_is_none_is_told() {
    assert_has(&said(&one_exercise("3")), &["01-1/solution.patch: not all tests pass"]);
    assert_has(&said(&one_exercise("{ let x = 1; 2 }")), &["it compiles with warnings", "`x`"]);
    let made = one_exercise("2");
    made.write("course/exercises/01-1/solution.patch", &solution("2").replace("u32", "u64"));
    assert_has(&said(&made), &["01-1/solution.patch: it does not apply"]);
}

#[test]
fn an_exercise_has_its_heading_and_three_hints() {
    let made = one_exercise("2");
    let change = |from: &str, to: &str| {
        let made = one_exercise("2");
        let text = made.read("notes/01-one.md").replacen(from, to, 1);
        made.write("notes/01-one.md", &text);
        said(&made)
    };
    assert_has(&change(HINT, ""), &["notes/01-one.md:3: 2 hints"]);
    assert_has(&change("Think.", ""), &["notes/01-one.md:3: one of the three hints is empty"]);
    assert_has(&change("1.1", "1.1b"), &["01-1 has no heading `### Exercise 1.1: …`"]);
    assert_has(&change("1.1: two", "1.1"), &["notes/01-one.md:3: the heading must begin"]);
    std::fs::remove_dir_all(made.folder.path().join("course")).expect("a folder");
    assert_has(&said(&made), &["course/exercises/01-1/check.rs:"]);
}

/// An exercise with chapter 1 started in work/, and these files typed there.
fn typed(files: &[(&str, &str)]) -> Made {
    let made = one_exercise("2");
    let step = made.repo.step(1).expect("a step");
    start(&made.repo, &step, |_| Ok(true)).expect("a start");
    files.iter().for_each(|(path, text)| made.write(path, text));
    made
}

/// What is said of the exercise on work/.
fn judged(made: &Made) -> (bool, String) {
    let exercise = Exercise::find(&made.repo, "1.1").expect("an exercise");
    judge(&made.repo, &exercise).expect("a verdict")
}

#[track_caller]
fn assert_unsolved(made: &Made, parts: &[&str]) {
    let (solved, said) = judged(made);
    assert_has(&said, parts);
    assert!(!solved, "{said}");
}

#[test]
fn an_exercise_is_solved_when_its_own_tests_pass() {
    let solved = MAIN.replace("    1\n", "    2\n");
    let made = typed(&[("work/src/main.rs", &solved)]);
    assert_eq!(judged(&made), (true, "solved".into()));
    made.write("work/src/main.rs", MAIN);
    assert_eq!(judged(&made), (false, "not solved yet".into()));
}

#[test]
fn a_chapter_that_is_not_typed_has_no_solved_exercise() {
    let made = one_exercise("2");
    made.write("work/Cargo.toml", &manifest(1, "").replace("step-1", "work"));
    assert_unsolved(&made, &["no chapter is started in work/ yet; `just start 1`"]);
    assert_unsolved(&typed(&[]), &["work/ is at chapter 1's start"]);
}

#[test]
fn a_main_without_the_tests_has_no_solved_exercise() {
    let solved = MAIN.replace("    1\n", "    2\n");
    let bare = solved.replace("#[cfg(test)]\nmod tests;\n", "");
    let made = typed(&[("work/src/main.rs", &bare)]);
    assert_unsolved(&made, &["work/src/main.rs has no `#[cfg(test)]` with `mod tests;`"]);
    std::fs::remove_file(made.folder.path().join("work/src/main.rs")).expect("a file");
    assert_unsolved(&made, &["there is no work/src/main.rs"]);
    // In a comment over several lines, a `mod` line only looks like one.
    made.write("work/src/main.rs", &format!("{bare}/*\nmod tests;\n*/\n"));
    assert_unsolved(&made, &["none of its tests ran"]);
}

#[test]
fn an_exercise_of_another_chapter_is_told_so() {
    let made = typed(&[]);
    made.write("steps/02-two/Cargo.toml", &manifest(2, ""));
    made.write("steps/02-two/src/main.rs", MAIN);
    let step = made.repo.step(2).expect("a step");
    start(&made.repo, &step, |_| Ok(true)).expect("a start");
    let parts = ["work/ is at chapter 2, and exercise 1.1 belongs to chapter 1", "copy"];
    assert_unsolved(&made, &parts);
}

#[test]
fn an_exercise_that_does_not_exist_is_told_with_those_that_do() {
    let made = one_exercise("2");
    let why = |id: &str| Exercise::find(&made.repo, id).expect_err(id).to_string();
    assert_eq!(why("1.7"), "there is no exercise 1.7; chapter 1 has 1.1");
    assert_eq!(why("seven"), "seven is no exercise; it looks like 2.1");
    assert_has(&why("9.1"), &["there is no step 9"]);
}

#[test]
fn what_does_not_compile_is_told_with_its_place_in_work() {
    let made = typed(&[("work/src/main.rs", &MAIN.replace("    1\n", "    one\n"))]);
    assert_unsolved(&made, &["does not compile", "work/src/main.rs:2:5", "`just diff 1 work`"]);
    let other = MAIN.replace("fn one()", "fn uno()").replace("one());", "uno());");
    made.write("work/src/main.rs", &other);
    made.write("work/src/tests/mod.rs", "");
    assert_unsolved(&made, &["first at course/exercises/01-1/check.rs:3:"]);
}
