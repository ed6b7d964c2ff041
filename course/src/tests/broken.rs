//! Copies of the course with one thing broken: the tool must find it and say where.

use std::fs;

use super::{assert_has, write};
use crate::author::{replay, try_chapter};
use crate::book::chapter::{Chapter, Fence, Kind};
use crate::repo::{Repo, Step, walk};

/// A copy of the course in the target folder, always at the same place, so that what it
/// compiles is compiled over the last time's.
fn copy(name: &str) -> Repo {
    let course = Repo::find().expect("the repository");
    let root = course.target.join("broken").join(name);
    for folder in ["steps", "notes", "client"] {
        let _ = fs::remove_dir_all(root.join(folder));
        // A picture is no text, and no test looks at it.
        for path in walk(&course.root, folder).expect("files") {
            if !path.ends_with(".png") {
                write(&root, &path, &course.read(&path).expect("a file"));
            }
        }
    }
    for file in ["Cargo.toml", "Cargo.lock", ".env.example"] {
        write(&root, file, &course.read(file).expect("a file"));
    }
    Repo { target: course.target, ..Repo::at(&root) }
}

/// Changes a text of the copy.
fn edit(repo: &Repo, path: &str, change: impl FnOnce(&mut Vec<String>)) {
    let mut lines: Vec<_> =
        repo.read(path).expect("a file").lines().map(String::from).collect();
    change(&mut lines);
    write(&repo.root, path, &(lines.join("\n") + "\n"));
}

/// The chapter's fences for files of its step.
fn fences(repo: &Repo, step: &Step) -> Vec<Fence> {
    let chapter = Chapter::read(repo, step).expect("a chapter");
    let fence = |kind| match kind {
        Kind::Shows { link, fence } if link.target.contains("/steps/") => Some(fence),
        _ => None,
    };
    chapter.items.into_iter().filter_map(|item| fence(item.kind)).collect()
}

/// Breaks each chapter that is right, and gives it with what is then said.
fn broken(name: &str, break_it: impl Fn(&Repo, &Step)) -> Vec<(Step, String)> {
    let repo = copy(name);
    let chapters = repo.chapters().expect("chapters");
    let right = chapters.into_iter().filter(|step| replay::check(&repo, step).is_ok());
    let right: Vec<_> = right.collect();
    assert!(!right.is_empty(), "no chapter is right to begin with");
    let said = |step: Step| {
        let repo = copy(name);
        break_it(&repo, &step);
        let why = replay::check(&repo, &step).expect_err("it is broken");
        (step, format!("{why:#}"))
    };
    right.into_iter().map(said).collect()
}

#[test]
fn an_edited_line_of_a_step_is_found() {
    let said = broken("edited-line", |repo, step| {
        edit(repo, &format!("{}/src/urls.rs", step.folder()), |lines| lines[4] += " // edited");
    });
    for (step, said) in said {
        let place = format!("{}/src/urls.rs:5", step.folder());
        assert_has(&said, &[&format!("{}:", step.chapter()), &place, "// edited"]);
    }
}

#[test]
fn a_deleted_fence_is_found() {
    let said = broken("deleted-fence", |repo, step| {
        let fence = fences(repo, step).pop().expect("a fence");
        let end = fence.line + fence.lines().count() + 1;
        edit(repo, &step.chapter(), |lines| drop(lines.drain(fence.line - 2..end)));
    });
    for (step, said) in said {
        assert_has(&said, &[&step.chapter(), &format!("{}/", step.folder())]);
    }
}

#[test]
fn two_swapped_fences_are_found() {
    let said = broken("swapped-fences", |repo, step| {
        let fences = fences(repo, step);
        let (first, second) = (&fences[0], &fences[1]);
        let range = |f: &Fence| f.line - 1..f.line + f.lines().count() + 1;
        edit(repo, &step.chapter(), |lines| {
            let (one, two) = (lines[range(first)].to_vec(), lines[range(second)].to_vec());
            lines.splice(range(second), one);
            lines.splice(range(first), two);
        });
    });
    for (step, said) in said {
        let line =
            regex::Regex::new(&format!("^{}:\\d+: ", step.chapter())).expect("a pattern");
        assert!(line.is_match(&said), "{said}");
    }
}

#[test]
fn a_changed_answer_is_found() {
    let repo = copy("changed-answer");
    let step = repo.step(1).expect("a step");
    let answer = r#"{"detail":"Not found."}"#;
    let mut place = 0;
    edit(&repo, &step.chapter(), |lines| {
        place = (1..lines.len())
            .find(|i| lines[*i] == answer && lines[i - 1].starts_with("$ curl"))
            .expect("an answer");
        lines[place] = lines[place].replace("found", "lost");
    });
    let why = try_chapter::check(&repo, &step).expect_err("a changed answer").to_string();
    let line = format!("{}:{place}: prints", step.chapter());
    assert_has(&why, &[&line, r#"-{"detail":"Not lost."}"#, &format!("+{answer}")]);
}

#[test]
fn a_checkpoint_that_does_not_compile_is_found() {
    let repo = copy("checkpoint");
    let step = repo.step(1).expect("a step");
    let first = fences(&repo, &step).remove(0);
    let line = first.line + first.lines().count() + 2;
    edit(&repo, &step.chapter(), |lines| {
        lines.splice(line - 1..line - 1, ["".into(), "**Checkpoint**: too early.".into()]);
    });
    let why = replay::check_checkpoints(&repo, &step, false).expect_err("it cannot compile");
    let place =
        format!("{}:{}: at this checkpoint it does not compile", step.chapter(), line + 1);
    assert_has(&why.to_string(), &[&place, "main.rs"]);
}
