use std::fs;

use clap::Parser;

use super::{Database, async_run, rows};
use crate::accounts::Hasher;
use crate::commands::{self, Cli};
use crate::db::Db;

fn database() -> Database {
    Database::empty()
}

/// What a command says about the database .
fn say<F>(database: &Database, command: impl FnOnce(Db) -> F) -> Result<String, String>
where
    F: Future<Output = Result<String, String>>,
{
    async_run(async { command(Db::open(&database.url).await?).await })
}

fn migrate(database: &Database) -> Result<String, String> {
    say(database, async |db| commands::migrate(&db).await)
}

fn createsuperuser(
    database: &Database,
    name: &str,
    email: &str,
    pw: &str,
) -> Result<String, String> {
    say(database, async |db| {
        commands::createsuperuser(&db, &Hasher::new(4), name, email, pw).await
    })
}

#[test]
fn the_words_are_those_of_manage_py() {
    for line in
        ["", "runserver", "migrate", "showmigrations", "makemigrations x", "flushexpiredtokens"]
    {
        let words = ["step"].into_iter().chain(line.split_whitespace());
        assert!(Cli::try_parse_from(words).is_ok(), "{line}");
    }
    let line = "step createsuperuser --username a --email b";
    assert!(Cli::try_parse_from(line.split(' ')).is_ok());
    assert!(Cli::try_parse_from(["step", "makemigrations"]).is_err());
}

#[test]
fn migrate_says_what_it_did() {
    let database = database();
    assert_eq!(
        migrate(&database).unwrap(),
        "Applied 0001_initial, 0002_user_profile, 0003_token_blacklist, 0004_notes."
    );
    assert_eq!(migrate(&database).unwrap(), "No migrations to apply.");
}

#[test]
fn two_migrate_at_once_and_both_succeed() {
    let database = database();
    let said = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&database))).collect();
        let said = racers.into_iter().map(|racer| racer.join().expect("no panic"));
        said.collect::<Result<Vec<_>, _>>().expect("each succeeds")
    });
    let did = said.iter().filter(|text| text.starts_with("Applied")).count();
    assert_eq!(did, 1, "{said:?}");
}

#[test]
fn showmigrations_marks_the_applied_ones() {
    let database = database();
    let show = || say(&database, async |db| commands::showmigrations(&db).await).unwrap();
    assert_eq!(
        show(),
        "[ ] 0001_initial\n[ ] 0002_user_profile\n[ ] 0003_token_blacklist\n[ ] 0004_notes"
    );
    migrate(&database).unwrap();
    assert_eq!(
        show(),
        "[X] 0001_initial\n[X] 0002_user_profile\n[X] 0003_token_blacklist\n[X] 0004_notes"
    );
}

#[test]
fn an_edited_migration_is_named_with_the_way_out() {
    let database = database();
    migrate(&database).unwrap();
    rows(&database, "UPDATE _sqlx_migrations SET checksum = '00' WHERE version = 2");
    let sentence = migrate(&database).unwrap_err();
    assert!(
        sentence.starts_with("migration 0002 was changed after it was applied"),
        "{sentence}"
    );
    assert!(sentence.contains("makemigrations"), "{sentence}");
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let database = database();
    migrate(&database).unwrap();
    rows(&database, "UPDATE _sqlx_migrations SET version = 9 WHERE version = 2");
    assert!(migrate(&database).unwrap_err().starts_with("the database has migration 0009"));
}

#[test]
fn makemigrations_counts_on_and_never_overwrites() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("0007_old.sql"), "SELECT 1;").expect("a file");
    commands::makemigrations(folder.path(), "add_notes").unwrap();
    commands::makemigrations(folder.path(), "add_notes").unwrap();
    for file in ["0008_add_notes.sql", "0009_add_notes.sql"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
    for name in ["", "Add Notes", "../x", "a.sql"] {
        assert!(commands::makemigrations(folder.path(), name).is_err(), "{name:?}");
    }
}

#[test]
fn a_superuser_is_checked_as_any_user_and_may_do_everything() {
    let database = database();
    migrate(&database).unwrap();
    createsuperuser(&database, "admin", "Admin@EXAMPLE.com", "pw").unwrap();
    let admin = "SELECT username || ' ' || email || ' ' || CAST(is_staff AS INTEGER) || CAST(is_superuser AS INTEGER) FROM users";
    assert_eq!(rows(&database, admin), ["admin Admin@example.com 11"]);
    assert_eq!(
        rows(&database, "SELECT substr(password, 1, 21) FROM users"),
        ["bcrypt_sha256$$2b$04$"]
    );

    for (name, email, password, field) in [
        ("admin", "", "pw", "username: A user with that username already exists."),
        ("bad name", "", "pw", "username: Enter a valid username."),
        ("", "", "pw", "username: This field may not be blank."),
        ("other", "", " ", "password: This field may not be blank."),
        ("other", "nobody", "pw", "email: Enter a valid email address."),
        ("other", "a@b@c", "pw", "email: Enter a valid email address."),
        ("other", "a\0b@c.de", "pw", "email: Enter a valid email address."),
    ] {
        let sentence = createsuperuser(&database, name, email, password).unwrap_err();
        assert!(sentence.starts_with(field), "{name} {email}: {sentence}");
    }
    assert_eq!(rows(&database, "SELECT username FROM users"), ["admin"]);
}
