//! The invariant: a chapter, applied to the step before, gives its step.

use std::collections::BTreeMap;
use std::iter::once;
use std::ops::Range;

use anyhow::{Result, ensure};

use crate::book::chapter::{Chapter, Fence, Kind, Link};
use crate::repo::{Files, Repo, Step, at, set_package, without_tests};

/// A line of a replayed file, and the chapter's line that it comes from.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    /// `None` when it stood in the step before.
    from: Option<usize>,
}

/// A file while the chapter is replayed.
#[derive(Clone, Debug, Default)]
struct Text {
    lines: Vec<Line>,
    /// A fence always ends with a newline; a file of the step before may not.
    open_end: bool,
    /// The chapter's last line that changed it.
    touched: Option<usize>,
}

impl Text {
    fn of_step(text: &str) -> Self {
        let line = |text: &str| Line { text: text.into(), from: None };
        let lines = text.split_terminator('\n').map(line).collect();
        Text { lines, open_end: !text.is_empty() && !text.ends_with('\n'), touched: None }
    }

    fn text(&self) -> String {
        let mut text: String =
            self.lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
        if self.open_end {
            text.pop();
        }
        text
    }

    fn texts(&self) -> Lines {
        self.lines.iter().map(|line| line.text.clone()).collect()
    }

    /// Where these lines stand, one after the other.
    fn places(&self, wanted: &[&str]) -> Vec<usize> {
        let last = self.lines.len().checked_sub(wanted.len());
        let here = |start: &usize| self.matching(*start, wanted) == wanted.len();
        last.map_or(Vec::new(), |last| (0..=last).filter(here).collect())
    }

    /// How many of these lines stand from `start` on.
    fn matching(&self, start: usize, wanted: &[&str]) -> usize {
        let lines = self.lines[start..].iter().map(|line| line.text.as_str());
        lines.zip(wanted).take_while(|(line, wanted)| line == *wanted).count()
    }
}

/// A file's lines, without their ends.
pub type Lines = Vec<String>;

/// One place of a file that a chapter changes or quotes, with the file around it. A fence
/// of several places is several of these.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which of the chapter's items.
    pub item: usize,
    /// The file, after it.
    pub path: String,
    /// Its name before, when the item renames it.
    pub renamed: Option<String>,
    /// `None` when there is no such file.
    pub before: Option<Lines>,
    pub after: Option<Lines>,
    /// The lines before it that the fence shows; at the end for a plain fence.
    pub shown: Range<usize>,
    /// Whether it is a file of the repository that is in no step.
    pub outside: bool,
}

impl Change {
    /// A plain fence: it only adds, at the end of the file.
    pub fn appends(&self) -> bool {
        let end = self.before.as_ref().map_or(0, Vec::len);
        self.shown == (end..end) && self.renamed.is_none()
    }
}

/// The state at a checkpoint.
pub struct Checkpoint {
    /// The chapter's line.
    pub line: usize,
    /// What a reader has typed so far.
    pub files: Files,
}

/// A chapter that was applied to the step before.
pub struct Replay<'a> {
    repo: &'a Repo,
    step: &'a Step,
    before: Option<Step>,
    chapter: &'a Chapter,
    files: BTreeMap<String, Text>,
    /// The files that stood in the step before: a plain fence cannot make them.
    stood: Files,
    /// The lines of the root Cargo.toml that the chapter quotes.
    pub quoted: Vec<String>,
    /// In their order.
    pub checkpoints: Vec<Checkpoint>,
    /// Everything that was applied, in its order.
    pub log: Vec<Change>,
    /// The item that is being applied.
    item: usize,
}

impl<'a> Replay<'a> {
    /// Applies the whole chapter, and stops at the first thing in it that does not apply.
    pub fn run(repo: &'a Repo, step: &'a Step, chapter: &'a Chapter) -> Result<Self> {
        let stood = without_tests(repo.base(step)?);
        let mut replay = Replay::begin(repo, step, chapter, stood)?;
        for item in 0..chapter.items.len() {
            replay.apply(item)?;
        }
        Ok(replay)
    }

