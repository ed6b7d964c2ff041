//! Where in a chapter an edit of its step belongs: the edit goes back from fence to fence until
//! it meets the one that brought its lines.

use std::ops::Range;

use super::merge::{Hunk, Lines, Rule, hunks, merge, moved};
use crate::book::replay::Change;
use crate::repo::Files;

/// A change that no item of the chapter shows yet.
pub const NEW: usize = usize::MAX;

/// A file before and after one change; `None` when it does not exist.
type State = (Option<Lines>, Option<Lines>);

/// Changes the log so that it ends with `target`. What no change in it can take comes at its
/// end, as a change that is [`NEW`].
pub fn place(log: &mut Vec<Change>, base: &Files, target: &Files) {
    let mut new = Vec::new();
    let threads = threads(log);
    for (path, thread) in &threads {
        let end = thread.last().and_then(|last| log[*last].after.clone());
        let wanted = target.get(path).map(|text| lines(text));
        if end.is_none() || end == wanted {
            continue;
        }
        match wanted {
            Some(wanted) => new.extend(settle(log, thread, wanted)),
            None => new.extend(drop_file(log, thread)),
        }
    }
    let known = |path: &String| threads.iter().any(|(known, _)| known == path);
    let renamed = |path: &String| log.iter().any(|it| it.renamed.as_ref() == Some(path));
    let paths = base.keys().chain(target.keys().filter(|path| !base.contains_key(*path)));
    for path in paths.filter(|path| !known(path) && !renamed(path)) {
        let (before, after) = (base.get(path), target.get(path));
        if before != after {
            let lines = |text: Option<&String>| text.map(|text| lines(text));
            new.push(unshown(path, lines(before), lines(after)));
        }
    }
    log.extend(new);
}

/// The changes of each file, in their order, under the name that it has in the end.
fn threads(log: &[Change]) -> Vec<(String, Vec<usize>)> {
    let mut threads: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, change) in log.iter().enumerate().filter(|(_, change)| !change.outside) {
        let name = change.renamed.as_ref().unwrap_or(&change.path);
        let thread = threads.iter_mut().find(|(path, _)| path == name);
        // A file that was deleted and comes again is another file.
        let thread = thread.filter(|_| change.before.is_some());
        match thread {
            Some((path, thread)) => {
                path.clone_from(&change.path);
                thread.push(index);
            }
            None => {
                threads.retain(|(path, _)| *path != change.path);
                threads.push((change.path.clone(), vec![index]));
            }
        }
    }
    threads
}

/// The author has deleted a file that these changes make or change.
fn drop_file(log: &mut [Change], thread: &[usize]) -> Option<Change> {
    let first = log[thread[0]].before.clone();
    let last = log[*thread.last()?].path.clone();
    for index in thread {
        let change = &mut log[*index];
        change.before.clone_from(&first);
        change.after.clone_from(&first);
        change.shown = 0..0;
    }
    first.map(|lines| unshown(&last, Some(lines), None))
}

fn unshown(path: &str, before: Option<Lines>, after: Option<Lines>) -> Change {
    let (path, renamed) = (path.to_string(), None);
    Change { item: NEW, path, renamed, before, after, shown: 0..0, outside: false }
}

/// Brings the changes of one file to another end. Gives what they cannot take.
fn settle(log: &mut [Change], thread: &[usize], wanted: Lines) -> Option<Change> {
    let states: Vec<State> = thread
        .iter()
        .map(|index| (log[*index].before.clone(), log[*index].after.clone()))
        .collect();
    let appends: Vec<bool> = thread.iter().map(|index| log[*index].appends()).collect();
    let none = vec![None; states.len()];
    // First by birth. What was born before the chapter then goes to a fence that shows it.
    let by_birth = backwards(&states, &wanted, &none, &appends);
    let kept = on_base(&by_birth, states[0].0.as_ref());
    let shown: Vec<_> = thread
        .iter()
        .zip(&kept)
        .map(|(index, state)| shown_after(&log[*index], state))
        .collect();
    let by_sight = backwards(&kept, &wanted, &shown, &appends);
    let states = on_base(&by_sight, states[0].0.as_ref());
    for (index, (before, after)) in thread.iter().zip(&states) {
        let change = &mut log[*index];
        if let (Some(old), Some(new)) = (&change.before, before) {
            change.shown = moved_range(&hunks(old, new), &change.shown);
        }
        change.before.clone_from(before);
        change.after.clone_from(after);
    }
    let last = thread.last()?;
    let end = states.last()?.1.clone();
    (end.as_ref() != Some(&wanted)).then(|| unshown(&log[*last].path, end, Some(wanted)))
}

