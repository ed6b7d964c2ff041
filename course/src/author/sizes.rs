//! `course dev sizes`: how large each lesson is, beside what it should be.

use anyhow::Result;

use crate::book::chapter::Chapter;
use crate::learner::diff::changed_lines;
use crate::repo::{Repo, without_tests};
use crate::terminal::say;

/// The lines, not counting blank ones, that a step should ask a learner to type, from the course's
/// design.
const AIMS: [(u32, usize); 12] = [
    (1, 350),
    (2, 490),
    (3, 350),
    (4, 400),
    (5, 330),
    (6, 330),
    (7, 270),
    (8, 520),
    (9, 550),
    (10, 700),
    (11, 400),
    (12, 500),
];

/// Prints a line for each step.
pub fn run(repo: &Repo) -> Result<bool> {
    let heads = ["step", "added", "removed", "aim", "program", "words"];
    let [step, added, removed, aim, program, words] = heads;
    say(format!("{step:<18}{added:>7}{removed:>9}{aim:>6}{program:>9}{words:>8}"))?;
    for step in repo.steps()? {
        let (added, removed) = changed_lines(repo, &step)?;
        let aim = AIMS.iter().find(|(number, _)| *number == step.number);
        let files = without_tests(repo.files(&step.folder())?);
        let program: usize = files.values().map(|text| text.lines().count()).sum();
        let written = repo.root.join(step.chapter()).is_file();
        let words = if written { Some(Chapter::read(repo, &step)?.words) } else { None };
        let or_dash = |n: Option<usize>| n.map_or("-".into(), |n| n.to_string());
        say(format!(
            "{:<18}{added:>7}{removed:>9}{:>6}{program:>9}{:>8}",
            step.name,
            or_dash(aim.map(|(_, lines)| *lines)),
            or_dash(words)
        ))?;
    }
    Ok(true)
}
