//! `course dev try`: every command that a chapter shows is run, and its output compared.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::author::mask::{Side, compare, is_result, is_test_run, same};
use crate::author::replay::checkpoint_workspace;
use crate::author::shell::Shell;
use crate::book::chapter::{Chapter, Fence, Kind};
use crate::book::replay::Replay;
use crate::repo::{Repo, Step};
use crate::run::workspace::Workspace;
use crate::terminal::say;

/// A command of a chapter.
struct Command<'a> {
    fence: &'a Fence,
    /// The chapter's line of its `$`, and of its first line of output.
    line: usize,
    output_line: usize,
    text: String,
    output: Vec<String>,
}

/// A command, and how its output compares with the chapter's.
struct Tried<'a> {
    command: &'a Command<'a>,
    sides: Vec<Side>,
}

/// Tries the chapters, prints a line for each, and says whether all outputs are right.
pub fn run(repo: &Repo, number: Option<u32>, write: bool) -> Result<bool> {
    let chapters = repo.chapters()?;
    let mut good = true;
    for step in repo.chosen(number)? {
        if !chapters.contains(&step) {
            say(format!("{}: not written yet", step.chapter()))?;
            continue;
        }
        let result = if write { record(repo, &step) } else { check(repo, &step) };
        match result {
            Ok(sentence) => say(format!("{}: {sentence}", step.chapter()))?,
            Err(error) => {
                say(format!("{error:#}"))?;
                good = false;
            }
        }
    }
    Ok(good)
}

/// Runs a chapter's commands. The error shows every output that is not as the chapter has it.
pub fn check(repo: &Repo, step: &Step) -> Result<String> {
    let chapter = Chapter::read(repo, step)?;
    let groups = groups(&chapter)?;
    let tried = try_all(repo, step, &chapter, &groups)?;
    let different = tried.iter().filter(|tried| !same(&tried.sides));
    let told: Vec<_> = different.map(|tried| difference(&chapter, tried)).collect();
    ensure!(told.is_empty(), "{}", told.join("\n"));
    Ok(format!("tried: {} commands print what it shows", tried.len()))
}

/// Runs a chapter's commands and writes what has changed in their outputs.
fn record(repo: &Repo, step: &Step) -> Result<String> {
    let chapter = Chapter::read(repo, step)?;
    let groups = groups(&chapter)?;
    let mut tried = try_all(repo, step, &chapter, &groups)?;
    tried.retain(|tried| !same(&tried.sides));
    if tried.is_empty() {
        return Ok("tried: nothing to write".into());
    }
    let mut lines: Vec<String> = chapter.text.lines().map(String::from).collect();
    // From the end, so that the lines before keep their numbers.
    tried.sort_by_key(|tried| std::cmp::Reverse(tried.command.line));
    for tried in &tried {
        rewrite(&mut lines, tried);
    }
    let end = if chapter.crlf { "\r\n" } else { "\n" };
    let text = lines.join(end) + end;
    fs::write(repo.root.join(&chapter.path), text).with_context(|| step.chapter())?;
    Ok(format!("tried: wrote {} outputs anew", tried.len()))
}

/// Puts a command's new output into the chapter; the lines that were right stay.
fn rewrite(lines: &mut Vec<String>, tried: &Tried<'_>) {
    let Command { fence, output_line, output, text, .. } = tried.command;
    let opening = &lines[fence.line - 1];
    let indent = opening[..opening.find(['`', '~']).unwrap_or(0)].to_string();
    let new = tried.sides.iter().filter_map(|side| match side {
        Side::Both(text) | Side::New(text) => Some(format!("{indent}{text}")),
        Side::Old(_) => None,
    });
    let mut new: Vec<_> = new.map(|line| line.trim_end().to_string()).collect();
    let results = output.iter().filter(|line| is_result(line)).count();
    if is_test_run(text) && results == new.len() {
        // What stands around the results stays.
        let mut results = new.into_iter();
        let line = |line: &String| match is_result(line) {
            true => results.next(),
            false => Some(format!("{indent}{line}").trim_end().into()),
        };
        new = output.iter().filter_map(line).collect();
    }
    let start = output_line - 1;
    lines.splice(start..start + output.len(), new);
}

