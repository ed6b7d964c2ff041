//! Sixty edits that a fixed seed has drawn: an identifier, a word of SQL, a line of a manifest, a
//! comment, in any step. Nearly all are placed whole; the others stop and leave nothing.

use std::collections::BTreeSet;

use regex::Regex;

use super::course::Copy;
use crate::author::carry::Args;
use crate::repo::{Files, Step};

/// How many are drawn of each kind.
const EACH: usize = 15;

#[test]
fn of_sixty_edits_at_least_fifty_seven_are_placed_whole() {
    let mut draw = Draw(0x5eed);
    let copy = Copy::of_the_course();
    let mut stopped = Vec::new();
    let place = Regex::new(r"(notes|steps|course)/\S+?:\d+:").expect("a pattern");
    for kind in [identifier, sql_word, manifest_line, comment] {
        for _ in 0..EACH {
            let edit = draw.edit(&copy, kind);
            copy.write_step(&edit.step, &edit.files);
            match copy.carried(&Args::default()) {
                Ok(_) => copy.assert_whole(&edit.what),
                Err(why) => {
                    assert!(place.is_match(&why), "{} stops without a place: {why}", edit.what);
                    stopped.push(format!("{}: {why}", edit.what));
                }
            }
            copy.reset();
        }
    }
    assert!(stopped.len() <= 3, "{} of 60 stopped:\n\n{}", stopped.len(), stopped.join("\n\n"));
}

/// An edit of one step, not written yet.
struct Edit {
    what: String,
    step: Step,
    files: Files,
}

/// What is edited in a step, given its files and those of the step before.
type Kind = fn(&mut Draw, &Files, &Files) -> Option<(String, Files)>;

/// Numbers that look like chance and are the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        // Knuth's MMIX generator; its high bits are the better ones.
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }

    fn of<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        (!things.is_empty()).then(|| &things[self.below(things.len())])
    }

    /// Draws steps until one has something of this kind.
    fn edit(&mut self, copy: &Copy, kind: Kind) -> Edit {
        loop {
            let steps = copy.repo.steps().expect("steps");
            let step = self.of(&steps).expect("a step").clone();
            let files = copy.files(&step);
            let before = copy.repo.before(&step).expect("a step before");
            let before = before.map(|step| copy.files(&step)).unwrap_or_default();
            if let Some((what, files)) = kind(self, &files, &before) {
                return Edit { what: format!("{}: {what}", step.name), step, files };
            }
        }
    }
}

/// Words of some files that none of the step before has.
fn born(files: &Files, before: &Files, ending: &str, pattern: &str) -> Vec<String> {
    let word = Regex::new(pattern).expect("a pattern");
    let words = |text: &str| -> BTreeSet<String> {
        word.captures_iter(text).map(|found| found[1].to_string()).collect()
    };
    let here = files
        .iter()
        .filter(|(path, _)| path.ends_with(ending) && !path.starts_with("src/tests/"));
    let all = Regex::new(r"\w+").expect("a pattern");
    let known: BTreeSet<&str> = before
        .values()
        .flat_map(|text| all.find_iter(text).map(|found| found.as_str()))
        .collect();
    let words: BTreeSet<_> = here.flat_map(|(_, text)| words(text)).collect();
    words.into_iter().filter(|word| !known.contains(word.as_str())).collect()
}

/// Every place of a step where this word stands, written otherwise.
fn renamed(files: &Files, from: &str, to: &str) -> Files {
    let word = Regex::new(&format!(r"\b{from}\b")).expect("a pattern");
    let new = |text: &String| word.replace_all(text, to).into_owned();
    files.iter().map(|(path, text)| (path.clone(), new(text))).collect()
}

fn rename(draw: &mut Draw, files: &Files, words: &[String]) -> Option<(String, Files)> {
    let from = draw.of(words)?;
    let to = if from.contains(char::is_uppercase) {
        format!("{from}Drawn")
    } else {
        format!("{from}_drawn")
    };
    Some((format!("{from} becomes {to}"), renamed(files, from, &to)))
}

fn identifier(draw: &mut Draw, files: &Files, before: &Files) -> Option<(String, Files)> {
    let words = born(files, before, ".rs", r"\b(?:fn|struct|enum|const|let) (\w{4,})\b");
    rename(draw, files, &words)
}

fn sql_word(draw: &mut Draw, files: &Files, before: &Files) -> Option<(String, Files)> {
    let words = born(files, before, ".sql", r"(?m)^    ([a-z_]{4,}) [A-Z]");
    rename(draw, files, &words)
}

/// Edits one line of one file.
fn line(
    draw: &mut Draw,
    files: &Files,
    places: &[(String, usize)],
    edit: impl Fn(&str) -> String,
) -> Option<(String, Files)> {
    let (path, number) = draw.of(places)?;
    let mut files = files.clone();
    let text = files.get_mut(path)?;
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    lines[*number] = edit(&lines[*number]);
    *text = lines.join("\n") + "\n";
    Some((format!("{path}:{}", number + 1), files))
}

/// The lines of some files that the file of the step before has not.
fn places(
    files: &Files,
    before: &Files,
    good: impl Fn(&str, &str) -> bool,
) -> Vec<(String, usize)> {
    let mut places = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| !path.starts_with("src/tests/")) {
        let known: BTreeSet<&str> =
            before.get(path).map(|text| text.lines().collect()).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            if good(path, line) && !known.contains(line) {
                places.push((path.clone(), number));
            }
        }
    }
    places
}

fn manifest_line(draw: &mut Draw, files: &Files, before: &Files) -> Option<(String, Files)> {
    let places = places(files, before, |path, line| {
        path == "Cargo.toml"
            && line.contains("workspace = true")
            && !line.starts_with("version")
    });
    line(draw, files, &places, |line| format!("# drawn\n{line}"))
}

fn comment(draw: &mut Draw, files: &Files, before: &Files) -> Option<(String, Files)> {
    let places = places(files, before, |path, line| {
        path.ends_with(".rs") && line.trim_start().starts_with("//") && line.len() > 12
    });
    line(draw, files, &places, |line| {
        let (start, last) = line.trim_end().rsplit_once(' ').unwrap_or((line, ""));
        format!("{start} drawn {last}")
    })
}
