//! `course dev exercises`: every exercise fails unsolved, and its solution solves it.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use regex::Regex;

use crate::book::chapter::{Chapter, Kind};
use crate::contract::changes::Changes;
use crate::learner::check::{Choice, answers, cases_up_to};
use crate::learner::exercise::{Exercise, of_chapter, run_tests};
use crate::repo::{Files, Repo, Step, printed};
use crate::run::program::Built;
use crate::run::workspace::Workspace;
use crate::terminal::say;

/// Proves the exercises, prints a line for each, and says whether all are right.
pub fn run(repo: &Repo, chosen: Option<&str>) -> Result<bool> {
    let exercises = match chosen {
        Some(id) => vec![Exercise::find(repo, id)?],
        None => all(repo)?,
    };
    let mut good = true;
    for exercise in exercises {
        match check(repo, &exercise).and_then(|()| check_answers(repo, &exercise)) {
            Ok(()) => say(format!(
                "exercise {}: fails unsolved, is solvable, and the check knows its answers",
                exercise.id()
            ))?,
            Err(error) => {
                say(format!("{error:#}"))?;
                good = false;
            }
        }
    }
    Ok(good)
}

/// Every exercise of the chapters that exist: those they name, and those with a folder.
pub fn all(repo: &Repo) -> Result<Vec<Exercise>> {
    let mut exercises = Vec::new();
    for step in repo.chapters()? {
        let chapter = Chapter::read(repo, &step)?;
        let mut numbers: Vec<u32> =
            of_chapter(repo, &step)?.iter().map(|exercise| exercise.number).collect();
        numbers.extend(headings(&chapter).iter().map(|(_, number)| number));
        numbers.sort();
        numbers.dedup();
        let exercise = |number| Exercise { step: step.clone(), number };
        exercises.extend(numbers.into_iter().map(exercise));
    }
    Ok(exercises)
}

/// The index of each exercise's heading among the chapter's items, and its number.
fn headings(chapter: &Chapter) -> Vec<(usize, u32)> {
    let number = |text: &str| {
        let id = text.strip_prefix("Exercise ")?.split(':').next()?;
        id.split_once('.')?.1.parse().ok()
    };
    let items = chapter.items.iter().enumerate();
    items
        .filter_map(|(index, item)| match &item.kind {
            Kind::Heading(text) => Some((index, number(text)?)),
            _ => None,
        })
        .collect()
}

/// Proves one exercise. The error says what is not as it must be.
pub fn check(repo: &Repo, exercise: &Exercise) -> Result<()> {
    check_text(repo, exercise)?;
    let file = exercise.check_file();
    let unsolved = unsolved(repo, exercise).with_context(|| file.clone())?;
    ensure!(
        unsolved,
        "{file}: passes on the unchanged {}; test what the exercise asks for",
        exercise.step.folder()
    );
    solved(repo, exercise).with_context(|| format!("{}/solution.patch", exercise.folder()))
}

/// The chapter has the exercise, with three hints that say something.
fn check_text(repo: &Repo, exercise: &Exercise) -> Result<()> {
    let chapter = Chapter::read(repo, &exercise.step)?;
    let found = headings(&chapter).into_iter().find(|(_, n)| *n == exercise.number);
    let Some((index, _)) = found else {
        let (folder, id) = (exercise.folder(), exercise.id());
        let what = format!("{folder} has no heading `### Exercise {id}: …` in this chapter");
        return Err(chapter.error(1, what));
    };
    let heading = &chapter.items[index];
    let start = format!("Exercise {}:", exercise.id());
    ensure!(
        matches!(&heading.kind, Kind::Heading(text) if text.starts_with(&start)),
        chapter.error(heading.line, format!("the heading must begin with `### {start}`"))
    );
    let rest = chapter.items[index + 1..].iter();
    let next = rest.filter(|item| matches!(item.kind, Kind::Heading(_))).map(|item| item.line);
    let end = next.min().unwrap_or(usize::MAX);
    let section: Vec<_> =
        chapter.text.lines().take(end - 1).skip(heading.line).map(str::trim).collect();
    let hints = hints(&section.join("\n"))?;
    let empty = hints.iter().any(|hint| hint.trim().is_empty());
    let what = match hints.len() {
        3 if !empty => return Ok(()),
        3 => "one of the three hints is empty; write it".into(),
        n => format!("{n} hints in <details>; an exercise has three"),
    };
    Err(chapter.error(heading.line, what))
}

/// What stands in each `<details>` after its summary.
fn hints(section: &str) -> Result<Vec<String>> {
    let details = Regex::new(r"(?s)<details>\s*<summary>.*?</summary>(.*?)</details>")?;
    Ok(details.captures_iter(section).map(|found| found[1].to_string()).collect())
}