fn difference(chapter: &Chapter, tried: &Tried<'_>) -> String {
    let lines = tried.sides.iter().map(|side| match side {
        Side::Both(text) => format!("     {text}"),
        Side::Old(text) => format!("    -{text}"),
        Side::New(text) => format!("    +{text}"),
    });
    let what = format!(
        "prints (+) what the chapter does not show (-)\n    $ {}\n{}\ncorrect the step or the \
         text, or write the output anew with `course dev try --write`",
        tried.command.text,
        lines.collect::<Vec<_>>().join("\n")
    );
    chapter.error(tried.command.line, what).to_string()
}

/// The commands that run in one session: those of a checkpoint (its index), or all others.
type Group<'a> = (Option<usize>, Vec<Command<'a>>);

/// Sorts the commands to where they run: a block after a checkpoint and before the next
/// file runs against that checkpoint, all others against the finished step.
fn groups(chapter: &Chapter) -> Result<Vec<Group<'_>>> {
    let (mut finished, mut at_checkpoints) = (Vec::new(), Vec::<Group<'_>>::new());
    let mut in_checkpoint = false;
    for item in &chapter.items {
        match &item.kind {
            Kind::Checkpoint => {
                in_checkpoint = true;
                at_checkpoints.push((Some(at_checkpoints.len()), Vec::new()));
            }
            Kind::Console(fence) => match at_checkpoints.last_mut() {
                Some((_, group)) if in_checkpoint => group.extend(commands(chapter, fence)?),
                _ => finished.extend(commands(chapter, fence)?),
            },
            Kind::Heading(_) | Kind::Quotes { .. } => {}
            _ => in_checkpoint = false,
        }
    }
    // With no file after it, the last checkpoint's state is the finished step.
    if in_checkpoint && let Some((_, group)) = at_checkpoints.pop() {
        finished.extend(group);
    }
    at_checkpoints.push((None, finished));
    at_checkpoints.retain(|(_, group)| !group.is_empty());
    Ok(at_checkpoints)
}

/// The commands of one block.
fn commands<'a>(chapter: &Chapter, fence: &'a Fence) -> Result<Vec<Command<'a>>> {
    let mut commands: Vec<Command<'a>> = Vec::new();
    let mut continues = false;
    for (line, text) in fence.lines() {
        if let (true, Some(command)) = (continues, commands.last_mut()) {
            command.text += &format!("\n{text}");
            command.output_line = line + 1;
            continues = text.ends_with('\\');
        } else if let Some(text) = text.strip_prefix("$ ") {
            continues = text.ends_with('\\');
            let (text, output, output_line) = (text.to_string(), Vec::new(), line + 1);
            commands.push(Command { fence, line, output_line, text, output });
        } else {
            let begin = "a ```console block begins with a command after `$ `; use ```text else";
            let command = commands.last_mut().ok_or_else(|| chapter.error(line, begin))?;
            command.output.push(text.trim_end().into());
        }
    }
    Ok(commands)
}

fn try_all<'a>(
    repo: &Repo,
    step: &Step,
    chapter: &Chapter,
    groups: &'a [Group<'a>],
) -> Result<Vec<Tried<'a>>> {
    let mut tried = Vec::new();
    for (checkpoint, commands) in groups {
        let first = commands.first().map_or(1, |command| command.line);
        let workspace = match checkpoint {
            None => {
                let name = format!("{:02}", step.number);
                Workspace::new(repo, &name, step, &repo.files(&step.folder())?)?
            }
            Some(index) => {
                let replay = Replay::run(repo, step, chapter)?;
                checkpoint_workspace(repo, step, &replay, *index)?
            }
        };
        let fails = |why| chapter.error(first, format!("this cannot be tried: {why:#}"));
        let mut shell = Shell::start(&workspace, step).map_err(fails)?;
        for command in commands {
            let output = shell.run(&command.text, &command.output);
            let fails = |why| chapter.error(command.line, format!("{}: {why:#}", command.text));
            let output = output.map_err(fails)?;
            tried.push(Tried {
                command,
                sides: compare(&command.text, &command.output, &output),
            });
        }
    }
    tried.sort_by_key(|tried| tried.command.line);
    Ok(tried)
}
