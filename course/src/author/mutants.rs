//! `course dev mutants`: deliberate bugs, each a mistake that learners make. The check or the
//! step's own tests must catch it, with a message that helps.
//!
//! `course/mutants/04-no-token-type/` holds the mistake in words (`about.md`), as a patch
//! of step 4 (`bug.patch`), and what a learner reads (`expected.txt`).

mod coverage;
mod message;

use std::cmp::Reverse;
use std::fs;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use similar::TextDiff;

use crate::author::exercises::patched;
use crate::learner::check::{Choice, first_failure};
use crate::repo::{Repo, Step, names, printed};
use crate::run::program::Built;
use crate::run::workspace::Workspace;
use crate::terminal::say;
use message::{failing_test, mask, one_line, usual_cause};

/// Where the mutants are.
const FOLDER: &str = "course/mutants";

/// `course dev mutants`
#[derive(clap::Args)]
pub struct Args {
    /// One mutant, or all whose name has this in it
    name: Option<String>,
    /// Only those of one step
    #[arg(long)]
    step: Option<u32>,
    /// Store the messages that have changed
    #[arg(long)]
    write: bool,
    /// Show what the mistake is beside what the message takes for its cause, as is done for
    /// a mutant that runs alone
    #[arg(long)]
    causes: bool,
    /// Show which checks and tests no mutant has put to the test, and run nothing
    #[arg(long, conflicts_with_all = ["name", "step", "write", "causes"])]
    coverage: bool,
}

/// Runs the mutants; `false` when one survives, or its message has changed.
pub fn run(repo: &Repo, args: &Args) -> Result<bool> {
    if args.coverage {
        return coverage::run(repo);
    }
    let mut mutants = all(repo)?;
    let named = |mutant: &Mutant| args.name.as_ref().is_none_or(|n| mutant.name.contains(n));
    let of_step = |mutant: &Mutant| args.step.is_none_or(|step| mutant.step.number == step);
    mutants.retain(|mutant| named(mutant) && of_step(mutant));
    ensure!(!mutants.is_empty(), "no mutant of {FOLDER}/ has such a name or step");
    let failed = prove_all(repo, &mutants, args)?;
    say(format!("{} passed, {failed} failed", mutants.len() - failed))?;
    Ok(failed == 0)
}

/// How many steps' mutants run side by side. Cargo builds one after the other, so that more
/// than two would only wait.
const WORKERS: usize = 2;

/// Runs the mutants, prints a line for each as it comes, and says how many are not right.
/// Those of one step share a workspace, so one worker takes them all.
fn prove_all(repo: &Repo, mutants: &[Mutant], args: &Args) -> Result<usize> {
    let causes = args.causes || mutants.len() == 1;
    let mut steps: Vec<_> = mutants.chunk_by(|one, other| one.step == other.step).collect();
    // The longest first: else one worker would be alone with it at the end.
    steps.sort_by_key(|mutants| Reverse(mutants.len()));
    let taken = AtomicUsize::new(0);
    let work = || -> Result<usize> {
        let mut failed = 0;
        while let Some(mutants) = steps.get(taken.fetch_add(1, Ordering::Relaxed)) {
            for mutant in *mutants {
                let proof = mutant.prove(repo, args.write);
                let proof = proof.unwrap_or_else(|why| (format!("FAILED {why:#}"), false));
                let cause =
                    if causes { format!("\n{}", mutant.causes(repo)?) } else { "".into() };
                say(format!("{}: {}{cause}", mutant.name, proof.0))?;
                failed += usize::from(!proof.1);
            }
        }
        Ok(failed)
    };
    thread::scope(|scope| {
        let workers = [(); WORKERS].map(|()| scope.spawn(work));
        let ends = workers.map(|worker| worker.join().unwrap_or_else(|why| resume_unwind(why)));
        ends.into_iter().sum()
    })
}

/// One deliberate bug.
struct Mutant {
    /// Its folder: `04-no-token-type`.
    name: String,
    /// The step in which the broken thing is born.
    step: Step,
}

/// Who has seen a bug, and the message that says so.
#[derive(Debug, PartialEq)]
enum Caught {
    /// `course check`, in this case.
    ByCheck { case: String, message: String },
    /// The step's own tests, in this one.
    ByTest { test: String, message: String },
}

