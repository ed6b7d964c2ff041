//! Which checks and tests the mutants have put to the test: a check that no bug has ever
//! failed may not be able to fail.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use regex::Regex;

use super::{FOLDER, Mutant, all};
use crate::contract;
use crate::learner::check::lessons::LESSONS;
use crate::repo::{Repo, Step};
use crate::terminal::say;

/// Prints what the mutants hit and what they do not; `false` when something is neither hit
/// nor listed in not-covered.md, or is listed though it is hit.
pub fn run(repo: &Repo) -> Result<bool> {
    let Coverage { hit, listed, missing, stale } = Coverage::of(repo)?;
    say("Hit by a mutant:")?;
    for (what, mutants) in &hit {
        say(format!("  {what}: {}", mutants.join(", ")))?;
    }
    say(format!("Listed as not yet covered, in {FOLDER}/not-covered.md:"))?;
    for what in &listed {
        say(format!("  {what}"))?;
    }
    for what in &missing {
        say(format!("MISSING {what}: write a mutant, or list it"))?;
    }
    for what in &stale {
        say(format!("STALE   {what}: a mutant hits it, or it is gone; strike it off"))?;
    }
    for step in later(repo)? {
        say(format!("{} has no mutants yet, so nothing of it is asked for", step.folder()))?;
    }
    let (hits, open) = (hit.len(), listed.len());
    say(format!("{hits} hit, {open} not covered, {} missing", missing.len()))?;
    Ok(missing.is_empty() && stale.is_empty())
}

/// What is to be hit, by who hits it.
struct Coverage {
    hit: BTreeMap<String, Vec<String>>,
    listed: BTreeSet<String>,
    missing: BTreeSet<String>,
    stale: BTreeSet<String>,
}

impl Coverage {
    fn of(repo: &Repo) -> Result<Self> {
        let mutants = all(repo)?;
        let wanted = wanted(repo, last(&mutants))?;
        let mut hit: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for mutant in mutants {
            let hits = hits(repo, &mutant);
            for what in hits.into_iter().filter(|what| wanted.contains(what)) {
                hit.entry(what).or_default().push(mutant.name.clone());
            }
        }
        let listed = listed(&repo.read(&format!("{FOLDER}/not-covered.md"))?)?;
        let missing = wanted.iter().filter(|w| !hit.contains_key(*w) && !listed.contains(*w));
        let stale = listed.iter().filter(|w| hit.contains_key(*w) || !wanted.contains(*w));
        let (missing, stale) = (missing.cloned().collect(), stale.cloned().collect());
        Ok(Coverage { hit, listed, missing, stale })
    }
}

/// The last step that has mutants: with its first one, a step is asked for all.
fn last(mutants: &[Mutant]) -> u32 {
    mutants.iter().map(|mutant| mutant.step.number).max().unwrap_or(0)
}

/// The steps after that.
fn later(repo: &Repo) -> Result<Vec<Step>> {
    let last = last(&all(repo)?);
    Ok(repo.steps()?.into_iter().filter(|step| step.number > last).collect())
}

/// Every lesson, every file of cases that the steps up to `last` are asked, every way in which a case can
/// fail, and every module of the steps' tests.
fn wanted(repo: &Repo, last: u32) -> Result<BTreeSet<String>> {
    let contract = contract::load()?;
    let groups = contract.groups.iter().chain(&contract.ours);
    let asked = groups.filter(|group| group.cases.iter().any(|case| case.step <= last));
    let mut wanted: BTreeSet<_> = asked.map(|group| format!("cases {}", group.name)).collect();
    wanted.insert("cases commands".into());
    wanted.extend(LESSONS.map(|lesson| lesson.label()));
    wanted.extend(KINDS.map(|(kind, _)| format!("difference {kind}")));
    for step in repo.steps()?.iter().filter(|step| step.number <= last) {
        let files = repo.files(&step.folder())?;
        for (path, text) in files {
            let file =
                path.strip_prefix("src/tests/").and_then(|name| name.strip_suffix(".rs"));
            // A file without a test helps the others, as mod.rs does.
            if let Some(name) = file.filter(|_| text.contains("test]\n")) {
                wanted.insert(format!("tests {name}"));
            }
        }
    }
    Ok(wanted)
}

/// What a mutant puts to the test, as its expected.txt tells.
fn hits(repo: &Repo, mutant: &Mutant) -> BTreeSet<String> {
    // A mutant without the file is reported by the run.
    let text = repo.read(&mutant.path("expected.txt")).unwrap_or_default();
    let headline = text.lines().next().unwrap_or_default();
    if let Some(test) = headline.strip_prefix("caught by test: tests::") {
        let module = test.split("::").next().unwrap_or_default();
        return BTreeSet::from([format!("tests {module}")]);
    }
    let Some(case) = headline.strip_prefix("caught by check: ") else {
        return BTreeSet::new();
    };
    let group = case.split('/').next().unwrap_or_default();
    let mut hits = BTreeSet::from([format!("cases {group}"), case.to_string()]);
    hits.extend(differences(&text).map(|kind| format!("difference {kind}")));
    hits
}

/// The ways in which an answer can differ, and how a report names the place: see
/// `check/report.rs`. A member of the body has any name, so it comes last.
const KINDS: [(&str, &str); 5] = [
    ("exit status", r"exit status|stdout|stderr"),
    ("status", r"status"),
    ("header", r"header .*"),
    ("token", r"token .*"),
    ("body", r".*"),
];

/// The kinds of difference that a report shows.
fn differences(report: &str) -> impl Iterator<Item = &'static str> {
    let places = report.split("\n  Where they differ\n").nth(1).unwrap_or_default();
    let places = places.lines().take_while(|line| line.starts_with("    "));
    let places: Vec<_> = places.filter_map(|line| place(line.strip_prefix("    ")?)).collect();
    places.into_iter().filter_map(|place| {
        let fits = |pattern| {
            Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|re| re.is_match(place))
        };
        KINDS.iter().find(|(_, pattern)| fits(pattern)).map(|(kind, _)| *kind)
    })
}

/// A line that names a place is indented by four spaces, what came back there by more.
fn place(line: &str) -> Option<&str> {
    (!line.starts_with(' ') && !line.starts_with("and in ")).then_some(line)
}

/// What not-covered.md lists: the lines that begin with a name in backticks.
fn listed(text: &str) -> Result<BTreeSet<String>> {
    let line = Regex::new(r"(?m)^- `((?:cases |tests |difference |lessons/)[^`]+)`")?;
    Ok(line.captures_iter(text).map(|found| found[1].to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_hit_or_listed() {
        let coverage = Coverage::of(&Repo::find().expect("the repository")).expect("coverage");
        assert!(coverage.missing.is_empty(), "no mutant hits {:?}", coverage.missing);
        assert!(coverage.stale.is_empty(), "wrongly listed: {:?}", coverage.stale);
    }

    #[test]
    fn a_report_tells_the_kinds_of_difference() {
        let report = "FAILED  a/b\n\n  Where they differ\n    status\n      came back  500\n      \
                      expected   400\n    header Allow\n      came back  x\n    token access.exp\n\
                      \u{20}     came back  y\n    username.0\n    and in 3 more places\n\n  The";
        let kinds: Vec<_> = differences(report).collect();
        assert_eq!(kinds, ["status", "header", "token", "body"]);
    }

    #[test]
    fn the_list_names_its_entries_in_backticks() {
        let text =
            "# Not covered\n\n- `tests forms`: later\n- **Hashing**: `no` test can see it\n";
        assert_eq!(listed(text).expect("a list"), BTreeSet::from(["tests forms".into()]));
    }
}
