use std::fs;

use clap::Parser;

use super::{Database, async_run, must_refuse, rows};
use crate::accounts::Hasher;
use crate::commands::{self, Cli};
use crate::db::Db;

fn database() -> Database {
    Database::empty()
}

/// What a command says about the database.
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
    let read = |line: &str| {
        let words = ["step"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(words).map(|_| ()).map_err(|why| why.to_string())
    };
    for line in
        ["", "runserver", "migrate", "showmigrations", "makemigrations x", "flushexpiredtokens"]
    {
        assert_eq!(read(line), Ok(()), "`step {line}` must be a command");
    }
    let line = "createsuperuser --username a --email b";
    assert_eq!(read(line), Ok(()), "`step {line}` must be a command");
    let nameless = read("makemigrations");
    assert!(nameless.is_err(), "makemigrations must be refused without a name");
}

#[test]
fn migrate_says_what_it_did() {
    let database = database();
    let said = migrate(&database).expect("migrate must succeed");
    let all = "Applied 0001_initial, 0002_user_profile, 0003_token_blacklist, 0004_notes, \
               0005_account_api, 0006_sessions.";
    assert_eq!(said, all, "on an empty database");
    let said = migrate(&database).expect("migrate must succeed twice");
    assert_eq!(said, "No migrations to apply.", "on a database that has them all");
}

#[test]
fn two_migrate_at_once_and_both_succeed() {
    let database = database();
    let said = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&database))).collect();
        let said = racers.into_iter().map(|racer| racer.join().expect("no panic"));
        said.collect::<Result<Vec<_>, _>>()
    });
    let said = said.expect("of four migrate at the same time each must succeed");
    let did = said.iter().filter(|text| text.starts_with("Applied")).count();
    assert_eq!(did, 1, "of four migrate at the same time one must apply them: {said:?}");
}

#[test]
fn showmigrations_marks_the_applied_ones() {
    let database = database();
    let show = || say(&database, async |db| commands::showmigrations(&db).await);
    let shown = show().expect("showmigrations must succeed");
    let all = "[ ] 0001_initial\n[ ] 0002_user_profile\n[ ] 0003_token_blacklist\n[ ] 0004_notes\n\
         [ ] 0005_account_api\n[ ] 0006_sessions";
    assert_eq!(shown, all, "before migrate");
    migrate(&database).expect("migrate must succeed");
    let shown = show().expect("showmigrations must succeed");
    assert_eq!(shown, all.replace("[ ]", "[X]"), "after migrate");
}

#[test]
fn an_edited_migration_is_named_with_the_way_out() {
    let database = database();
    migrate(&database).expect("migrate must succeed");
    rows(&database, "UPDATE _sqlx_migrations SET checksum = '00' WHERE version = 2");
    let begin = "migration 0002 was changed after it was applied";
    let sentence = must_refuse("a migration with another checksum", migrate(&database), begin);
    let helps = sentence.contains("makemigrations");
    assert!(helps, "the refusal must name the way out, makemigrations: {sentence}");
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let database = database();
    migrate(&database).expect("migrate must succeed");
    rows(&database, "UPDATE _sqlx_migrations SET version = 9 WHERE version = 2");
    let begin = "the database has migration 0009";
    must_refuse("a database with a migration that is not ours", migrate(&database), begin);
}

#[test]
fn makemigrations_counts_on_and_never_overwrites() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("0007_old.sql"), "SELECT 1;").expect("a file");
    for file in ["0008_add_notes.sql", "0009_add_notes.sql"] {
        let said = commands::makemigrations(folder.path(), "add_notes");
        let made = folder.path().join(file).exists();
        assert!(made, "makemigrations add_notes must make {file}, and it says {said:?}");
    }
    for name in ["", "Add Notes", "../x", "a.sql"] {
        let said = commands::makemigrations(folder.path(), name);
        assert!(said.is_err(), "{name:?} must be refused as a name: {said:?}");
    }
}

#[test]
fn a_superuser_is_checked_as_any_user_and_may_do_everything() {
    let database = database();
    migrate(&database).expect("migrate must succeed");
    let made = createsuperuser(&database, "admin", "Admin@EXAMPLE.com", "pw");
    made.expect("a superuser must be made");
    let admin = "SELECT username || ' ' || email || ' ' || CAST(is_staff AS INTEGER) || CAST(is_superuser AS INTEGER) FROM users";
    let rule = "the domain of the address is small, is_staff and is_superuser are 1";
    assert_eq!(rows(&database, admin), ["admin Admin@example.com 11"], "{rule}");
    let begin = rows(&database, "SELECT substr(password, 1, 21) FROM users");
    let rule = "the password of a superuser must be stored as a hash too";
    assert_eq!(begin, ["bcrypt_sha256$$2b$04$"], "{rule}");

    for (name, email, password, begin) in [
        ("admin", "", "pw", "username: A user with that username already exists."),
        ("bad name", "", "pw", "username: Enter a valid username."),
        ("", "", "pw", "username: This field may not be blank."),
        ("other", "", " ", "password: This field may not be blank."),
        ("other", "nobody", "pw", "email: Enter a valid email address."),
        ("other", "a@b@c", "pw", "email: Enter a valid email address."),
        ("other", "a\0b@c.de", "pw", "email: Enter a valid email address."),
    ] {
        let what = format!("the superuser {name:?} with {email:?} and {password:?}");
        must_refuse(&what, createsuperuser(&database, name, email, password), begin);
    }
    let names = rows(&database, "SELECT username FROM users");
    assert_eq!(names, ["admin"], "a superuser who was refused must not be stored");
}
