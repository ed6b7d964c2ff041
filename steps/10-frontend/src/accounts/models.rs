//! models.py: what is stored of a user, and the SQL that stores it.

use chrono::{DateTime, SecondsFormat, Utc};
use rocket::http::Status;
use serde::{Serialize, Serializer};
use sqlx::{Executor, FromRow};
use uuid::Uuid;

use super::passwords::{Hasher, Verdict};
use crate::db::{Backend, Connection, Db};
use crate::errors::{ApiError, FieldErrors};
use crate::tokens::TokenBackend;

/// A user, as a row of the table `users`. No Debug, no Serialize: the hash stays here.
#[derive(FromRow)]
pub struct User {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub bio: String,
    pub image: String,
    pub is_active: bool,
    pub is_staff: bool,
    password: String,
    /// What the tokens of this user must say; `None` before anything was ended.
    pub stamp: Option<String>,
}

impl User {
    /// UserManager.create_user: `password` is hashed already.
    pub async fn create_user(
        connection: &mut Connection,
        username: &str,
        email: &str,
        password: &str,
    ) -> Result<User, ApiError> {
        Self::insert(connection, username, &normalize_email(email), password, false).await
    }

    /// UserManager.create_superuser: may do everything, and enter a staff area.
    pub async fn create_superuser(
        connection: &mut Connection,
        username: &str,
        email: &str,
        password: &str,
    ) -> Result<User, ApiError> {
        Self::insert(connection, username, &normalize_email(email), password, true).await
    }

    /// ModelBackend.authenticate: the user that was found, when the password is right and
    /// the user is active.
    ///
    /// It hashes once, whatever is wrong. If only known names were hashed, the time an
    /// answer takes would tell who has an account.
    pub async fn authenticate(
        db: &Db,
        hasher: &Hasher,
        found: Option<User>,
        password: String,
    ) -> Result<Option<User>, ApiError> {
        let stored = found.as_ref().map(|user| user.password.clone());
        let verdict = hasher.check_password(password, stored).await?;
        let Some(user) = found.filter(|user| user.is_active) else { return Ok(None) };
        match verdict {
            Verdict::Wrong => Ok(None),
            Verdict::Good => Ok(Some(user)),
            Verdict::Outdated(hash) => {
                // Unless it was changed meanwhile. It is the same password: nothing ends.
                let update = "UPDATE users SET password = $1 WHERE id = $2 AND password = $3";
                let update = sqlx::query(update).bind(hash).bind(user.id).bind(&user.password);
                update.execute(db.pool()).await?;
                Ok(Some(user))
            }
        }
    }

    /// The user with this name, active or not.
    pub async fn by_username(db: &Db, username: &str) -> Result<Option<User>, ApiError> {
        let select = "SELECT * FROM users WHERE username = $1";
        Ok(sqlx::query_as(select).bind(username).fetch_optional(db.pool()).await?)
    }

