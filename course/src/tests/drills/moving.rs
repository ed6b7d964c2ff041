//! Moving in from Django: the chapter's SQL, on a database that Django made.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};

use super::{get, post, production, start};
use crate::http::{Address, block_on};
use crate::repo::Repo;
use crate::run::place::{Database, Place};
use crate::run::program::Program;

/// The file that the chapter's SQL reads.
const DJANGO: &str = "'db.sqlite3'";

/// The SQL that the chapter shows under its heading.
fn chapter_sql(repo: &Repo) -> Result<String> {
    let text = repo.read("notes/09-accounts.md")?;
    let (_, section) =
        text.split_once("\n## Moving in from Django\n").context("the heading")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let fences = section.split("\n```sql\n").skip(1);
    let fences = fences.filter_map(|rest| Some(rest.split_once("\n```")?.0));
    let sql = fences.collect::<Vec<_>>().join("\n");
    ensure!(sql.contains(DJANGO), "the SQL attaches {DJANGO}");
    Ok(sql)
}

async fn open(file: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    Ok(options.connect().await?)
}

/// Runs a whole script.
async fn run(file: &Path, sql: &str) -> Result<()> {
    let mut database = open(file).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_string())).execute(&mut database).await?;
    Ok(())
}

async fn log_in(server: &Address, username: &str, password: &str) -> Result<(u16, String)> {
    let body = json!({"username": username, "password": password});
    let answer = post(server, "/api/token/", "", &body).await?;
    let access = answer.json().unwrap_or_default()["access"].as_str().map(String::from);
    Ok((answer.status, access.unwrap_or_default()))
}

async fn log_in_by_email(server: &Address, email: &str, password: &str) -> Result<Value> {
    let body = json!({"user": {"email": email, "password": password}});
    let answer = post(server, "/api/users/login", "", &body).await?;
    Ok(answer.json().unwrap_or_default()["user"]["username"].clone())
}

/// What is stored of each password, by name.
async fn stored(file: &Path) -> Result<Vec<(String, String)>> {
    let select = "SELECT username, password FROM users ORDER BY id";
    Ok(sqlx::query_as(select).fetch_all(&mut open(file).await?).await?)
}

/// The tokens that Django gave mira, from the comments of the dump: `-- access: eyJ…`.
fn token(dump: &str, name: &str) -> String {
    let line = dump.lines().find_map(|line| line.strip_prefix(&format!("-- {name}: ")));
    line.expect(name).to_string()
}

#[test]
fn the_users_of_a_django_move_in_with_their_passwords_and_their_tokens() {
    let repo = Repo::find().expect("the repository");
    let dump = repo.read("course/moving/django.sql").expect("Django's database");
    let sql = chapter_sql(&repo).expect("the chapter's SQL");
    let program = Program::find(&repo, "9").and_then(|program| program.build(false));
    let program = program.expect("step 9");
    let settings = production(&[]);
    block_on(async {
        let place = Arc::new(Place::new(&program)?);
        place.migrate(&program, &settings).await?;
        let Database::Sqlite(file) = &place.database else { panic!("SQLite") };
        let django = file.with_file_name("django.sqlite3");
        run(&django, &dump).await?;
        run(file, &sql.replace(DJANGO, &format!("'{}'", django.display()))).await?;
        let server = start(&program, &place, &settings).await?;
        let at = &server.address;

        // What mira's browser holds works, before anybody has logged in.
        let answer = get(at, "/api/account/", &token(&dump, "access")).await?;
        assert_eq!(answer.status, 200, "a token of Django's opens: {}", answer.text());
        let mira = answer.json().unwrap_or_default();
        let names = json!({"id": 2, "username": "mira", "email": "mira@example.com",
            "first_name": "Mira", "last_name": "Moll"});
        assert_eq!(mira, names, "mira's columns");
        for (name, status) in [("refresh", 200), ("logged out", 401)] {
            let body = json!({"refresh": token(&dump, name)});
            let answer = post(at, "/api/token/refresh/", "", &body).await?;
            assert_eq!(answer.status, status, "the token {name}: {}", answer.text());
        }
        let notes = get(at, "/api/notes/", &token(&dump, "access")).await?;
        let notes = notes.json().unwrap_or_default();
        assert_eq!(notes[0]["title"], "Groceries", "mira's notes: {notes}");

        // All kinds of hash that there are.
        for (name, password, status) in [
            ("root", "root-pass-123", 200),
            ("mira", "mira-pass-123", 200),
            ("otto", "otto-pass-123", 200),
            ("olga", "olga-pass-123", 200),
            ("paul", "paul-pass-123", 401),
            ("mira2", "mira2-pass-123", 200),
            ("björn", "grüße-123", 200),
            ("guest", "UnusableUnusableUnusableUnusableUnusable", 401),
            ("older", "older-pass-123", 401),
        ] {
            assert_eq!(log_in(at, name, password).await?.0, status, "{name} logs in");
            assert_eq!(log_in(at, name, "wrong-pass-123").await?.0, 401, "{name}, not so");
        }
        for (name, stored) in stored(file).await? {
            let moved = !["paul", "guest", "older"].contains(&&*name);
            assert_eq!(stored.starts_with("bcrypt_sha256$$2b$"), moved, "{name}: {stored}");
        }
        assert_eq!(log_in(at, "mira", "mira-pass-123").await?.0, 200, "by the new hash");

        // By email, whatever case its domain has in Django; and it is one user's.
        let root = log_in_by_email(at, "Root@example.com", "root-pass-123").await?;
        assert_eq!(root, "root");
        let mira = log_in_by_email(at, "mira@example.com", "mira-pass-123").await?;
        assert_eq!(mira, "mira", "the first of two that have an address keeps it");
        let other = log_in_by_email(at, "mira@example.com", "mira2-pass-123").await?;
        assert_eq!(other, Value::Null, "and the second logs in by name");
        assert_eq!(log_in_by_email(at, "", "otto-pass-123").await?, Value::Null);

        // Staff, and no id a second time.
        for (name, status) in [("root", 200), ("mira", 403)] {
            let (_, access) = log_in(at, name, &format!("{name}-pass-123")).await?;
            assert_eq!(get(at, "/api/accounts/", &access).await?.status, status, "{name}");
        }
        let body = json!({"username": "new", "password": "new-pass-123"});
        let answer = post(at, "/api/user/register/", "", &body).await?;
        let id = &answer.json().unwrap_or_default()["id"];
        assert_eq!(*id, 11, "10 was given out by Django, and its tokens may still be about");
        server.stop().await.map(drop)
    })
    .expect("a drill");
}
