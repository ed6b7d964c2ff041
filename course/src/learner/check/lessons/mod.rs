//! Lessons: mistakes that a chapter warns of and that no single answer shows. A password
//! stored as typed answers as a hashed one does, and a race is lost only when two requests
//! come at once.
//!
//! Each lesson is a constant beside the function that looks: [`doors`], [`passwords`],
//! [`races`], [`reuse`]. A new one goes into [`LESSONS`] too, into `course/lessons.md` with
//! the chapter's warning, and gets a deliberate bug in `course/mutants/` that it catches.

mod doors;
mod passwords;
mod races;
mod reuse;
mod room;

use std::pin::Pin;

use crate::contract::Profile;
pub use room::{Broken, Own, Room};

/// All of them, in the order of the chapters. Of two that catch one bug, the first speaks.
pub const LESSONS: [&Lesson; 8] = [
    &passwords::NO_PASSWORD_IS_STORED,
    &races::ONE_NAME_ONE_USER,
    &passwords::NO_PASSWORD_OF_A_SUPERUSER_IS_STORED,
    &doors::A_REFRESH_TOKEN_OPENS_NOTHING,
    &passwords::NO_TOKEN_IS_STORED,
    &reuse::A_SECOND_TAB_ENDS_NOTHING,
    &races::ONE_TOKEN_ONE_USE,
    &reuse::A_THIEF_IS_THROWN_OUT,
];

/// The group under which they are counted.
pub const GROUP: &str = "lessons";

/// One thing that is looked at.
pub struct Lesson {
    pub name: &'static str,
    /// The step from which it holds.
    pub step: u32,
    pub checks: &'static str,
    pub matters: &'static str,
    /// The file in notes/, without `.md`, and the heading of the warning.
    pub chapter: &'static str,
    pub heading: &'static str,
    pub needs: Needs,
    ask: for<'r> fn(&'r Room<'r>) -> Asking<'r>,
}

type Asking<'r> = Pin<Box<dyn Future<Output = Result<(), Broken>> + 'r>>;

/// What there must be, for a lesson to be looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Needs {
    /// Any server.
    Requests,
    /// One that uses refresh tokens up: `--profile rotate_blacklist`.
    OneUse,
    /// One with REUSE_REVOKES_FAMILY, and this REUSE_GRACE.
    Reuse { grace: &'static str },
    /// Its database.
    Database,
}

impl Needs {
    /// Whether a server that runs already, with this profile, can be asked.
    pub fn over_http(self, profile: Profile) -> bool {
        match self {
            Needs::Requests => true,
            Needs::OneUse => profile == Profile::RotateBlacklist,
            Needs::Reuse { .. } | Needs::Database => false,
        }
    }

    /// Why it cannot.
    pub fn reason(self) -> &'static str {
        match self {
            Needs::Requests => "any server will do",
            Needs::OneUse => "it needs --profile rotate_blacklist",
            Needs::Reuse { .. } => "it needs settings that --profile does not name",
            Needs::Database => "it looks into the database",
        }
    }

    /// The settings of a server of ours, over those of the profile.
    pub fn settings(self) -> [(&'static str, &'static str); 2] {
        let grace = if let Needs::Reuse { grace } = self { grace } else { "10" };
        [("REUSE_REVOKES_FAMILY", "true"), ("REUSE_GRACE", grace)]
    }
}

impl Lesson {
    /// As it is counted: `lessons/one name, one user`.
    pub fn label(&self) -> String {
        format!("{GROUP}/{}", self.name)
    }

    /// Looks; the error is what it saw.
    pub async fn ask(&self, room: &Room<'_>) -> Result<(), Broken> {
        (self.ask)(room).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::*;
    use crate::repo::{Repo, names};

    fn repo() -> Repo {
        Repo::find().expect("the repository")
    }

    /// Whether a chapter has this heading, or a paragraph that begins with it in bold.
    fn stands_in(chapter: &str, heading: &str) -> bool {
        let bold = format!("**{heading}.**");
        let is_heading = |line: &str| line.trim_start_matches('#').trim() == heading;
        chapter.lines().any(|line| is_heading(line) || line.starts_with(&bold))
    }

    #[test]
    fn the_heading_of_each_lesson_stands_in_its_chapter() {
        for Lesson { name, chapter, heading, .. } in LESSONS {
            let text = repo().read(&format!("notes/{chapter}.md")).expect("a chapter");
            assert!(stands_in(&text, heading), "{name}: notes/{chapter}.md has no {heading:?}");
        }
    }

    #[test]
    fn each_lesson_has_a_name_of_its_own() {
        let names: BTreeSet<_> = LESSONS.iter().map(|lesson| lesson.name).collect();
        assert_eq!(names.len(), LESSONS.len());
    }

    /// A row of course/lessons.md.
    struct Row {
        chapter: String,
        heading: String,
        /// `check: token/json`, `test: tests::a::b`; `None` when nothing catches it.
        caught: Option<String>,
        bug: Option<String>,
    }

    /// The table, without its words.
    fn table() -> Vec<Row> {
        let text = repo().read("course/lessons.md").expect("the table");
        let row =
            r#"^\| .+ \| "(.+)" \| (?:`((?:check|test): .+)`|nothing: .+) \| (?:`(.+)`)? ?\|$"#;
        let row = Regex::new(row).expect("a pattern");
        let mut rows = Vec::new();
        let mut chapter = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("## ") {
                chapter = name.into();
            }
            if !line.starts_with("| ") || line.starts_with("| The warning") {
                continue;
            }
            let found = row.captures(line).unwrap_or_else(|| {
                panic!("course/lessons.md: a row has warning, heading, check and bug: {line}")
            });
            let part = |n| found.get(n).map(|it| it.as_str().to_string());
            let heading = part(1).unwrap_or_default();
            rows.push(Row { chapter: chapter.clone(), heading, caught: part(2), bug: part(3) });
        }
        rows
    }

    /// The table is kept by hand. A bug that is renamed, or caught by something else now,
    /// must not leave it wrong.
    #[test]
    fn the_table_says_what_the_bugs_say() {
        let repo = repo();
        for Row { chapter, heading, caught, bug } in table() {
            let text = repo.read(&format!("notes/{chapter}.md")).expect("the chapter of a row");
            assert!(stands_in(&text, &heading), "notes/{chapter}.md has no {heading:?}");
            let Some(caught) = caught else {
                assert_eq!(bug, None, "{heading:?}: what nothing catches has no bug");
                continue;
            };
            let bug = bug.unwrap_or_else(|| panic!("{heading:?}: no bug proves {caught}"));
            let told = repo.read(&format!("course/mutants/{bug}/expected.txt"));
            let told = told.unwrap_or_else(|_| panic!("course/lessons.md: no bug {bug}"));
            let told = told.lines().next().unwrap_or_default().to_string();
            assert_eq!(told, format!("caught by {caught}"), "course/mutants/{bug}");
        }
    }

    #[test]
    fn the_table_has_each_lesson_and_each_chapter() {
        let rows = table();
        let caught: BTreeSet<_> = rows.iter().flat_map(|row| row.caught.clone()).collect();
        for lesson in LESSONS {
            let label = format!("check: {}", lesson.label());
            assert!(caught.contains(&label), "course/lessons.md does not have {label}");
        }
        let repo = repo();
        for step in names(&repo.root.join("steps")).expect("steps") {
            let count = rows.iter().filter(|row| row.chapter == step).count();
            assert!(count >= 2, "course/lessons.md has {count} warnings of {step}");
        }
    }
}
