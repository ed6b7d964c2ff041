//! `course start`: gets a chapter ready in the learner's own folder `work/`.
//!
//! For chapter N it holds step N-1's source and step N's tests. They fail until the chapter
//! is done. What the tool put there it remembers, so that it knows what the learner wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use chrono::Local;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::repo::{
    FRONTEND, Files, Repo, Step, WORK, is_built, set_package, step_number, walk, without_tests,
};
use crate::terminal::{Out, say};

/// `course start`
#[derive(clap::Args)]
pub struct Args {
    /// The chapter to begin, as `4` or `step-4`
    #[arg(value_parser = step_number)]
    step: u32,
    /// Replace what you have changed without asking; a copy is kept all the same
    #[arg(long)]
    yes: bool,
}

/// Where the tool remembers what it put there. A part of the learner's branch.
const RECORD: &str = ".course.json";

/// How the folder with a copy of the old files begins.
const BACKUP: &str = ".backup-";

/// Where everything begins: the same file is committed as work/src/main.rs.
const EMPTY: &str =
    "//! Your own server. `just start 1` gets chapter 1 ready in this folder; then type along.

fn main() {}
";

/// What the tool put into work/ last.
#[derive(Default, Deserialize, Serialize)]
struct Record {
    /// The chapter that was started.
    step: u32,
    /// The SHA-256 of each file.
    files: BTreeMap<String, String>,
}

/// Gets a chapter ready; `false` when the learner does not want it.
pub fn run(repo: &Repo, args: &Args) -> Result<bool> {
    let confirm = |lost: &[String]| {
        if args.yes {
            return Ok(true);
        }
        ask(lost, &mut std::io::stdin().lock())
    };
    let step = repo.step(args.step)?;
    let started = start(repo, &step, confirm)?;
    say(match &started {
        Started::Refused => "Nothing was changed.".into(),
        Started::Fresh => welcome(repo, &step, None)?,
        Started::Replaced(backup) => welcome(repo, &step, Some(backup))?,
    })?;
    Ok(!matches!(started, Started::Refused))
}

/// The chapter that work/ is at, for commands that are not told.
pub fn current_step(repo: &Repo) -> Result<u32> {
    let record = record(&repo.root.join(WORK))?;
    let step = record.map(|record| record.step);
    step.context("which step? Give its number, or begin one with `just start 1`.")
}

/// What came of the wish to begin a chapter.
#[derive(Debug, PartialEq)]
pub enum Started {
    /// The learner said no, and nothing was done.
    Refused,
    /// Nothing of the learner's was in the way.
    Fresh,
    /// The learner's files are in this copy.
    Replaced(PathBuf),
}

/// How far work/ is.
pub struct Progress {
    /// The chapter that was started last.
    pub step: u32,
    /// Nothing was written, changed or deleted since, but for the tests.
    pub untouched: bool,
}

/// How far work/ is; `None` when no chapter was started in it.
pub fn progress(repo: &Repo) -> Result<Option<Progress>> {
    let folder = repo.root.join(WORK);
    let Some(record) = record(&folder)? else { return Ok(None) };
    let program = |path: &str| !path.starts_with("src/tests/");
    let files = files(&folder, &record.files)?;
    let now = files.iter().map(|(path, bytes)| (path.clone(), hash(bytes)));
    let now: BTreeMap<_, _> = now.filter(|(path, _)| program(path)).collect();
    let then = record.files.iter().filter(|(path, _)| program(path));
    Ok(Some(Progress { step: record.step, untouched: then.eq(now.iter()) }))
}

