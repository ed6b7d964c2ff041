//! `course dev checkpoints`: the state at each checkpoint compiles, and answers what is
//! recorded for it in `course/checkpoints.json`.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::author::replay::{build_clients, checkpoint_workspace};
use crate::book::chapter::Chapter;
use crate::book::replay::{Checkpoint, Replay};
use crate::contract::changes::Changes;
use crate::contract::checkpoints::{Checkpoints, FILE, Record, load};
use crate::learner::check::{Choice, Until, answers, cases_up_to};
use crate::modules::unreached;
use crate::repo::{Files, Repo, Step};
use crate::run::output::LISTENING;
use crate::run::program::Built;
use crate::run::workspace::Workspace;
use crate::terminal::say;

/// Asks the checkpoints of the chapters, and compares with the record, or writes it. Prints a
/// line for each.
pub fn run(repo: &Repo, chapter: Option<u32>, write: bool) -> Result<bool> {
    let written = repo.chapters()?;
    let mut good = true;
    for step in repo.chosen(chapter)?.into_iter().filter(|step| written.contains(step)) {
        let states = if write { record(repo, &step) } else { check(repo, &step) };
        match states {
            Ok(states) => states.iter().try_for_each(say)?,
            Err(why) => {
                say(format!("{why:#}"))?;
                good = false;
            }
        }
    }
    Ok(good)
}

/// Asks the checkpoints of one chapter. The error is the first thing that is not right.
pub fn check(repo: &Repo, step: &Step) -> Result<Vec<String>> {
    let asked = ask(repo, step)?;
    compare(step, recorded(repo)?.get(&step.number), &asked.record)?;
    Ok(asked.states)
}

/// Asks the checkpoints of one chapter, and writes what they answer.
fn record(repo: &Repo, step: &Step) -> Result<Vec<String>> {
    let asked = ask(repo, step)?;
    let (mut all, steps) = (recorded(repo)?, repo.steps()?);
    all.retain(|chapter, _| steps.iter().any(|step| step.number == *chapter));
    all.insert(step.number, asked.record);
    let text = serde_json::to_string_pretty(&all)? + "\n";
    fs::write(repo.root.join(FILE), text).with_context(|| FILE)?;
    Ok(asked.states)
}

/// What is recorded; nothing before the first time.
fn recorded(repo: &Repo) -> Result<Checkpoints> {
    if repo.root.join(FILE).is_file() { load(&repo.root) } else { Ok(Checkpoints::new()) }
}

/// What the checkpoints of a chapter answer.
struct Asked {
    record: Record,
    /// A line about each, for people.
    states: Vec<String>,
}

/// Builds the state at each checkpoint, and asks it what the finished step is asked.
fn ask(repo: &Repo, step: &Step) -> Result<Asked> {
    let chapter = Chapter::read(repo, step)?;
    let replay = Replay::run(repo, step, &chapter)?;
    let cases = cases_up_to(step.number)?;
    let labels: BTreeSet<_> = cases.iter().map(|(label, _)| label.clone()).collect();
    let mut held = Vec::new();
    let mut clients = build_clients(repo, step, &replay)?;
    for (index, checkpoint) in replay.checkpoints.iter().enumerate() {
        let workspace = checkpoint_workspace(repo, step, &replay, index)?;
        let fails = |why| chapter.error(checkpoint.line, format!("at this checkpoint {why:#}"));
        let program = program(&workspace, step, checkpoint).map_err(fails)?;
        held.push(if says_where_it_listens(&checkpoint.files) {
            let until = Some(Until { checkpoint: index + 1, cases: labels.clone() });
            let choice = Choice { until, ..Choice::up_to(step.number) };
            let answers = answers(&program, &choice, Changes::default())?;
            answers.held.into_iter().collect::<BTreeSet<_>>()
        } else {
            BTreeSet::new()
        });
    }
    let record = Record::new(step.number, &cases, &held);
    let states = replay.checkpoints.iter().enumerate().map(|(index, checkpoint)| {
        let state = state(&record, &cases, step.number, index, &checkpoint.files);
        format!("{}:{}: checkpoint {}: {state}", chapter.path, checkpoint.line, index + 1)
    });
    clients.extend(states);
    Ok(Asked { states: clients, record })
}

/// Whether the check can find the server. Else it would wait half a minute for a line that
/// never comes, once for each server that it wants.
fn says_where_it_listens(files: &Files) -> bool {
    files.values().any(|text| text.contains(LISTENING))
}

/// The program at a checkpoint.
pub fn program(workspace: &Workspace, step: &Step, checkpoint: &Checkpoint) -> Result<Built> {
    let migrates = checkpoint.files.keys().any(|path| path.starts_with("migrations/"));
    Ok(Built::at(workspace.binary()?, &step.package(), migrates))
}

