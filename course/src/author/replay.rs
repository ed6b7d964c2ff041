//! `course dev replay`: each chapter is the patch from the step before to its step.

use anyhow::{Context, Result, ensure};

use crate::book::chapter::Chapter;
use crate::book::replay::Replay;
use crate::repo::{Repo, Step, without_tests};
use crate::run::workspace::Workspace;
use crate::run::{frontend, skip};
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

/// Builds the client at each checkpoint at which it has changed, and the step's own, which must
/// be the one that is committed. Gives a line for each; nothing when the chapter has none.
pub fn build_clients(repo: &Repo, step: &Step, replay: &Replay<'_>) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let own = frontend::client(&repo.files(&step.folder())?);
    if !frontend::can_be_built(&own) {
        return Ok(lines);
    }
    if let Err(missing) = frontend::find_node() {
        skip(missing)?;
        return Ok(lines);
    }
    let npm = frontend::Client::install(repo, &own)?;
    let mut last = None;
    for (index, checkpoint) in replay.checkpoints.iter().enumerate() {
        let client = frontend::client(&checkpoint.files);
        if !frontend::can_be_built(&client) || last.as_ref() == Some(&client) {
            continue;
        }
        let place = format!("{}:{}: checkpoint {}", step.chapter(), checkpoint.line, index + 1);
        npm.build(&client).with_context(|| format!("{place}: its client does not build"))?;
        lines.push(format!("{place}: its client builds"));
        last = Some(client);
    }
    ensure!(
        npm.build(&own)? == frontend::committed(repo)?,
        "client/dist is not what {}/frontend builds to; build it with `npm ci --ignore-scripts` \
         and `npm run build`, and put its dist in that place",
        step.folder()
    );
    Ok(lines)
}

/// Compiles each checkpoint of one chapter. The error is the first that does not compile,
/// or that warns.
pub fn check_checkpoints(repo: &Repo, step: &Step, print: bool) -> Result<()> {
    let chapter = Chapter::read(repo, step)?;
    let replay = Replay::run(repo, step, &chapter)?;
    let clients = build_clients(repo, step, &replay)?;
    clients.iter().filter(|_| print).try_for_each(say)?;
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