/// Whether a test of the check fails on the unchanged step.
fn unsolved(repo: &Repo, exercise: &Exercise) -> Result<bool> {
    let mut files = repo.files(&exercise.step.folder())?;
    exercise.add_check(repo, &mut files)?;
    let workspace = exercise.workspace(repo, "proof", &files)?;
    let build = workspace.cargo(&["test", "--no-run"])?;
    ensure!(
        build.status.success(),
        "it must compile on the unchanged step, and fail when it runs:\n{}",
        printed(&build)
    );
    let run = run_tests(&workspace)?;
    ensure!(run.ran > 0, "it has no test that runs");
    Ok(!run.passed)
}

/// The solution applies, compiles without warnings, and passes every test of the step.
fn solved(repo: &Repo, exercise: &Exercise) -> Result<()> {
    let mut files = solution(repo, exercise, &exercise.step)?;
    exercise.add_check(repo, &mut files)?;
    let workspace = exercise.workspace(repo, "proof", &files)?;
    workspace.build_tests()?;
    let run = workspace.cargo(&["test"])?;
    ensure!(run.status.success(), "not all tests pass with it:\n{}", printed(&run));
    Ok(())
}

/// A step with the solution.
fn solution(repo: &Repo, exercise: &Exercise, step: &Step) -> Result<Files> {
    let patch = repo.root.join(exercise.folder()).join("solution.patch");
    patched(step, repo.files(&step.folder())?, &fs::read_to_string(&patch)?)
}

/// `course check` knows what the solution answers otherwise. A learner may go on with it, so
/// that holds for the last step too, where the solution fits.
pub fn check_answers(repo: &Repo, exercise: &Exercise) -> Result<()> {
    let (own, id) = (&exercise.step, exercise.id());
    let mut files = solution(repo, exercise, own)?;
    exercise.add_check(repo, &mut files)?;
    let workspace = exercise.workspace(repo, "proof", &files)?;
    check_changes(repo, exercise, own, &workspace)?;
    let changes = Changes::load(&repo.root)?;
    let Some(last) = repo.steps()?.pop().filter(|last| last != own) else { return Ok(()) };
    if changes.cases(&id).next().is_none() {
        return Ok(());
    }
    let Ok(files) = solution(repo, exercise, &last) else { return Ok(()) };
    let there = Exercise { step: last.clone(), number: exercise.number };
    let workspace = there.workspace(repo, "proof", &files)?;
    check_changes(repo, exercise, &last, &workspace)
}

/// What is answered otherwise up to a step is what `changes.json` says, no more and no less.
fn check_changes(
    repo: &Repo,
    exercise: &Exercise,
    step: &Step,
    workspace: &Workspace,
) -> Result<()> {
    let (id, file) = (exercise.id(), format!("{}/changes.json", exercise.folder()));
    let migrates = repo.root.join(step.folder()).join("migrations").is_dir();
    let program = Built::at(workspace.binary()?, &step.package(), migrates);
    let changes = Changes::load(&repo.root)?;
    let asked: BTreeSet<_> =
        cases_up_to(step.number)?.into_iter().map(|(label, _)| label).collect();
    let listed: BTreeSet<_> =
        changes.cases(&id).filter(|case| asked.contains(*case)).map(String::from).collect();
    let answers = answers(&program, &Choice::up_to(step.number), changes)?;
    ensure!(
        answers.failed.is_empty(),
        "{file}: with the solution in {}, these cases are answered otherwise, and not as it \
         says: {}",
        step.folder(),
        answers.failed.join(", ")
    );
    let found = answers.exercises.get(&id).into_iter().flatten().cloned().collect();
    let unchanged: Vec<_> = listed.difference(&found).cloned().collect();
    ensure!(
        unchanged.is_empty(),
        "{file}: the solution in {} does not change {}; take it out of the list",
        step.folder(),
        unchanged.join(", ")
    );
    Ok(())
}

/// The files with a patch applied, in a folder of their own: a workspace is filled once, so
/// that cargo sees only what has changed since the last run.
pub fn patched(step: &Step, files: Files, patch: &str) -> Result<Files> {
    let folder = tempfile::tempdir()?;
    let repo = Repo::at(folder.path());
    for (path, text) in files {
        let path = repo.root.join(step.folder()).join(path);
        fs::create_dir_all(path.parent().unwrap_or(&repo.root))?;
        fs::write(path, text)?;
    }
    fs::write(repo.root.join("patch"), patch)?;
    let mut git = crate::repo::git(&repo.root.join(step.folder()));
    // Else git would look for the files in a repository around.
    git.env("GIT_CEILING_DIRECTORIES", &repo.root).args(["apply", "-p1", "../../patch"]);
    let output = git.output().context("git cannot be run; is it installed?")?;
    ensure!(output.status.success(), "it does not apply:\n{}", printed(&output).trim());
    repo.files_without_git(&step.folder())
}
