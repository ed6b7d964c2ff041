use rocket::error::ErrorKind;
use rocket::local::blocking::Client;
use rocket::serde::json::json;
use tempfile::TempDir;

use super::{client, host, post, rows, select, send, server};

const APPLIED: &str = "SELECT description FROM _sqlx_migrations ORDER BY version";

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

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A server starts on this database.
#[track_caller]
fn starts(vars: &[(&str, &str)], folder: &TempDir) -> Client {
    let start = Client::tracked(server(vars, folder));
    start.unwrap_or_else(|why| panic!("a server must start with {vars:?}: {why}"))
}

/// The server itself refuses to start on this database.
#[track_caller]
fn refuses(vars: &[(&str, &str)], folder: &TempDir, why: &str) {
    let start = Client::tracked(server(vars, folder));
    let refused = start.is_err_and(|why| matches!(why.kind(), ErrorKind::FailedFairings(_)));
    assert!(refused, "a server must not start with {vars:?}, because {why}");
}

#[test]
fn an_empty_database_gets_all_migrations_at_the_first_start() {
    let app = client(&[]);
    let applied = select(&app, APPLIED);
    assert_eq!(applied, ["initial", "user profile"], "what is in _sqlx_migrations");
}

#[test]
fn a_second_start_finds_nothing_to_do() {
    let folder = folder();
    starts(&[], &folder);
    starts(&[], &folder);
    assert_eq!(rows(&folder, APPLIED).len(), 2, "the number of migrations in the table");
}

#[test]
fn a_database_of_step_2_keeps_its_users() {
    let folder = folder();
    rows(&folder, STEP_2);
    let client = starts(&[], &folder);
    let users =
        "SELECT id || ' ' || username || ' ' || password || ' ' || is_active || is_staff
                 FROM users ORDER BY id";
    let rule = "each keeps id, name and hash, is active and no staff";
    assert_eq!(rows(&folder, users), ["1 alice hash a 10", "2 bob hash b 10"], "{rule}");
    let dated = "SELECT username FROM users WHERE created_at LIKE '20__-__-__T%+00:00'";
    let rule = "each has a date of the form 2026-01-02T03:04:05+00:00";
    assert_eq!(rows(&folder, dated), ["alice", "bob"], "{rule}");

    let request = host(client.post("/api/user/register/"), "localhost");
    let body = json!({"username": "new", "password": "pw"}).to_string();
    let answer = send(request.header(rocket::http::ContentType::JSON), body);
    let answer = answer.because("the id of the deleted user is not given out again");
    answer.is(201, json!({"id": 4, "username": "new"}));
}

#[test]
fn a_new_user_is_active_and_no_staff() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "pw", "email": "x@y.z", "is_staff": true});
    post(&app, "/api/user/register/", body).has_status(201);
    let flags = "SELECT email || is_active || is_staff || is_superuser FROM users";
    let rule = "no email, is_active 1, is_staff 0, is_superuser 0, whatever the body says";
    assert_eq!(select(&app, flags), ["100"], "{rule}");
}

#[test]
fn an_edited_migration_stops_the_start() {
    let folder = folder();
    starts(&[], &folder);
    rows(&folder, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1");
    refuses(&[], &folder, "a migration was changed after it was applied");
}

#[test]
fn without_debug_a_start_changes_nothing() {
    let folder = folder();
    let vars = [
        ("DEBUG", "false"),
        ("DATABASE_URL", "sqlite:set-by-the-test"),
        ("SECRET_KEY", "a key of thirty-two bytes or more"),
    ];
    refuses(&vars, &folder, "migrations are missing and nobody called migrate");
    let applied = rows(&folder, APPLIED);
    assert!(applied.is_empty(), "without DEBUG a start must not migrate: {applied:?}");

    starts(&[], &folder);
    starts(&vars, &folder);
}
