//! SQLite: a file. The backend of this program unless it is built with the feature
//! `postgres`.

use std::str::FromStr;
use std::time::{Duration, Instant};

use rocket::tokio::time::sleep;
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};

use super::WAIT;
use crate::settings::{Secret, Vars, missing, this_folder};

/// sqlx's name for the kind of database.
pub type Backend = sqlx::Sqlite;

/// The schema, in SQLite's SQL. The files are built into the program: a server needs no
/// folder beside it.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Begins a transaction in which nobody else changes the schema: IMMEDIATE locks the file
/// for writing.
pub const BEGIN_MIGRATION: &str = "BEGIN IMMEDIATE";

/// How long to wait before a database that is busy is opened once more.
const PAUSE: Duration = Duration::from_millis(20);

/// DATABASE_URL, as `sqlite:FILE`.
pub fn url<F>(vars: &Vars<F>, debug: bool) -> Result<Secret, String>
where
    F: Fn(&str) -> Result<Option<String>, String>,
{
    let what = "sqlite:FILE (a program for postgres:// is built with --features postgres)";
    let example = "sqlite:/srv/db.sqlite3";
    let named = vars.value("DATABASE_URL", what, example, file)?;
    // Else all would go into a file that goes with the container.
    if named.is_none()
        && vars.value("DB_HOST", "a text", "", |text| Some(text.len()))?.is_some()
    {
        return Err("DB_HOST is set, and this program is built for SQLite; build it with \
                    --features postgres, or take DB_HOST away and set DATABASE_URL, for example \
                    DATABASE_URL=sqlite:/srv/db.sqlite3."
            .into());
    }
    let own_file = format!("{}/db.sqlite3", this_folder(&vars.0)?);
    named
        .or_else(|| debug.then(|| sqlite_url(&own_file)))
        .map(Secret)
        .ok_or_else(|| missing("DATABASE_URL", example))
}

/// The address of a file. In an address `%` and `?` have a meaning of their own.
pub fn sqlite_url(file: &str) -> String {
    format!("sqlite:{}", file.replace('%', "%25").replace('?', "%3F"))
}

/// An SQLite file. Not `sqlite::memory:`: each connection would have a database of its own.
fn file(url: &str) -> Option<String> {
    let file = url.strip_prefix("sqlite:")?;
    let good = !file.contains(":memory:")
        && !file.contains("mode=memory")
        && url.parse::<SqliteConnectOptions>().is_ok();
    good.then(|| url.into())
}

/// What of the address may be printed: all of it.
pub fn place(url: &str) -> String {
    url.into()
}

/// As many connections as threads: more would only wait, since SQLite writes one at a time.
pub fn connections(threads: usize) -> usize {
    threads
}

/// Opens the file, and makes it if there is none.
pub async fn open(url: &str, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        // Readers do not wait for a writer; writers wait for each other.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(WAIT);
    let file = options.get_filename().display().to_string();
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT)
        // A connection to a file does not go stale: no ping before each query.
        .test_before_acquire(false);
    let began = Instant::now();
    let pool = loop {
        match pool.clone().connect_with(options.clone()).await {
            // Two starts on a new file: one gives it the log, and for that SQLite does not
            // let the other wait.
            Err(why) if is_busy(&why) && began.elapsed() < WAIT => sleep(PAUSE).await,
            opened => break opened?,
        }
    };
    log::info!("Using database {file}");
    Ok(pool)
}

/// SQLITE_BUSY: another connection has the lock.
fn is_busy(why: &sqlx::Error) -> bool {
    why.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "5")
}