/// Fills work/. `confirm` is asked when files of the learner's are to go.
pub fn start(
    repo: &Repo,
    step: &Step,
    confirm: impl Fn(&[String]) -> Result<bool>,
) -> Result<Started> {
    let folder = repo.root.join(WORK);
    let new = beginning(repo, step)?;
    let old = files(&folder, &new)?;
    let lost = lost(&old, &new, &record(&folder)?.unwrap_or_default());
    let mut started = Started::Fresh;
    if !lost.is_empty() {
        if !confirm(&lost)? {
            return Ok(Started::Refused);
        }
        started = Started::Replaced(copy(&folder, &old)?);
    }
    replace(&folder, &old, &new)?;
    let hashes = new.iter().map(|(path, text)| (path.clone(), hash(text.as_bytes())));
    let record = Record { step: step.number, files: hashes.collect() };
    let text = serde_json::to_string_pretty(&record)? + "\n";
    fs::write(folder.join(RECORD), text).context("work/.course.json cannot be written")?;
    Ok(started)
}

/// The files a chapter begins with: the source of the step before, the tests of its own.
fn beginning(repo: &Repo, step: &Step) -> Result<Files> {
    let own = repo.files(&step.folder())?;
    let mut files = match repo.before(step)? {
        Some(_) => without_tests(repo.base(step)?),
        None => Files::from([
            ("Cargo.toml".into(), own.get("Cargo.toml").cloned().unwrap_or_default()),
            ("src/main.rs".into(), EMPTY.into()),
        ]),
    };
    files.extend(own.into_iter().filter(|(path, _)| path.starts_with("src/tests/")));
    set_package(&mut files, WORK);
    Ok(files)
}

/// What stands in work/ now, without databases and what only the person's own tools read:
/// `.env`, an editor's files, earlier copies; a client that the chapter does not touch; and
/// what npm has made.
fn files(folder: &Path, new: &Files) -> Result<BTreeMap<String, Vec<u8>>> {
    let own =
        |name: &str| name.starts_with('.') || name == "target" || name.contains(".sqlite3");
    let client = new.keys().any(|path| path.starts_with(FRONTEND));
    let left = |path: &str| {
        let built = path.starts_with(FRONTEND) && path.split('/').any(is_built);
        built || path.starts_with(FRONTEND) && !client || path.split('/').any(own)
    };
    let mut files = BTreeMap::new();
    for path in walk(folder, "")? {
        if new.contains_key(&path) || !left(&path) {
            let full = folder.join(&path);
            let bytes = fs::read(&full).with_context(|| full.display().to_string())?;
            files.insert(path, bytes);
        }
    }
    Ok(files)
}

/// The files that the learner wrote or changed, and that would not be there any more.
fn lost(old: &BTreeMap<String, Vec<u8>>, new: &Files, record: &Record) -> Vec<String> {
    let from_us = |path: &String, bytes: &[u8]| {
        let committed =
            record.files.is_empty() && (bytes == EMPTY.as_bytes() || path == "Cargo.toml");
        committed || record.files.get(path).is_some_and(|known| *known == hash(bytes))
    };
    let stays =
        |path: &String, bytes: &[u8]| new.get(path).is_some_and(|t| t.as_bytes() == bytes);
    let lost = old.iter().filter(|(path, bytes)| !from_us(path, bytes) && !stays(path, bytes));
    lost.map(|(path, _)| path.clone()).collect()
}

fn hash(bytes: &[u8]) -> String {
    // A file is the same with the line ends of Windows.
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    format!("{:x}", Sha256::digest(text))
}

/// What was recorded last; `None` when nothing was.
fn record(folder: &Path) -> Result<Option<Record>> {
    let path = folder.join(RECORD);
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).context("work/.course.json cannot be read")?;
    let broken = "work/.course.json is broken; delete it, and `just start` writes it anew";
    serde_json::from_str(&text).map(Some).context(broken)
}

/// Keeps the old files beside the new ones.
fn copy(folder: &Path, old: &BTreeMap<String, Vec<u8>>) -> Result<PathBuf> {
    let name = format!("{BACKUP}{}", Local::now().format("%Y-%m-%d-%H%M%S"));
    let backup = folder.join(name);
    ensure!(!backup.exists(), "{} exists; wait a second", backup.display());
    for (path, bytes) in old {
        write(&backup.join(path), bytes)?;
    }
    Ok(backup)
}

