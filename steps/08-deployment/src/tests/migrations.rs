use rocket::error::ErrorKind;
use rocket::http::Header;
use rocket::local::blocking::Client;
use rocket::serde::json::json;
use sqlx::{Connection as _, query_scalar};

use super::{
    Database, app_with_users_and, async_run, client, host, log_in, post, rows, select, server,
};
use crate::db::Connection;
use crate::db::backend::HAS_MIGRATIONS;

const APPLIED: &str = "SELECT description FROM _sqlx_migrations ORDER BY version";

fn database() -> Database {
    Database::empty()
}

const PRODUCTION: [(&str, &str); 3] = [
    ("DEBUG", "false"),
    ("ALLOWED_HOSTS", "api.example.com"),
    ("SECRET_KEY", "a key of thirty-two bytes or more"),
];

/// Whether this database was ever migrated.
fn has_migrations(database: &Database) -> bool {
    async_run(async {
        let mut connection = Connection::connect(&database.url).await.expect("a database");
        query_scalar(HAS_MIGRATIONS).fetch_one(&mut connection).await.expect("yes or no")
    })
}

/// Whether the server refuses to start on this database.
fn refused(vars: &[(&str, &str)], database: &Database) -> bool {
    let start = Client::tracked(server(vars, database));
    start.is_err_and(|error| matches!(error.kind(), ErrorKind::FailedFairings(_)))
}

#[test]
fn an_empty_database_gets_all_migrations_at_the_first_start() {
    let app = client(&[]);
    assert_eq!(select(&app, APPLIED), ["initial", "user profile", "token blacklist", "notes"]);
}

#[test]
fn a_second_start_finds_nothing_to_do() {
    let database = database();
    for _ in 0..2 {
        Client::tracked(server(&[], &database)).expect("a server");
    }
    assert_eq!(rows(&database, APPLIED).len(), 4);
}

#[test]
fn a_new_user_is_active_and_no_staff() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "pw", "email": "x@y.z", "is_staff": true});
    post(&app, "/api/user/register/", body);
    let flags = "SELECT email || CAST(is_active AS INTEGER) || CAST(is_staff AS INTEGER)
                 || CAST(is_superuser AS INTEGER) FROM users";
    assert_eq!(select(&app, flags), ["100"]);
}

#[test]
fn an_edited_migration_stops_the_start() {
    let database = database();
    Client::tracked(server(&[], &database)).expect("a server");
    rows(&database, "UPDATE _sqlx_migrations SET checksum = '00' WHERE version = 1");
    assert!(refused(&[], &database));
}

#[test]
fn without_debug_a_start_changes_nothing() {
    let database = database();
    assert!(refused(&PRODUCTION, &database));
    assert!(!has_migrations(&database), "not even the table where sqlx counts");

    Client::tracked(server(&[], &database)).expect("a server that migrates");
    assert!(has_migrations(&database));
    assert!(!refused(&PRODUCTION, &database));
}

#[test]
fn the_old_program_goes_on_after_a_newer_one_has_migrated() {
    // One connection, so that each statement was prepared on it before.
    let app = app_with_users_and(&[("DB_MAX_CONNECTIONS", "1")]);
    let (access, _) = log_in(&app);
    let ask = |path| {
        let token = Header::new("Authorization", format!("Bearer {access}"));
        let response = host(app.get(path), "localhost").header(token).dispatch();
        (response.status().code, response.into_string())
    };
    select(
        &app,
        "INSERT INTO notes (title, content, created_at, author_id)
         VALUES ('t', 'c', '2026-11-21T10:00:00+00:00', 1)",
    );
    let before = [ask("/api/account/"), ask("/api/notes/"), ask("/api/notes/1/")];
    select(&app, "ALTER TABLE users ADD COLUMN nickname TEXT NOT NULL DEFAULT 'none'");
    select(&app, "ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'");
    select(
        &app,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (5, 'later', TRUE, '00', 0)",
    );
    let after = [ask("/api/account/"), ask("/api/notes/"), ask("/api/notes/1/")];
    assert_eq!(before, after);
    assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
    log_in(&app);
    assert_eq!(host(app.get("/readyz"), "10.2.3.4").dispatch().status().code, 200);
    assert!(!refused(&PRODUCTION, &app.database), "it can be started once more");
}
