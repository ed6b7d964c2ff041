//! `course dev carry`: a change made in one step is merged into the later ones.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::book::chapter::{Chapter, Kind};
use crate::repo::{Files, Repo, Step, git, set_package};

/// A file of the step that was changed since the last commit.
struct Change {
    path: String,
    base: Option<String>,
    theirs: Option<String>,
}

/// What happens to one file of a later step.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It has the change already.
    Same,
    /// It gets this text.
    Write(String),
    /// It gets this text, with the marks of a conflict in it.
    Conflict(String),
    Delete,
    /// It cannot take the change, for this reason, and stays as it is.
    Refuse(&'static str),
}

/// Carries what has changed in a step into all later ones, up to the first conflict.
pub fn run(repo: &Repo, from: u32) -> Result<bool> {
    let from = repo.step(from)?;
    let mut changes = changes(repo, &from)?;
    if changes.is_empty() {
        println!("{} is as it was committed; there is nothing to carry.", from.folder());
        return Ok(true);
    }
    let later: Vec<_> =
        repo.steps()?.into_iter().filter(|step| step.number > from.number).collect();
    for step in later {
        follow_renames(repo, &step, &mut changes)?;
        let conflicts = carry_into(repo, &step, &mut changes)?;
        if !conflicts.is_empty() {
            println!(
                "Stopped in {}: conflict in {}. Where marked, it holds both texts between <<<<<<< \
                 and >>>>>>>. Make it right, then `course dev carry {}` takes the change on from there.",
                step.folder(),
                conflicts.join(", "),
                step.number
            );
            return Ok(false);
        }
    }
    println!("Carried to the last step. Now the chapters: `course dev replay`.");
    Ok(true)
}

/// Carries the changes into one step, prints what it does, and gives the conflicts.
fn carry_into(repo: &Repo, step: &Step, changes: &mut Vec<Change>) -> Result<Vec<String>> {
    let ours = repo.files(&step.folder())?;
    let (mut conflicts, mut ended) = (Vec::new(), Vec::new());
    for change in changes.iter() {
        let path = &change.path;
        let file = format!("{}/{path}", step.folder());
        let full = repo.root.join(&file);
        match outcome(step, change, ours.get(path))? {
            Outcome::Same => {}
            Outcome::Write(text) => {
                fs::create_dir_all(full.parent().unwrap_or(&repo.root))?;
                fs::write(&full, text).with_context(|| file.clone())?;
                println!(
                    "{file}: {}",
                    if ours.contains_key(path) { "merged" } else { "added" }
                );
            }
            Outcome::Conflict(text) => {
                fs::write(&full, text).with_context(|| file.clone())?;
                conflicts.push(path.clone());
            }
            Outcome::Delete => {
                fs::remove_file(&full).with_context(|| file.clone())?;
                println!("{file}: deleted");
            }
            Outcome::Refuse(why) => {
                println!("{file}: {why}");
                conflicts.push(path.clone());
            }
        }
        // A file that this step no longer has ends here.
        if change.base.is_some() && change.theirs.is_some() && !ours.contains_key(path) {
            println!("{file}: does not exist from this step on; the change ends before it");
            ended.push(path.clone());
        }
    }
    changes.retain(|change| !ended.contains(&change.path));
    Ok(conflicts)
}

/// Merges one file. The package's name is each step's own.
fn outcome(step: &Step, change: &Change, ours: Option<&String>) -> Result<Outcome> {
    let named = |text: &Option<String>| {
        let text = text.clone()?;
        let mut files = Files::from([(change.path.clone(), text)]);
        set_package(&mut files, &step.package());
        files.remove(&change.path)
    };
    let (base, theirs) = (named(&change.base), named(&change.theirs));
    Ok(match (&base, ours, &theirs) {
        (_, ours, theirs) if ours == theirs.as_ref() => Outcome::Same,
        (Some(_), None, _) => Outcome::Same,
        (None, None, Some(theirs)) => Outcome::Write(theirs.clone()),
        (base, ours, Some(theirs)) if base.as_ref() == ours => Outcome::Write(theirs.clone()),
        (Some(base), Some(ours), None) if base == ours => Outcome::Delete,
        (_, Some(_), None) => {
            Outcome::Refuse("is deleted in the earlier step, but this step has changed it")
        }
        (base, Some(ours), Some(theirs)) => {
            merge(base.as_deref().unwrap_or_default(), ours, theirs)?
        }
        (None, None, None) => Outcome::Same,
    })
}

/// `git merge-file`.
fn merge(base: &str, ours: &str, theirs: &str) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
        fs::write(folder.path().join(name), text)?;
    }
    let labels = ["-L", "this step", "-L", "before", "-L", "the earlier step"];
    let mut git = git(folder.path());
    git.args(["merge-file", "-p"]).args(labels).args(["ours", "base", "theirs"]);
    let output = git.output().context("git cannot be run; is it installed?")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) if text == ours => Ok(Outcome::Same),
        Some(0) => Ok(Outcome::Write(text)),
        // The number of conflicts.
        Some(1..=127) => Ok(Outcome::Conflict(text)),
        _ => bail!("git merge-file failed: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// What in a step differs from its last commit.
fn changes(repo: &Repo, step: &Step) -> Result<Vec<Change>> {
    let folder = step.folder();
    let list =
        repo.git(["ls-tree", "-r", "-z", "--name-only", "HEAD", "--", &format!("{folder}/")]);
    let committed = list.context("carry needs the last commit to compare with")?;
    let name =
        |path: &str| path.strip_prefix(&folder).map(|p| p.trim_start_matches('/').into());
    let committed: Vec<String> = committed.split_terminator('\0').filter_map(name).collect();
    let mut now = repo.files(&folder)?;
    let paths: BTreeSet<_> = committed.iter().chain(now.keys()).cloned().collect();
    let mut changes = Vec::new();
    for path in paths {
        let base = match committed.contains(&path) {
            true => Some(repo.git(["show", &format!("HEAD:{folder}/{path}")])?),
            false => None,
        };
        let theirs = now.remove(&path);
        if base != theirs {
            changes.push(Change { path, base, theirs });
        }
    }
    Ok(changes)
}

/// A file that a chapter renames is carried on under its new name.
fn follow_renames(repo: &Repo, step: &Step, changes: &mut [Change]) -> Result<()> {
    if !repo.root.join(step.chapter()).is_file() {
        return Ok(());
    }
    for item in Chapter::read(repo, step)?.items {
        if let Kind::Renames(old, new) = item.kind {
            let renamed = changes.iter_mut().filter(|change| change.path == old.text);
            renamed.for_each(|change| change.path = new.text.clone());
        }
    }
    Ok(())
}
