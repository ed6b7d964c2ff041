//! `course dev carry`: an edit of one place reaches every other that shows it.
//!
//! An author changes code, SQL, a manifest or a test in the step where it is born, or a fence
//! in its chapter, inserts a step or takes one out. From what was committed and what is there
//! now, this works out the rest: later steps, the fences of all chapters with the lines around
//! them, the patches of bugs and exercises. All of it is made in a copy; only when each
//! chapter there gives its step is it written, so that nothing stays half done.
//!
//! A chapter is read as a row of small changes. The row is laid on the step before as it is now
//! (`git rebase` does the same with commits), and an edit of the step goes back through the row to
//! the change that brought its lines (as a fixup goes into its commit).

mod fences;
mod lay;
mod merge;
mod patches;
mod place;
mod rename;
mod versions;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::author::replay::check;
use crate::book::chapter::Chapter;
use crate::book::replay::text_of;
use crate::repo::{Files, Repo, Step, base, names, set_package};
use crate::terminal::say;
use merge::{Rule, merge};
use place::lines;

/// `course dev carry`
#[derive(clap::Args, Default)]
pub struct Args {
    /// The step that was edited; without it, whatever was
    pub from: Option<u32>,
    /// This step and the later ones keep what they have: what is taken away before it comes
    /// with its chapter
    #[arg(long)]
    pub until: Option<u32>,
}

/// Carries what has been edited, and prints what it did.
pub fn run(repo: &Repo, args: &Args) -> Result<bool> {
    for line in carried(repo, args)? {
        say(line)?;
    }
    say("Every chapter gives its step. Next: `course dev try --write`, `course dev mutants`.")?;
    Ok(true)
}

/// Carries what has been edited. Gives a line for each thing that it did or could not do;
/// nothing is written when something does not go together.
pub fn carried(repo: &Repo, args: &Args) -> Result<Vec<String>> {
    let (old, new) = (versions::before(repo)?, versions::now(repo)?);
    let (old, copy) = (&old.repo, &new.repo);
    if let Some(number) = args.from {
        let edited = edited(old, copy, &repo.step(number)?)?;
        ensure!(
            edited,
            "step {number} and its chapter are as they were; there is nothing to carry."
        );
    }
    found_steps(copy)?;
    // As they are laid out, before a rename changes them.
    let committed = old.files("steps")?;
    let mut told = rename::spread(old, copy)?;
    let until = args.until.map(|number| copy.step(number)).transpose()?;
    for step in copy.steps()? {
        let place = Place::find(old, copy, &step, until.as_ref())?;
        told.extend(Carried::work_out(&place, &committed)?.write(copy, until.as_ref())?);
    }
    let chapters = copy.chapters()?;
    let wrong = "carried, a chapter does not give its step, so nothing is written";
    chapters.iter().try_for_each(|step| check(copy, step).context(wrong))?;
    let mut lines = versions::write_back(copy, repo)?;
    versions::remember(repo)?;
    lines.extend(told);
    Ok(lines)
}

/// A new chapter makes its step: its folder must be there.
fn found_steps(repo: &Repo) -> Result<()> {
    for file in names(&repo.root.join("notes"))? {
        let name = file.strip_suffix(".md").filter(|name| {
            name.split_once('-').is_some_and(|(n, _)| n.parse().is_ok_and(|n: u32| n > 0))
        });
        if let Some(name) = name {
            fs::create_dir_all(repo.root.join("steps").join(name))?;
        }
    }
    Ok(())
}

/// Whether a step or its chapter is not as it was.
fn edited(old: &Repo, new: &Repo, step: &Step) -> Result<bool> {
    let Some(was) = old.same(step)? else { return Ok(true) };
    let files = old.files(&was.folder())? != new.files(&step.folder())?;
    Ok(files || old.read(&was.chapter()).ok() != new.read(&step.chapter()).ok())
}

/// A step in both copies of the course.
struct Place<'r> {
    old: &'r Repo,
    new: &'r Repo,
    step: &'r Step,
    was: Option<Step>,
    /// The step before, under this one's name.
    base: Sides,
    own: Sides,
    origin: Origin,
}

/// The files of one folder, before the edit and after it.
struct Sides {
    old: Files,
    new: Files,
}

