//! `course dev exercises`: every exercise fails unsolved, and its solution solves it.

use std::fs;

use anyhow::{Context, Result, anyhow, bail, ensure};
use regex::Regex;

use crate::book::chapter::{Chapter, Kind};
use crate::repo::{Files, Repo, Step, names, printed};
use crate::run::workspace::Workspace;
use crate::terminal::{note, say};

/// Where the exercises are; each has a folder such as `02-1`.
const FOLDER: &str = "course/exercises";

/// An exercise of a chapter.
#[derive(Clone, Debug, PartialEq)]
pub struct Exercise {
    pub step: Step,
    pub number: u32,
}

impl Exercise {
    fn id(&self) -> String {
        format!("{}.{}", self.step.number, self.number)
    }

    fn folder(&self) -> String {
        format!("{FOLDER}/{:02}-{}", self.step.number, self.number)
    }

    fn check_file(&self) -> String {
        format!("{}/check.rs", self.folder())
    }

    /// A message on work/ with the names of files that exist: it was built in the step's place.
    fn real_paths(&self, text: &str) -> String {
        let folder = self.step.folder();
        let check = format!("{folder}/src/tests/exercise.rs");
        let (there, here) = ([check, folder + "/"], [self.check_file(), "work/".into()]);
        there.iter().zip(&here).fold(text.to_string(), |text, (there, here)| {
            // On Windows the compiler writes its own separator.
            text.replace(&there.replace('/', "\\"), here).replace(there, here)
        })
    }

    /// `proof` for all exercises of a step, so that each state compiles as a change to the
    /// one before; `work` for the learner's.
    fn workspace(&self, repo: &Repo, kind: &str, files: &Files) -> Result<Workspace> {
        let name = format!("{:02}-exercises-{kind}", self.step.number);
        Workspace::new(repo, &name, &self.step, files).map(Workspace::that_changes)
    }
}

/// Proves the exercises, prints a line for each, and says whether all are right.
pub fn run(repo: &Repo, chosen: Option<&str>) -> Result<bool> {
    let exercises = match chosen {
        Some(id) => vec![exercise(repo, id)?],
        None => all(repo)?,
    };
    let mut good = true;
    for exercise in exercises {
        match check(repo, &exercise) {
            Ok(()) => {
                say(format!("exercise {}: fails unsolved, and is solvable", exercise.id()))?
            }
            Err(error) => {
                say(format!("{error:#}"))?;
                good = false;
            }
        }
    }
    Ok(good)
}

/// `2.1`, or `02-1`.
fn exercise(repo: &Repo, id: &str) -> Result<Exercise> {
    let numbers = id.split_once(['.', '-']);
    let numbers = numbers.and_then(|(n, k)| Some((n.parse().ok()?, k.parse().ok()?)));
    let (step, number) =
        numbers.with_context(|| format!("{id} is no exercise; it looks like 2.1"))?;
    let exercise = Exercise { step: repo.step(step)?, number };
    let exists = repo.root.join(exercise.check_file()).is_file();
    ensure!(exists, "there is no exercise {}; it would be in {}", id, exercise.folder());
    Ok(exercise)
}

/// Every exercise of the chapters that exist: those they name, and those with a folder.
pub fn all(repo: &Repo) -> Result<Vec<Exercise>> {
    let mut exercises = Vec::new();
    for step in repo.chapters()? {
        let chapter = Chapter::read(repo, &step)?;
        let prefix = format!("{:02}-", step.number);
        let folders = names(&repo.root.join(FOLDER))?;
        let of_folders =
            folders.iter().filter_map(|name| name.strip_prefix(&prefix)?.parse().ok());
        let mut numbers: Vec<u32> = of_folders.collect();
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
    add_check(&mut files, &repo.read(&exercise.check_file())?)?;
    let workspace = exercise.workspace(repo, "proof", &files)?;
    let build = workspace.cargo(&["test", "--no-run"])?;
    ensure!(
        build.status.success(),
        "it must compile on the unchanged step, and fail when it runs:\n{}",
        printed(&build)
    );
    let run = printed(&workspace.cargo(&["test", "-q", "tests::exercise::"])?);
    ensure!(!run.contains("running 0 tests"), "it has no test");
    Ok(run.contains("test result: FAILED"))
}

/// The solution applies, compiles without warnings, and passes every test of the step.
fn solved(repo: &Repo, exercise: &Exercise) -> Result<()> {
    let patch = repo.root.join(exercise.folder()).join("solution.patch");
    let mut files = repo.files(&exercise.step.folder())?;
    files = patched(&exercise.step, files, &fs::read_to_string(&patch)?)?;
    add_check(&mut files, &repo.read(&exercise.check_file())?)?;
    let workspace = exercise.workspace(repo, "proof", &files)?;
    workspace.build_tests()?;
    let run = workspace.cargo(&["test"])?;
    ensure!(run.status.success(), "not all tests pass with it:\n{}", printed(&run));
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

/// Puts the check among the step's tests.
fn add_check(files: &mut Files, check: &str) -> Result<()> {
    let Some(tests) = files.get_mut("src/tests/mod.rs") else {
        bail!("there is no src/tests/mod.rs to add the check to");
    };
    tests.push_str("\nmod exercise;\n");
    files.insert("src/tests/exercise.rs".into(), check.into());
    Ok(())
}

/// Runs one exercise's check on the learner's own folder, and shows what the tests say.
pub fn run_on_work(repo: &Repo, id: &str) -> Result<bool> {
    let exercise = exercise(repo, id)?;
    let step = &exercise.step;
    let mut files = crate::repo::work(repo)?;
    // The learner may not have the tests; theirs win where they do.
    for (path, text) in repo.files(&step.folder())? {
        if path.starts_with("src/tests/") {
            files.entry(path).or_insert(text);
        }
    }
    add_check(&mut files, &repo.read(&exercise.check_file())?)?;
    crate::repo::set_package(&mut files, &step.package());
    note(format!("Building work/ with the tests of exercise {id}."));
    let workspace = exercise.workspace(repo, "work", &files)?;
    let built = workspace.build_tests_despite_warnings();
    built.map_err(|why| anyhow!(exercise.real_paths(&format!("{why:#}"))))?;
    let run = workspace.cargo(&["test", "-q", "tests::exercise::"])?;
    // Not what cargo says after it: to rerun, it would have `-p`, and another build.
    say(exercise.real_paths(&String::from_utf8_lossy(&run.stdout)).trim())?;
    say(format!(
        "exercise {id}: {}",
        if run.status.success() { "solved" } else { "not solved yet" }
    ))?;
    Ok(run.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_files_that_exist() {
        let step = Step { number: 6, name: "06-rotation".into() };
        let exercise = Exercise { step, number: 1 };
        let said = "panicked at steps/06-rotation/src/tests/exercise.rs:12:5:\n\
                    --> steps/06-rotation/src/urls.rs:3:1\n --> steps\\06-rotation\\src/a.rs";
        let want = "panicked at course/exercises/06-1/check.rs:12:5:\n\
                    --> work/src/urls.rs:3:1\n --> work/src/a.rs";
        assert_eq!(exercise.real_paths(said), want);
    }
}
