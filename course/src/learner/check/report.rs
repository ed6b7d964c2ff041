//! What a check tells while it runs, and what it has counted.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;

use anyhow::{Context, Error, Result};

use super::cases::Outcome;
use super::failure::{Failure, render};
use super::hints::Hints;

/// What has been counted.
#[derive(Default)]
pub struct Tally {
    pub passed: usize,
    /// The labels of what failed, in order.
    pub failed: Vec<String>,
    /// Answered otherwise than Django does, as differences.json says.
    pub ours: usize,
    /// Listed there without an answer to compare with.
    pub not_compared: usize,
    /// Exercise -> the labels of what is answered as it asks.
    pub exercises: BTreeMap<String, Vec<String>>,
    /// The labels of all that did not fail.
    pub held: Vec<String>,
}

impl Tally {
    fn count(&mut self, label: &str, outcome: &Outcome) {
        if !matches!(outcome, Outcome::Failed(_)) {
            self.held.push(label.into());
        }
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Ours => {
                self.passed += 1;
                self.ours += 1;
            }
            Outcome::NotCompared => self.not_compared += 1,
            Outcome::Exercise(exercise) => {
                self.passed += 1;
                self.exercises.entry(exercise.clone()).or_default().push(label.into());
            }
            Outcome::Failed(_) => self.failed.push(label.into()),
        }
    }
}

/// Where it is told, and the count.
pub struct Report<'o> {
    out: &'o mut dyn Write,
    hints: Hints,
    /// Whether to go on after a failure.
    pub all: bool,
    /// Whether someone looks on, and sees it count.
    pub terminal: bool,
    pub tally: Tally,
}

impl<'o> Report<'o> {
    pub fn new(out: &'o mut dyn Write) -> Result<Self> {
        let (hints, tally) = (Hints::load()?, Tally::default());
        Ok(Report { out, hints, all: false, terminal: false, tally })
    }

    pub fn say(&mut self, line: impl Display) -> Result<()> {
        writeln!(self.out, "{line}").context("cannot print")
    }

    /// Whether to go on: nothing failed yet, or all failures are wanted.
    pub fn goes_on(&self) -> bool {
        self.all || self.tally.failed.is_empty()
    }

    pub fn did_not_start(&mut self, why: &Error) -> Result<()> {
        self.tally.failed.push("start".into());
        self.say(format_args!("\nFAILED  the start of the server\n\n{why:#}"))
    }

    /// The line of one group.
    pub fn section<'r>(&'r mut self, name: &'r str, total: usize) -> Section<'r, 'o> {
        Section { report: self, name, total, done: 0, failures: Vec::new() }
    }

    /// The last lines; `false` when something failed.
    pub fn close(mut self) -> Result<bool> {
        let Tally { passed, ours, not_compared, .. } = self.tally;
        let failed = self.tally.failed.len();
        let list = "see course/differences.md";
        self.say("")?;
        if ours > 0 {
            self.say(format_args!("{ours} of these answer otherwise than Django, {list}."))?;
        }
        if not_compared > 0 {
            let what = "more answer otherwise, in a way that is not compared";
            self.say(format_args!("{not_compared} {what}, {list}."))?;
        }
        for (exercise, cases) in std::mem::take(&mut self.tally.exercises) {
            let them = if cases.len() == 1 { "is" } else { "are" };
            let cases = cases.join(", ");
            self.say(format_args!(
                "As exercise {exercise} asks, and so right, {them}: {cases}."
            ))?;
        }
        if !self.goes_on() {
            self.say("It stopped at the first failure; --all shows every one.")?;
        }
        self.say(format_args!("{passed} passed, {failed} failed"))?;
        Ok(failed == 0)
    }
}

/// One line per group, which counts while it runs when someone looks on, and then what
/// failed.
pub struct Section<'r, 'o> {
    report: &'r mut Report<'o>,
    name: &'r str,
    total: usize,
    done: usize,
    failures: Vec<Failure>,
}

impl Section<'_, '_> {
    pub fn goes_on(&self) -> bool {
        self.report.all || self.failures.is_empty()
    }

    pub fn add(&mut self, label: &str, outcome: Outcome) -> Result<()> {
        self.report.tally.count(label, &outcome);
        self.failures.extend(outcome.failure());
        self.done += 1;
        let Section { report, name, total, done, .. } = self;
        if report.terminal {
            write!(report.out, "\r  {name:<16} {done}/{total}")?;
            report.out.flush().context("cannot print")?;
        }
        Ok(())
    }

    pub fn end(self) -> Result<()> {
        let Section { report, name, total, done, failures } = self;
        let start = if report.terminal { "\r" } else { "" };
        let verdict = match failures.len() {
            0 => "ok".into(),
            failed => format!("{failed} failed"),
        };
        report.say(format_args!("{start}  {name:<16} {done}/{total} {verdict}"))?;
        for failure in &failures {
            write!(report.out, "\n{}", render(failure, &report.hints))
                .context("cannot print")?;
        }
        Ok(())
    }
}