impl Caught {
    /// `caught by check: token/wrong password`
    fn headline(&self) -> String {
        match self {
            Caught::ByCheck { case, .. } => format!("caught by check: {case}"),
            Caught::ByTest { test, .. } => format!("caught by test: {test}"),
        }
    }

    /// The check or the test that caught a bug before, by what is recorded of it.
    fn recorded(record: &str) -> Option<Self> {
        let headline = record.lines().next()?;
        let (by, name) = headline.strip_prefix("caught by ")?.split_once(": ")?;
        let (name, message) = (name.to_string(), record.to_string());
        match by {
            "check" => Some(Caught::ByCheck { case: name, message }),
            "test" => Some(Caught::ByTest { test: name, message }),
            _ => None,
        }
    }

    /// What expected.txt holds.
    fn record(&self) -> String {
        let (Caught::ByCheck { message, .. } | Caught::ByTest { message, .. }) = self;
        format!("{}\n\n{}\n", self.headline(), mask(message))
    }
}

/// All mutants, in the order of their names.
fn all(repo: &Repo) -> Result<Vec<Mutant>> {
    let folders = names(&repo.root.join(FOLDER))?;
    let folders = folders.into_iter().filter(|name| repo.root.join(FOLDER).join(name).is_dir());
    folders.map(|name| Mutant::find(repo, name)).collect()
}

impl Mutant {
    fn find(repo: &Repo, name: String) -> Result<Self> {
        let number = name.split('-').next().and_then(|number| number.parse().ok());
        let number = number.with_context(|| {
            format!("{FOLDER}/{name}: the name of a mutant begins with its step, as 04-")
        })?;
        Ok(Mutant { step: repo.step(number)?, name })
    }

    /// One of its files, by its path from the root.
    fn path(&self, file: &str) -> String {
        format!("{FOLDER}/{}/{file}", self.name)
    }

    /// Runs it and compares the message. Gives what to print, and whether it is as it must be.
    ///
    /// Who caught it before is asked first, and alone: most bugs need one case or one test. Any
    /// other answer is judged in full order, and so is what is written.
    fn prove(&self, repo: &Repo, write: bool) -> Result<(String, bool)> {
        let path = repo.root.join(self.path("expected.txt"));
        let old = fs::read_to_string(&path).unwrap_or_default();
        let broken = self.broken(repo).with_context(|| self.path("bug.patch"))?;
        let known = Caught::recorded(&old).filter(|_| !write);
        if let Some(known) = known
            && let Some(caught) = broken.caught_again(&known)?
            && caught.record() == old
        {
            return Ok((caught.headline(), true));
        }
        let caught = broken.caught().with_context(|| self.path("bug.patch"))?;
        let Some(caught) = caught else { return Ok(("SURVIVED".into(), false)) };
        let (line, new) = (caught.headline(), caught.record());
        if old == new {
            return Ok((line, true));
        }
        if write {
            fs::write(&path, new).with_context(|| path.display().to_string())?;
            return Ok((format!("{line} (written)"), true));
        }
        let diff = TextDiff::from_lines(&old, &new);
        let expected = self.path("expected.txt");
        let diff = diff.unified_diff().header(&expected, "what it says now").to_string();
        let hint = "if the new message is as good, store it with --write";
        Ok((format!("{line}, with another message; {hint}\n{diff}"), false))
    }

    /// What the mistake is, beside what a learner is told of it: the two must say the same.
    fn causes(&self, repo: &Repo) -> Result<String> {
        let about = repo.read(&self.path("about.md"))?;
        let expected = repo.read(&self.path("expected.txt"))?;
        let told = usual_cause(&expected);
        let told = told.unwrap_or_else(|| "nothing; a test says it in its own words".into());
        Ok(format!("  the mistake: {}\n  is told as:  {told}", one_line(&about)))
    }

    /// Builds the step with the bug.
    fn broken(&self, repo: &Repo) -> Result<Broken> {
        let files = repo.files(&self.step.folder())?;
        let migrates = files.keys().any(|path| path.starts_with("migrations/"));
        let files = patched(&self.step, files, &repo.read(&self.path("bug.patch"))?)?;
        // One workspace per step: from one mutant to the next, only its crate is compiled.
        let name = format!("mutants-{:02}", self.step.number);
        let workspace = Workspace::new(repo, &name, &self.step, &files)?.that_changes();
        Ok(Broken { workspace, step: self.step.clone(), migrates })
    }
}