/// Takes an edit of the last state back through all, each time as far as it is older.
fn backwards(
    states: &[State],
    wanted: &Lines,
    absorb: &[Option<Range<usize>>],
    appends: &[bool],
) -> Vec<State> {
    let mut wanted = Some(wanted.clone());
    let mut settled = Vec::new();
    for (index, (before, after)) in states.iter().enumerate().rev() {
        let earlier = match (before, after, &wanted) {
            (Some(before), Some(after), Some(wanted)) => {
                Some(back(before, after, wanted, absorb[index].as_ref(), appends[index]))
            }
            (before, _, _) => before.clone(),
        };
        settled.push((earlier.clone(), wanted));
        wanted = earlier;
    }
    settled.reverse();
    settled
}

/// The same states on the base that they must have, without what was edited in it.
fn on_base(states: &[State], base: Option<&Lines>) -> Vec<State> {
    let mut before = base.cloned();
    let mut kept = Vec::new();
    for (old, after) in states {
        let after = match (old, after, &before) {
            (Some(old), Some(after), Some(base)) => {
                merge(old, after, base, Rule::Ours).ok().or_else(|| Some(after.clone()))
            }
            (_, after, _) => after.clone(),
        };
        kept.push((before, after.clone()));
        before = after;
    }
    kept
}

/// Which lines after a change its fence shows.
fn shown_after(change: &Change, (before, after): &State) -> Option<Range<usize>> {
    let (Some(old), Some(before), Some(after)) = (&change.before, before, after) else {
        return None;
    };
    let shown = moved_range(&hunks(old, before), &change.shown);
    // A quote takes nothing: it changes nothing.
    (!shown.is_empty() && before != after)
        .then(|| shown.start..(after.len() + shown.end).saturating_sub(before.len()))
}

/// Where a range of the old text is in the new one.
pub fn moved_range(hunks: &[Hunk], range: &Range<usize>) -> Range<usize> {
    let start = moved(hunks, range.start, false);
    start..moved(hunks, range.end, true).max(start)
}

/// The text before a change, with those edits of the text after it that are not of the
/// change's own lines.
fn back(
    before: &Lines,
    after: &Lines,
    wanted: &Lines,
    absorb: Option<&Range<usize>>,
    appends: bool,
) -> Lines {
    let own = hunks(before, after);
    let inverse: Vec<_> =
        own.iter().map(|h| Hunk { old: h.new.clone(), new: h.old.clone() }).collect();
    let shown = |line: usize| absorb.is_some_and(|shown| shown.contains(&line));
    let is_own = |line: usize| shown(line) || own.iter().any(|hunk| hunk.new.contains(&line));
    let takes = |place: usize| {
        let at = |range: &Range<usize>, start: bool| {
            (range.start < place || (start && range.start == place)) && place <= range.end
        };
        own.iter().any(|hunk| at(&hunk.new, !appends)) || absorb.is_some_and(|it| at(it, true))
    };
    let mut edits: Vec<(Range<usize>, &[String])> = Vec::new();
    let there = |range: &Range<usize>| {
        moved(&inverse, range.start, false)..moved(&inverse, range.end, true)
    };
    for edit in hunks(after, wanted) {
        let new = &wanted[edit.new.clone()];
        let range = if new.is_empty() { slid(after, edit.old, &is_own) } else { edit.old };
        let owned = range.clone().filter(|line| is_own(*line)).count();
        if range.is_empty() {
            if !takes(range.start) {
                let place = moved(&inverse, range.start, false);
                edits.push((place..place, new));
            }
        } else if owned == 0 {
            edits.push((there(&range), new));
        } else if owned < range.len() {
            // Some lines are the change's own, some are older: run by run, where one can tell.
            for run in runs(&range, &is_own) {
                let telling =
                    after[run.clone()].iter().any(|l| l.contains(char::is_alphanumeric));
                if range.len() == new.len() {
                    let same = run.start - range.start..run.end - range.start;
                    edits.push((there(&run), &new[same]));
                } else if new.is_empty() && telling {
                    edits.push((there(&run), &[]));
                }
            }
        }
    }
    let mut text = before.clone();
    for (range, lines) in edits.into_iter().rev() {
        text.splice(range, lines.iter().cloned());
    }
    text
}

