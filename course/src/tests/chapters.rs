//! The replay: what a chapter may say, and what is said of one that is wrong.

use super::{Made, assert_has, made, manifest};
use crate::author::replay;
use crate::book::chapter::Chapter;

/// A repository with `src/a.rs` in step 1, these files in step 2, and a second chapter.
///
/// In the chapter, `(LINK a.rs)` is `[src/a.rs](../steps/02-two/src/a.rs)`, and `'''` is a
/// fence.
fn two(step: &[(&str, &str)], chapter: &str) -> Made {
    let made = made(&[("steps/01-one/Cargo.toml", &manifest(1, "log.workspace = true\n"))]);
    made.write("steps/02-two/Cargo.toml", &manifest(2, "log.workspace = true\n"));
    made.write("steps/01-one/src/a.rs", A);
    made.write("steps/01-one/src/tests/mod.rs", "of step 1\n");
    made.write("steps/02-two/src/tests/mod.rs", "of step 2\n");
    step.iter().for_each(|(path, text)| made.write(&format!("steps/02-two/{path}"), text));
    made.write("notes/02-two.md", &text(chapter));
    made
}

fn text(chapter: &str) -> String {
    let link = regex::Regex::new(r"\(LINK ([^)]+)\)").expect("a pattern");
    link.replace_all(chapter, "[src/$1](../steps/02-two/src/$1)").replace("'''", "```")
}

const A: &str = "one\ntwo\nthree\n\ntwo\nfour\n";

/// What is said of the second chapter; nothing when it is right.
fn said(made: &Made) -> String {
    let step = made.repo.step(2).expect("a step");
    replay::check(&made.repo, &step).err().map(|why| format!("{why:#}")).unwrap_or_default()
}

/// Fails unless the chapter gives the step. A change at its end is added, so that there can
/// be a checkpoint before it.
#[track_caller]
fn assert_equal(step: &[(&str, &str)], chapter: &str) {
    let chapter = format!("{chapter}\n\n**Checkpoint**\n\n(LINK z.rs)\n'''rust\nlast\n'''\n");
    let made = two(&[step, &[("src/z.rs", "last\n")]].concat(), &chapter);
    assert_eq!(said(&made), "");
}

#[track_caller]
fn assert_said(step: &[(&str, &str)], chapter: &str, parts: &[&str]) {
    assert_has(&said(&two(step, chapter)), parts);
}

#[test]
fn a_new_file_in_two_pieces_has_a_blank_line_between() {
    let chapter = "(LINK b.rs)\n'''rust\nx\n'''\n\nand\n\n(LINK b.rs):\n\n'''rust\ny\n\nz\n'''";
    assert_equal(&[("src/a.rs", A), ("src/b.rs", "x\n\ny\n\nz\n")], chapter);
}

#[test]
fn a_diff_fence_changes_places_of_a_file() {
    let a = "zero\none\ntwo\nthree\n\n2\nfour\n";
    let chapter = "(LINK a.rs)\n'''diff\n+zero\n one\n@@\n three\n\n-two\n+2\n four\n'''";
    assert_equal(&[("src/a.rs", a)], chapter);
}

#[test]
fn a_file_made_in_the_chapter_may_change_in_it() {
    let chapter = "(LINK b.rs)\n'''\nx\n'''\n\n(LINK b.rs)\n'''diff\n-x\n+y\n'''";
    assert_equal(&[("src/a.rs", A), ("src/b.rs", "y\n")], chapter);
}

#[test]
fn files_are_renamed_and_deleted() {
    let chapter = "[src/a.rs](../steps/01-one/src/a.rs) becomes (LINK b.rs).\n\n\
                   (LINK b.rs)\n'''diff\n-one\n+1\n two\n'''";
    assert_equal(&[("src/b.rs", &A.replace("one", "1"))], chapter);
    assert_equal(&[], "[src/a.rs](../steps/01-one/src/a.rs) is deleted.");
    let again = "(LINK a.rs) is deleted.\n\n(LINK a.rs)\n'''\nnew\n'''";
    assert_equal(&[("src/a.rs", "new\n")], again);
}

#[test]
fn what_is_deleted_or_renamed_must_exist() {
    assert_said(&[], "\n(LINK b.rs) is deleted.", &["notes/02-two.md:2", "src/b.rs does not"]);
    let chapter = "(LINK a.rs) becomes (LINK b.rs).\n\n(LINK a.rs) is deleted.";
    assert_said(&[], chapter, &["notes/02-two.md:3: src/a.rs does not exist at this point"]);
}

#[test]
fn a_chapter_from_windows_is_read_alike() {
    let chapter = "(LINK a.rs)\n'''diff\n-one\n+1\n two\n'''";
    let a = A.replace("one", "1");
    assert_equal(&[("src/a.rs", &a)], &chapter.replace('\n', "\r\n"));
}

#[test]
fn a_step_with_carriage_returns_is_told_so() {
    let chapter = "(LINK a.rs)\n'''diff\n-one\n+1\n two\n'''";
    let a = A.replace("one", "1\r");
    let parts = ["notes/02-two.md:4: not equal", "steps/02-two/src/a.rs:1", "carriage return"];
    assert_said(&[("src/a.rs", &a)], chapter, &parts);
}

