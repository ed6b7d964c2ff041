//! Writes a chapter's fences anew, so that they say what is in the log. A fence that is right
//! stays as it is, to the letter.

use std::ops::Range;

use anyhow::{Result, ensure};

use super::merge::{Hunk, Lines, hunks};
use super::place::NEW;
use crate::book::chapter::{Chapter, Fence, Item, Kind, Link};
use crate::book::replay::Change;
use crate::repo::Step;

/// How many unchanged lines a new hunk shows on each side.
const CONTEXT: usize = 2;

/// Lines of the chapter, counted from 0, and what comes in their place.
type Splice = (Range<usize>, Lines);

/// A chapter's new text, and what was done to it, each at its line.
pub struct Written {
    pub text: String,
    pub report: Vec<(usize, String)>,
}

/// The chapter with every fence as the log has it.
pub fn write(chapter: &Chapter, step: &Step, log: &[Change]) -> Result<Written> {
    let mut pen = Pen { chapter, splices: Vec::new(), report: Vec::new() };
    for (index, item) in chapter.items.iter().enumerate() {
        let changes: Vec<_> = log.iter().filter(|change| change.item == index).collect();
        pen.item(item, &changes)?;
    }
    for change in log.iter().filter(|change| change.item == NEW) {
        pen.add(step, change);
    }
    Ok(pen.text())
}

struct Pen<'c> {
    chapter: &'c Chapter,
    splices: Vec<Splice>,
    report: Vec<(usize, String)>,
}

