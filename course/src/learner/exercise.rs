//! `course exercise`: says whether the learner's own folder `work/` solves an exercise.
//!
//! An exercise is solved when its own tests ran and passed. A run without a test says nothing.

use std::path::Path;

use anyhow::{Context, Result, bail};
use regex::{Captures, Regex};

use crate::contract::changes::EXERCISES;
use crate::learner::start::{Progress, progress};
use crate::modules;
use crate::repo::{Files, Repo, Step, names, set_package, work};
use crate::run::workspace::Workspace;
use crate::terminal::{note, say};

/// Where an exercise's check stands among the tests of a program.
const CHECK: &str = "src/tests/exercise.rs";

/// Its tests, for `cargo test`.
const FILTER: &str = "tests::exercise::";

/// An exercise of a chapter.
#[derive(Clone, Debug, PartialEq)]
pub struct Exercise {
    pub step: Step,
    pub number: u32,
}

impl Exercise {
    /// By what a person types: `2.1`, or `02-1`.
    pub fn find(repo: &Repo, id: &str) -> Result<Self> {
        let numbers = id.split_once(['.', '-']);
        let numbers = numbers.and_then(|(n, k)| Some((n.parse().ok()?, k.parse().ok()?)));
        let (step, number) =
            numbers.with_context(|| format!("{id} is no exercise; it looks like 2.1"))?;
        let exercise = Exercise { step: repo.step(step)?, number };
        if !repo.root.join(exercise.check_file()).is_file() {
            let there: Vec<_> =
                of_chapter(repo, &exercise.step)?.iter().map(Exercise::id).collect();
            let there = if there.is_empty() { "none".into() } else { there.join(", ") };
            bail!("there is no exercise {}; chapter {step} has {there}", exercise.id());
        }
        Ok(exercise)
    }

    /// As chapters call it: `2.1`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.step.number, self.number)
    }

    /// `course/exercises/02-1`
    pub fn folder(&self) -> String {
        format!("{EXERCISES}/{:02}-{}", self.step.number, self.number)
    }

    /// The tests that an answer must pass.
    pub fn check_file(&self) -> String {
        format!("{}/check.rs", self.folder())
    }

    /// A workspace with some answer to it. `proof` for all exercises of a step, so that each
    /// state compiles as a change to the one before; `work` for the learner's.
    pub fn workspace(&self, repo: &Repo, kind: &str, files: &Files) -> Result<Workspace> {
        let name = format!("{:02}-exercises-{kind}", self.step.number);
        Workspace::new(repo, &name, &self.step, files).map(Workspace::that_changes)
    }

    /// Puts its check among a program's tests.
    pub fn add_check(&self, repo: &Repo, files: &mut Files) -> Result<()> {
        let Some(tests) = files.get_mut("src/tests/mod.rs") else {
            bail!("there is no src/tests/mod.rs to add the check to");
        };
        tests.push_str("\nmod exercise;\n");
        files.insert(CHECK.into(), repo.read(&self.check_file())?);
        Ok(())
    }
}

/// The exercises of a chapter that have a folder.
pub fn of_chapter(repo: &Repo, step: &Step) -> Result<Vec<Exercise>> {
    let prefix = format!("{:02}-", step.number);
    let folders = names(&repo.root.join(EXERCISES))?.into_iter();
    let numbers = folders.filter_map(|name| name.strip_prefix(&prefix)?.parse().ok());
    Ok(numbers.map(|number| Exercise { step: step.clone(), number }).collect())
}

/// How the tests of an exercise's check ended.
pub struct Run {
    /// Some ran, and all of them passed.
    pub passed: bool,
    /// How many ran. A filter, an `#[ignore]` or a missing `mod` leaves none.
    pub ran: usize,
    pub text: String,
}

/// Runs the tests of the check, and no others.
pub fn run_tests(workspace: &Workspace) -> Result<Run> {
    let output = workspace.cargo(&["test", "-q", FILTER])?;
    // Not what cargo says after it: to rerun, it would have `-p`, and another build.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let ran = tests_that_ran(&text)?;
    Ok(Run { passed: output.status.success() && ran > 0, ran, text })
}

/// What `test result:` counts, without those that were ignored or left out.
fn tests_that_ran(text: &str) -> Result<usize> {
    let result = Regex::new(r"test result: \w+\. (\d+) passed; (\d+) failed;")?;
    let count = |found: Captures<'_>| -> Result<usize> {
        Ok(found[1].parse::<usize>()? + found[2].parse::<usize>()?)
    };
    result.captures_iter(text).map(count).sum()
}

/// Runs one exercise's check on work/, and prints whether it is solved.
pub fn run(repo: &Repo, id: &str) -> Result<bool> {
    let exercise = Exercise::find(repo, id)?;
    let (solved, verdict) = judge(repo, &exercise)?;
    say(format!("exercise {}: {verdict}", exercise.id()))?;
    Ok(solved)
}

/// Whether work/ solves it, and what is to say of that.
pub fn judge(repo: &Repo, exercise: &Exercise) -> Result<(bool, String)> {
    let work = work(repo)?;
    if let Some(missing) = missing(exercise, &work, progress(repo)?) {
        return Ok((false, format!("not solved yet: {missing}")));
    }
    if let Some(warning) = modules::warning(&work) {
        say(warning)?;
    }
    note(format!("Building work/ with {}.", exercise.check_file()));
    let workspace = exercise.workspace(repo, "work", &with_tests(repo, exercise, &work)?)?;
    let names = Names::new(exercise, &workspace.root, &work)?;
    if let Err(why) = workspace.build_tests_despite_warnings() {
        let says = names.told(&format!("{why:#}"));
        say(&says)?;
        let n = exercise.step.number;
        let place = first_place(&says).map(|place| format!(", first at {place}"));
        return Ok((
            false,
            format!(
                "not solved yet: work/ does not compile with its tests{}. The exercise begins \
                 where the chapter ends: `just diff {n} work` shows what is not typed",
                place.unwrap_or_default()
            ),
        ));
    }
    let run = run_tests(&workspace)?;
    say(names.told(&run.text).trim())?;
    let verdict = match (run.passed, run.ran) {
        (true, _) => "solved",
        (_, 0) => "not solved yet: none of its tests ran",
        _ => "not solved yet",
    };
    Ok((run.passed, verdict.into()))
}

