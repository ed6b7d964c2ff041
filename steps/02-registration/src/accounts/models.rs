//! models.py: what is stored of a user, and the SQL that stores it.

use sqlx::FromRow;

use crate::db::Db;
use crate::errors::{ApiError, field_error};

/// A user, as a row of the table `users`.
#[derive(FromRow)]
pub struct User {
    pub id: i64,
    pub username: String,
}

impl User {
    /// UserManager.create_user: `password` is hashed already.
    ///
    /// The database decides whether the name is free. To look first and insert then
    /// would let two requests for one name both find it free.
    pub async fn create_user(
        db: &Db,
        username: &str,
        password: &str,
    ) -> Result<User, ApiError> {
        let insert =
            "INSERT INTO users (username, password) VALUES ($1, $2) RETURNING id, username";
        let user =
            sqlx::query_as(insert).bind(username).bind(password).fetch_one(db.pool()).await;
        user.map_err(|error| match error.as_database_error() {
            Some(refusal) if refusal.is_unique_violation() => {
                field_error("username", "A user with that username already exists.")
            }
            _ => error.into(),
        })
    }
}

/// Makes the table on the first start. Chapter 3 replaces this with migrations.
///
/// AUTOINCREMENT: the id of a deleted user is never given out again, as in Django.
pub async fn create_tables(db: &Db) -> Result<(), sqlx::Error> {
    let table = "CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        username TEXT NOT NULL UNIQUE,
        password TEXT NOT NULL
    )";
    sqlx::query(table).execute(db.pool()).await.map(drop)
}
