//! An identifier that was renamed where it is born gets its new name wherever later steps, fences,
//! patches and sentences use it. A merge cannot see that: their lines were written later.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use anyhow::Result;
use regex::{Captures, Regex};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::book::chapter::{Chapter, Fence, Kind};
use crate::repo::{Files, Repo, Step, names, walk};

static IDENTIFIER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[A-Za-z_]\w+\b").expect("a pattern"));

/// How many places that still have the old name are told.
const SHOWN: usize = 20;

/// Old and new name.
type Renames = BTreeMap<String, String>;

/// Finds what was renamed in a step, and renames it in both copies from there on. Gives a
/// sentence for each.
pub fn spread(old: &Repo, new: &Repo) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for step in new.steps()? {
        let Some(was) = old.same(&step)? else { continue };
        let (files, now) = (old.files(&was.folder())?, new.files(&step.folder())?);
        let earlier = match old.before(&was)? {
            Some(before) => old.files(&before.folder())?,
            None => Files::new(),
        };
        let mut renames = renamed(&files, &now);
        // Born here, and what it is called now is nothing else later.
        let last = old.steps()?.pop().unwrap_or_else(|| was.clone());
        let last = old.files(&last.folder())?;
        renames.retain(|from, to| !has(&earlier, from) && !has(&last, to));
        if renames.is_empty() {
            continue;
        }
        spread_from(old, &was, &renames)?;
        let places = spread_from(new, &step, &renames)?;
        for (from, to) in &renames {
            let number = step.number;
            told.push(format!("`{from}` is called `{to}` from step {number} on"));
        }
        told.extend(places);
        told.extend(left(new, &renames)?);
    }
    Ok(told)
}

fn has(files: &Files, name: &str) -> bool {
    files.values().any(|text| IDENTIFIER.find_iter(text).any(|found| found.as_str() == name))
}

/// Where an old name still stands: in sentences, in hints, in the tool.
fn left(repo: &Repo, renames: &Renames) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for path in walk(&repo.root, "")? {
        let Ok(text) = repo.read(&path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let old = IDENTIFIER.find_iter(line).find(|it| renames.contains_key(it.as_str()));
            if let Some(old) = old {
                left.push(format!("{path}:{number}: still says {}", old.as_str()));
            }
        }
    }
    let more = left.len().saturating_sub(SHOWN);
    left.truncate(SHOWN);
    left.extend((more > 0).then(|| format!("and {more} more places")));
    Ok(left)
}

/// The identifiers that are gone, each with the only one that is new in all its places.
fn renamed(old: &Files, new: &Files) -> Renames {
    let (gone, come) = (count(old), count(new));
    let mut pairs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, text) in old {
        let Some(now) = new.get(path).filter(|now| *now != text) else { continue };
        pairs_of(text, now, &mut pairs);
    }
    let rename = |(from, to): (&str, BTreeSet<&str>)| {
        let mut to = to.into_iter();
        let (first, None) = (to.next()?, to.next()) else { return None };
        let all = gone.get(from)? == come.get(first)?;
        let whole = !come.contains_key(from) && !gone.contains_key(first);
        (all && whole).then(|| (from.to_string(), first.to_string()))
    };
    pairs.into_iter().filter_map(rename).collect()
}

/// How often each identifier stands in the files.
fn count(files: &Files) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for text in files.values() {
        for found in IDENTIFIER.find_iter(text) {
            *counts.entry(found.as_str()).or_default() += 1;
        }
    }
    counts
}

/// What stands in whose place, identifier for identifier.
fn pairs_of<'t>(old: &'t str, new: &'t str, pairs: &mut BTreeMap<&'t str, BTreeSet<&'t str>>) {
    let words =
        |text: &'t str| IDENTIFIER.find_iter(text).map(|f| f.as_str()).collect::<Vec<_>>();
    let (old, new) = (words(old), words(new));
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if let DiffOp::Replace { old_len, new_len, .. } = op
            && old_len == new_len
        {
            for (from, to) in old[op.old_range()].iter().zip(&new[op.new_range()]) {
                pairs.entry(from).or_default().insert(to);
            }
        }
    }
}

/// Renames in a step and all later ones: their files, their fences and what the text has
/// between backticks, bugs and exercises. Gives the chapters' lines whose text has changed.
fn spread_from(repo: &Repo, step: &Step, renames: &Renames) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for later in repo.steps()?.iter().filter(|later| later.number >= step.number) {
        for (path, text) in repo.files(&later.folder())? {
            write(repo, &format!("{}/{path}", later.folder()), &text, &rename(&text, renames))?;
        }
        if repo.root.join(later.chapter()).is_file() {
            let text = repo.read(&later.chapter())?;
            let new =
                rename_chapter(&Chapter::parse(&later.chapter(), &text)?, renames, &mut places);
            write(repo, &later.chapter(), &text.replace("\r\n", "\n"), &new)?;
        }
    }
    for folder in ["course/mutants", "course/fuzz-bugs", "course/exercises"] {
        for name in names(&repo.root.join(folder))? {
            let number = name.split_once('-').and_then(|(number, _)| number.parse().ok());
            if number.is_some_and(|number: u32| number >= step.number) {
                for path in walk(&repo.root, &format!("{folder}/{name}"))? {
                    let text = repo.read(&path)?;
                    write(repo, &path, &text, &rename(&text, renames))?;
                }
            }
        }
    }
    Ok(places)
}

fn write(repo: &Repo, path: &str, old: &str, new: &str) -> Result<()> {
    if old != new {
        fs::write(repo.root.join(path), new)?;
    }
    Ok(())
}

fn rename(text: &str, renames: &Renames) -> String {
    let new = |found: &Captures<'_>| {
        renames.get(&found[0]).cloned().unwrap_or_else(|| found[0].to_string())
    };
    IDENTIFIER.replace_all(text, new).into_owned()
}

/// A chapter with the names changed in its bound fences and between backticks.
fn rename_chapter(chapter: &Chapter, renames: &Renames, places: &mut Vec<String>) -> String {
    static SPAN: LazyLock<Regex> = LazyLock::new(|| Regex::new("`[^`]+`").expect("a pattern"));
    let bound = |item: &crate::book::chapter::Item| match &item.kind {
        Kind::Shows { fence, .. } | Kind::Quotes { fence, .. } => Some(range(fence)),
        _ => None,
    };
    let fences: Vec<_> = chapter.items.iter().filter_map(bound).collect();
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(chapter.text.lines()) {
        if fences.iter().any(|fence| fence.contains(&number)) {
            lines.push(rename(line, renames));
            continue;
        }
        let new = SPAN.replace_all(line, |span: &Captures<'_>| rename(&span[0], renames));
        if new != line {
            places.push(format!("{}:{number}: its text has the new name", chapter.path));
        }
        lines.push(new.into_owned());
    }
    lines.join("\n") + "\n"
}

/// The lines of a fence's body.
fn range(fence: &Fence) -> std::ops::Range<usize> {
    fence.line + 1..fence.line + 1 + fence.body.lines().count()
}