/// Why it makes no sense to run the tests of the exercise on this work/.
fn missing(exercise: &Exercise, work: &Files, progress: Option<Progress>) -> Option<String> {
    let (id, n) = (exercise.id(), exercise.step.number);
    let Some(Progress { step, untouched }) = progress else {
        return Some(format!(
            "no chapter is started in work/ yet; `just start {n}` gets chapter {n} ready there"
        ));
    };
    if step != n {
        return Some(format!(
            "work/ is at chapter {step}, and exercise {id} belongs to chapter {n}. `just start \
             {n}` gets that chapter ready, and keeps a copy of what you have"
        ));
    }
    if untouched {
        return Some(format!(
            "work/ is at chapter {n}'s start, as `just start {n}` left it. Type the chapter \
             first: the exercise begins where it ends"
        ));
    }
    let Some(main) = work.get("src/main.rs") else {
        return Some("there is no work/src/main.rs, so there is no program".into());
    };
    let program = Files::from([
        ("src/main.rs".into(), main.clone()),
        ("src/tests/mod.rs".into(), String::new()),
    ]);
    (!modules::unreached(&program).is_empty()).then(|| {
        format!(
            "work/src/main.rs has no `#[cfg(test)]` with `mod tests;` below it, so no test is \
             compiled. Chapter {n} has both lines"
        )
    })
}

/// The learner's program with the check among its tests.
fn with_tests(repo: &Repo, exercise: &Exercise, work: &Files) -> Result<Files> {
    let mut files = work.clone();
    // The learner may not have the tests; theirs win where they do.
    for (path, text) in repo.files(&exercise.step.folder())? {
        if path.starts_with("src/tests/") {
            files.entry(path).or_insert(text);
        }
    }
    exercise.add_check(repo, &mut files)?;
    set_package(&mut files, &exercise.step.package());
    Ok(files)
}

/// The place of the compiler's first error, `work/src/main.rs:3:5`.
fn first_place(says: &str) -> Option<&str> {
    let mut lines = says.lines().skip_while(|line| !line.starts_with("error"));
    lines.find_map(|line| line.trim_start().strip_prefix("--> "))
}

/// What the compiler calls a file, and what the learner calls it.
struct Names<'a> {
    exercise: &'a Exercise,
    work: &'a Files,
    file: Regex,
}

impl<'a> Names<'a> {
    fn new(exercise: &'a Exercise, root: &Path, work: &'a Files) -> Result<Self> {
        let root = regex::escape(&root.display().to_string());
        let step = regex::escape(&exercise.step.name);
        let file = format!(r"(?:{root}[/\\])?steps[/\\]{step}[/\\]([\w./\\-]+)");
        Ok(Names { exercise, work, file: Regex::new(&file)? })
    }

    fn told(&self, text: &str) -> String {
        let name = |found: &Captures<'_>| match found[1].replace('\\', "/").as_str() {
            CHECK => self.exercise.check_file(),
            path if self.work.contains_key(path) => format!("work/{path}"),
            path => format!("{}/{path}", self.exercise.step.folder()),
        };
        let package = self.exercise.step.package();
        let text = text.replace(&format!("`{package}` (bin \"{package}\" test)"), "work/");
        self.file.replace_all(&text, name).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_files_that_exist() {
        let made = tempfile::tempdir().expect("a folder");
        let step = Step { number: 6, name: "06-rotation".into() };
        let exercise = Exercise { step, number: 1 };
        let work = Files::from([("src/urls.rs".into(), String::new())]);
        let names = Names::new(&exercise, made.path(), &work).expect("names");
        let said = format!(
            "panicked at steps/06-rotation/src/tests/exercise.rs:12:5:\n --> \
             steps/06-rotation/src/urls.rs:3:1\n --> steps\\06-rotation\\src\\urls.rs\n --> \
             steps/06-rotation/src/tests/mod.rs:1\n{}/steps/06-rotation/src/urls.rs\n\
             could not compile `step-6` (bin \"step-6\" test)",
            made.path().display()
        );
        let want = "panicked at course/exercises/06-1/check.rs:12:5:\n --> \
                    work/src/urls.rs:3:1\n --> work/src/urls.rs\n --> \
                    steps/06-rotation/src/tests/mod.rs:1\nwork/src/urls.rs\ncould not compile work/";
        assert_eq!(names.told(&said), want);
    }

    #[test]
    fn only_tests_that_ran_are_counted() {
        let result = |numbers: &str| format!("test result: ok. {numbers} filtered out\n");
        let none = result("0 passed; 0 failed; 1 ignored; 0 measured; 12");
        assert_eq!(tests_that_ran(&none).expect("a count"), 0);
        let two = result("1 passed; 1 failed; 1 ignored; 0 measured; 12");
        assert_eq!(tests_that_ran(&two).expect("a count"), 2);
        assert_eq!(tests_that_ran("error: it does not compile").expect("a count"), 0);
    }
}