/// Where a step's files come from.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    /// They stay as they are, whatever the steps before become: `--until`.
    Kept,
    /// From the chapter: nobody has written them yet.
    Chapter,
    /// From what was committed, the steps before, and the author.
    Edited,
}

/// A step with all that comes to it: from the steps before, and from its author.
struct Carried<'r> {
    step: &'r Step,
    /// What it was, with what was renamed, and what it becomes.
    was: Files,
    files: Files,
    /// Its chapter, if it has one.
    chapter: Option<fences::Written>,
    told: Vec<String>,
}

impl<'r> Place<'r> {
    fn find(
        old: &'r Repo,
        new: &'r Repo,
        step: &'r Step,
        until: Option<&Step>,
    ) -> Result<Self> {
        let files = |repo: &Repo, of: Option<&Step>| -> Result<Files> {
            let mut files =
                of.map(|step| repo.files(&step.folder())).transpose()?.unwrap_or_default();
            set_package(&mut files, &step.package());
            Ok(files)
        };
        let (was, before) = (old.same(step)?, new.before(step)?);
        let old_before = match (&was, &before) {
            (Some(was), _) => old.before(was)?,
            (None, Some(before)) => old.same(before)?,
            (None, None) => None,
        };
        let mut own = Sides { old: files(old, was.as_ref())?, new: files(new, Some(step))? };
        let base = Sides {
            old: base(files(old, old_before.as_ref())?, &own.old),
            new: base(files(new, before.as_ref())?, &own.new),
        };
        let written = own.new.keys().any(|path| path.starts_with("src/"));
        let origin = match (until == Some(step), was.is_some() || written) {
            (true, _) => Origin::Kept,
            (false, true) => Origin::Edited,
            (false, false) => Origin::Chapter,
        };
        if origin == Origin::Chapter {
            own.new.extend(base.new.clone());
        }
        Ok(Place { old, new, step, was, base, own, origin })
    }

    /// Only the tests, or only what the chapters show.
    fn part(&self, tests: bool) -> Self {
        let part = |files: &Files| {
            let ours = files.iter().filter(|(path, _)| path.starts_with("src/tests/") == tests);
            ours.map(|(path, text)| (path.clone(), text.clone())).collect()
        };
        let part = |sides: &Sides| Sides { old: part(&sides.old), new: part(&sides.new) };
        let (base, own, was) = (part(&self.base), part(&self.own), self.was.clone());
        Place { base, own, was, ..*self }
    }

    /// The step's files with what has changed in the step before.
    fn merged(&self) -> Result<Files> {
        match self.origin {
            Origin::Edited => {
                // Whoever edits a file here as well has seen both.
                let by_hand = |path: &String| self.own.old.get(path) != self.own.new.get(path);
                let rule = |path: &String| if by_hand(path) { Rule::Ours } else { Rule::Stop };
                merged(self.step, &self.base.old, &self.own.new, &self.base.new, rule)
            }
            _ => Ok(self.own.new.clone()),
        }
    }

    /// The step's files, given what its chapter makes of the step before.
    fn edited(&self, shown: Files) -> Result<Files> {
        match (self.origin, &self.was) {
            (Origin::Chapter, _) => Ok(shown),
            (Origin::Edited, Some(_)) => {
                merged(self.step, &self.own.old, &self.own.new, &shown, |_| Rule::Ours)
            }
            _ => self.merged(),
        }
    }
}

impl<'r> Carried<'r> {
    /// `committed`: the files of all steps, before anything was renamed.
    fn work_out(place: &Place<'r>, committed: &Files) -> Result<Self> {
        let committed = below(committed, place.was.as_ref());
        let (step, was) = (place.step, place.own.old.clone());
        let mut carried = Carried {
            step,
            was,
            files: place.part(true).merged()?,
            chapter: None,
            told: Vec::new(),
        };
        tidied(place.new, &mut carried.files, &committed)?;
        let program = place.part(false);
        if !place.new.root.join(step.chapter()).is_file() {
            carried.files.extend(program.merged()?);
            return Ok(carried);
        }
        let chapter = Chapter::read(place.new, step)?;
        let laid = lay::lay(&program, &chapter)?;
        let mut files = program.edited(laid.files)?;
        tidied(place.new, &mut files, &committed)?;
        let mut log = laid.log;
        place::place(&mut log, &program.base.new, &files);
        carried.chapter = Some(fences::write(&chapter, step, &log)?);
        carried.told = laid.told;
        carried.files.extend(files);
        Ok(carried)
    }

