//! `differences`: the cases we answer otherwise than Django, on purpose.
//!
//! `differences.json` is the list; `differences.md` is the same for people.

use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::contract::changes::Changes;
use crate::contract::{self, Contract, Expect};
use crate::repo::Repo;
use crate::terminal::say;

/// `course dev differences`
#[derive(clap::Args)]
pub struct Args {
    /// Write differences.md instead of printing it
    #[arg(long)]
    write: bool,
}

/// Prints the page, or writes it.
pub fn run(repo: &Repo, args: &Args) -> Result<()> {
    let page = load()?.page(&contract::load()?);
    if !args.write {
        return say(page.trim_end());
    }
    fs::write(repo.root.join(PAGE), page).with_context(|| format!("cannot write {PAGE}"))
}

/// The list.
#[derive(Default, Deserialize)]
pub struct Differences {
    /// Agreed before a case was recorded: matching would take code that teaches nothing.
    pub agreed: Vec<Entry>,
    /// Found later. At most one case in twenty may stand here.
    pub further: Vec<Entry>,
    /// Known, though no case shows them.
    pub not_in_a_case: Vec<Unshown>,
    /// What solved exercises change. Only a learner's server may have solved some.
    #[serde(skip)]
    pub exercises: Changes,
}

/// One difference, and the cases that show it.
#[derive(Deserialize)]
pub struct Entry {
    pub title: String,
    pub reason: String,
    pub answers: Vec<OurAnswer>,
}

impl Entry {
    /// All of them, whatever we answer.
    pub fn cases(&self) -> impl Iterator<Item = &String> {
        self.answers.iter().flat_map(|answer| &answer.cases)
    }
}

/// What we answer to some cases.
#[derive(Deserialize)]
pub struct OurAnswer {
    /// `group/case`
    pub cases: Vec<String>,
    /// What we answer instead. Without it, the answer is not looked at.
    pub ours: Option<Expect>,
}

/// A difference that no case shows.
#[derive(Deserialize)]
pub struct Unshown {
    title: String,
    reason: String,
}

/// Reads the list.
pub fn load() -> Result<Differences> {
    contract::read(&Repo::find()?.root.join("course/differences.json"))
}

impl Differences {
    /// Every entry that names cases.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.agreed.iter().chain(&self.further)
    }

    /// What we answer to this case, if it is not what Django does.
    pub fn of(&self, label: &str) -> Option<&OurAnswer> {
        let mut answers = self.entries().flat_map(|entry| &entry.answers);
        answers.find(|answer| answer.cases.iter().any(|case| case == label))
    }

    /// The list for people.
    pub fn page(&self, contract: &Contract) -> String {
        let total: usize = contract.groups.iter().map(|group| group.cases.len()).sum();
        let count = |entries: &[Entry]| entries.iter().flat_map(Entry::cases).count();
        let (agreed, further) = (count(&self.agreed), count(&self.further));
        let mut page = format!(
            "# Where we differ from Django\n\n\
             <!-- Made by `course dev differences --write` from differences.json. -->\n\n\
             The contract holds {total} requests and what Django REST Framework with SimpleJWT \
             answered. We answer {} of them otherwise, on purpose: {agreed} in ways agreed \
             before, {further} beyond that. All others are answered as Django does, and \
             `course check` proves it.\n\n## Agreed before\n",
            agreed + further,
        );
        self.agreed.iter().for_each(|entry| page += &section(entry));
        page += "\n## Beyond that\n";
        if self.further.is_empty() {
            page += "\nNone.\n";
        }
        self.further.iter().for_each(|entry| page += &section(entry));
        page +=
            "\n## Not in a case\n\nKnown, though no request of the contract shows them.\n\n";
        for Unshown { title, reason } in &self.not_in_a_case {
            page += &format!("- **{title}** {reason}\n");
        }
        page
    }
}

fn section(entry: &Entry) -> String {
    let cases: Vec<String> = entry.cases().map(|case| format!("- `{case}`\n")).collect();
    format!("\n### {}\n\n{}\n\n{}", entry.title, entry.reason, cases.concat())
}

/// The page, from the root.
const PAGE: &str = "course/differences.md";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_is_the_list() {
        let page = load().expect("the list").page(&contract::load().expect("the contract"));
        let written = Repo::find().and_then(|repo| repo.read(PAGE)).expect(PAGE);
        assert!(page == written, "run `cargo run -p course -- dev differences --write`");
    }

    #[test]
    fn every_entry_names_existing_cases_once() {
        let contract = contract::load().expect("the contract");
        let labels: BTreeSet<String> = contract
            .groups
            .iter()
            .flat_map(|group| group.cases.iter().map(|case| group.label(case)))
            .collect();
        let mut seen = BTreeSet::new();
        let list = load().expect("the list");
        for entry in list.entries() {
            assert!(entry.cases().count() > 0 && !entry.reason.is_empty(), "{}", entry.title);
            for case in entry.cases() {
                assert!(labels.contains(case), "no such case: {case}");
                assert!(seen.insert(case), "listed twice: {case}");
            }
        }
    }

    #[test]
    fn at_most_one_case_in_twenty_goes_beyond_what_was_agreed() {
        let contract = contract::load().expect("the contract");
        let total: usize = contract.groups.iter().map(|group| group.cases.len()).sum();
        let list = load().expect("the list");
        let further = list.further.iter().flat_map(Entry::cases).count();
        assert!(further * 20 <= total, "{further} of {total}");
    }

    /// An `ours` that a server of Django's would pass too is no difference.
    #[test]
    fn what_we_answer_is_not_what_django_answers() {
        let list = load().expect("the list");
        let contract = contract::load().expect("the contract");
        for group in &contract.groups {
            for case in &group.cases {
                let Some(ours) = list.of(&group.label(case)).and_then(|it| it.ours.as_ref())
                else {
                    continue;
                };
                let django = &case.expect;
                let same = ours.status == django.status
                    && ours.headers.iter().all(|(name, value)| {
                        django.headers.get(name).is_some_and(|known| known == value)
                    });
                assert!(!same, "{}", group.label(case));
            }
        }
    }
}
