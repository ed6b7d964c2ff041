//! What SQLite itself must do; and a database for each test, a file in a folder that goes
//! with it.

use std::path::{Path, PathBuf};

use rocket::local::blocking::Client;
use rocket::serde::json::json;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use super::{App, app_with_users, async_run, client, header, post, rows, server, settings};
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
    let url = settings(&[vars, &none].concat()).expect("settings").database_url.0;
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
    let client = Client::tracked(server(&[], &database)).expect("a server");
    let users =
        "SELECT id || ' ' || username || ' ' || password || ' ' || is_active || is_staff
                 FROM users ORDER BY id";
    assert_eq!(rows(&database, users), ["1 alice hash a 10", "2 bob hash b 10"]);
    let dated = "SELECT username FROM users WHERE created_at LIKE '20__-__-__T%+00:00'";
    assert_eq!(rows(&database, dated).len(), 2);

    let app = App { client, database };
    let response =
        post(&app, "/api/user/register/", json!({"username": "new", "password": "pw"}));
    assert_eq!(
        super::json(response),
        json!({"id": 4, "username": "new"}),
        "the id of the deleted user is not given out again"
    );
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
    assert_eq!(plan.len(), 1, "no sorting: {plan:?}");
    assert!(detail.contains("USING INDEX notes_of_author (author_id=?)"), "{detail}");
}

#[test]
fn a_file_that_may_only_be_read_is_a_503() {
    let app = app_with_users();
    let read_only = app.database.url.replace("mode=rwc", "mode=ro");
    let mut settings = settings(&[("DATABASE_URL", &read_only)]).expect("settings");
    settings.bcrypt_rounds = 4;
    let reader = Client::tracked(crate::rocket(settings)).expect("a server");
    let app = App { client: reader, ..app };

    let body = json!({"username": "new", "password": "pw"});
    let response = post(&app, "/api/user/register/", body);
    assert_eq!(response.status().code, 503);
    assert_eq!(header(&response, "Retry-After"), "5");
    assert_eq!(
        super::json(response),
        json!({"detail": "Service temporarily unavailable, try again later."})
    );
    let alice = json!({"username": "alice", "password": "wrong"});
    assert_eq!(post(&app, "/api/token/", alice).status().code, 401, "what reads goes on");
}

#[test]
fn the_database_is_a_file() {
    let url = |text: &str| settings(&[("DATABASE_URL", text)]);
    for text in ["postgres://alice:secret@localhost/notes", "sqlite::memory:"] {
        let sentence = url(text).unwrap_err();
        assert!(sentence.starts_with("DATABASE_URL is not sqlite:FILE"), "{sentence}");
        assert!(!sentence.contains("secret"), "{sentence}");
    }
    assert!(url("sqlite:/srv/db.sqlite3").is_ok());
    let host = |name: &str| (name == "DB_HOST").then(|| "db.example.com".to_string());
    let sentence = Settings::from_vars(host).unwrap_err();
    assert!(sentence.starts_with("DB_HOST is set, and this program is built for SQLite"));
}

#[test]
fn without_debug_the_database_must_be_named() {
    let production = |name: &str| (name == "DEBUG").then(|| "false".to_string());
    let sentence = Settings::from_vars(production).unwrap_err();
    assert!(sentence.starts_with("DATABASE_URL must be set"), "{sentence}");
}
