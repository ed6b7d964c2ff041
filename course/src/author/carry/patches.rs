//! The patches that change a step: deliberate bugs, and solutions of exercises.

use std::fs;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::Regex;
use similar::TextDiff;

use super::merge::{Rule, merge};
use super::place::lines;
use crate::author::exercises::patched;
use crate::book::replay::text_of;
use crate::repo::{Files, Repo, Step, names};

/// Makes each patch of a step anew whose files have changed. One whose lines leave the step and
/// stay in `until` goes there. Gives what there is to tell.
pub fn carry(
    repo: &Repo,
    step: &Step,
    until: Option<&Step>,
    old: &Files,
    new: &Files,
) -> Result<Vec<String>> {
    let mut told = Vec::new();
    // A step that is new has what its author has just made.
    if old.is_empty() {
        return Ok(told);
    }
    for path in all(repo, step)? {
        let patch = repo.read(&path)?;
        if touched(&patch).iter().all(|file| old.get(*file) == new.get(*file)) {
            continue;
        }
        // Its author has made it right already.
        let good = patched(step, only(new, &patch), &patch).is_ok();
        if good && patched(step, only(old, &patch), &patch).is_err() {
            continue;
        }
        match renew(step, &patch, old, new).with_context(|| path.clone())? {
            Renewed::Same => {}
            Renewed::Anew(renewed, clear) => {
                fs::write(repo.root.join(&path), renewed)?;
                if !clear {
                    told.push(format!("{path}: the edit is in its lines; is it what it was?"));
                }
            }
            // They may stand elsewhere now.
            Renewed::Gone(_) if good => {}
            Renewed::Gone(file) => {
                let until = until.filter(|until| until.number > step.number);
                let Some(until) = until else {
                    bail!("{path}:1: it changes lines of {file} that are gone; take it out");
                };
                told.push(follow(repo, step, until, &path)?);
            }
        }
    }
    Ok(told)
}

/// Moves a patch, with what belongs to it, to the step that still has its lines.
fn follow(repo: &Repo, step: &Step, until: &Step, path: &str) -> Result<String> {
    let patch = repo.read(path)?;
    let files = repo.files(&until.folder())?;
    patched(until, only(&files, &patch), &patch)
        .with_context(|| format!("{path}:1: its lines leave step {}", step.number))?;
    let (folder, _) = path.rsplit_once('/').unwrap_or((path, ""));
    let number = |step: &Step| format!("/{:02}-", step.number);
    let new = folder.replacen(&number(step), &number(until), 1);
    fs::rename(repo.root.join(folder), repo.root.join(&new))
        .with_context(|| format!("{folder} cannot become {new}"))?;
    Ok(format!("{folder} becomes {new}, where its lines are; look at its message"))
}

/// The patches of a step, by their paths.
fn all(repo: &Repo, step: &Step) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for (folder, file) in [
        ("course/mutants", "bug.patch"),
        ("course/fuzz-bugs", "bug.patch"),
        ("course/exercises", "solution.patch"),
    ] {
        let prefix = format!("{:02}-", step.number);
        for name in names(&repo.root.join(folder))? {
            let path = format!("{folder}/{name}/{file}");
            if name.starts_with(&prefix) && repo.root.join(&path).is_file() {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

static HEADER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^diff --git a/(\S+) b/\S+$").expect("a pattern"));

/// The files that a patch changes.
fn touched(patch: &str) -> Vec<&str> {
    HEADER.captures_iter(patch).filter_map(|it| it.get(1).map(|path| path.as_str())).collect()
}

/// Those of the files that a patch changes.
fn only(files: &Files, patch: &str) -> Files {
    let ours = |path: &str| files.get(path).map(|text| (path.to_string(), text.clone()));
    touched(patch).into_iter().filter_map(ours).collect()
}

enum Renewed {
    /// git still finds its places, and it does what it did.
    Same,
    /// And whether the edit is in other lines than the patch's.
    Anew(String, bool),
    /// Lines that it changes in this file are gone, or what it did is done.
    Gone(String),
}

/// The patch that does to the new files what the old one did to the old.
fn renew(step: &Step, patch: &str, old: &Files, new: &Files) -> Result<Renewed> {
    let (old, new) = (only(old, patch), only(new, patch));
    let wrong = patched(step, old.clone(), patch)?;
    let (mut renewed, mut clear) = (String::new(), true);
    for path in touched(patch) {
        let text = |files: &Files| files.get(path).map(|text| lines(text)).unwrap_or_default();
        let (was, bug, now) = (text(&old), text(&wrong), text(&new));
        let merged = match merge(&was, &bug, &now, Rule::OursReplaces) {
            Ok(merged) => merged,
            Err(conflict) if conflict.theirs.trim().is_empty() => {
                return Ok(Renewed::Gone(path.into()));
            }
            Err(_) => {
                clear = false;
                merge(&was, &bug, &now, Rule::Ours).unwrap_or(bug)
            }
        };
        renewed += &unified(path, new.get(path), wrong.contains_key(path), &text_of(&merged));
    }
    // The edit does what the patch did.
    if !renewed.contains("\n@@") {
        let path = touched(patch).first().map(|path| path.to_string());
        return Ok(Renewed::Gone(path.unwrap_or_default()));
    }
    // Where only its line numbers differ, git finds the place, and the diff stays small.
    let same = patched(step, new.clone(), patch);
    let wanted = patched(step, new, &renewed)?;
    let same = same.is_ok_and(|same| same == wanted);
    Ok(if same { Renewed::Same } else { Renewed::Anew(renewed, clear) })
}

fn unified(path: &str, old: Option<&String>, stays: bool, new: &str) -> String {
    let (a, b) = (format!("a/{path}"), format!("b/{path}"));
    let none = String::from("/dev/null");
    let (from, to, mode) = match (old, stays) {
        (None, _) => (&none, &b, "new file mode 100644\n"),
        (_, false) => (&a, &none, "deleted file mode 100644\n"),
        _ => (&a, &b, ""),
    };
    let diff = TextDiff::from_lines(old.map_or("", String::as_str), new);
    let body = diff.unified_diff().header(from, to).to_string();
    format!("diff --git {a} {b}\n{mode}{body}")
}