#[test]
fn a_fence_may_stand_in_a_list_or_in_a_quotation() {
    let a = A.replace("three", "  3");
    let b = "x\n  y\n";
    let chapter = "1. This:\n\n   (LINK a.rs)\n   '''diff\n   -three\n   +  3\n   '''\n\n\
                   2. that:\n   (LINK b.rs)\n   '''\n   x\n     y\n   '''\n\n\
                   - (LINK c.rs)\n  '''\n  z\n  '''\n\n\
                   > (LINK d.rs)\n> '''\n> w\n> '''";
    let files = [("src/a.rs", a.as_str()), ("src/b.rs", b), ("src/c.rs", "z\n")];
    assert_equal(&[&files[..], &[("src/d.rs", "w\n")]].concat(), chapter);
}

#[test]
fn a_longer_fence_holds_a_shorter_one() {
    let chapter = "(LINK b.md)\n''''\n'''\nx\n'''\n''''".replace("''''", "````");
    assert_equal(&[("src/a.rs", A), ("src/b.md", "```\nx\n```\n")], &chapter);
}

#[test]
fn fences_and_links_without_each_other_are_free() {
    let chapter = "'''rust\nfree\n'''\n\nSee (LINK b.rs) and\n\n- (LINK c.rs)\n- (LINK d.rs)\n\n\
                   Text of (LINK e.rs)\n\n[Next](03-three.md)\n\n<!--\n(LINK f.rs)\n'''\nx\n'''\n-->";
    assert_equal(&[("src/a.rs", A)], chapter);
}

#[test]
fn a_file_without_a_last_newline_is_told() {
    let chapter = "(LINK b.rs)\n'''\nx\n'''";
    let parts = ["notes/02-two.md:2:", "the end of steps/02-two/src/b.rs", "with a newline"];
    assert_said(&[("src/a.rs", A), ("src/b.rs", "x")], chapter, &parts);
}

#[test]
fn a_file_that_stood_without_a_last_newline_keeps_it_so_until_a_fence_changes_it() {
    let said = |step: &str, chapter: &str| {
        let made = two(&[("src/a.rs", step)], chapter);
        made.write("steps/01-one/src/a.rs", "one\ntwo");
        said(&made)
    };
    let change = "**Checkpoint**\n\n(LINK a.rs)\n'''diff\n-one\n+1\n two\n'''";
    assert_eq!(said("1\ntwo\n", change), "");
    assert_has(&said("1\ntwo", change), &["the end of steps/02-two/src/a.rs differs"]);
    // Only the checkpoint is missed: the files are equal.
    assert_has(&said("one\ntwo", ""), &["there is no checkpoint"]);
    assert_has(&said("one\ntwo\n", ""), &["the end of steps/02-two/src/a.rs differs"]);
}

#[test]
fn a_link_must_lead_to_the_file_it_names() {
    let chapter = "[src/b.rs](../steps/01-one/src/b.rs)\n'''\nx\n'''";
    let parts = ["notes/02-two.md:1: [src/b.rs] leads to", "to ../steps/02-two/src/b.rs"];
    assert_said(&[], chapter, &parts);
    let chapter = "[b.rs](../steps/02-two/src/b.rs)\n'''\nx\n'''";
    assert_said(&[], chapter, &["notes/02-two.md:1: [b.rs] leads to"]);
    let chapter = "[Cargo.lock](../Cargo.toml)\n'''\nx\n'''";
    assert_said(&[], chapter, &["must lead to ../Cargo.lock"]);
}

#[test]
fn a_file_that_stood_takes_no_plain_fence() {
    let parts = ["notes/02-two.md:1: src/a.rs stood already", "```diff", "as it stands"];
    assert_said(&[], "(LINK a.rs)\n'''\nx\n'''", &parts);
}

#[test]
fn a_hunk_that_is_not_there_tells_where_it_goes_wrong() {
    let chapter = "(LINK a.rs)\n'''diff\n two\n-drei\n'''";
    let parts = [
        "notes/02-two.md:3: ",
        "found 0 times in src/a.rs",
        "(line 4)\n    drei",
        "(line 3)\n    three",
    ];
    assert_said(&[], chapter, &parts);
    let nowhere = "(LINK a.rs)\n'''diff\n-zwei\n'''";
    assert_said(&[], nowhere, &["found 0 times", "no line there is\n    zwei"]);
}

#[test]
fn a_hunk_that_is_there_twice_tells_both_places() {
    let parts = ["notes/02-two.md:3: ", "found 2 times in src/a.rs, at its lines 2, 5"];
    assert_said(&[], "(LINK a.rs)\n'''diff\n-two\n+2\n'''", &parts);
}

#[test]
fn a_hunk_must_say_where_it_is() {
    assert_said(&[], "(LINK a.rs)\n'''diff\n+new\n'''", &["02-two.md:3", "does not say where"]);
    let parts = ["02-two.md:4", "begins with a space, - or +"];
    assert_said(&[], "(LINK a.rs)\n'''diff\n one\ntwo\n'''", &parts);
    let parts = ["02-two.md:1", "src/b.rs does not exist"];
    assert_said(&[], "(LINK b.rs)\n'''diff\n-x\n'''", &parts);
}

