//! `course dev replay`: each chapter is the patch from the step before to its step.

use anyhow::Result;

use crate::book::chapter::Chapter;
use crate::book::replay::Replay;
use crate::repo::{Repo, Step, without_tests};
use crate::run::workspace::Workspace;
use crate::terminal::say;

/// Checks the chapters, prints a line for each, and says whether all are right.
pub fn run(repo: &Repo, number: Option<u32>, checkpoints: bool) -> Result<bool> {
    let chapters = repo.chapters()?;
    let mut good = true;
    for step in repo.chosen(number)? {
        if !chapters.contains(&step) {
            say(format!("{}: not written yet", step.chapter()))?;
            continue;
        }
        match check(repo, &step) {
            Ok(()) => say(format!("{}: replayed: equal", step.chapter()))?,
            Err(error) => {
                say(format!("{error:#}"))?;
                good = false;
                continue;
            }
        }
        if checkpoints && let Err(error) = check_checkpoints(repo, &step, true) {
            say(format!("{error:#}"))?;
            good = false;
        }
    }
    Ok(good)
}

/// Replays one chapter. The error is the first place that is not right.
pub fn check(repo: &Repo, step: &Step) -> Result<()> {
    let chapter = Chapter::read(repo, step)?;
    let replay = Replay::run(repo, step, &chapter)?;
    replay.compare()?;
    replay.compare_root(&quoted_before(repo, step)?)?;
    replay.compare_checkpoints()
}

/// The lines of the root Cargo.toml that earlier chapters quote.
fn quoted_before(repo: &Repo, step: &Step) -> Result<Vec<String>> {
    let mut quoted = Vec::new();
    for earlier in repo.chapters()?.iter().filter(|earlier| earlier.number < step.number) {
        // What is wrong in that chapter is told when it is checked itself.
        if let Ok(chapter) = Chapter::read(repo, earlier)
            && let Ok(replay) = Replay::run(repo, earlier, &chapter)
        {
            quoted.extend(replay.quoted);
        }
    }
    Ok(quoted)
}

/// Compiles each checkpoint of one chapter. The error is the first that does not compile,
/// or that warns.
pub fn check_checkpoints(repo: &Repo, step: &Step, print: bool) -> Result<()> {
    let chapter = Chapter::read(repo, step)?;
    let replay = Replay::run(repo, step, &chapter)?;
    for (index, checkpoint) in replay.checkpoints.iter().enumerate() {
        let workspace = checkpoint_workspace(repo, step, &replay, index)?;
        let fails = |why| chapter.error(checkpoint.line, format!("at this checkpoint {why:#}"));
        workspace.build().map_err(fails)?;
        if print {
            say(format!("{}:{}: checkpoint: compiles", chapter.path, checkpoint.line))?;
        }
    }
    Ok(())
}

/// A workspace with the state at the checkpoint with this index.
pub fn checkpoint_workspace(
    repo: &Repo,
    step: &Step,
    replay: &Replay<'_>,
    index: usize,
) -> Result<Workspace> {
    let name = format!("{:02}-checkpoint-{}", step.number, index + 1);
    let files = without_tests(replay.checkpoints[index].files.clone());
    Workspace::new(repo, &name, step, &files)
}
