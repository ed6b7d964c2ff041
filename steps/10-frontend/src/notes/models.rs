//! models.py: a note, and the SQL that keeps it. Each statement names the author: a note
//! of someone else is not found, not refused.

use chrono::{DateTime, SubsecRound, Utc};
use sqlx::FromRow;

use crate::db::Db;
use crate::errors::ApiError;

/// How many notes a user may have. With the longest content a whole list is two million
/// characters: what one answer takes of the memory has an end.
pub const MOST_NOTES: i64 = 500;

/// A note, as a row of the table `notes`.
#[derive(FromRow)]
pub struct Note {
    pub id: i64,
    pub title: String,
    pub content: String,
    pub created_at: DateTime<Utc>,
    pub author_id: i64,
}

impl Note {
    /// All notes of a user, the oldest first.
    pub async fn all_of(db: &Db, author: i64) -> Result<Vec<Note>, ApiError> {
        let select = "SELECT * FROM notes WHERE author_id = $1 ORDER BY id";
        Ok(sqlx::query_as(select).bind(author).fetch_all(db.pool()).await?)
    }

    /// A user's note.
    pub async fn by_id(db: &Db, author: i64, id: i64) -> Result<Option<Note>, ApiError> {
        let select = "SELECT * FROM notes WHERE id = $1 AND author_id = $2";
        Ok(sqlx::query_as(select).bind(id).bind(author).fetch_optional(db.pool()).await?)
    }

    /// A new note; `None` when the author has MOST_NOTES already. The time is cut to
    /// microseconds, as Python's clock counts.
    pub async fn create(
        db: &Db,
        author: i64,
        title: &str,
        content: &str,
    ) -> Result<Option<Note>, ApiError> {
        let insert = "INSERT INTO notes (title, content, created_at, author_id)
            SELECT $1, $2, $3, $4
            WHERE (SELECT COUNT(*) FROM notes WHERE author_id = $4) < $5 RETURNING *";
        let insert = sqlx::query_as(insert).bind(title).bind(content);
        let insert = insert.bind(Utc::now().trunc_subsecs(6)).bind(author).bind(MOST_NOTES);
        Ok(insert.fetch_optional(db.pool()).await?)
    }

    /// The note after the change; `None` keeps a value. No note, if it is gone meanwhile.
    pub async fn update(
        &self,
        db: &Db,
        title: Option<&str>,
        content: Option<&str>,
    ) -> Result<Option<Note>, ApiError> {
        let update = "UPDATE notes SET title = COALESCE($1, title),
            content = COALESCE($2, content) WHERE id = $3 AND author_id = $4 RETURNING *";
        let update = sqlx::query_as(update).bind(title).bind(content);
        let update = update.bind(self.id).bind(self.author_id);
        Ok(update.fetch_optional(db.pool()).await?)
    }

    /// `true` for the one call that deleted it.
    pub async fn delete(&self, db: &Db) -> Result<bool, ApiError> {
        let delete = "DELETE FROM notes WHERE id = $1 AND author_id = $2";
        let delete = sqlx::query(delete).bind(self.id).bind(self.author_id);
        Ok(delete.execute(db.pool()).await?.rows_affected() == 1)
    }
}
