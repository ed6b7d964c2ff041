use rocket::error::ErrorKind;
use rocket::local::blocking::Client;
use rocket::serde::json::json;

use super::{Database, async_run, client, must_refuse, post, rows, select, server};

const APPLIED: &str = "SELECT description FROM _sqlx_migrations ORDER BY version";

fn database() -> Database {
    Database::empty()
}

const PRODUCTION: [(&str, &str); 3] = [
    ("DEBUG", "false"),
    ("ALLOWED_HOSTS", "api.example.com"),
    ("SECRET_KEY", "a key of thirty-two bytes or more"),
];

/// A server starts on this database.
#[track_caller]
fn starts(vars: &[(&str, &str)], database: &Database) -> Client {
    let start = Client::tracked(server(vars, database));
    start.unwrap_or_else(|why| panic!("a server must start with {vars:?}: {why}"))
}

/// The server itself refuses to start on this database.
#[track_caller]
fn refuses(vars: &[(&str, &str)], database: &Database, why: &str) {
    let start = Client::tracked(server(vars, database));
    let refused = start.is_err_and(|why| matches!(why.kind(), ErrorKind::FailedFairings(_)));
    assert!(refused, "a server must not start with {vars:?}, because {why}");
}

#[test]
fn an_empty_database_gets_all_migrations_at_the_first_start() {
    let app = client(&[]);
    let applied = select(&app, APPLIED);
    let all =
        ["initial", "user profile", "token blacklist", "notes", "account api", "sessions"];
    assert_eq!(applied, all, "what is in _sqlx_migrations");
}

#[test]
fn a_second_start_finds_nothing_to_do() {
    let database = database();
    starts(&[], &database);
    starts(&[], &database);
    assert_eq!(rows(&database, APPLIED).len(), 6, "the number of migrations in the table");
}

#[test]
fn a_new_user_is_active_and_no_staff() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "pw", "email": "x@y.z", "is_staff": true});
    post(&app, "/api/user/register/", body).has_status(201);
    let flags = "SELECT email || CAST(is_active AS INTEGER) || CAST(is_staff AS INTEGER)
                 || CAST(is_superuser AS INTEGER) FROM users";
    let rule = "no email, is_active 1, is_staff 0, is_superuser 0, whatever the body says";
    assert_eq!(select(&app, flags), ["100"], "{rule}");
}

#[test]
fn an_edited_migration_stops_the_start() {
    let database = database();
    starts(&[], &database);
    rows(&database, "UPDATE _sqlx_migrations SET checksum = '00' WHERE version = 1");
    refuses(&[], &database, "a migration was changed after it was applied");
}

#[test]
fn users_who_share_an_email_are_named_before_it_belongs_to_one() {
    let app = client(&[]);
    for name in ["demo", "smart", "other"] {
        let body = json!({"username": name, "password": "pw"});
        post(&app, "/api/user/register/", body).has_status(201);
    }
    select(&app, "DROP INDEX users_email");
    select(&app, "ALTER TABLE users DROP COLUMN bio");
    select(&app, "ALTER TABLE users DROP COLUMN image");
    select(&app, "ALTER TABLE users DROP COLUMN stamp");
    select(&app, "DELETE FROM _sqlx_migrations WHERE version > 4");
    select(&app, "UPDATE users SET email = 'demo@Gmail.COM' WHERE username = 'demo'");
    select(&app, "UPDATE users SET email = 'demo@gmail.com' WHERE username = 'smart'");
    let migrate = || {
        async_run(async {
            let db = crate::db::Db::open(&app.database.url).await?;
            crate::migrations::apply(&db).await
        })
    };
    let begin = "migration 0005 gives each e-mail address to one user, and these have more: \
                 demo@gmail.com (demo, smart);";
    must_refuse("a migration with a shared e-mail", migrate(), begin);
    assert_eq!(select(&app, APPLIED).len(), 4, "nothing was applied");
    select(&app, "UPDATE users SET email = '' WHERE username = 'smart'");
    assert_eq!(migrate().map(|names| names.len()), Ok(2), "then it goes on");
    let email = select(&app, "SELECT email FROM users WHERE username = 'demo'");
    assert_eq!(email, ["demo@gmail.com"], "the domain in lower case");
}

#[test]
fn without_debug_a_start_changes_nothing() {
    let database = database();
    refuses(&PRODUCTION, &database, "migrations are missing and nobody called migrate");
    let applied = rows(&database, APPLIED);
    assert!(applied.is_empty(), "without DEBUG a start must not migrate: {applied:?}");

    starts(&[], &database);
    starts(&PRODUCTION, &database);
}