/// Makes work/ hold the new files in place of the old ones.
fn replace(folder: &Path, old: &BTreeMap<String, Vec<u8>>, new: &Files) -> Result<()> {
    for path in old.keys().filter(|path| !new.contains_key(*path)) {
        let path = folder.join(path);
        fs::remove_file(&path).with_context(|| path.display().to_string())?;
    }
    remove_empty(folder, old)?;
    // What is right already keeps its time: cargo compiles nothing anew.
    for (path, text) in new
        .iter()
        .filter(|(path, text)| old.get(*path).is_none_or(|bytes| bytes != text.as_bytes()))
    {
        write(&folder.join(path), text.as_bytes())?;
    }
    Ok(())
}

/// Takes away the folders that hold nothing any more.
fn remove_empty(folder: &Path, old: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let parents = old.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
    let mut parents: Vec<_> = parents.collect::<BTreeSet<_>>().into_iter().collect();
    // The inner ones first.
    parents.reverse();
    for parent in parents.iter().map(|parent| folder.join(parent)) {
        let empty = fs::read_dir(&parent).is_ok_and(|mut entries| entries.next().is_none());
        if empty {
            fs::remove_dir(&parent).with_context(|| parent.display().to_string())?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let explain = || format!("{} cannot be written", path.display());
    fs::create_dir_all(path.parent().unwrap_or(path)).with_context(explain)?;
    fs::write(path, bytes).with_context(explain)
}

/// Whether the files may go.
fn ask(lost: &[String], input: &mut impl BufRead) -> Result<bool> {
    say("You have changed these files in work/, and they will be replaced:")?;
    lost.iter().try_for_each(|path| say(format!("  {path}")))?;
    write!(Out, "A copy of the whole folder is kept in work/{BACKUP}…. Go on? [y/N] ")?;
    Out.flush()?;
    let mut answer = String::new();
    if input.read_line(&mut answer).context("the answer cannot be read")? == 0 {
        say("")?;
        bail!("nobody answered; --yes goes on without asking");
    }
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What to do next.
pub fn welcome(repo: &Repo, step: &Step, backup: Option<&Path>) -> Result<String> {
    let n = step.number;
    let mut text = match repo.before(step)? {
        None => format!(
            "work/ is empty now: a main that does nothing, and the tests of step {n}.\n"
        ),
        Some(Step { number, .. }) => format!(
            "work/ holds step {number} now, as the course has it, and the tests of step {n}. \
             Solved exercises of chapter {number} are not in it: the changes of chapter {n} fit \
             step {number}.\n"
        ),
    };
    if let Some(backup) = backup {
        let name = backup.file_name().unwrap_or_default().to_string_lossy();
        text += &format!("What you had before is in work/{name}/.\n");
    }
    let zero = match n {
        1 => {
            "                    (`running 0 tests` is no success: main.rs has no `mod tests;`)\n"
        }
        _ => "",
    };
    text += &format!(
        "Its package is called work; keep that name when the chapter shows Cargo.toml.\n\n\
         Now type along with {}:\n\
         \u{20} just run work     run what you have\n\
         \u{20} just test work    passes when the chapter is done; before that it need not compile\n{zero}\
         \u{20} just check        ask your server whether it behaves; with --until 1, up to the \
         chapter's first checkpoint\n\
         \u{20} just diff {n} work  what is still missing\n\
         Without just: cargo run --bin work, cargo test --bin work, cargo run -p course -- check\n",
        step.chapter()
    );
    let branch = repo.git(["branch", "--show-current"]).unwrap_or_default();
    if ["main", "master"].contains(&branch.trim()) {
        text +=
            "\nWork on a branch of your own, and nothing is lost: git switch -c my-server\n";
    }
    Ok(text.trim_end().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_means_yes() {
        for (answer, yes) in [("y\n", true), ("Yes\n", true), ("\n", false), ("nay\n", false)] {
            let lost = ["src/main.rs".to_string()];
            assert_eq!(ask(&lost, &mut answer.as_bytes()).expect("an answer"), yes);
        }
        assert!(ask(&[], &mut "".as_bytes()).is_err());
    }
}
