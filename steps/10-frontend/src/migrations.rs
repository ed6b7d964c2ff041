//! Migrations: each change of the schema is a file in `migrations/`, applied once, in order.
//!
//! The bookkeeping is sqlx's, so sqlx-cli works on the same folder and database.

use std::collections::BTreeMap;

use rocket::futures::TryStreamExt;
use sqlx::migrate::{Migrate, MigrateError, Migration};

use crate::accounts::normalize_email;
use crate::db::backend::{BEGIN_MIGRATION, MIGRATIONS};
use crate::db::{Connection, Db};

/// The table where sqlx keeps what is applied.
const TABLE: &str = "_sqlx_migrations";

/// All migrations in order, each with whether the database has it. The error is a sentence.
pub async fn list(db: &Db) -> Result<Vec<(String, bool)>, String> {
    let mut connection = db.pool().acquire().await.map_err(|why| explain(why.into()))?;
    let state = state(&mut connection).await.map_err(explain)?;
    Ok(state.into_iter().map(|(migration, applied)| (name(migration), applied)).collect())
}

/// Applies what is missing, all of it or nothing, and gives the names.
pub async fn apply(db: &Db) -> Result<Vec<String>, String> {
    match apply_missing(db).await {
        Err(MigrateError::ExecuteMigration(why, ACCOUNT_API))
            if why.as_database_error().is_some_and(|why| why.is_unique_violation()) =>
        {
            Err(shared_emails(db).await.map_err(explain)?)
        }
        result => result.map_err(explain),
    }
}

/// The migration after which an e-mail address has one user.
const ACCOUNT_API: i64 = 5;

/// The sentence that names who must change first. The database itself names nobody.
async fn shared_emails(db: &Db) -> Result<String, MigrateError> {
    let select = "SELECT username, email FROM users WHERE email <> '' ORDER BY id";
    let mut rows = sqlx::query_as::<_, (String, String)>(select).fetch(db.pool());
    let mut users = BTreeMap::<String, Vec<String>>::new();
    while let Some((username, email)) = rows.try_next().await? {
        users.entry(normalize_email(&email)).or_default().push(username);
    }
    let shared = users.iter().filter(|(_, names)| names.len() > 1);
    let shared = shared.map(|(email, names)| format!("{email} ({})", names.join(", ")));
    Ok(format!(
        "migration 0005 gives each e-mail address to one user, and these have more: {}; \
         change or empty them, then run `migrate` again.",
        shared.collect::<Vec<_>>().join("; ")
    ))
}

/// An error when a migration is not applied yet.
pub async fn require(db: &Db) -> Result<(), String> {
    match list(db).await?.iter().filter(|(_, applied)| !applied).count() {
        0 => Ok(()),
        n => Err(format!("migrations not applied yet: {n}; run the command `migrate` first.")),
    }
}

/// Not `MIGRATIONS.run`, which looks before it locks: of two servers that start at once
/// on SQLite, one would fail. Here who comes second waits, and then finds all done.
async fn apply_missing(db: &Db) -> Result<Vec<String>, MigrateError> {
    let mut transaction = db.pool().begin_with(BEGIN_MIGRATION).await?;
    let mut names = Vec::new();
    for (migration, applied) in state(&mut transaction).await? {
        if !applied {
            transaction.apply(TABLE, migration).await?;
            names.push(name(migration));
        }
    }
    transaction.commit().await?;
    Ok(names)
}

/// Compares the files with what the database says it has.
async fn state(
    connection: &mut Connection,
) -> Result<Vec<(&'static Migration, bool)>, MigrateError> {
    connection.ensure_migrations_table(TABLE).await?;
    let applied = connection.list_applied_migrations(TABLE).await?;
    for old in &applied {
        // Two files may have one number, when two people took the next one.
        let mut files = MIGRATIONS.iter().filter(|file| file.version == old.version).peekable();
        if files.peek().is_none() {
            return Err(MigrateError::VersionMissing(old.version));
        }
        if files.any(|file| file.checksum != old.checksum) {
            return Err(MigrateError::VersionMismatch(old.version));
        }
    }
    let known = |version| applied.iter().any(|old| old.version == version);
    Ok(MIGRATIONS.iter().map(|migration| (migration, known(migration.version))).collect())
}

/// A migration's name, as its file has it: `0001_initial`.
fn name(migration: &Migration) -> String {
    format!("{:04}_{}", migration.version, migration.description.replace(' ', "_"))
}

fn explain(error: MigrateError) -> String {
    match error {
        MigrateError::VersionMismatch(version) => format!(
            "migration {version:04} was changed after it was applied; put its file back as \
             it was, and write the change into a new one (`makemigrations NAME`)."
        ),
        MigrateError::VersionMissing(version) => format!(
            "the database has migration {version:04}, which this program does not know; \
             run the newer program, or name another database in DATABASE_URL."
        ),
        other => format!("the migrations failed ({other})."),
    }
}
