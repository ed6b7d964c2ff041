use rocket::error::ErrorKind;
use rocket::local::blocking::Client;
use rocket::serde::json::json;

use super::{Database, client, post, rows, select, server};

const APPLIED: &str = "SELECT description FROM _sqlx_migrations ORDER BY version";

fn database() -> Database {
    Database::empty()
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
    let vars = [
        ("DEBUG", "false"),
        ("ALLOWED_HOSTS", "api.example.com"),
        ("SECRET_KEY", "a key of thirty-two bytes or more"),
    ];
    assert!(refused(&vars, &database));
    assert_eq!(rows(&database, APPLIED).len(), 0);

    Client::tracked(server(&[], &database)).expect("a server that migrates");
    Client::tracked(server(&vars, &database)).expect("a server on a migrated database");
}
