//! What a solved exercise answers otherwise: `changes.json` beside the exercise.
//!
//! An exercise asks for more than the chapter, so its solution may answer a case of the check
//! in another way. The check knows these answers, and says which exercise they come from.

use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::contract::{self, Expect};
use crate::repo::names;

/// Where the exercises are; each has a folder such as `02-1`.
pub const EXERCISES: &str = "course/exercises";

/// The changes of all exercises; none by default.
#[derive(Default)]
pub struct Changes(pub Vec<Change>);

/// What one exercise changes, in some cases alike.
#[derive(Deserialize)]
pub struct Change {
    /// `group/case`
    pub cases: Vec<String>,
    /// What is answered once the exercise is solved.
    pub answer: Expect,
    /// The exercise, as chapters call it: `2.1`. Told by the folder.
    #[serde(skip)]
    pub exercise: String,
}

impl Changes {
    /// Those of every exercise in the repository around this folder.
    pub fn load(root: &Path) -> Result<Self> {
        let folder = root.join(EXERCISES);
        let mut all = Vec::new();
        for name in names(&folder)? {
            let path = folder.join(&name).join("changes.json");
            let Some(exercise) = exercise(&name).filter(|_| path.is_file()) else { continue };
            for change in contract::read::<Vec<Change>>(&path)? {
                all.push(Change { exercise: exercise.clone(), ..change });
            }
        }
        Ok(Changes(all))
    }

    /// What exercises do to this case.
    pub fn of<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a Change> {
        self.0.iter().filter(move |change| change.cases.iter().any(|case| case == label))
    }

    /// The cases that one exercise changes.
    pub fn cases<'a>(&'a self, exercise: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.0.iter().filter(move |change| change.exercise == exercise);
        own.flat_map(|change| change.cases.iter().map(String::as_str))
    }
}

/// `2.1` for the folder `02-1`.
fn exercise(folder: &str) -> Option<String> {
    let (chapter, number) = folder.split_once('-')?;
    let (chapter, number): (u32, u32) = (chapter.parse().ok()?, number.parse().ok()?);
    Some(format!("{chapter}.{number}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::repo::Repo;

    #[test]
    fn each_change_names_cases_that_exist_and_that_no_other_exercise_changes() {
        let changes = Changes::load(&Repo::find().expect("the repository").root);
        let changes = changes.expect("the changes");
        let contract = contract::load().expect("the contract");
        let labels: BTreeSet<String> = contract
            .groups
            .iter()
            .chain(&contract.ours)
            .flat_map(|group| group.cases.iter().map(|case| group.label(case)))
            .collect();
        let mut seen = BTreeSet::new();
        assert!(!changes.0.is_empty());
        for change in &changes.0 {
            for case in &change.cases {
                let exercise = &change.exercise;
                assert!(labels.contains(case), "exercise {exercise}: no such case: {case}");
                assert!(seen.insert(case), "exercise {exercise}: {case} is changed twice");
            }
        }
    }

    #[test]
    fn a_folder_names_its_exercise() {
        assert_eq!(exercise("02-1").as_deref(), Some("2.1"));
        assert_eq!(exercise("README.md"), None);
    }
}
