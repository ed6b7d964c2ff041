//! Three texts into one: what they come from, and two that were changed since.
//!
//! Lines first; where both sides have changed the same lines, their words. `git merge-file`
//! stops there, and at two changes that only touch each other: a renamed argument in a line
//! that a later step makes longer would be mended by hand in every step.

use std::hash::Hash;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A file's lines, without their ends.
pub type Lines = Vec<String>;

/// A place that differs: a range of the old text, and the range of the new one in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Hunk {
    pub old: Range<usize>,
    pub new: Range<usize>,
}

/// All places where two texts differ, in their order.
pub fn hunks<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, old, new) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (old, new) = (op.old_range(), op.new_range());
        match hunks.last_mut() {
            Some(last) if last.old.end == old.start && last.new.end == new.start => {
                (last.old.end, last.new.end) = (old.end, new.end);
            }
            _ => hunks.push(Hunk { old, new }),
        }
    }
    hunks
}

/// Where a position of the old text is in the new one. Inside a place that is longer or shorter
/// now, its start for a range's start, its end for a range's end.
pub fn moved(hunks: &[Hunk], position: usize, end: bool) -> usize {
    let (mut old, mut new) = (0, 0);
    for hunk in hunks {
        if hunk.old.start > position || (end && hunk.old.start == position) {
            break;
        }
        if position < hunk.old.end || (end && position == hunk.old.end) {
            if hunk.old.len() == hunk.new.len() {
                return hunk.new.start + position - hunk.old.start;
            }
            return if end { hunk.new.end } else { hunk.new.start };
        }
        (old, new) = (hunk.old.end, hunk.new.end);
    }
    new + position - old
}

/// What decides where both sides have changed the same.
#[derive(Clone, Copy, PartialEq)]
pub enum Rule {
    /// Nobody: it is a conflict.
    Stop,
    /// Ours, where it puts something else in the place of what theirs has changed: then the
    /// change has nothing left to change.
    OursReplaces,
    /// Ours, always: someone has merged it by hand.
    Ours,
}

/// Two changes of one place that do not go together.
#[derive(Debug, PartialEq)]
pub struct Conflict {
    /// The first line of it in our text, counted from 0.
    pub line: usize,
    pub ours: String,
    pub theirs: String,
}

/// The old text with the changes of both sides. Where both insert at one place, theirs comes
/// first: it is the earlier step's.
pub fn merge(
    old: &[String],
    ours: &[String],
    theirs: &[String],
    rule: Rule,
) -> Result<Lines, Conflict> {
    if old == ours || ours == theirs {
        return Ok(theirs.to_vec());
    }
    if old == theirs {
        return Ok(ours.to_vec());
    }
    let mut merged = Lines::new();
    for part in parts(old, ours, theirs) {
        match part {
            Part::Agreed(lines) => merged.extend(lines.iter().cloned()),
            Part::Contested { old: o, ours: a, theirs: b } => {
                let lines = contested(&old[o], &ours[a.clone()], &theirs[b.clone()], rule);
                merged.extend(lines.ok_or_else(|| Conflict {
                    line: a.start,
                    ours: ours[a].join("\n"),
                    theirs: theirs[b].join("\n"),
                })?);
            }
        }
    }
    Ok(merged)
}

/// Lines that both sides have changed, each in its way; `None` when that does not go together.
fn contested(old: &[String], ours: &[String], theirs: &[String], rule: Rule) -> Option<Lines> {
    if theirs.is_empty() || ours.is_empty() {
        let other = if theirs.is_empty() { ours } else { theirs };
        if let Some(lines) = beside(old, other) {
            return Some(lines);
        }
    }
    let [old_words, our_words, their_words] =
        [old, ours, theirs].map(|lines| words(&lines.join("\n")));
    // Only laid out in another way: rustfmt does that again in the end.
    if same_words(&old_words, &their_words) {
        return Some(ours.to_vec());
    }
    if same_words(&old_words, &our_words) {
        return Some(theirs.to_vec());
    }
    let (alike, their_alike) = (alike(&old_words, &our_words), alike(&old_words, &their_words));
    if old.is_empty() || (alike && their_alike && !ours.is_empty() && !theirs.is_empty()) {
        let merged = merge_words(&old_words, &our_words, &their_words);
        if let Some(text) = merged {
            return Some(text.split('\n').map(String::from).collect());
        }
    }
    match rule {
        Rule::Ours => Some(ours.to_vec()),
        Rule::OursReplaces if !alike => Some(ours.to_vec()),
        _ => None,
    }
}

