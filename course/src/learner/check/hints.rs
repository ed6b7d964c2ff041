//! What a case is about, what usually goes wrong there, and where to read about it.

use anyhow::{Context, Result};
use regex::Regex;
use serde::Deserialize;

use super::failure::Failure;
use crate::contract::compare::{Difference, Kind};
use crate::contract::{self};

/// `hints.json`. Of both lists the first that fits counts.
#[derive(Deserialize)]
pub struct Hints {
    purposes: Vec<Purpose>,
    causes: Vec<Cause>,
}

/// What a case checks, and why it matters.
#[derive(Deserialize)]
pub struct Purpose {
    group: Option<Pattern>,
    case: Option<Pattern>,
    pub checks: String,
    pub matters: String,
}

/// What usually lies behind a failure.
#[derive(Deserialize)]
pub struct Cause {
    group: Option<Pattern>,
    case: Option<Pattern>,
    kind: Option<Kind>,
    /// A header's name, or a place in the body; for a token `access.exp`.
    place: Option<Pattern>,
    /// What came instead.
    got: Option<Pattern>,
    pub cause: String,
    /// `02-registration`: the file in notes/, without `.md`.
    pub chapter: String,
    /// Missing while the chapter is not written.
    pub heading: Option<String>,
}

/// A regular expression for the whole text.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        Regex::new(&format!("(?is)^(?:{text})$")).map(Pattern)
    }
}

fn fits(pattern: &Option<Pattern>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|pattern| pattern.0.is_match(text))
}

impl Hints {
    pub fn load() -> Result<Self> {
        contract::read(&contract::folder()?.join("hints.json")).context("the hints are broken")
    }

    /// What this case is about.
    pub fn purpose(&self, group: &str, case: &str) -> Option<&Purpose> {
        let purposes = self.purposes.iter();
        purposes.into_iter().find(|it| fits(&it.group, group) && fits(&it.case, case))
    }

    /// The usual cause of this failure: of its first difference that has one.
    pub fn cause(&self, failure: &Failure) -> Option<&Cause> {
        let (group, case) = (&failure.group, &failure.case);
        failure.found.iter().find_map(|found| self.cause_of(group, case, found))
    }

