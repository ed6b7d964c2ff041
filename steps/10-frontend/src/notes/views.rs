//! views.py: the handlers. Each names its user, or a note of that user, in its signature.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::serde::json::Json;
use rocket::{Request, Route, async_trait, delete, get, patch, post, put, routes};

use super::models::{MOST_NOTES, Note};
use super::serializers::{NoteFields, PublicNote};
use crate::db::Db;
use crate::errors::{ApiError, field_error};
use crate::parsers::RequestData;
use crate::tokens::CurrentUser;

/// To be mounted at `/api/notes`.
pub fn routes() -> Vec<Route> {
    routes![list, create, retrieve, update, partial_update, destroy, delete_note]
}

/// NoteListCreate.
#[get("/")]
async fn list(db: &Db, user: CurrentUser) -> Result<Json<Vec<PublicNote>>, ApiError> {
    let notes = Note::all_of(db, user.0.id).await?;
    Ok(Json(notes.into_iter().map(PublicNote::from).collect()))
}

#[post("/", data = "<data>")]
async fn create(
    db: &Db,
    user: CurrentUser,
    data: RequestData,
) -> Result<(Status, Json<PublicNote>), ApiError> {
    let fields = NoteFields::validate(data, false)?;
    let (title, content) =
        (fields.title.unwrap_or_default(), fields.content.unwrap_or_default());
    let note = Note::create(db, user.0.id, &title, &content).await?.ok_or_else(|| {
        let message = format!("You have {MOST_NOTES} notes, and no room for more.");
        field_error("non_field_errors", &message)
    })?;
    Ok((Status::Created, Json(note.into())))
}

/// NoteDetail.
#[get("/<_>")]
fn retrieve(note: OwnNote) -> Json<PublicNote> {
    Json(note.0.into())
}

#[put("/<_>", data = "<data>")]
async fn update(
    db: &Db,
    note: OwnNote,
    data: RequestData,
) -> Result<Json<PublicNote>, ApiError> {
    note.change(db, &NoteFields::validate(data, false)?).await
}

#[patch("/<_>", data = "<data>")]
async fn partial_update(
    db: &Db,
    note: OwnNote,
    data: RequestData,
) -> Result<Json<PublicNote>, ApiError> {
    note.change(db, &NoteFields::validate(data, true)?).await
}

#[delete("/<_>")]
async fn destroy(db: &Db, note: OwnNote) -> Result<Status, ApiError> {
    if !note.0.delete(db).await? {
        return Err(no_note());
    }
    Ok(Status::NoContent)
}

/// NoteDelete: the address that the notes' React client uses.
#[delete("/delete/<_>")]
async fn delete_note(db: &Db, note: OwnNote) -> Result<Status, ApiError> {
    destroy(db, note).await
}

/// The note that the path names, if it is the user's own.
///
/// A guard and not a line in each handler: it runs before the body is read, so that a note
/// of someone else is a 404 whatever is sent along, as in Django.
struct OwnNote(Note);

impl OwnNote {
    async fn change(&self, db: &Db, fields: &NoteFields) -> Result<Json<PublicNote>, ApiError> {
        let (title, content) = (fields.title.as_deref(), fields.content.as_deref());
        let note = self.0.update(db, title, content).await?;
        Ok(Json(note.ok_or_else(no_note)?.into()))
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for OwnNote {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let user = match request.guard::<CurrentUser>().await {
            Outcome::Success(user) => user.0,
            Outcome::Error(error) => return Outcome::Error(error),
            Outcome::Forward(status) => return Outcome::Forward(status),
        };
        let id = request.routed_segments(0..).last().and_then(|id| id.parse().ok());
        let found = match (id, request.guard::<&Db>().await.succeeded()) {
            (Some(id), Some(db)) => Note::by_id(db, user.id, id).await,
            // Twenty digits are a number too, and no id of ours.
            _ => Ok(None),
        };
        match found.and_then(|note| note.ok_or_else(no_note)) {
            Ok(note) => Outcome::Success(OwnNote(note)),
            Err(error) => Outcome::Error((error.leave_with(request), ())),
        }
    }
}

fn no_note() -> ApiError {
    ApiError::new(Status::NotFound, "No Note matches the given query.")
}
