//! Which cases hold at which checkpoint of a chapter: `course/checkpoints.json`.
//!
//! Nobody writes it: `course dev checkpoints --write` builds the state at each checkpoint, asks
//! it everything, and records from which checkpoint on a case is answered as it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::contract;

/// Where the record is.
pub const FILE: &str = "course/checkpoints.json";

/// By the number of the chapter.
pub type Checkpoints = BTreeMap<u32, Record>;

/// The checkpoints of one chapter.
///
/// Only what cannot be told without it is recorded: a case of an earlier step holds from the
/// first checkpoint on, and a case of the chapter's own step at its end only.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Record {
    /// For each checkpoint, the cases that hold from it on, and did not before.
    pub from: Vec<BTreeSet<String>>,
    /// The cases of earlier steps that hold again only when the chapter is done.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub at_the_end: BTreeSet<String>,
}

impl Record {
    /// From what held at each checkpoint, in their order. `cases`: all up to the chapter's
    /// step, with their steps.
    pub fn new(step: u32, cases: &[(String, u32)], held: &[BTreeSet<String>]) -> Self {
        let mut record =
            Record { from: vec![BTreeSet::new(); held.len()], ..Record::default() };
        for (label, of) in cases {
            let failed = held.iter().rposition(|held| !held.contains(label));
            let first = failed.map_or(0, |last| last + 1);
            let own = *of == step;
            match record.from.get_mut(first) {
                Some(from) if own || first > 0 => drop(from.insert(label.clone())),
                None if !own => drop(record.at_the_end.insert(label.clone())),
                _ => {}
            }
        }
        record
    }

    /// Whether a case of this step holds at a checkpoint, and at all after it.
    pub fn holds(&self, checkpoint: usize, label: &str, earlier: bool) -> bool {
        match self.from.iter().position(|cases| cases.contains(label)) {
            Some(from) => from < checkpoint,
            None => earlier && checkpoint > 0 && !self.at_the_end.contains(label),
        }
    }
}

/// Reads the record.
pub fn load(root: &Path) -> Result<Checkpoints> {
    contract::read(&root.join(FILE))
}

/// The record of a chapter, when it has such a checkpoint.
pub fn find(checkpoints: &Checkpoints, chapter: u32, checkpoint: usize) -> Result<&Record> {
    let Some(record) = checkpoints.get(&chapter) else {
        bail!("chapter {chapter} has no checkpoints");
    };
    let last = record.from.len();
    if !(1..=last).contains(&checkpoint) {
        bail!(
            "chapter {chapter} has no checkpoint {checkpoint}: it has {last}, so --until takes 1 \
             to {last}. Without it, everything is asked."
        );
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labels: &[&str]) -> BTreeSet<String> {
        labels.iter().map(|label| label.to_string()).collect()
    }

    /// Chapter 2 with three checkpoints. Of step 1 are `old` and `broken`, which fails in the
    /// middle, and `lost`, which comes back with the end.
    fn record() -> Record {
        let cases = [("old", 1), ("broken", 1), ("lost", 1), ("new", 2), ("on and off", 2)];
        let cases = [&cases[..], &[("last", 2)]].concat();
        let cases: Vec<_> = cases.iter().map(|(label, of)| (label.to_string(), *of)).collect();
        let held = [
            set(&["old", "broken", "lost", "on and off"]),
            set(&["old", "new"]),
            set(&["old", "new", "broken", "on and off"]),
        ];
        Record::new(2, &cases, &held)
    }

    #[test]
    fn a_case_is_recorded_where_it_begins_to_hold_for_good() {
        let from = vec![set(&[]), set(&["new"]), set(&["broken", "on and off"])];
        assert_eq!(record(), Record { from, at_the_end: set(&["lost"]) });
    }

    #[test]
    fn a_checkpoint_is_asked_what_holds_from_there_on() {
        let held = |checkpoint| {
            let all = ["old", "broken", "lost", "new", "on and off", "last"];
            let earlier = |label: &&str| ["old", "broken", "lost"].contains(label);
            let record = record();
            let holds = |label: &&str| record.holds(checkpoint, label, earlier(label));
            all.into_iter().filter(holds).collect::<Vec<_>>()
        };
        assert_eq!(held(1), ["old"]);
        assert_eq!(held(2), ["old", "new"]);
        assert_eq!(held(3), ["old", "broken", "new", "on and off"]);
    }

    #[test]
    fn a_checkpoint_that_does_not_exist_is_told_with_those_that_do() {
        let checkpoints = Checkpoints::from([(2, record())]);
        let why = |chapter, checkpoint| {
            let found = find(&checkpoints, chapter, checkpoint);
            found.err().map(|why| why.to_string()).unwrap_or_default()
        };
        assert_eq!(why(2, 3), "");
        for checkpoint in [0, 4] {
            let text = why(2, checkpoint);
            assert!(text.contains("it has 3, so --until takes 1 to 3"), "{text}");
        }
        assert_eq!(why(9, 1), "chapter 9 has no checkpoints");
    }
}
