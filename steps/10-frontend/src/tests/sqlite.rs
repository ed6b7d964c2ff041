//! What SQLite itself must do; and a database for each test, a file in a folder that goes
//! with it.

use std::path::{Path, PathBuf};

use rocket::local::blocking::Client;
use rocket::serde::json::json;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use super::{App, accepted, async_run, client, must_refuse, post, refusal, rows, server};
use crate::db::Connection;
use crate::db::backend::sqlite_url;
use crate::settings::Settings;

/// An address that can be read; nothing is opened there.
pub const ANY: &str = "sqlite:/srv/db.sqlite3";

pub struct Database {
    pub url: String,
    folder: TempDir,
}

impl Database {
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("test.sqlite3");
        let url = sqlite_url(&file.display().to_string()) + "?mode=rwc";
        Database { url, folder }
    }

    /// Everything that is stored.
    pub fn content(&self) -> Vec<u8> {
        let read = |name| std::fs::read(self.folder.path().join(name)).unwrap_or_default();
        [read("test.sqlite3"), read("test.sqlite3-wal")].concat()
    }
}

/// Where the database is when these variables are set and no others.
fn database_file(vars: &[(&str, &str)]) -> PathBuf {
    let none = [("DATABASE_URL", "")];
    let url = accepted(&[vars, &none].concat()).database_url.0;
    let options: SqliteConnectOptions = url.parse().expect("an address");
    options.get_filename().into()
}

#[test]
fn the_database_is_beside_the_source_wherever_that_is_now() {
    for folder in ["/home/alice/who is asking/steps/x", "/tmp/50%20?mode=ro#ü"] {
        let file = database_file(&[("CARGO_MANIFEST_DIR", folder)]);
        assert_eq!(file, Path::new(folder).join("db.sqlite3"), "cargo run tells the folder");
    }
    let file = database_file(&[]);
    assert_eq!(file, Path::new("./db.sqlite3"), "without cargo it is the current folder");
}

/// A database as the server of step 2 left it, with two users.
const STEP_2: &str = "
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        username TEXT NOT NULL UNIQUE,
        password TEXT NOT NULL
    );
    INSERT INTO users (username, password) VALUES ('alice', 'hash a'), ('bob', 'hash b');
    INSERT INTO users (username, password) VALUES ('gone', 'hash c');
    DELETE FROM users WHERE username = 'gone';";

#[test]
fn a_database_of_step_2_keeps_its_users() {
    let database = Database::empty();
    rows(&database, STEP_2);
    let client = Client::tracked(server(&[], &database)).expect("the server must start");
    let users =
        "SELECT id || ' ' || username || ' ' || password || ' ' || is_active || is_staff
                 FROM users ORDER BY id";
    let rule = "each keeps id, name and hash, is active and no staff";
    assert_eq!(rows(&database, users), ["1 alice hash a 10", "2 bob hash b 10"], "{rule}");
    let dated = "SELECT username FROM users WHERE created_at LIKE '20__-__-__T%+00:00'";
    let rule = "each has a date of the form 2026-01-02T03:04:05+00:00";
    assert_eq!(rows(&database, dated), ["alice", "bob"], "{rule}");

    let app = App { client, database };
    let new = json!({"username": "new", "password": "pw"});
    let answer = post(&app, "/api/user/register/", new);
    let answer = answer.because("the id of the deleted user is not given out again");
    answer.is(201, json!({"id": 4, "username": "new"}));
}

#[test]
fn one_users_list_is_read_through_the_index() {
    let app = client(&[]);
    let plan: Vec<(i64, i64, i64, String)> = async_run(async {
        let mut connection = Connection::connect(&app.database.url).await.expect("a database");
        let plan = "EXPLAIN QUERY PLAN SELECT * FROM notes WHERE author_id = 1 ORDER BY id";
        sqlx::query_as(plan).fetch_all(&mut connection).await.expect("a plan")
    });
    let (.., detail) = &plan[0];
    let index = "USING INDEX notes_of_author (author_id=?)";
    assert!(
        detail.contains(index),
        "the database must find them {index}; its plan is {detail}"
    );
    assert_eq!(plan.len(), 1, "the index must bring them sorted: {plan:?}");
}

#[test]
fn the_database_is_a_file() {
    for text in ["postgres://alice:secret@localhost/notes", "sqlite::memory:"] {
        let sentence = refusal(&[("DATABASE_URL", text)], "DATABASE_URL is not sqlite:FILE");
        assert!(
            !sentence.contains("secret"),
            "a refusal must not tell the password: {sentence}"
        );
    }
    accepted(&[("DATABASE_URL", "sqlite:/srv/db.sqlite3")]);
    let host = |name: &str| Ok((name == "DB_HOST").then(|| "db.example.com".to_string()));
    let begin = "DB_HOST is set, and this program is built for SQLite";
    must_refuse("a start with DB_HOST", Settings::from_vars(host), begin);
}

#[test]
fn without_debug_the_database_must_be_named() {
    let production = |name: &str| Ok((name == "DEBUG").then(|| "false".to_string()));
    let begin = "DATABASE_URL must be set";
    must_refuse("a start with DEBUG=false alone", Settings::from_vars(production), begin);
}
