//! `course diff`: what a chapter adds, or how the learner's folder differs from its step.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use similar::TextDiff;

use crate::book::chapter::{Chapter, Kind};
use crate::repo::{Files, Repo, Step, set_package, work};
use crate::terminal::{Out, say};

/// A file before and after: its paths, which differ when it was renamed.
type Pair = (String, String);

/// Prints what the chapter changes.
pub fn of_chapter(repo: &Repo, number: u32) -> Result<bool> {
    let step = repo.step(number)?;
    let before = repo.before(&step)?.map_or("nothing".into(), |before| before.folder());
    let mut old = repo.base(&step)?;
    set_package(&mut old, &step.package());
    let new = repo.files(&step.folder())?;
    let (order, renames) = mentions(repo, &step)?;
    let pairs = pairs(&old, &new, &order, &renames);
    let text = unified((&before, &old), (&step.folder(), &new), &pairs);
    show(&text)?;
    Ok(true)
}

/// Prints how `work/` differs from a step: its own lines are the `+` lines.
pub fn of_work(repo: &Repo, number: u32) -> Result<bool> {
    let step = repo.step(number)?;
    let mut work = work(repo)?;
    set_package(&mut work, &step.package());
    let files = repo.files(&step.folder())?;
    let (order, _) = mentions(repo, &step)?;
    let pairs = pairs(&files, &work, &order, &[]);
    let text = unified((&step.folder(), &files), ("work", &work), &pairs);
    if text.is_empty() {
        say(format!("work/ is the same as {}.", step.folder()))?;
    } else {
        show(&text)?;
    }
    Ok(true)
}

/// The files in the order in which the chapter first names them, and its renames.
fn mentions(repo: &Repo, step: &Step) -> Result<(Vec<String>, Vec<Pair>)> {
    let (mut order, mut renames) = (Vec::new(), Vec::new());
    if !repo.root.join(step.chapter()).is_file() {
        return Ok((order, renames));
    }
    for item in Chapter::read(repo, step)?.items {
        match item.kind {
            // A file of the root has the same name as the step's: Cargo.toml.
            Kind::Shows { link, .. } if link.target.starts_with("../steps/") => {
                order.push(link.text);
            }
            Kind::Deletes(link) => order.push(link.text),
            Kind::Renames(old, new) => {
                order.push(new.text.clone());
                renames.push((old.text, new.text));
            }
            _ => {}
        }
    }
    Ok((order, renames))
}

/// The files to compare: in the chapter's order, then those it does not name, then tests.
fn pairs(old: &Files, new: &Files, order: &[String], renames: &[Pair]) -> Vec<Pair> {
    let renamed = |(from, to): &&Pair| old.contains_key(from) && new.contains_key(to);
    let renames: Vec<_> = renames.iter().filter(renamed).collect();
    let all: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let gone = |path: &&String| !renames.iter().any(|(from, _)| from == *path);
    let mut paths: Vec<_> = all.into_iter().filter(gone).collect();
    // A stable sort: what has the same place stays in the order of the alphabet.
    paths.sort_by_key(|path| {
        let place = order.iter().position(|named| named == *path);
        (path.starts_with("src/tests/"), place.unwrap_or(usize::MAX))
    });
    let pair = |path: &String| {
        let from = renames.iter().find(|(_, to)| to == path).map(|(from, _)| from);
        (from.unwrap_or(path).clone(), path.clone())
    };
    paths.into_iter().map(pair).collect()
}

/// A unified diff of two sets of files, each with the name of its folder.
fn unified(old: (&str, &Files), new: (&str, &Files), pairs: &[Pair]) -> String {
    let mut text = String::new();
    for (from, to) in pairs {
        let (was, is) = (old.1.get(from), new.1.get(to));
        let name = |folder: &str, path: &str, there: bool| match there {
            true => format!("{folder}/{path}"),
            false => "/dev/null".into(),
        };
        let header = (name(old.0, from, was.is_some()), name(new.0, to, is.is_some()));
        let empty = String::new();
        let diff = TextDiff::from_lines(was.unwrap_or(&empty), is.unwrap_or(&empty));
        text += &diff.unified_diff().header(&header.0, &header.1).to_string();
    }
    text
}

/// Prints a diff, in colours when someone is looking who wants them.
fn show(text: &str) -> Result<()> {
    let mut out = BufWriter::new(Out);
    for line in text.lines() {
        let style = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Style::new().bold(),
            [b'-', ..] => AnsiColor::Red.on_default(),
            [b'+', ..] => AnsiColor::Green.on_default(),
            [b'@', ..] => AnsiColor::Cyan.on_default(),
            _ => Style::new(),
        };
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(out.flush()?)
}

/// How many lines a step adds to the one before, and how many it takes away; tests, blank lines
/// and the package's name do not count.
pub fn changed_lines(repo: &Repo, step: &Step) -> Result<(usize, usize)> {
    let mut old = repo.base(step)?;
    set_package(&mut old, &step.package());
    let new = repo.files(&step.folder())?;
    let (_, renames) = mentions(repo, step)?;
    let mut pairs = pairs(&old, &new, &[], &renames);
    pairs.retain(|(_, path)| !path.starts_with("src/tests/"));
    let text = unified(("old", &old), ("new", &new), &pairs);
    let count = |sign: char, header: &str| {
        let lines = text.lines().filter(|line| !line.starts_with(header));
        lines
            .filter_map(|line| line.strip_prefix(sign))
            .filter(|l| !l.trim().is_empty())
            .count()
    };
    Ok((count('+', "+++ "), count('-', "--- ")))
}
