//! Exercise 3.3: `changepassword NAME`.

use clap::Parser;

use super::{App, accepted, async_run, client, database_url, must_refuse, select};
use crate::commands::{self, Cli};

const HASH: &str = "SELECT password FROM users WHERE username = 'ann'";
const DATES: &str = "SELECT created_at || ' ' || updated_at FROM users WHERE username = 'ann'";

/// What the program would end with, called with these words and this password.
fn run(app: &App, words: &str, password: &str) -> Result<(), String> {
    let cli = Cli::try_parse_from(words.split(' ')).map_err(|why| why.to_string())?;
    let command = cli.command.expect("a command");
    let mut settings = accepted(&[("BCRYPT_ROUNDS", "4")]);
    settings.database_url = database_url(&app.folder);
    let lookup =
        |name: &str| Ok((name == "DJANGO_SUPERUSER_PASSWORD").then(|| password.into()));
    async_run(commands::run(command, settings, lookup)).map_err(Option::unwrap_or_default)
}

/// A server's database with two users, `ann` and `bob`.
fn app() -> App {
    let app = client(&[]);
    for name in ["ann", "bob"] {
        let words =
            format!("step createsuperuser --username {name} --email {name}@example.com");
        run(&app, &words, "first").expect("createsuperuser must succeed as before");
    }
    app
}

#[test]
fn the_password_is_another_one_hashed_as_before() {
    let app = app();
    let before = select(&app, HASH);
    run(&app, "step changepassword ann", "second").expect("changepassword must succeed");
    let after = select(&app, HASH);
    assert_ne!(before, after, "another hash must be stored");
    assert!(
        after[0].starts_with("bcrypt_sha256$$2b$04$"),
        "a hash of Django's form must be stored, and it is {}",
        after[0]
    );
}

#[test]
fn updated_at_tells_of_it_and_created_at_does_not_move() {
    let app = app();
    let before = select(&app, DATES);
    run(&app, "step changepassword ann", "second").expect("changepassword must succeed");
    let after = select(&app, DATES);
    let (before, after) = (before[0].split_once(' '), after[0].split_once(' '));
    let (created, updated) = before.expect("two dates");
    let (created_now, updated_now) = after.expect("two dates");
    assert_eq!(created, created_now, "created_at must stay");
    assert!(updated < updated_now, "updated_at must be later than before: {updated_now}");
}

#[test]
fn nobody_else_is_changed() {
    let app = app();
    let bob = "SELECT password || updated_at FROM users WHERE username = 'bob'";
    let before = select(&app, bob);
    run(&app, "step changepassword ann", "second").expect("changepassword must succeed");
    assert_eq!(select(&app, bob), before, "ann's new password must change nothing of bob");
}

#[test]
fn a_blank_password_and_an_unknown_name_are_refused() {
    let app = app();
    let before = select(&app, HASH);
    let blank = run(&app, "step changepassword ann", " ");
    must_refuse("a blank password", blank, "password: This field may not be blank.");
    let unknown = run(&app, "step changepassword nobody", "second");
    let sentence = must_refuse("the name nobody", unknown, "");
    let told = sentence.contains("'nobody' does not exist");
    assert!(told, "the refusal must say that 'nobody' does not exist: {sentence}");
    assert_eq!(select(&app, HASH), before, "a refusal must not change ann's password");
}
