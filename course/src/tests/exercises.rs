//! `course dev exercises`, on a made-up program.

use super::{Made, assert_has, made, manifest};
use crate::author::exercises;

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
    assert_has(&said(&made), &["01-1/check.rs: it has no test"]);
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
