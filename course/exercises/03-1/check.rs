//! Exercise 3.1: one address, one user.

use std::str::FromStr;

use rocket::serde::json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::{App, async_run, client, database_url, must_refuse, post, rows, select};
use crate::accounts::Hasher;
use crate::commands;
use crate::db::Db;

fn createsuperuser(folder: &TempDir, name: &str, email: &str) -> Result<String, String> {
    async_run(async {
        let db = Db::open(&database_url(folder)).await?;
        commands::createsuperuser(&db, &Hasher::new(4), name, email, "pw").await
    })
}

/// Whether the database itself takes a second row with this address.
fn takes_twice(app: &App, email: &'static str) -> bool {
    let options = SqliteConnectOptions::from_str(&database_url(&app.folder)).expect("a file");
    async_run(async {
        let mut connection = options.connect().await.expect("a database");
        for name in ["first", "second"] {
            let insert = "INSERT INTO users (username, password, email, created_at, updated_at)
                VALUES ($1, 'hash', $2, '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')";
            let insert = sqlx::query(insert).bind(name).bind(email);
            if insert.execute(&mut connection).await.is_err() {
                return false;
            }
        }
        connection.close().await.expect("the connection closes");
        true
    })
}

#[test]
fn the_first_two_migrations_are_as_they_were_and_a_third_is_applied() {
    let app = client(&[]);
    let sums = "SELECT substr(hex(checksum), 1, 16) FROM _sqlx_migrations ORDER BY version";
    let sums = select(&app, sums);
    let before = ["2F384E64CEAF34BD", "0B4E29F33865D677"];
    assert_eq!(
        sums[..2],
        before,
        "0001 and 0002 must not be edited; these are their checksums"
    );
    assert_eq!(sums.len(), 3, "the address needs a migration of its own, and only one");
}

#[test]
fn the_database_refuses_a_second_row_with_the_address() {
    let twice = takes_twice(&client(&[]), "ann@example.com");
    assert!(!twice, "the database itself must refuse a second row with ann@example.com");
}

#[test]
fn many_users_may_have_no_address() {
    let twice = takes_twice(&client(&[]), "");
    assert!(twice, "the database must take two rows without an address");
    let app = client(&[]);
    for name in ["a", "b"] {
        let body = json!({"username": name, "password": "p"});
        post(&app, "/api/user/register/", body).has_status(201);
    }
}

#[test]
fn the_message_names_the_field_that_is_taken() {
    let app = client(&[]);
    createsuperuser(&app.folder, "ann", "ann@example.com").expect("a new name and address");
    let taken = createsuperuser(&app.folder, "bob", "ann@EXAMPLE.com");
    let begin = "email: A user with that email already exists.";
    must_refuse("an address that another user has", taken, begin);
    let taken = createsuperuser(&app.folder, "ann", "other@example.com");
    let begin = "username: A user with that username already exists.";
    must_refuse("a name that another user has", taken, begin);
    let names = rows(&app.folder, "SELECT username FROM users");
    assert_eq!(names, ["ann"], "who is refused must not be stored");
}
