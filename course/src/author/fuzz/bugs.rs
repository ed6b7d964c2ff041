//! `course dev fuzz --bugs`: deliberate bugs that the fuzzer must find, each in a step that is
//! right without it. A fuzzer that finds nothing may also be one that looks at nothing.
//!
//! `course/fuzz-bugs/08-origin-unwrapped/` holds the mistake in words (`about.md`), as a patch
//! of step 8 (`bug.patch`), and the kind of fault that it is (`expected.txt`).

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Plan, fuzz};
use crate::author::exercises::patched;
use crate::repo::{Files, Repo, Step, names};
use crate::run::program::Built;
use crate::run::workspace::Workspace;
use crate::terminal::say;

/// Where they are. `carry` keeps their patches, as those of the mutants.
const FOLDER: &str = "course/fuzz-bugs";

/// Fuzzes each until it is found; `false` when one is not, or is taken for something else.
pub fn run(repo: &Repo, seed: u64) -> Result<bool> {
    let mut missed = 0;
    for bug in all(repo)? {
        let (line, good) = bug.prove(repo, seed).with_context(|| bug.name.clone())?;
        say(format!("{}: {line}", bug.name))?;
        missed += usize::from(!good);
    }
    Ok(missed == 0)
}

/// One deliberate bug.
struct Bug {
    /// Its folder: `08-origin-unwrapped`.
    name: String,
    step: Step,
}

/// All, in the order of their names.
fn all(repo: &Repo) -> Result<Vec<Bug>> {
    let bug = |name: String| {
        let number = name.split('-').next().and_then(|number| number.parse().ok());
        let number = number.with_context(|| {
            format!("{FOLDER}/{name}: the name of a bug begins with its step, as 08-")
        })?;
        Ok(Bug { step: repo.step(number)?, name })
    };
    let bugs: Vec<Bug> =
        names(&repo.root.join(FOLDER))?.into_iter().map(bug).collect::<Result<_>>()?;
    ensure!(!bugs.is_empty(), "there is no bug in {FOLDER}/");
    Ok(bugs)
}

impl Bug {
    fn read(&self, repo: &Repo, file: &str) -> Result<String> {
        repo.read(&format!("{FOLDER}/{}/{file}", self.name))
    }

    /// The step with the bug in it.
    fn files(&self, repo: &Repo) -> Result<Files> {
        let files = repo.files(&self.step.folder())?;
        patched(&self.step, files, &self.read(repo, "bug.patch")?)
    }

    /// What to print, and whether it was found for what it is.
    fn prove(&self, repo: &Repo, seed: u64) -> Result<(String, bool)> {
        let files = self.files(repo)?;
        let migrates = files.keys().any(|path| path.starts_with("migrations/"));
        // One workspace for all bugs of a step: from one to the next only its crate is compiled.
        let name = format!("fuzz-bugs-{:02}", self.step.number);
        let workspace = Workspace::new(repo, &name, &self.step, &files)?.that_changes();
        let program = workspace.binary_despite_warnings()?;
        let program = Built::at(program, &self.step.package(), migrates);
        let time = Duration::from_secs(180);
        let plan = Plan { seed, from: 0, requests: 100_000, time, enough: 1 };
        let report = fuzz(&program, self.step.number, &plan)?;
        let expected = self.read(repo, "expected.txt")?;
        let Some(found) = report.findings.first() else {
            return Ok((format!("NOT FOUND in {} requests", report.sent), false));
        };
        let line = format!("request {} of seed {seed}: {}", found.number, found.fault);
        if found.fault.kind() == expected.trim() {
            return Ok((format!("found by {line}"), true));
        }
        Ok((format!("FOUND AS SOMETHING ELSE than {}: {line}", expected.trim()), false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::fuzz::fault::Fault;

    #[test]
    fn each_bug_is_a_patch_of_its_step_and_says_what_it_is() {
        let repo = Repo::find().expect("the repository");
        let bugs = all(&repo).expect("bugs");
        assert!(bugs.len() >= 4, "four bugs or more show that the fuzzer looks");
        for bug in bugs {
            let right = repo.files(&bug.step.folder()).expect("files");
            let wrong = bug.files(&repo).expect(&bug.name);
            assert_ne!(right, wrong, "{}: its patch changes nothing", bug.name);
            let about = bug.read(&repo, "about.md").expect(&bug.name);
            assert!(!about.trim().is_empty(), "{}: about.md is empty", bug.name);
            let expected = bug.read(&repo, "expected.txt").expect(&bug.name);
            let known = Fault::KINDS.contains(&expected.trim());
            assert!(known, "{}: {expected:?} is none of {:?}", bug.name, Fault::KINDS);
        }
    }

    /// About a minute for each, most of it to compile.
    #[test]
    #[ignore = "slow; `course dev fuzz --bugs` does the same"]
    fn every_bug_is_found_for_what_it_is() {
        let repo = Repo::find().expect("the repository");
        assert!(run(&repo, 1).expect("a run"), "the fuzzer has missed a deliberate bug");
    }
}