/// What was inserted at the edge of lines that the other side takes away: which of two empty
/// lines was meant is chance.
fn beside(old: &[String], with: &[String]) -> Option<Lines> {
    let hunks = hunks(old, with);
    let [Hunk { old: place, new }] = hunks.as_slice() else { return None };
    let blank = |lines: &[String]| lines.iter().all(|line| line.trim().is_empty());
    let inserted = if !place.is_empty() {
        return None;
    } else if blank(&old[..place.start]) {
        &with[..new.end]
    } else if blank(&old[place.end..]) {
        &with[new.start..]
    } else {
        return None;
    };
    let end = inserted.iter().rposition(|line| !line.trim().is_empty());
    Some(inserted[..end.map_or(0, |end| end + 1)].to_vec())
}

/// Whether two texts are made of the same words, in any order.
fn same_words(a: &[String], b: &[String]) -> bool {
    let sorted = |words: &[String]| {
        let mut words: Vec<_> =
            words.iter().filter(|it| !it.trim().is_empty()).cloned().collect();
        // A list that is broken into lines ends with a comma.
        words.retain(|word| word != ",");
        words.sort();
        words
    };
    sorted(a) == sorted(b)
}

fn merge_words(old: &[String], ours: &[String], theirs: &[String]) -> Option<String> {
    let mut text = String::new();
    for part in parts(old, ours, theirs) {
        match part {
            Part::Agreed(words) => text += &words.concat(),
            Part::Contested { .. } => return None,
        }
    }
    Some(text)
}

static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\w+|\n *| +|[^\w\s]|\s").expect("a pattern"));

/// A text in words, signs and spaces.
fn words(text: &str) -> Vec<String> {
    WORD.find_iter(text).map(|word| word.as_str().into()).collect()
}

/// Whether one text may have come from the other: half of the words of the longer are in both,
/// in the same order. With less, a word would find a place that was never meant.
fn alike(old: &[String], new: &[String]) -> bool {
    let telling = |words: &[String]| -> Vec<String> {
        words.iter().filter(|word| !word.trim().is_empty()).cloned().collect()
    };
    let (old, new) = (telling(old), telling(new));
    let ops = capture_diff_slices(Algorithm::Patience, &old, &new);
    let same: usize = ops
        .iter()
        .filter(|op| matches!(op, DiffOp::Equal { .. }))
        .map(|op| op.old_range().len())
        .sum();
    2 * same >= old.len().max(new.len()).max(1)
}

/// A piece of a merge.
enum Part<'t, T> {
    /// One side has it, or both have the same.
    Agreed(&'t [T]),
    /// Ranges of the three texts.
    Contested { old: Range<usize>, ours: Range<usize>, theirs: Range<usize> },
}

/// Lays the changes of both sides beside each other.
fn parts<'t, T: Eq + Hash>(old: &'t [T], ours: &'t [T], theirs: &'t [T]) -> Vec<Part<'t, T>> {
    let (our_hunks, their_hunks) = (hunks(old, ours), hunks(old, theirs));
    let (mut a, mut b) = (our_hunks.as_slice(), their_hunks.as_slice());
    let mut parts = Vec::new();
    let mut done = 0;
    loop {
        let start = match (a.first(), b.first()) {
            (None, None) => break,
            (a, b) => a.into_iter().chain(b).map(|hunk| hunk.old.start).min().unwrap_or(done),
        };
        parts.push(Part::Agreed(&old[done..start]));
        let (mine, yours) = take_overlapping(&mut a, &mut b);
        let all = mine.iter().chain(yours);
        let end = all.map(|hunk| hunk.old.end).max().unwrap_or(start);
        let range = start..end;
        let (our, their) = (side(mine, &range), side(yours, &range));
        match (our, their) {
            (Some(our), None) => parts.push(Part::Agreed(&ours[our])),
            (None, Some(their)) => parts.push(Part::Agreed(&theirs[their])),
            (Some(our), Some(their)) => {
                both(&mut parts, (old, range), (ours, our), (theirs, their));
            }
            (None, None) => {}
        }
        done = end;
    }
    parts.push(Part::Agreed(&old[done..]));
    parts
}