    fn cause_of(&self, group: &str, case: &str, found: &Difference) -> Option<&Cause> {
        self.causes.iter().find(|it| {
            fits(&it.group, group)
                && fits(&it.case, case)
                && it.kind.is_none_or(|kind| kind == found.kind)
                && fits(&it.place, &found.place)
                && fits(&it.got, &found.got)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::repo::Repo;

    /// Group and name of everything that is checked up to this step.
    fn cases(contract: &Contract, step: u32) -> Vec<(String, String)> {
        let groups = contract.groups.iter().chain(&contract.ours);
        let cases = groups.flat_map(|group| {
            let cases = group.cases.iter().filter(move |case| case.step <= step);
            cases.map(|case| (group.name.clone(), case.name.clone()))
        });
        let commands = contract.commands.iter().filter(|case| case.step <= step);
        let commands = commands.map(|case| ("commands".to_string(), case.name.clone()));
        cases.chain(commands).collect()
    }

    /// The last chapter whose cases are explained one by one; raise it with the hints.
    const EXPLAINED: u32 = 10;

    #[test]
    fn every_case_of_the_explained_chapters_has_its_hints() {
        let (hints, contract) =
            (Hints::load().expect("hints"), contract::load().expect("cases"));
        for (group, case) in cases(&contract, EXPLAINED) {
            assert!(hints.purpose(&group, &case).is_some(), "no purpose: {group}/{case}");
            for (kind, place) in [
                (Kind::Status, ""),
                (Kind::Header, "Content-Type"),
                (Kind::Field, "detail"),
                (Kind::Claim, "access.exp"),
            ] {
                let (got, want) = ("something else".into(), String::new());
                let found = Difference { kind, place: place.into(), got, want };
                let cause = hints.cause_of(&group, &case, &found);
                let heading = cause.and_then(|cause| cause.heading.as_ref());
                assert!(heading.is_some(), "no cause: {group}/{case}, {kind:?}");
            }
        }
    }

    #[test]
    fn every_other_case_has_a_general_hint() {
        let (hints, contract) =
            (Hints::load().expect("hints"), contract::load().expect("cases"));
        for (group, case) in cases(&contract, u32::MAX) {
            let (got, want) = ("something else".into(), String::new());
            let found = Difference { kind: Kind::Status, place: String::new(), got, want };
            assert!(hints.purpose(&group, &case).is_some(), "no purpose: {group}/{case}");
            assert!(
                hints.cause_of(&group, &case, &found).is_some(),
                "no cause: {group}/{case}"
            );
        }
    }

    /// A rule whose names fit nothing has outlived its case.
    #[test]
    fn every_rule_fits_a_case() {
        let (hints, contract) =
            (Hints::load().expect("hints"), contract::load().expect("cases"));
        let cases = cases(&contract, u32::MAX);
        let any = |group: &Option<Pattern>, case: &Option<Pattern>| {
            cases.iter().any(|(g, c)| fits(group, g) && fits(case, c))
        };
        for Purpose { group, case, checks, .. } in &hints.purposes {
            assert!(any(group, case), "{checks}");
        }
        for Cause { group, case, cause, .. } in &hints.causes {
            assert!(any(group, case), "{cause}");
        }
    }

    #[test]
    fn every_heading_stands_in_its_chapter() {
        for Cause { chapter, heading, .. } in &Hints::load().expect("hints").causes {
            let Some(heading) = heading else { continue };
            let repo = Repo::find().expect("the repository");
            let text = repo.read(&format!("notes/{chapter}.md")).unwrap_or_default();
            let found = text.lines().any(|line| line.trim_start_matches('#').trim() == heading);
            assert!(
                found,
                "{chapter}: no heading {heading:?}; correct course/contract/hints.json"
            );
        }
    }

    /// What a learner reads of a failure with this one difference.
    fn told(group: &str, case: &str, kind: Kind, place: &str, got: &str) -> String {
        let (place, got, want) = (place.into(), got.into(), String::new());
        let found = Difference { kind, place, got, want };
        let hints = Hints::load().expect("hints");
        hints.cause_of(group, case, &found).expect("a cause").cause.clone()
    }

    /// The messages that a learner meets first.
    #[test]
    fn the_nearest_cause_is_chosen() {
        for (group, case, kind, place, got, part) in [
            ("register", "json", Kind::Status, "", "404", "mounts those at /api/user"),
            ("register", "json", Kind::Status, "", "500", "panicked"),
            ("register", "json", Kind::Field, "password", "\"$2b\"", "holds the password"),
            ("register", "missing username", Kind::Status, "", "422", "Json<T>"),
            ("register", "empty object", Kind::Field, "password", "missing", "first mistake"),
            ("register", "form urlencoded", Kind::Status, "", "415", "two more arms"),
            ("register", "duplicate username", Kind::Status, "", "201", "UNIQUE"),
            ("token", "inactive user", Kind::Status, "", "200", "is_active"),
            ("token", "json", Kind::Claim, "access.exp", "1", "ACCESS_TOKEN_LIFETIME"),
            ("token", "json", Kind::Claim, "access.user_id", "1", "5.5.1"),
            ("token", "wrong password", Kind::Header, "WWW-Authenticate", "", "11.6.1"),
            ("cors", "log in with origin", Kind::Header, "Vary", "Origin", "cache"),
            ("settings", "a site that may not", Kind::Status, "", "403", "rocket_cors"),
        ] {
            let text = told(group, case, kind, place, got);
            assert!(text.contains(part), "{group}/{case}: {text}");
        }
    }

    /// Each of these was told another cause than its own, until a deliberate bug showed it.
    #[test]
    fn a_mistake_is_told_its_own_cause() {
        let (number, method) =
            ("token with user_id as a number", "wrong method without authorization");
        let (page, problems) =
            ("form page in a browser", "check --deploy, three settings wrong");
        for (group, case, kind, place, got, part) in [
            ("register", "whitespace-only username", Kind::Status, "", "201", "trims first"),
            ("register", page, Kind::Header, "Allow", "no such header", "`complete` knows"),
            ("refresh", "number", Kind::Field, "code", "missing", "with_code"),
            ("refresh", "json", Kind::Claim, "access.exp", "1", "ACCESS_TOKEN_LIFETIME"),
            ("verify", "refresh token", Kind::Status, "", "401", "decode gets None"),
            ("blacklist", "access token", Kind::Status, "", "200", "nobody is logged out"),
            ("rotation", "rotate", Kind::Claim, "refresh.exp", "1", "a whole lifetime again"),
            ("rotation", "rotate", Kind::Field, "refresh", "\"eyJ…\"", "that was sent"),
            ("notes", number, Kind::Field, "", "[]", "without WHERE"),
            ("notes", number, Kind::Status, "", "401", "takes both"),
            ("notes", method, Kind::Status, "", "404", "`complete` adds"),
            ("notes", method, Kind::Status, "", "405", "The 405 came before"),
            ("commands", problems, Kind::Status, "exit status", "0", "exit status"),
            ("commands", problems, Kind::Field, "stderr", "", "all of them"),
            ("users", "register", Kind::Claim, "user.token.exp", "iat + 1800", "60 days"),
            ("users", "register", Kind::Field, "user.password", "\"x\"", "its hash"),
            ("users", "register", Kind::Field, "user", "missing", "without its envelope"),
            ("users", "log in, inactive", Kind::Status, "", "200", "is_active is asked"),
            ("users", "the long token is no refresh token", Kind::Status, "", "200", "Refresh"),
            (
                "users",
                "put null clears bio",
                Kind::Field,
                "user.bio",
                "\"x\"",
                "tell the three",
            ),
            ("users", "the long token from before is over", Kind::Status, "", "200", "stamp"),
            (
                "password",
                "the token that asked is over",
                Kind::Status,
                "",
                "200",
                "compare both",
            ),
            ("staff", "not staff", Kind::Status, "", "200", "IsAdmin"),
        ] {
            let text = told(group, case, kind, place, got);
            assert!(text.contains(part), "{group}/{case}: {text}");
        }
    }
}