/// A step with one bug in it.
struct Broken {
    workspace: Workspace,
    step: Step,
    migrates: bool,
}

impl Broken {
    /// Asks the check, and when that sees nothing, the tests.
    fn caught(&self) -> Result<Option<Caught>> {
        match self.by_check(&Choice::up_to(self.step.number))? {
            Some(caught) => Ok(Some(caught)),
            None => self.by_test(&["test"]),
        }
    }

    /// Asks only the case or the test that caught it before.
    fn caught_again(&self, known: &Caught) -> Result<Option<Caught>> {
        match known {
            Caught::ByCheck { case, .. } => {
                let only = Some(case.clone());
                self.by_check(&Choice { only, ..Choice::up_to(self.step.number) })
            }
            Caught::ByTest { test, .. } => self.by_test(&["test", test, "--", "--exact"]),
        }
    }

    fn by_check(&self, choice: &Choice) -> Result<Option<Caught>> {
        let program = self.workspace.binary_despite_warnings()?;
        let program = Built::at(program, &self.step.package(), self.migrates);
        let failure = first_failure(&program, choice)?;
        Ok(failure.map(|(case, message)| Caught::ByCheck { case, message }))
    }

    fn by_test(&self, args: &[&str]) -> Result<Option<Caught>> {
        let output = self.workspace.cargo(args)?;
        let text = printed(&output);
        match failing_test(&text) {
            Some((test, message)) => Ok(Some(Caught::ByTest { test, message })),
            None if output.status.success() => Ok(None),
            None => bail!("its tests do not run:\n{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repo() -> Repo {
        Repo::find().expect("the repository")
    }

    #[test]
    fn each_mutant_is_a_patch_of_its_step_and_says_what_it_is_about() {
        let repo = repo();
        let mutants = all(&repo).expect("mutants");
        assert!(mutants.len() >= 12);
        for mutant in mutants {
            let files = repo.files(&mutant.step.folder()).expect("files");
            let patch = repo.read(&mutant.path("bug.patch")).expect("a patch");
            let bug = patched(&mutant.step, files.clone(), &patch).expect(&mutant.name);
            let changed = bug.iter().filter(|(path, text)| files.get(*path) != Some(*text));
            let in_tests = changed.clone().any(|(path, _)| path.starts_with("src/tests/"));
            assert!(changed.count() > 0 && !in_tests, "{}", mutant.name);
            for file in ["about.md", "expected.txt"] {
                let text = repo.read(&mutant.path(file)).expect(&mutant.name);
                assert!(!text.trim().is_empty(), "{}/{file}", mutant.name);
            }
        }
    }

    /// `assertion failed` beside two numbers tells a learner nothing.
    #[test]
    fn a_test_that_catches_a_mutant_says_its_rule_in_words() {
        let repo = repo();
        for mutant in all(&repo).expect("mutants") {
            let text = repo.read(&mutant.path("expected.txt")).expect("a message");
            let Some((_, message)) = text.split_once(".rs:<line>:\n") else { continue };
            let first = message.lines().next().unwrap_or_default();
            let own = first.trim_start_matches("assertion `left == right` failed");
            let words = own.split(' ').filter(|word| word.chars().all(char::is_alphabetic));
            let told = words.count() >= 3 && !first.starts_with("called `");
            assert!(told, "{}: no rule in {first:?}", mutant.name);
        }
    }

    /// About three minutes, so `.ci/run` runs the command instead.
    #[test]
    #[ignore = "slow; `course dev mutants` does the same"]
    fn every_mutant_is_caught_with_its_message() {
        let args =
            Args { name: None, step: None, write: false, causes: false, coverage: false };
        assert!(run(&repo(), &args).expect("a run"));
    }

    #[test]
    fn a_patch_that_changes_nothing_survives() {
        let repo = repo();
        let mutant = all(&repo).expect("mutants").remove(0);
        let files = repo.files(&mutant.step.folder()).expect("files");
        let workspace = Workspace::new(&repo, "mutants-none", &mutant.step, &files);
        let program = workspace.and_then(|it| it.binary_despite_warnings()).expect("a program");
        let program = Built::at(program, "step-1", false);
        assert_eq!(first_failure(&program, &Choice::up_to(1)).expect("a check"), None);
    }
}