    /// The user with this e-mail, in any case of its domain. Users without one have `""`,
    /// and are not to be found by it.
    pub async fn by_email(db: &Db, email: &str) -> Result<Option<User>, ApiError> {
        let select = "SELECT * FROM users WHERE email = $1 AND email <> ''";
        let select = sqlx::query_as(select).bind(normalize_email(email));
        Ok(select.fetch_optional(db.pool()).await?)
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

    /// The user after the change.
    pub async fn update(&self, db: &Db, change: UserChange) -> Result<User, ApiError> {
        let email = change.email.map(|email| normalize_email(&email));
        let update = "UPDATE users SET username = COALESCE($1, username),
            email = COALESCE($2, email), bio = COALESCE($3, bio),
            image = COALESCE($4, image), password = COALESCE($5, password),
            first_name = COALESCE($6, first_name), last_name = COALESCE($7, last_name),
            stamp = COALESCE($8, stamp), updated_at = $9 WHERE id = $10
            RETURNING *";
        let stamp = change.password.as_ref().map(|_| new_stamp());
        let update = sqlx::query_as(update).bind(&change.username).bind(&email);
        let update = update.bind(change.bio).bind(change.image).bind(change.password);
        let update = update.bind(change.first_name).bind(change.last_name);
        let updated =
            update.bind(stamp).bind(Utc::now()).bind(self.id).fetch_optional(db.pool()).await;
        match updated {
            Ok(user) => user.ok_or_else(gone),
            Err(sqlx::Error::Database(why)) if why.is_unique_violation() => {
                let username = change.username.as_deref().unwrap_or_default();
                let email = email.as_deref().unwrap_or_default();
                Err(taken(db.pool(), self.id, username, email).await?)
            }
            Err(why) => Err(why.into()),
        }
    }

    /// The user with a new password, which is hashed already; `None` when the old one is
    /// no longer what is stored. One statement also ends all that was open.
    pub async fn set_password(
        mut self,
        db: &Db,
        password: &str,
    ) -> Result<Option<User>, ApiError> {
        let stamp = new_stamp();
        let update = "UPDATE users SET password = $1, stamp = $2, updated_at = $3
            WHERE id = $4 AND password = $5";
        let update = sqlx::query(update).bind(password).bind(&stamp).bind(Utc::now());
        let done = update.bind(self.id).bind(&self.password).execute(db.pool()).await?;
        self.stamp = Some(stamp);
        Ok((done.rows_affected() == 1).then_some(self))
    }

    pub async fn check_password(
        &self,
        hasher: &Hasher,
        password: String,
    ) -> Result<bool, ApiError> {
        let verdict = hasher.check_password(password, Some(self.password.clone())).await?;
        Ok(!matches!(verdict, Verdict::Wrong))
    }

    /// Ends all that is open: every token that was given out says something else now.
    pub async fn end_sessions(&self, db: &Db) -> Result<(), ApiError> {
        let update = "UPDATE users SET stamp = $1 WHERE id = $2";
        let update = sqlx::query(update).bind(new_stamp()).bind(self.id);
        Ok(update.execute(db.pool()).await.map(drop)?)
    }

    /// Note 001's `token`, a property there. Here it is a method that is given the key: a
    /// property would have to find the key in a global.
    pub fn token(&self, tokens: &TokenBackend) -> Result<String, ApiError> {
        tokens.long_access_for(&tokens.refresh_for(self))
    }

    /// UPDATE_LAST_LOGIN.
    pub async fn update_last_login(&self, db: &Db) -> Result<(), ApiError> {
        let update = "UPDATE users SET last_login = $1 WHERE id = $2";
        let update = sqlx::query(update).bind(Utc::now()).bind(self.id);
        Ok(update.execute(db.pool()).await.map(drop)?)
    }

    /// The database decides whether the name is free. To look first and insert then
    /// would let two requests for one name both find it free.
    async fn insert(
        connection: &mut Connection,
        username: &str,
        email: &str,
        password: &str,
        superuser: bool,
    ) -> Result<User, ApiError> {
        let insert = "INSERT INTO users
            (username, email, password, is_staff, is_superuser, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $4, $5, $5)
            ON CONFLICT DO NOTHING
            RETURNING *";
        let insert = sqlx::query_as(insert).bind(username).bind(email).bind(password);
        let insert = insert.bind(superuser).bind(Utc::now());
        match insert.fetch_optional(&mut *connection).await? {
            Some(user) => Ok(user),
            None => Err(taken(connection, 0, username, email).await?),
        }
    }
}

/// What staff sees of a user. No hash is read, so it may go out as it is.
#[derive(FromRow, Serialize)]
pub struct UserRow {
    id: i64,
    username: String,
    email: String,
    is_active: bool,
    is_staff: bool,
    #[serde(serialize_with = "as_text")]
    last_login: Option<DateTime<Utc>>,
}

fn as_text<S: Serializer>(time: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true)).serialize(to)
}

impl UserRow {
    /// So many users after the first `offset`, in the order of their ids.
    pub async fn list(db: &Db, offset: i64, limit: i64) -> Result<Vec<UserRow>, ApiError> {
        let select = "SELECT id, username, email, is_active, is_staff, last_login FROM users
            ORDER BY id LIMIT $1 OFFSET $2";
        let select = sqlx::query_as(select).bind(limit).bind(offset);
        Ok(select.fetch_all(db.pool()).await?)
    }

    pub async fn count(db: &Db) -> Result<i64, ApiError> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(db.pool()).await?)
    }
}

/// What of a user is changed: `None` keeps a value.
#[derive(Default)]
pub struct UserChange {
    pub username: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub bio: Option<String>,
    pub image: Option<String>,
    /// Hashed already when it is stored. It ends what was open.
    pub password: Option<String>,
}

/// 122 random bits.
fn new_stamp() -> String {
    Uuid::new_v4().simple().to_string()
}

/// The user was deleted while the request was at work.
fn gone() -> ApiError {
    ApiError::with_code(Status::Unauthorized, "User not found", "user_not_found")
}

/// The refusal that names what others than the user `id` have already.
async fn taken(
    executor: impl Executor<'_, Database = Backend>,
    id: i64,
    username: &str,
    email: &str,
) -> Result<ApiError, ApiError> {
    let select = "SELECT username, email FROM users
        WHERE id <> $1 AND (username = $2 OR email = $3 AND email <> '')";
    let select = sqlx::query_as(select).bind(id).bind(username).bind(email);
    let others: Vec<(String, String)> = select.fetch_all(executor).await?;
    let mut errors = FieldErrors::default();
    let message = |name| vec![format!("A user with that {name} already exists.")];
    if others.iter().any(|(other, _)| other == username) {
        errors.add("username", message("username"));
    }
    if others.iter().any(|(_, other)| other == email && !email.is_empty()) {
        errors.add("email", message("email"));
    }
    Ok(errors.into())
}

/// BaseUserManager.normalize_email: the domain in lower case, the rest as it is.
pub fn normalize_email(email: &str) -> String {
    match email.trim().rsplit_once('@') {
        Some((name, domain)) => format!("{name}@{}", domain.to_lowercase()),
        None => email.trim().into(),
    }
}