    /// A chapter of which nothing is applied yet, on these files of the step before.
    pub fn begin(
        repo: &'a Repo,
        step: &'a Step,
        chapter: &'a Chapter,
        mut stood: Files,
    ) -> Result<Self> {
        let before = repo.before(step)?;
        set_package(&mut stood, &step.package());
        let files = stood.iter().map(|(path, text)| (path.clone(), Text::of_step(text)));
        let (files, quoted, checkpoints) = (files.collect(), Vec::new(), Vec::new());
        let (log, item) = (Vec::new(), 0);
        Ok(Replay { repo, step, before, chapter, files, stood, quoted, checkpoints, log, item })
    }

    /// Applies one of the chapter's items.
    pub fn apply(&mut self, item: usize) -> Result<()> {
        self.item = item;
        let chapter = self.chapter;
        self.apply_kind(chapter.items[item].line, &chapter.items[item].kind)
    }

    /// Notes a change that was worked out elsewhere as if the chapter had made it.
    pub fn put(&mut self, change: Change) {
        if !change.outside {
            match &change.after {
                Some(lines) => {
                    let text = Text::of_step(&text_of(lines));
                    self.files.insert(change.path.clone(), text);
                }
                None => drop(self.files.remove(&change.path)),
            }
        }
        self.log.push(change);
    }

    /// A file's lines as the chapter has it so far.
    pub fn lines(&self, path: &str) -> Option<Lines> {
        self.files.get(path).map(Text::texts)
    }

    /// All files as the chapter has them so far.
    pub fn texts(&self) -> Files {
        self.files.iter().map(|(path, text)| (path.clone(), text.text())).collect()
    }

    fn note(&mut self, path: &str, before: Option<Lines>, shown: Range<usize>) {
        let after = self.lines(path);
        let (item, path) = (self.item, path.into());
        let (renamed, outside) = (None, false);
        self.log.push(Change { item, path, renamed, before, after, shown, outside });
    }

    fn apply_kind(&mut self, line: usize, kind: &Kind) -> Result<()> {
        match kind {
            Kind::Shows { link, fence } if self.is_outside(link)? => {
                self.quote_outside(link, fence)
            }
            Kind::Quotes { link, fence } if self.is_outside(link)? => {
                self.quote_outside(link, fence)
            }
            Kind::Shows { link, fence } if fence.lang == "diff" => self.change(link, fence),
            Kind::Shows { link, fence } => self.write(link, fence),
            Kind::Quotes { link, fence } => self.quote(link, fence),
            Kind::Renames(old, new) => self.rename(old, new),
            Kind::Deletes(link) => {
                let text = self.take(link)?.texts();
                let end = text.len();
                self.note(&link.text, Some(text), end..end);
                Ok(())
            }
            Kind::Checkpoint => {
                self.checkpoints.push(Checkpoint { line, files: self.texts() });
                Ok(())
            }
            Kind::Console(_) | Kind::Heading(_) => Ok(()),
        }
    }

    /// Whether the link is to a file of the repository that is in no step. Its text and
    /// its target must agree in any case.
    fn is_outside(&self, link: &Link) -> Result<bool> {
        let outside = link.target.starts_with("../") && !link.target.starts_with("../steps/");
        let expected = if outside {
            format!("../{}", link.text)
        } else {
            format!("../{}/{}", self.step.folder(), link.text)
        };
        self.agree(link, &[expected])?;
        Ok(outside)
    }

    fn agree(&self, link: &Link, targets: &[String]) -> Result<()> {
        ensure!(
            targets.contains(&link.target),
            self.chapter.error(
                link.line,
                format!(
                    "[{}] leads to {}; it must lead to {}",
                    link.text,
                    link.target,
                    targets.join(" or ")
                )
            )
        );
        Ok(())
    }

    /// A file that is going: the step before has it, this one has not.
    fn agree_in_either(&self, link: &Link) -> Result<()> {
        let steps = once(self.step).chain(&self.before);
        let target = |step: &Step| format!("../{}/{}", step.folder(), link.text);
        self.agree(link, &steps.map(target).collect::<Vec<_>>())
    }