impl Pen<'_> {
    fn item(&mut self, item: &Item, changes: &[&Change]) -> Result<()> {
        let (link, fence) = match &item.kind {
            Kind::Shows { link, fence } | Kind::Quotes { link, fence } => (link, fence),
            _ => return Ok(()),
        };
        let quotes = matches!(item.kind, Kind::Quotes { .. });
        let Some(first) = changes.first() else { return Ok(()) };
        let body = if quotes || first.outside {
            let text = first.after.clone().unwrap_or_default();
            text[first.shown.clone()].to_vec()
        } else if fence.lang == "diff" {
            hunks_of(fence, changes)
        } else {
            self.piece(link, first)?
        };
        let old: Lines = fence.body.lines().map(String::from).collect();
        if body.is_empty() {
            self.remove(link, fence);
        } else if body != old {
            self.rewrite(fence, &body);
            self.report
                .push((link.line, format!("the fence of {} is written anew", link.text)));
        }
        Ok(())
    }

    /// What a plain fence adds to its file.
    fn piece(&self, link: &Link, change: &Change) -> Result<Lines> {
        let (before, after) = (change.before.as_deref(), change.after.as_deref());
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        if before == after {
            return Ok(Lines::new());
        }
        let rest = after.strip_prefix(before);
        let piece = match (rest, before.is_empty()) {
            (Some(rest), true) => Some(rest),
            (Some(rest), false) => rest.strip_prefix(&[String::new()]),
            (None, _) => None,
        };
        ensure!(
            piece.is_some(),
            self.chapter.error(
                link.line,
                format!(
                    "this piece of {} must begin after an empty line, and the edit takes that \
                     line or changes what stands before it; edit the fences by hand",
                    link.text
                )
            )
        );
        Ok(piece.unwrap_or_default().to_vec())
    }

    fn rewrite(&mut self, fence: &Fence, body: &[String]) {
        let opening = self.chapter.text.lines().nth(fence.line - 1).unwrap_or_default();
        let indent = &opening[..opening.find(['`', '~']).unwrap_or(0)];
        let line = |text: &String| match text.is_empty() {
            true => indent.trim_end().to_string(),
            false => format!("{indent}{text}"),
        };
        let old = fence.line..fence.line + fence.body.lines().count();
        self.splices.push((old, body.iter().map(line).collect()));
    }

    /// Takes a fence out, with its link and the empty line after it.
    fn remove(&mut self, link: &Link, fence: &Fence) {
        let end = fence.line + fence.body.lines().count() + 1;
        let empty = self.chapter.text.lines().nth(end).is_some_and(str::is_empty);
        self.splices.push((link.line - 1..end + usize::from(empty), Lines::new()));
        let what = format!("the fence of {} has nothing to show and is gone", link.text);
        self.report.push((link.line, what + "; mend the text around it"));
    }

    /// A fence for what none shows yet: after the last one of its file, or after the last.
    fn add(&mut self, step: &Step, change: &Change) {
        let path = &change.path;
        let link = format!("[{path}](../{}/{path})", step.folder());
        let mut lines = vec![String::new()];
        let what = match (&change.before, &change.after) {
            (_, None) => {
                lines.push(format!("{link} is deleted."));
                format!("{path} is deleted in a line of its own")
            }
            (before, Some(after)) => {
                let (lang, body) = match before {
                    None => (language(path), after.clone()),
                    Some(before) => ("diff", difference(before, after)),
                };
                let ticks = if body.iter().any(|l| l.contains("```")) { "````" } else { "```" };
                lines.push(link);
                lines.push(format!("{ticks}{lang}"));
                lines.extend(body);
                lines.push(ticks.into());
                format!("{path} has a new fence, which wants a sentence")
            }
        };
        let place = self.place_for(path);
        self.splices.push((place..place, lines));
        self.report.push((place, what));
    }

    fn place_for(&self, path: &str) -> usize {
        let ends = self.chapter.items.iter().filter_map(|item| match &item.kind {
            Kind::Shows { link, fence } => {
                Some((link.text == path, fence.line + fence.body.lines().count() + 1))
            }
            Kind::Renames(_, link) | Kind::Deletes(link) => {
                Some((link.text == path, link.line))
            }
            _ => None,
        });
        let ends: Vec<_> = ends.collect();
        let own = ends.iter().rev().find(|(own, _)| *own).or(ends.last());
        own.map_or_else(|| self.chapter.text.lines().count(), |(_, end)| *end)
    }

    fn text(mut self) -> Written {
        let mut lines: Lines = self.chapter.text.lines().map(String::from).collect();
        // From the end, so that the lines before keep their numbers. Of two at one place the
        // one that came first stands first.
        self.splices.reverse();
        self.splices.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        for (range, new) in self.splices {
            lines.splice(range, new);
        }
        let end = if self.chapter.crlf { "\r\n" } else { "\n" };
        Written { text: lines.join(end) + end, report: self.report }
    }
}

/// The name of a file's language, for a fence.
fn language(path: &str) -> &str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("rs") => "rust",
        Some(ending @ ("toml" | "sql" | "html" | "css" | "js" | "jsx" | "json")) => ending,
        _ => "text",
    }
}

/// The body of a diff fence.
fn hunks_of(fence: &Fence, changes: &[&Change]) -> Lines {
    let old: Vec<&str> = fence.body.lines().collect();
    let old = old.split(|line| line.starts_with("@@")).filter(|hunk| !hunk.is_empty());
    let mut body = Lines::new();
    for (hunk, change) in old.zip(changes) {
        let (Some(before), Some(after)) = (&change.before, &change.after) else { continue };
        let new = if still_right(hunk, before, after, change.shown.start) {
            hunk.iter().map(|line| line.to_string()).collect()
        } else {
            anew(hunk, before, after, &change.shown)
        };
        if !body.is_empty() && !new.is_empty() {
            body.push("@@".into());
        }
        body.extend(new);
    }
    body
}

/// The lines of a hunk that stood before, or those that stand after it.
fn side(hunk: &[&str], sign: char) -> Lines {
    let here = hunk.iter().filter(|line| {
        let own = line.chars().next().unwrap_or(' ');
        own == ' ' || own == sign
    });
    here.map(|line| line.get(1..).unwrap_or_default().to_string()).collect()
}