    /// Writes the step, its chapter and its patches. Gives what there is to tell.
    fn write(self, repo: &Repo, until: Option<&Step>) -> Result<Vec<String>> {
        let folder = self.step.folder();
        for path in repo.files(&folder)?.keys().filter(|path| !self.files.contains_key(*path)) {
            fs::remove_file(repo.root.join(&folder).join(path))?;
        }
        for (path, text) in &self.files {
            let path = repo.root.join(&folder).join(path);
            fs::create_dir_all(path.parent().unwrap_or(&repo.root))?;
            fs::write(&path, text)?;
        }
        let mut told = self.told;
        if let Some(chapter) = self.chapter {
            let path = self.step.chapter();
            fs::write(repo.root.join(&path), chapter.text)?;
            told.extend(
                chapter.report.iter().map(|(line, what)| format!("{path}:{line}: {what}")),
            );
        }
        told.extend(patches::carry(repo, self.step, until, &self.was, &self.files)?);
        Ok(told)
    }
}

/// Those of all steps' files that are one step's.
fn below(files: &Files, step: Option<&Step>) -> Files {
    let Some(step) = step else { return Files::new() };
    let name =
        |path: &String| path.strip_prefix(&step.name)?.strip_prefix('/').map(String::from);
    files.iter().filter_map(|(path, text)| Some((name(path)?, text.clone()))).collect()
}

/// Merges each file of a step. The error names file and line.
fn merged(
    step: &Step,
    old: &Files,
    ours: &Files,
    theirs: &Files,
    rule: impl Fn(&String) -> Rule,
) -> Result<Files> {
    let mut files = Files::new();
    let paths: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for path in paths {
        let (o, a, b) = (old.get(path), ours.get(path), theirs.get(path));
        let file = format!("{}/{path}", step.folder());
        let text = match (a, b) {
            _ if o == a => b.cloned(),
            _ if o == b || a == b => a.cloned(),
            (Some(a), Some(b)) => {
                let o = o.map(|text| lines(text)).unwrap_or_default();
                let text = merge(&o, &lines(a), &lines(b), rule(path)).map_err(|conflict| {
                    let what = "the step before has changed this place in another way; edit it \
                                so that it has both, and run it again\n    before: ";
                    crate::repo::at(
                        &file,
                        conflict.line + 1,
                        what.to_string() + &conflict.theirs,
                    )
                })?;
                Some(text_of(&text))
            }
            _ if rule(path) == Rule::Ours => a.cloned(),
            (_, None) => {
                bail!("{file}: the step before has it no more, but this step has changed it")
            }
            (None, _) => bail!("{file}: is deleted here, but the step before has changed it"),
        };
        files.extend(text.map(|text| (path.clone(), text)));
    }
    Ok(files)
}

/// Lets rustfmt lay out what has changed: a longer name breaks lines, in later steps too. What
/// it cannot read stays as it is; the compiler tells why.
fn tidied(repo: &Repo, files: &mut Files, was: &Files) -> Result<()> {
    let changed = |(path, text): &(&String, &mut String)| was.get(*path) != Some(text);
    for (path, text) in files.iter_mut().filter(changed) {
        if path.ends_with(".rs") {
            let mut rustfmt = Command::new("rustfmt");
            rustfmt.args(["--edition", "2024", "--emit", "stdout", "--quiet"]);
            rustfmt.current_dir(&repo.root).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut rustfmt = rustfmt
                .stderr(Stdio::null())
                .spawn()
                .context("rustfmt cannot be run; rustup installs it")?;
            if let Some(mut input) = rustfmt.stdin.take() {
                input.write_all(text.as_bytes())?;
            }
            let output = rustfmt.wait_with_output()?;
            if output.status.success() {
                *text = String::from_utf8(output.stdout)?;
            }
        }
    }
    Ok(())
}