    fn quote_outside(&mut self, link: &Link, fence: &Fence) -> Result<()> {
        let text = self.repo.read(&link.text);
        let text = Text::of_step(&text.map_err(|why| self.chapter.error(link.line, why))?);
        let shown = self.must_stand(link, fence, &text, &link.text)?;
        if link.text == "Cargo.toml" {
            self.quoted.extend(fence.body.lines().map(String::from));
        }
        let (item, path, lines) = (self.item, link.text.clone(), Some(text.texts()));
        let (before, after, renamed, outside) = (lines.clone(), lines, None, true);
        self.log.push(Change { item, path, renamed, before, after, shown, outside });
        Ok(())
    }

    fn quote(&mut self, link: &Link, fence: &Fence) -> Result<()> {
        let text = self.known(link)?;
        let (shown, before) = (self.must_stand(link, fence, text, &link.text)?, text.texts());
        self.note(&link.text, Some(before), shown);
        Ok(())
    }

    /// Where in the text the quote stands.
    fn must_stand(
        &self,
        link: &Link,
        fence: &Fence,
        text: &Text,
        name: &str,
    ) -> Result<Range<usize>> {
        let wanted: Vec<_> = fence.lines().collect();
        let lines: Vec<_> = wanted.iter().map(|(_, text)| *text).collect();
        let Some(place) = text.places(&lines).first().copied() else {
            let what =
                format!("this quote is not in {name} as it stands{}", self.hint(&wanted, text));
            return Err(self.chapter.error(link.line, what));
        };
        Ok(place..place + lines.len())
    }

    fn known(&self, link: &Link) -> Result<&Text> {
        let none = || {
            let what = format!(
                "{} does not exist at this point of the chapter; show it in a plain fence \
                 first, or correct its name",
                link.text
            );
            self.chapter.error(link.line, what)
        };
        self.files.get(&link.text).ok_or_else(none)
    }

    /// A plain fence: a new file, or its next piece after a blank line.
    fn write(&mut self, link: &Link, fence: &Fence) -> Result<()> {
        if self.stood.contains_key(&link.text) && self.files.contains_key(&link.text) {
            let what = format!(
                "{} stood already in the step before; show the change in a ```diff fence, \
                 or write `, as it stands:` after the link",
                link.text
            );
            return Err(self.chapter.error(link.line, what));
        }
        let before = self.lines(&link.text);
        let text = self.files.entry(link.text.clone()).or_default();
        let end = text.lines.len();
        if !text.lines.is_empty() {
            text.lines.push(Line { text: String::new(), from: Some(fence.line) });
        }
        let lines = fence.lines();
        text.lines
            .extend(lines.map(|(line, text)| Line { text: text.into(), from: Some(line) }));
        text.touched = Some(fence.line);
        self.note(&link.text, before, end..end);
        Ok(())
    }

    fn change(&mut self, link: &Link, fence: &Fence) -> Result<()> {
        self.known(link)?;
        let lines: Vec<_> = fence.lines().collect();
        for hunk in lines.split(|(_, text)| text.starts_with("@@")) {
            if !hunk.is_empty() {
                self.change_place(link, hunk)?;
            }
        }
        Ok(())
    }

    /// One hunk. Its context and its `-` lines say where it is.
    fn change_place(&mut self, link: &Link, hunk: &[(usize, &str)]) -> Result<()> {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for (line, text) in hunk {
            // A blank line may have lost its space.
            let sign = text.chars().next().unwrap_or(' ');
            let text = text.strip_prefix(sign).unwrap_or_default();
            let added = Line { text: text.into(), from: Some(*line) };
            match sign {
                '-' => old.push((*line, text)),
                '+' => new.push((added, None)),
                ' ' => {
                    new.push((added, Some(old.len())));
                    old.push((*line, text));
                }
                _ => {
                    let what = "a line of a diff fence begins with a space, - or +";
                    return Err(self.chapter.error(*line, what));
                }
            }
        }
        let place = self.place(link, hunk[0].0, &old)?;
        let before = self.lines(&link.text);
        let text = self.files.entry(link.text.clone()).or_default();
        let stood = text.lines[place..place + old.len()].to_vec();
        // A line of context keeps its origin.
        let new = new.into_iter().map(|(line, context)| match context {
            Some(index) => stood[index].clone(),
            None => line,
        });
        text.lines.splice(place..place + old.len(), new);
        text.open_end = false;
        text.touched = Some(hunk[0].0);
        self.note(&link.text, before, place..place + old.len());
        Ok(())
    }