fn still_right(hunk: &[&str], before: &[String], after: &[String], start: usize) -> bool {
    let (old, new) = (side(hunk, '-'), side(hunk, '+'));
    let end = start + old.len();
    let there = before.get(start..end) == Some(&old[..]) && count(before, &old) == 1;
    there && [&before[..start], &new, &before[end..]].concat() == after
}

fn count(text: &[String], lines: &[String]) -> usize {
    text.windows(lines.len().max(1)).filter(|window| *window == lines).count()
}

/// The hunk with the same lines around it, when it still has the same form; else a new one.
fn anew(hunk: &[&str], before: &[String], after: &[String], shown: &Range<usize>) -> Lines {
    if before == after {
        return Lines::new();
    }
    if let Some(same) = same_form(hunk, before, after, shown) {
        return same;
    }
    let leading = hunk.iter().take_while(|line| line.starts_with(' ')).count();
    let trailing = hunk.iter().rev().take_while(|line| line.starts_with(' ')).count();
    let around = leading.max(trailing).max(CONTEXT);
    let changed = laid_out(before, after);
    // A hunk that was one stays one, if what it shows lies together.
    let mut groups: Vec<(Range<usize>, Vec<Hunk>)> = Vec::new();
    for hunk in changed {
        let start = hunk.old.start.saturating_sub(around);
        let range = start.max(shown.start.min(hunk.old.start))
            ..(hunk.old.end + around).min(shown.end.max(hunk.old.end)).min(before.len());
        match groups.last_mut() {
            Some((last, hunks)) if together(last, &range, shown) => {
                last.end = range.end.max(last.end);
                hunks.push(hunk);
            }
            _ => groups.push((range, vec![hunk])),
        }
    }
    print(before, after, groups)
}

fn together(last: &Range<usize>, next: &Range<usize>, shown: &Range<usize>) -> bool {
    next.start <= last.end || (shown.contains(&last.end) && shown.contains(&next.start))
}

/// The old hunk's signs with the new lines, if there are as many of each as before.
fn same_form(
    hunk: &[&str],
    before: &[String],
    after: &[String],
    shown: &Range<usize>,
) -> Option<Lines> {
    let (old, new) = (side(hunk, '-').len(), side(hunk, '+').len());
    let end = shown.start + old;
    if shown.len() != old || after.len() + old != before.len() + new {
        return None;
    }
    let (mut was, mut is) = (before[shown.start..end].iter(), after[shown.start..].iter());
    let mut lines = Lines::new();
    for line in hunk {
        let sign = line.chars().next().unwrap_or(' ');
        let text = match sign {
            '-' => was.next()?,
            '+' => is.next()?,
            _ => {
                let (was, is) = (was.next()?, is.next()?);
                (was == is).then_some(was)?
            }
        };
        lines.push(format!("{sign}{text}"));
    }
    let hunk: Vec<_> = lines.iter().map(String::as_str).collect();
    let real = lines.iter().any(|line| !line.starts_with(' '));
    (real && still_right(&hunk, before, after, shown.start)).then_some(lines)
}

/// A diff of two texts in as many hunks as it needs.
fn difference(before: &[String], after: &[String]) -> Lines {
    let mut groups: Vec<(Range<usize>, Vec<Hunk>)> = Vec::new();
    for hunk in laid_out(before, after) {
        let range =
            hunk.old.start.saturating_sub(CONTEXT)..(hunk.old.end + CONTEXT).min(before.len());
        match groups.last_mut() {
            Some((last, hunks)) if range.start <= last.end => {
                last.end = range.end;
                hunks.push(hunk);
            }
            _ => groups.push((range, vec![hunk])),
        }
    }
    print(before, after, groups)
}

