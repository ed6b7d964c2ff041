//! Lessons: mistakes that a chapter warns of and that no single answer shows. A password
//! stored as typed answers as a hashed one does, and a race is lost only when two requests
//! come at once.
//!
//! Each lesson is a constant beside the function that looks: [`doors`], [`passwords`],
//! [`races`], [`reuse`]. `course/lessons.md` lists them with all that the chapters warn of.

mod doors;
mod passwords;
mod races;
mod reuse;
mod room;

use std::pin::Pin;

use crate::contract::Profile;
pub use room::{Broken, Own, Room};

/// All of them, in the order of the chapters.
pub const LESSONS: [&Lesson; 10] = [
    &passwords::NO_PASSWORD_IS_STORED,
    &races::ONE_NAME_ONE_USER,
    &passwords::NO_PASSWORD_OF_A_SUPERUSER_IS_STORED,
    &doors::A_REFRESH_TOKEN_OPENS_NOTHING,
    &doors::AN_ACCESS_TOKEN_REFRESHES_NOTHING,
    &races::ONE_TOKEN_ONE_USE,
    &races::NOBODY_WAITS_FOR_ANOTHER,
    &passwords::NO_TOKEN_IS_STORED,
    &reuse::A_SECOND_TAB_ENDS_NOTHING,
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