    /// The only place where the old lines of a hunk stand.
    fn place(&self, link: &Link, line: usize, old: &[(usize, &str)]) -> Result<usize> {
        let text = self.known(link)?;
        let lines: Vec<_> = old.iter().map(|(_, text)| *text).collect();
        let what = match text.places(&lines).as_slice() {
            _ if old.is_empty() => {
                "this hunk only adds, and does not say where; begin it with \
                                    a line that stands before"
                    .into()
            }
            [place] => return Ok(*place),
            [] => format!(
                "the old lines of this hunk are found 0 times in {}{}",
                link.text,
                self.hint(old, text)
            ),
            places => format!(
                "the old lines of this hunk are found {} times in {}, at its lines {}; add a \
                 line of context that only one of them has",
                places.len(),
                link.text,
                places.iter().map(|p| (p + 1).to_string()).collect::<Vec<_>>().join(", ")
            ),
        };
        Err(self.chapter.error(line, what))
    }

    /// Where lines that were not found go wrong: after the longest run that is there.
    fn hint(&self, wanted: &[(usize, &str)], text: &Text) -> String {
        let lines: Vec<_> = wanted.iter().map(|(_, text)| *text).collect();
        let runs = (0..text.lines.len()).map(|start| (text.matching(start, &lines), start));
        let best = runs.max_by_key(|(run, start)| (*run, usize::MAX - start));
        match best {
            Some((run, start)) if run > 0 => format!(
                ": its first {run} lines stand at line {}, but then the chapter has (line {})\
                 \n    {}\nand the file has (line {})\n    {}\nmake them the same",
                start + 1,
                wanted[run].0,
                shown(Some(wanted[run].1)),
                start + run + 1,
                shown(text.lines.get(start + run).map(|line| line.text.as_str()))
            ),
            _ => format!(
                ": no line there is\n    {}\ncopy it from the file",
                shown(lines.first().copied())
            ),
        }
    }

    fn rename(&mut self, old: &Link, new: &Link) -> Result<()> {
        self.is_outside(new)?;
        let mut text = self.take(old)?;
        text.touched = Some(new.line);
        let before = text.texts();
        if let Some(stood) = self.stood.remove(&old.text) {
            self.stood.insert(new.text.clone(), stood);
        }
        if self.files.insert(new.text.clone(), text).is_some() {
            let what = format!("{} exists already; delete it first", new.text);
            return Err(self.chapter.error(new.line, what));
        }
        let end = before.len();
        self.note(&new.text, Some(before), end..end);
        if let Some(change) = self.log.last_mut() {
            change.renamed = Some(old.text.clone());
        }
        Ok(())
    }

    fn take(&mut self, link: &Link) -> Result<Text> {
        self.agree_in_either(link)?;
        self.known(link)?;
        Ok(self.files.remove(&link.text).unwrap_or_default())
    }

    /// Compares with the step: the first place that differs is the error.
    pub fn compare(&self) -> Result<()> {
        let step = without_tests(self.repo.files(&self.step.folder())?);
        for (path, text) in &self.files {
            let file = format!("{}/{path}", self.step.folder());
            match step.get(path) {
                Some(wanted) => self.compare_file(&file, text, wanted)?,
                None => {
                    let what = format!(
                        "the replay has {path}, which {} has not; delete it in the chapter \
                         (`[{path}](…) is deleted.`), or remove its fence",
                        self.step.folder()
                    );
                    return Err(self.chapter.error(self.mention(text), what));
                }
            }
        }
        let missing = step.keys().find(|path| !self.files.contains_key(*path));
        match missing {
            Some(path) => Err(at(
                &format!("{}/{path}", self.step.folder()),
                1,
                format!(
                    "{} never shows this file; add a link line and a plain fence",
                    self.chapter.path
                ),
            )),
            None => Ok(()),
        }
    }

    /// Where the chapter last changed a file, or its first line.
    fn mention(&self, text: &Text) -> usize {
        text.touched.unwrap_or(1)
    }