/// The places that differ, each where an author would put it: a new function begins with the
/// empty line before it and ends with its own brace, not with that of the function above.
fn laid_out(before: &[String], after: &[String]) -> Vec<Hunk> {
    let closes = |line: &String| line.trim_start().starts_with(['}', ')', ']']);
    let mut places = hunks(before, after);
    for index in 0..places.len() {
        let floor = index.checked_sub(1).map_or(0, |last| places[last].new.end);
        let Hunk { old, new } = &mut places[index];
        if old.start != old.end {
            continue;
        }
        // Up as far as the text is the same, then down again past a brace.
        let up = |new: &Range<usize>| {
            new.start > floor && after[new.start - 1] == after[new.end - 1]
        };
        let mut least = new.clone();
        while up(&least) {
            least = least.start - 1..least.end - 1;
        }
        while least.start < new.start && closes(&after[least.start]) {
            least = least.start + 1..least.end + 1;
        }
        let by = new.start - least.start;
        (*old, *new) = (old.start - by..old.end - by, least);
    }
    places
}

/// Prints each group with so many lines around it that it stands in one place only.
fn print(before: &[String], after: &[String], groups: Vec<(Range<usize>, Vec<Hunk>)>) -> Lines {
    let mut body = Lines::new();
    // What a reader has when the hunks before are applied, and how many lines that is more.
    let mut state = before.to_vec();
    let (mut floor, mut more) = (0, 0);
    for (range, hunks) in groups {
        let Some(end) = hunks.last() else { continue };
        let (end, next) = (end.old.end, end.new.end);
        let mut range = range.start.max(floor)..range.end;
        let at = |line: usize| line.wrapping_add(more);
        while range.is_empty() || count(&state, &state[at(range.start)..at(range.end)]) != 1 {
            let old = range.clone();
            if range.start > floor {
                range.start -= 1;
            } else if range.end < before.len() {
                range.end += 1;
            }
            if old == range {
                break;
            }
        }
        if !body.is_empty() {
            body.push("@@".into());
        }
        let mut line = range.start;
        for hunk in &hunks {
            body.extend(before[line..hunk.old.start].iter().map(|text| format!(" {text}")));
            body.extend(before[hunk.old.clone()].iter().map(|text| format!("-{text}")));
            body.extend(after[hunk.new.clone()].iter().map(|text| format!("+{text}")));
            line = hunk.old.end;
        }
        body.extend(before[line..range.end].iter().map(|text| format!(" {text}")));
        state = [&after[..next], &before[end..]].concat();
        more = next.wrapping_sub(end);
        floor = range.end;
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Lines {
        text.split(' ').map(String::from).collect()
    }

    #[test]
    fn a_new_hunk_stands_in_one_place_only() {
        let (before, after) = (lines("x y a b z x y a b c"), lines("x y a b z x y a b 1 c"));
        assert_eq!(difference(&before, &after), [" a", " b", "+1", " c"]);
        let (before, after) = (lines("q a b z a b"), lines("q a b z a b 1"));
        assert_eq!(difference(&before, &after), [" z", " a", " b", "+1"]);
    }

    #[test]
    fn a_hunk_keeps_the_form_that_its_author_gave_it() {
        let hunk = [" a", "-b", "-c", "+1", "+2", " d"];
        let (before, after) = (lines("a B c d"), lines("a 1 2 d"));
        assert_eq!(anew(&hunk, &before, &after, &(0..4)), [" a", "-B", "-c", "+1", "+2", " d"]);
    }

    #[test]
    fn a_new_function_is_shown_from_the_empty_line_before_it_to_its_brace() {
        let (before, after) = (lines("{ a }  z"), lines("{ a }  { b }  z"));
        assert_eq!(difference(&before, &after), [" a", " }", "+", "+{", "+b", "+}", " ", " z"]);
    }

    #[test]
    fn a_hunk_that_changes_nothing_is_gone() {
        assert!(anew(&["+a", " b"], &lines("b c"), &lines("b c"), &(0..1)).is_empty());
    }
}