/// Both sides have changed a place.
fn both<'t, T: Eq>(
    parts: &mut Vec<Part<'t, T>>,
    (old, range): (&'t [T], Range<usize>),
    (ours, our): (&'t [T], Range<usize>),
    (theirs, their): (&'t [T], Range<usize>),
) {
    let (mine, yours) = (&ours[our.clone()], &theirs[their.clone()]);
    let was = &old[range.clone()];
    if mine == yours || was == yours || (was.is_empty() && mine.starts_with(yours)) {
        parts.push(Part::Agreed(mine));
    } else if was == mine || (was.is_empty() && yours.starts_with(mine)) {
        parts.push(Part::Agreed(yours));
    } else if was.is_empty() {
        parts.extend([Part::Agreed(yours), Part::Agreed(mine)]);
    } else {
        parts.push(Part::Contested { old: range, ours: our, theirs: their });
    }
}

/// The next hunks of both sides that lie over each other; of one side only when nothing does.
fn take_overlapping<'h>(a: &mut &'h [Hunk], b: &mut &'h [Hunk]) -> (&'h [Hunk], &'h [Hunk]) {
    let (mut i, mut j) = (0, 0);
    let first_is_ours = match (a.first(), b.first()) {
        (Some(a), Some(b)) => (a.old.start, a.old.end) <= (b.old.start, b.old.end),
        (a, _) => a.is_some(),
    };
    if first_is_ours {
        i = 1
    } else {
        j = 1
    }
    loop {
        let over = |hunk: &Hunk, others: &[Hunk]| others.iter().any(|it| overlap(hunk, it));
        if a.get(i).is_some_and(|hunk| over(hunk, &b[..j])) {
            i += 1;
        } else if b.get(j).is_some_and(|hunk| over(hunk, &a[..i])) {
            j += 1;
        } else {
            break;
        }
    }
    let taken = (&a[..i], &b[..j]);
    (*a, *b) = (&a[i..], &b[j..]);
    taken
}

/// Two hunks that only touch go together, but for two insertions at one place.
fn overlap(a: &Hunk, b: &Hunk) -> bool {
    let both_insert = a.old.is_empty() && a.old == b.old;
    both_insert || (a.old.start < b.old.end && b.old.start < a.old.end)
}

/// What one side has in the place of a range of the old text that covers its hunks.
fn side(hunks: &[Hunk], range: &Range<usize>) -> Option<Range<usize>> {
    let (first, last) = (hunks.first()?, hunks.last()?);
    let before = first.old.start - range.start;
    let after = range.end - last.old.end;
    Some(first.new.start - before..last.new.end + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Lines {
        text.lines().map(String::from).collect()
    }

    fn merged(old: &str, ours: &str, theirs: &str) -> Result<String, Conflict> {
        let [old, ours, theirs] = [old, ours, theirs].map(lines);
        merge(&old, &ours, &theirs, Rule::Stop).map(|lines| lines.join("\n"))
    }

    #[test]
    fn changes_of_neighbouring_lines_go_together() {
        assert_eq!(merged("a\nb\nc", "A\nb\nc", "a\nB\nc").as_deref(), Ok("A\nB\nc"));
        assert_eq!(merged("a\nb", "a\nb\nc", "a\nB").as_deref(), Ok("a\nB\nc"));
    }

    #[test]
    fn changes_of_one_line_go_together_when_they_touch_other_words() {
        let theirs = "use a::{One, Zwei};";
        let merged = merged("use a::{One, Two};", "use a::{One, Two, Three};", theirs);
        assert_eq!(merged.as_deref(), Ok("use a::{One, Zwei, Three};"));
    }

    #[test]
    fn the_same_word_changed_twice_is_a_conflict() {
        assert!(merged("let a = one(x);", "let a = two(x);", "let a = three(x);").is_err());
    }

    #[test]
    fn of_two_insertions_at_one_place_the_earlier_steps_comes_first() {
        assert_eq!(
            merged("a\nz", "a\nours\nz", "a\ntheirs\nz").as_deref(),
            Ok("a\ntheirs\nours\nz")
        );
        assert_eq!(merged("a\nz", "a\nx\ny\nz", "a\nx\nz").as_deref(), Ok("a\nx\ny\nz"));
    }

    #[test]
    fn a_change_of_lines_that_ours_replaces_ends_there() {
        let [old, ours, theirs] =
            ["a\n// how it was\nz", "a\nanother(thing)\nz", "a\n// how it is\nz"].map(lines);
        assert!(merge(&old, &ours, &theirs, Rule::Stop).is_err());
        assert_eq!(merge(&old, &ours, &theirs, Rule::OursReplaces), Ok(ours));
    }

    #[test]
    fn what_was_deleted_and_changed_is_a_conflict() {
        assert!(merged("a\nb\nc", "a\nc", "a\nbb b\nc").is_err());
    }

    #[test]
    fn a_position_moves_with_its_lines() {
        let (old, new) = (lines("a\nb\nc\nd"), lines("x\na\nc\nd\ny"));
        let hunks = hunks(&old, &new);
        assert_eq!((moved(&hunks, 0, false), moved(&hunks, 2, false)), (1, 2));
        // What was inserted beside a range is not in it.
        assert_eq!((moved(&hunks, 2, true), moved(&hunks, 4, true)), (2, 4));
    }
}