    fn compare_file(&self, file: &str, text: &Text, wanted: &str) -> Result<()> {
        let lines: Vec<_> = wanted.split_terminator('\n').collect();
        let differ = |i: &usize| {
            text.lines.get(*i).map(|line| line.text.as_str()) != lines.get(*i).copied()
        };
        let Some(i) = (0..text.lines.len().max(lines.len())).find(differ) else {
            ensure!(
                text.text() == wanted,
                self.chapter.error(
                    self.mention(text),
                    format!(
                        "the end of {file} differs: a fence always ends with a newline, and the \
                         step's file {}; end that file with one newline",
                        if text.open_end { "does, unlike the step before" } else { "does not" }
                    )
                )
            );
            return Ok(());
        };
        let (chapter, step) = (text.lines.get(i), lines.get(i).copied());
        let from = chapter.and_then(|line| line.from);
        let advice = match (from, text.touched) {
            (Some(_), _) => "make the fence and the file the same",
            (None, Some(_)) => {
                "no fence changes this line; add the change, or undo it in the step"
            }
            (None, None) => {
                "the chapter never changes this file; add the change, or undo it in the step"
            }
        };
        let line = from.unwrap_or_else(|| self.mention(text));
        let chapter = shown(chapter.map(|line| line.text.as_str()));
        let (number, step) = (i + 1, shown(step));
        let what = format!(
            "not equal: line {number} of {file} ({file}:{number}) differs\n    chapter: {chapter}\
             \n    step:    {step}\n{advice}"
        );
        Err(self.chapter.error(line, what))
    }

    /// What the step newly takes from the root Cargo.toml must be quoted, here or earlier.
    pub fn compare_root(&self, quoted_before: &[String]) -> Result<()> {
        let root = self.repo.read("Cargo.toml")?;
        let manifest = |step: &Step| self.repo.read(&format!("{}/Cargo.toml", step.folder()));
        let old = self.before.as_ref().map(manifest).transpose()?.unwrap_or_default();
        let old = from_workspace(&old);
        for name in from_workspace(&manifest(self.step)?) {
            let Some(line) = root.lines().find(|line| declares(line, &name)) else { continue };
            let quoted = self.quoted.iter().chain(quoted_before).any(|quoted| quoted == line);
            ensure!(
                quoted || old.contains(&name),
                self.chapter.error(
                    1,
                    format!(
                        "the step newly needs this line of the root Cargo.toml, and the chapter \
                         does not quote it\n    {line}\nadd it to a fence after a line \
                         [Cargo.toml](../Cargo.toml)"
                    )
                )
            );
        }
        Ok(())
    }

    /// A reader must be able to run something before the chapter's last change.
    pub fn compare_checkpoints(&self) -> Result<()> {
        let changes = |kind: &Kind| {
            !matches!(kind, Kind::Console(_) | Kind::Heading(_) | Kind::Checkpoint)
                && !matches!(kind, Kind::Quotes { .. })
        };
        let last = self.chapter.items.iter().rev().find(|item| changes(&item.kind));
        let last = last.map_or(1, |item| item.line);
        ensure!(
            self.checkpoints.iter().any(|checkpoint| checkpoint.line < last),
            self.chapter.error(
                last,
                "there is no checkpoint before this last change; add a paragraph that begins \
                 with **Checkpoint** where the program first runs"
            )
        );
        Ok(())
    }
}

/// Lines as a file has them.
pub fn text_of(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// A line as messages show it: what cannot be seen is named.
fn shown(line: Option<&str>) -> String {
    match line {
        None => "(the end of the file)".into(),
        Some("") => "(a blank line)".into(),
        Some(text) if text.ends_with('\r') => {
            format!("{} (ends with a carriage return)", text.trim_end())
        }
        Some(text) if text.ends_with([' ', '\t']) => format!("{text}(ends with white space)"),
        Some(text) => text.into(),
    }
}

/// The names that a manifest takes from the workspace's dependencies.
fn from_workspace(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let inherits = line.split('#').next().is_some_and(|code| {
            code.contains("workspace = true") && section.contains("dependencies")
        });
        if inherits {
            names.extend(line.split(['.', ' ', '=']).next().map(str::to_string));
        }
    }
    names
}

fn declares(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
}
