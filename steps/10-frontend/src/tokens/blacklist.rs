//! SimpleJWT's app `token_blacklist`: which refresh tokens were given out, and which of
//! them no longer count. Times are seconds since 1970.

use chrono::Utc;
use sqlx::Executor;

use super::models::{Claims, exp, jti, user_id};
use crate::db::{Backend, Connection, Db};

/// Writes down a token that is given out. `parent` is the token it was made from.
///
/// A parent that this server never wrote down is the first of its family.
pub async fn outstand(
    executor: impl Executor<'_, Database = Backend>,
    token: &Claims,
    parent: Option<&Claims>,
) -> Result<(), sqlx::Error> {
    let insert = "INSERT INTO outstanding_tokens (jti, family, user_id, created_at, expires_at)
        VALUES ($1, COALESCE((SELECT family FROM outstanding_tokens WHERE jti = $2), $2),
                (SELECT id FROM users WHERE id = $3), $4, $5)";
    let insert = sqlx::query(insert).bind(jti(token)).bind(jti(parent.unwrap_or(token)));
    let insert = insert.bind(user_id(token)).bind(Utc::now().timestamp()).bind(exp(token));
    insert.execute(executor).await.map(drop)
}

/// Puts a token on the list. `true` for the one call that does it: whoever gets `false`
/// came second, however close.
///
/// One statement decides. To look first and write then would let two requests with the
/// same token both find it unused.
pub async fn claim(
    executor: impl Executor<'_, Database = Backend>,
    token: &Claims,
) -> Result<bool, sqlx::Error> {
    let insert = "INSERT INTO blacklisted_tokens (jti, blacklisted_at, expires_at)
        VALUES ($1, $2, $3) ON CONFLICT (jti) DO NOTHING";
    let insert = sqlx::query(insert).bind(jti(token)).bind(Utc::now().timestamp());
    let done = insert.bind(exp(token)).execute(executor).await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a token is on the list.
pub async fn contains(
    executor: impl Executor<'_, Database = Backend>,
    token: &Claims,
) -> Result<bool, sqlx::Error> {
    let select = "SELECT EXISTS (SELECT 1 FROM blacklisted_tokens WHERE jti = $1)";
    sqlx::query_scalar(select).bind(jti(token)).fetch_one(executor).await
}

/// Whether the family of a token was revoked.
///
/// The mark is on the family and is looked at with each use. To blacklist the members
/// instead would miss one that is being made at this moment.
pub async fn family_is_revoked(
    executor: impl Executor<'_, Database = Backend>,
    token: &Claims,
) -> Result<bool, sqlx::Error> {
    let select = "SELECT EXISTS (SELECT 1 FROM revoked_families WHERE family =
        COALESCE((SELECT family FROM outstanding_tokens WHERE jti = $1), $1))";
    sqlx::query_scalar(select).bind(jti(token)).fetch_one(executor).await
}

/// Revokes the family of a token. Of one that this server never wrote down, it is the only
/// member that is known.
pub async fn revoke_family(
    executor: impl Executor<'_, Database = Backend>,
    token: &Claims,
) -> Result<(), sqlx::Error> {
    let insert = "INSERT INTO revoked_families (family, revoked_at)
        VALUES (COALESCE((SELECT family FROM outstanding_tokens WHERE jti = $1), $1), $2)
        ON CONFLICT (family) DO NOTHING";
    let insert = sqlx::query(insert).bind(jti(token)).bind(Utc::now().timestamp());
    insert.execute(executor).await.map(drop)
}

/// Revokes the family of a token that came back more than `grace` seconds after its use;
/// `true` when it did. One that comes back sooner is a second tab, or an answer that was
/// lost on its way.
pub async fn revoke_family_of_reused(
    connection: &mut Connection,
    token: &Claims,
    grace: i64,
) -> Result<bool, sqlx::Error> {
    let now = Utc::now().timestamp();
    let insert = "INSERT INTO revoked_families (family, revoked_at)
        SELECT COALESCE((SELECT family FROM outstanding_tokens WHERE jti = $1), jti), $2
        FROM blacklisted_tokens WHERE jti = $1 AND blacklisted_at + $3 < $2
        ON CONFLICT (family) DO NOTHING";
    let insert = sqlx::query(insert).bind(jti(token)).bind(now).bind(grace);
    let done = insert.execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes what has ended by itself; gives how many tokens that were.
pub async fn flush_expired(db: &Db) -> Result<u64, sqlx::Error> {
    let now = Utc::now().timestamp();
    let mut transaction = db.pool().begin().await?;
    let blacklisted = "DELETE FROM blacklisted_tokens WHERE expires_at <= $1";
    sqlx::query(blacklisted).bind(now).execute(&mut *transaction).await?;
    let outstanding = "DELETE FROM outstanding_tokens WHERE expires_at <= $1";
    let done = sqlx::query(outstanding).bind(now).execute(&mut *transaction).await?;
    let families = "DELETE FROM revoked_families
        WHERE family NOT IN (SELECT family FROM outstanding_tokens)
          AND family NOT IN (SELECT jti FROM blacklisted_tokens)";
    sqlx::query(families).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(done.rows_affected())
}
