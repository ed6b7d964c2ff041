//! serializers.py: what comes in of a note, checked, and what goes out.

use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use serde::{Serialize, Serializer};

use super::models::Note;
use crate::errors::{ApiError, FieldErrors};
use crate::fields::{char_field, max_length};
use crate::parsers::RequestData;

/// What a client sets: for POST and PUT all of it, for PATCH what it sends.
pub struct NoteFields {
    pub title: Option<String>,
    pub content: Option<String>,
}

impl NoteFields {
    /// `partial`: a field that is missing is no mistake.
    pub fn validate(data: RequestData, partial: bool) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let wanted = |name| !partial || data.0.contains_key(name);
        let mut title = None;
        if wanted("title") {
            title = char_field(&data, "title", &[&max_length(100)], &mut errors);
        }
        let mut content = None;
        if wanted("content") {
            content = char_field(&data, "content", &[&max_length(4000)], &mut errors);
        }
        errors.into_result()?;
        Ok(NoteFields { title, content })
    }
}

/// A note as everyone who may see it sees it, in DRF's order.
#[derive(Serialize)]
pub struct PublicNote {
    id: i64,
    title: String,
    content: String,
    #[serde(serialize_with = "as_python")]
    created_at: DateTime<Utc>,
    author: i64,
}

impl From<Note> for PublicNote {
    fn from(note: Note) -> Self {
        let Note { id, title, content, created_at, author_id } = note;
        PublicNote { id, title, content, created_at, author: author_id }
    }
}

/// `2026-11-21T01:00:13.729749Z`; Python leaves the fraction out when it is 0.
fn as_python<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    let format = match time.nanosecond() {
        0 => SecondsFormat::Secs,
        _ => SecondsFormat::Micros,
    };
    serializer.serialize_str(&time.to_rfc3339_opts(format, true))
}