/// The same deletion one or more lines up or down, if there it is wholly of the change's own
/// lines, or wholly of older ones: which of two equal lines a diff takes away is chance.
fn slid(text: &[String], range: Range<usize>, is_own: &impl Fn(usize) -> bool) -> Range<usize> {
    let pure = |range: &Range<usize>| {
        let owned = range.clone().filter(|line| is_own(*line)).count();
        owned == 0 || owned == range.len()
    };
    let mut up = range.clone();
    while !pure(&up) && up.start > 0 && text[up.start - 1] == text[up.end - 1] {
        up = up.start - 1..up.end - 1;
    }
    let mut down = range.clone();
    while !pure(&down) && text.get(down.end) == Some(&text[down.start]) {
        down = down.start + 1..down.end + 1;
    }
    [up, down].into_iter().find(pure).unwrap_or(range)
}

/// The runs of lines in a range that are not the change's own.
fn runs(range: &Range<usize>, is_own: &impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for line in range.clone().filter(|line| !is_own(*line)) {
        match runs.last_mut() {
            Some(run) if run.end == line => run.end += 1,
            _ => runs.push(line..line + 1),
        }
    }
    runs
}

/// A file's lines.
pub fn lines(text: &str) -> Lines {
    text.split_terminator('\n').map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(item: usize, before: Option<&str>, after: &str, shown: Range<usize>) -> Change {
        let lines = |text: &str| lines(&text.replace(' ', "\n"));
        let (before, after) = (before.map(lines), Some(lines(after)));
        let (path, renamed, outside) = ("a".to_string(), None, false);
        Change { item, path, renamed, before, after, shown, outside }
    }

    /// A log of two changes of one file, brought to an end: what it is after each.
    fn placed(wanted: &str) -> Vec<String> {
        let mut log = vec![
            change(0, Some("a b c d e"), "a b one c d e", 1..3),
            change(1, Some("a b one c d e"), "a b one c two d e", 3..5),
        ];
        let text = |text: &str| Files::from([("a".into(), text.replace(' ', "\n") + "\n")]);
        place(&mut log, &text("a b c d e"), &text(wanted));
        let after = |change: &Change| change.after.as_ref().map(|lines| lines.join(" "));
        log.iter().filter_map(after).collect()
    }

    #[test]
    fn an_edited_line_is_edited_where_it_came() {
        assert_eq!(placed("a b 1 c two d e"), ["a b 1 c d e", "a b 1 c two d e"]);
        assert_eq!(placed("a b one c 2 d e"), ["a b one c d e", "a b one c 2 d e"]);
    }

    #[test]
    fn a_line_that_is_taken_away_never_came() {
        assert_eq!(placed("a b c two d e"), ["a b c d e", "a b c two d e"]);
    }

    #[test]
    fn a_line_of_the_step_before_is_changed_by_the_fence_that_shows_it() {
        assert_eq!(placed("a b one C two d e"), ["a b one c d e", "a b one C two d e"]);
        assert_eq!(placed("a B one c two d e"), ["a B one c d e", "a B one c two d e"]);
    }

    #[test]
    fn what_no_fence_shows_is_a_change_of_its_own() {
        let end = "a b one c two d E";
        assert_eq!(placed(end), ["a b one c d e", "a b one c two d e", end]);
    }
}
