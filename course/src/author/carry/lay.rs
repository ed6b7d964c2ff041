//! Lays a chapter, as it was, on the step before, as it is now.

use anyhow::{Result, anyhow};

use super::Place;
use super::merge::{Lines, Rule, hunks, merge};
use super::place::{lines, moved_range};
use crate::book::chapter::{Chapter, Kind};
use crate::book::replay::{Change, Replay};
use crate::repo::Files;

/// What comes of it.
pub struct Laid {
    pub files: Files,
    pub log: Vec<Change>,
    pub told: Vec<String>,
}

/// Lays what is as it was in the new chapter change by change, and applies what is new in it
/// to the letter.
pub fn lay(place: &Place<'_>, chapter: &Chapter) -> Result<Laid> {
    let mut replay = Replay::begin(place.new, place.step, chapter, place.base.new.clone())?;
    let mut layer = Layer { place, chapter, told: Vec::new() };
    let old = place.old;
    match place.was.as_ref().filter(|was| old.root.join(was.chapter()).is_file()) {
        None => (0..chapter.items.len()).try_for_each(|item| replay.apply(item))?,
        Some(was) => {
            let before = Chapter::read(old, was)?;
            let log = Replay::run(old, was, &before)?.log;
            for (item, same) in counterparts(&before, chapter).into_iter().enumerate() {
                let Some(same) = same else {
                    replay.apply(item)?;
                    continue;
                };
                let changes: Vec<_> = log.iter().filter(|it| it.item == same).collect();
                match layer.item(&replay, item, &changes) {
                    Ok(changes) => changes.into_iter().for_each(|change| replay.put(change)),
                    // Its lines may stand elsewhere now: a fence finds them by what they are.
                    Err(why) => replay.apply(item).map_err(|_| why)?,
                }
            }
        }
    }
    Ok(Laid { files: replay.texts(), log: replay.log, told: layer.told })
}

struct Layer<'a> {
    place: &'a Place<'a>,
    chapter: &'a Chapter,
    told: Vec<String>,
}

impl Layer<'_> {
    /// The changes of one item, one on the other.
    fn item(
        &mut self,
        replay: &Replay<'_>,
        item: usize,
        changes: &[&Change],
    ) -> Result<Vec<Change>> {
        let mut laid: Vec<Change> = Vec::new();
        for change in changes {
            let now = match (change.outside, laid.last()) {
                (true, _) => Some(lines(&self.place.new.read(&change.path)?)),
                (false, Some(last)) => last.after.clone(),
                (false, None) => replay.lines(&change.path),
            };
            laid.push(self.change(item, change, now)?);
        }
        Ok(laid)
    }

    fn change(&mut self, item: usize, change: &Change, now: Option<Lines>) -> Result<Change> {
        let (old, wanted) = (or_none(&change.before), or_none(&change.after));
        if now.is_none() && change.before.is_some() {
            let what = format!(
                "this is about {}, which the step before has no more; take it out, or show the \
                 file",
                change.path
            );
            return Err(self.error(item, &what));
        }
        let here = or_none(&now);
        let after = if change.before == change.after || change.outside {
            now.clone()
        } else if change.appends() {
            let gap = usize::from(!old.is_empty());
            let mut text = here.to_vec();
            text.extend((!text.is_empty()).then(String::new));
            text.extend(wanted[old.len() + gap..].iter().cloned());
            Some(text)
        } else {
            Some(self.merged(item, change, here)?)
        };
        let shown = moved_range(&hunks(old, here), &change.shown);
        let (before, path, renamed) = (now, change.path.clone(), None);
        Ok(Change { item, path, renamed, before, after, shown, ..*change })
    }

    fn merged(&mut self, item: usize, change: &Change, here: &[String]) -> Result<Lines> {
        let (old, wanted, path) =
            (or_none(&change.before), or_none(&change.after), &change.path);
        // Whoever edits this file here as well has seen both.
        let by_hand = self.place.own.old.get(path) != self.place.own.new.get(path);
        let rule = if by_hand { Rule::Ours } else { Rule::OursReplaces };
        let merged = merge(old, wanted, here, rule).map_err(|conflict| {
            let indented = |text: &str| text.replace('\n', "\n            ");
            let what = format!(
                "this and the step before now change one place of {path} in two ways\n    here:   \
                 {}\n    before: {}\nedit {}/{path} so that it has both, and run it again",
                indented(&conflict.ours),
                indented(&conflict.theirs),
                self.place.step.folder()
            );
            self.error(item, &what)
        })?;
        if merge(old, wanted, here, Rule::Stop).is_err() {
            let line = self.chapter.items[item].line;
            let what = "an edit ends here, where its lines are replaced";
            self.told.push(format!("{}:{line}: {path}: {what}", self.chapter.path));
        }
        Ok(merged)
    }

    fn error(&self, item: usize, what: &str) -> anyhow::Error {
        anyhow!(self.chapter.error(self.chapter.items[item].line, what))
    }
}

fn or_none(lines: &Option<Lines>) -> &[String] {
    lines.as_deref().unwrap_or_default()
}

/// For each item of the new chapter the one of the old chapter that is the same.
fn counterparts(old: &Chapter, new: &Chapter) -> Vec<Option<usize>> {
    let key = |kind: &Kind| match kind {
        Kind::Shows { link, fence } => format!("{}\n{}\n{}", link.text, fence.lang, fence.body),
        Kind::Quotes { link, fence } => format!("{}, as\n{}", link.text, fence.body),
        // They depend on names alone, and are applied anew.
        Kind::Renames(..) | Kind::Deletes(_) => String::new(),
        Kind::Checkpoint | Kind::Console(_) | Kind::Heading(_) => String::new(),
    };
    let keys = |chapter: &Chapter| -> Vec<String> {
        chapter.items.iter().map(|item| key(&item.kind)).collect()
    };
    let (old_keys, new_keys) = (keys(old), keys(new));
    let changed = hunks(&old_keys, &new_keys);
    let mut same = vec![None; new_keys.len()];
    let (mut at, mut from) = (0, 0);
    let mut run = |at: usize, from: usize, end: usize| {
        for offset in 0..end - at {
            let bound = !new_keys[at + offset].is_empty();
            same[at + offset] = bound.then_some(from + offset);
        }
    };
    for hunk in changed {
        run(at, from, hunk.new.start);
        (at, from) = (hunk.new.end, hunk.old.end);
    }
    run(at, from, new_keys.len());
    same
}
