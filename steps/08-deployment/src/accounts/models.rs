//! models.py: what is stored of a user, and the SQL that stores it.

use chrono::Utc;
use sqlx::{Executor, FromRow};

use super::passwords::Hasher;
use crate::db::{Backend, Db};
use crate::errors::{ApiError, field_error};

/// A user, as a row of the table `users`. No Debug, no Serialize: the hash stays here.
#[derive(FromRow)]
pub struct User {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    password: String,
}

impl User {
    /// UserManager.create_user: `password` is hashed already.
    pub async fn create_user(
        db: &Db,
        username: &str,
        password: &str,
    ) -> Result<User, ApiError> {
        Self::insert(db, username, "", password, false).await
    }

    /// UserManager.create_superuser: may do everything, and enter a staff area.
    pub async fn create_superuser(
        db: &Db,
        username: &str,
        email: &str,
        password: &str,
    ) -> Result<User, ApiError> {
        Self::insert(db, username, &normalize_email(email), password, true).await
    }

    /// ModelBackend.authenticate: the user, when name and password are right and the user
    /// is active.
    ///
    /// It hashes once, whatever is wrong. If only known names were hashed, the time an
    /// answer takes would tell who has an account.
    pub async fn authenticate(
        db: &Db,
        hasher: &Hasher,
        username: &str,
        password: String,
    ) -> Result<Option<User>, ApiError> {
        let select = "SELECT * FROM users WHERE username = $1";
        let user: Option<User> =
            sqlx::query_as(select).bind(username).fetch_optional(db.pool()).await?;
        let stored = user.as_ref().map(|user| user.password.clone());
        let good = hasher.check_password(password, stored).await?;
        Ok(user.filter(|user| good && user.is_active))
    }

    /// The user with this id, active or not.
    ///
    /// Inside a transaction it must read through that transaction's connection: to wait for
    /// a second one while holding the first can stop the whole pool.
    pub async fn by_id(
        executor: impl Executor<'_, Database = Backend>,
        id: i64,
    ) -> Result<Option<User>, ApiError> {
        let select = "SELECT * FROM users WHERE id = $1";
        Ok(sqlx::query_as(select).bind(id).fetch_optional(executor).await?)
    }

    /// The database decides whether the name is free. To look first and insert then
    /// would let two requests for one name both find it free.
    async fn insert(
        db: &Db,
        username: &str,
        email: &str,
        password: &str,
        superuser: bool,
    ) -> Result<User, ApiError> {
        let insert = "INSERT INTO users
            (username, email, password, is_staff, is_superuser, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $4, $5, $5)
            RETURNING *";
        let insert = sqlx::query_as(insert).bind(username).bind(email).bind(password);
        let insert = insert.bind(superuser).bind(Utc::now());
        insert.fetch_one(db.pool()).await.map_err(|error| match error.as_database_error() {
            Some(refusal) if refusal.is_unique_violation() => {
                field_error("username", "A user with that username already exists.")
            }
            _ => error.into(),
        })
    }
}

/// BaseUserManager.normalize_email: the domain in lower case, the rest as it is.
fn normalize_email(email: &str) -> String {
    match email.trim().rsplit_once('@') {
        Some((name, domain)) => format!("{name}@{}", domain.to_lowercase()),
        None => email.trim().into(),
    }
}
