use rocket::error::ErrorKind;
use rocket::local::blocking::Client;
use rocket::serde::json::json;
use tempfile::TempDir;

use super::{client, host, json, post, rows, select, server};

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

/// Whether the server refuses to start on this database.
fn refused(vars: &[(&str, &str)], folder: &TempDir) -> bool {
    let start = Client::tracked(server(vars, folder));
    start.is_err_and(|error| matches!(error.kind(), ErrorKind::FailedFairings(_)))
}

#[test]
fn an_empty_database_gets_all_migrations_at_the_first_start() {
    let app = client(&[]);
    assert_eq!(select(&app, APPLIED), ["initial", "user profile", "token blacklist", "notes"]);
}

#[test]
fn a_second_start_finds_nothing_to_do() {
    let folder = folder();
    for _ in 0..2 {
        Client::tracked(server(&[], &folder)).expect("a server");
    }
    assert_eq!(rows(&folder, APPLIED).len(), 4);
}

#[test]
fn a_database_of_step_2_keeps_its_users() {
    let folder = folder();
    rows(&folder, STEP_2);
    let client = Client::tracked(server(&[], &folder)).expect("a server");
    let users =
        "SELECT id || ' ' || username || ' ' || password || ' ' || is_active || is_staff
                 FROM users ORDER BY id";
    assert_eq!(rows(&folder, users), ["1 alice hash a 10", "2 bob hash b 10"]);
    let dated = "SELECT username FROM users WHERE created_at LIKE '20__-__-__T%+00:00'";
    assert_eq!(rows(&folder, dated).len(), 2);

    let request = host(client.post("/api/user/register/"), "localhost");
    let body = json!({"username": "new", "password": "pw"}).to_string();
    let response = request.header(rocket::http::ContentType::JSON).body(body).dispatch();
    assert_eq!(
        json(response),
        json!({"id": 4, "username": "new"}),
        "the id of the deleted user is not given out again"
    );
}

#[test]
fn a_new_user_is_active_and_no_staff() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "pw", "email": "x@y.z", "is_staff": true});
    post(&app, "/api/user/register/", body);
    let flags = "SELECT email || is_active || is_staff || is_superuser FROM users";
    assert_eq!(select(&app, flags), ["100"]);
}

#[test]
fn an_edited_migration_stops_the_start() {
    let folder = folder();
    Client::tracked(server(&[], &folder)).expect("a server");
    rows(&folder, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1");
    assert!(refused(&[], &folder));
}

#[test]
fn without_debug_a_start_changes_nothing() {
    let folder = folder();
    let vars = [
        ("DEBUG", "false"),
        ("ALLOWED_HOSTS", "*"),
        ("DATABASE_URL", "sqlite:set-by-the-test"),
        ("SECRET_KEY", "a key of thirty-two bytes or more"),
    ];
    assert!(refused(&vars, &folder));
    assert_eq!(rows(&folder, APPLIED).len(), 0);

    Client::tracked(server(&[], &folder)).expect("a server that migrates");
    Client::tracked(server(&vars, &folder)).expect("a server on a migrated database");
}
