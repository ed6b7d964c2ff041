//! Exercise 3.1: one address, one user.

use std::str::FromStr;

use rocket::serde::json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::{App, async_run, client, database_url, post, rows, select};
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
    assert_eq!(sums[..2], ["2F384E64CEAF34BD", "0B4E29F33865D677"], "an edited migration");
    assert_eq!(sums.len(), 3, "the address needs a migration of its own, and only one");
}

#[test]
fn the_database_refuses_a_second_row_with_the_address() {
    assert!(!takes_twice(&client(&[]), "ann@example.com"));
}

#[test]
fn many_users_may_have_no_address() {
    assert!(takes_twice(&client(&[]), ""));
    let app = client(&[]);
    for name in ["a", "b"] {
        let answer =
            post(&app, "/api/user/register/", json!({"username": name, "password": "p"}));
        assert_eq!(answer.status().code, 201, "{name} has no address");
    }
}

#[test]
fn the_message_names_the_field_that_is_taken() {
    let app = client(&[]);
    createsuperuser(&app.folder, "ann", "ann@example.com").expect("a new name and address");
    let taken = createsuperuser(&app.folder, "bob", "ann@EXAMPLE.com").expect_err("a refusal");
    assert_eq!(taken, "email: A user with that email already exists.");
    let taken =
        createsuperuser(&app.folder, "ann", "other@example.com").expect_err("a refusal");
    assert_eq!(taken, "username: A user with that username already exists.");
    assert_eq!(rows(&app.folder, "SELECT username FROM users"), ["ann"]);
}