#[test]
fn a_link_line_needs_its_fence() {
    for after in ["", "\n\ntext", "\n\n# Heading", "\n\n(LINK b.rs)\n'''\nx\n'''", "\n\n    x"]
    {
        let parts = ["notes/02-two.md:2: a link line without a fence"];
        assert_said(&[], &format!("\n(LINK a.rs):{after}"), &parts);
    }
}

#[test]
fn a_fence_must_be_closed() {
    let parts = ["notes/02-two.md:3: this fence is never closed"];
    assert_said(&[], "\n(LINK b.rs)\n'''\nx\n", &parts);
}

#[test]
fn a_quote_is_verbatim() {
    let quote = "(LINK a.rs), as it stands:\n\n'''\ntwo\nthree\n'''";
    assert_equal(&[("src/a.rs", A)], quote);
    assert_equal(&[("src/a.rs", A)], "[Cargo.toml](../Cargo.toml)\n'''toml\n# step 2\n'''");
    let chapter = "(LINK a.rs), as it stands:\n'''\ntwo\nthr\n'''";
    assert_said(&[], chapter, &["notes/02-two.md:1: this quote is not in src/a.rs"]);
    let chapter = "[Cargo.toml](../Cargo.toml)\n'''toml\nrand = \"0.8\"\n'''";
    assert_said(&[], chapter, &["notes/02-two.md:1: this quote is not in Cargo.toml"]);
    let parts = ["notes/02-two.md:1: .env.example:", "No such file"];
    assert_said(&[], "[.env.example](../.env.example)\n'''\nx\n'''", &parts);
}

#[test]
fn a_new_dependency_is_quoted() {
    let dependency = "log.workspace = true\nrand = { workspace = true }\n";
    let change = "[Cargo.toml](../steps/02-two/Cargo.toml)\n'''diff\n log.workspace = true\n\
                  +rand = { workspace = true }\n'''\n";
    let quote = "[Cargo.toml](../Cargo.toml)\n'''toml\n# step 2\nrand = \"0.9\"\n'''\n\n";
    let manifest = manifest(2, dependency);
    let files = [("src/a.rs", A), ("Cargo.toml", manifest.as_str())];
    assert_equal(&files, &format!("{quote}{change}"));
    assert_said(&files, change, &["root Cargo.toml", "rand = \"0.9\""]);
}

#[test]
fn a_line_that_differs_is_told_with_both_places() {
    let chapter = "\n(LINK b.rs)\n'''\nx\ny\n'''";
    let parts =
        ["notes/02-two.md:5: not equal", "steps/02-two/src/b.rs:2", "chapter: y", "step:    z"];
    assert_said(&[("src/a.rs", A), ("src/b.rs", "x\nz\n")], chapter, &parts);
}

#[test]
fn a_line_that_no_fence_changes_is_told() {
    let a = A.replace("four", "vier");
    let parts = ["steps/02-two/src/a.rs:6", "chapter: four", "the chapter never changes"];
    assert_said(&[("src/a.rs", &a)], "", &parts);
    let chapter = "(LINK a.rs)\n'''diff\n-one\n+1\n two\n'''";
    let a = a.replace("one", "1");
    assert_said(&[("src/a.rs", &a)], chapter, &["a.rs:6", "no fence changes this line"]);
}

#[test]
fn files_that_only_one_side_has_are_told() {
    let parts = ["steps/02-two/src/b.rs:1: notes/02-two.md never shows this file"];
    assert_said(&[("src/a.rs", A), ("src/b.rs", "x\n")], "", &parts);
    assert_said(&[], "", &["notes/02-two.md:1", "src/a.rs, which steps/02-two has not"]);
    let chapter = "(LINK b.rs)\n'''\nx\n'''";
    assert_said(&[("src/a.rs", A)], chapter, &["notes/02-two.md:2", "the replay has src/b.rs"]);
}

#[test]
fn a_checkpoint_stands_before_the_last_change() {
    let files = [("src/a.rs", A), ("src/b.rs", "x\n")];
    let chapter = "(LINK b.rs)\n'''\nx\n'''\n\n**Checkpoint**: too late.";
    assert_said(&files, chapter, &["notes/02-two.md:1: there is no checkpoint before"]);
}

#[test]
fn a_chapter_without_a_step_is_told() {
    let made = two(&[], "");
    made.write("notes/03-three.md", "");
    let why = made.repo.chapters().expect_err("an orphan");
    assert_has(&why.to_string(), &["notes/03-three.md: there is no steps/03-three"]);
}

#[test]
fn words_are_counted_outside_of_code_blocks() {
    let text = text("# A title\n\nThree *more* `words`.\n\n'''\nnot these\n'''\n");
    let chapter = Chapter::parse("notes/02-two.md", &text).expect("a chapter");
    assert_eq!(chapter.words, 5);
}