/// What there is to say of a checkpoint's state.
fn state(
    record: &Record,
    cases: &[(String, u32)],
    step: u32,
    index: usize,
    files: &Files,
) -> String {
    let holds = |(label, of): &&(String, u32)| record.holds(index + 1, label, *of < step);
    let asked = cases.iter().filter(holds).count();
    let own =
        cases.iter().filter(|(label, of)| *of == step && record.from[index].contains(label));
    let mut text = match (asked, own.count()) {
        (0, _) => "compiles; nothing to ask".into(),
        (asked, 0) => format!("compiles; {asked} of the cases hold, none of them new"),
        (asked, new) => format!("compiles; {asked} of the cases hold, {new} of them new"),
    };
    let unreached = unreached(files);
    if !unreached.is_empty() {
        text += &format!("; no `mod` line leads to {} yet", unreached.join(", "));
    }
    text
}

/// The error names the cases that hold elsewhere than it is recorded.
fn compare(step: &Step, recorded: Option<&Record>, found: &Record) -> Result<()> {
    let none = Record::default();
    let recorded = recorded.unwrap_or(&none);
    let place = |record: &Record, label: &String| {
        let from = record.from.iter().position(|cases| cases.contains(label));
        match from {
            Some(index) => format!("checkpoint {}", index + 1),
            None if record.at_the_end.contains(label) => "its end".into(),
            None => "no checkpoint of its own".into(),
        }
    };
    let labels = |record: &Record| {
        let from = record.from.iter().flatten();
        from.chain(&record.at_the_end).cloned().collect::<BTreeSet<_>>()
    };
    let all = &labels(recorded) | &labels(found);
    let moved = all.iter().filter(|label| place(recorded, label) != place(found, label));
    let moved = moved.map(|label| {
        format!(
            "\n  {label}: from {}, recorded {}",
            place(found, label),
            place(recorded, label)
        )
    });
    let mut moved = moved.collect::<String>();
    if recorded.from.len() != found.from.len() {
        let (found, recorded) = (found.from.len(), recorded.from.len());
        moved = format!("\n  it has {found} checkpoints, recorded {recorded}{moved}");
    }
    ensure!(
        moved.is_empty(),
        "{FILE}: chapter {} answers otherwise at its checkpoints; if that is right, record it \
         with `course dev checkpoints {} --write`{moved}",
        step.number,
        step.number
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The record of a chapter 2 with two checkpoints, at which these cases begin to hold.
    fn record(first: &[&str], second: &[&str]) -> Record {
        let set = |labels: &[&str]| labels.iter().map(|label| label.to_string()).collect();
        Record { from: vec![set(first), set(second)], ..Record::default() }
    }

    fn two() -> Step {
        Step { number: 2, name: "02-two".into() }
    }

    #[test]
    fn a_case_that_holds_from_another_checkpoint_on_is_told_with_both() {
        let recorded = record(&["a", "b"], &["c"]);
        compare(&two(), Some(&recorded), &record(&["a", "b"], &["c"])).expect("the same");
        let why = compare(&two(), Some(&recorded), &record(&["a"], &["b"])).expect_err("moved");
        let why = why.to_string();
        assert!(
            why.starts_with("course/checkpoints.json: chapter 2 answers otherwise"),
            "{why}"
        );
        for line in [
            "`course dev checkpoints 2 --write`",
            "\n  b: from checkpoint 2, recorded checkpoint 1",
            "\n  c: from no checkpoint of its own, recorded checkpoint 2",
        ] {
            assert!(why.contains(line), "{why}");
        }
    }

    #[test]
    fn a_checkpoint_more_is_told_even_when_no_case_moves() {
        let one = Record { from: vec![BTreeSet::new()], ..Record::default() };
        let why = compare(&two(), Some(&one), &record(&[], &[])).expect_err("one more");
        assert!(why.to_string().contains("it has 2 checkpoints, recorded 1"), "{why}");
        let why = compare(&two(), None, &record(&[], &[])).expect_err("nothing is recorded");
        assert!(why.to_string().contains("it has 2 checkpoints, recorded 0"), "{why}");
    }

    #[test]
    fn a_state_with_nothing_to_ask_and_a_file_without_a_mod_line_are_listed() {
        let cases = [("old".into(), 1), ("new".into(), 2)];
        let files = |main: &str| {
            let files = [("src/main.rs", main), ("src/a.rs", "")];
            Files::from(files.map(|(path, text)| (path.into(), text.into())))
        };
        let state = |record: &Record, main| state(record, &cases, 2, 0, &files(main));
        let said = state(&record(&["new"], &[]), "mod a;\n");
        assert_eq!(said, "compiles; 2 of the cases hold, 1 of them new");
        let said = state(&record(&[], &["old"]), "mod a;\n");
        assert_eq!(said, "compiles; nothing to ask");
        let said = state(&record(&[], &[]), "");
        let mod_line = "no `mod` line leads to src/a.rs yet";
        assert_eq!(
            said,
            format!("compiles; 1 of the cases hold, none of them new; {mod_line}")
        );
    }
}
