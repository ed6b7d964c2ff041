//! Exercise 3.3: `changepassword NAME`.

use clap::Parser;

use super::{App, async_run, client, database_url, select, settings};
use crate::commands::{self, Cli};

const HASH: &str = "SELECT password FROM users WHERE username = 'ann'";
const DATES: &str = "SELECT created_at || ' ' || updated_at FROM users WHERE username = 'ann'";

/// What the program would end with, called with these words and this password.
fn run(app: &App, words: &str, password: &str) -> Result<(), String> {
    let cli = Cli::try_parse_from(words.split(' ')).map_err(|why| why.to_string())?;
    let command = cli.command.expect("a command");
    let mut settings = settings(&[("BCRYPT_ROUNDS", "4")]).expect("settings");
    settings.database_url = database_url(&app.folder);
    let lookup = |name: &str| (name == "DJANGO_SUPERUSER_PASSWORD").then(|| password.into());
    async_run(commands::run(command, settings, lookup)).map_err(Option::unwrap_or_default)
}

/// A server's database with two users, `ann` and `bob`.
fn app() -> App {
    let app = client(&[]);
    for name in ["ann", "bob"] {
        let words =
            format!("step createsuperuser --username {name} --email {name}@example.com");
        run(&app, &words, "first").expect("a superuser");
    }
    app
}

#[test]
fn the_password_is_another_one_hashed_as_before() {
    let app = app();
    let before = select(&app, HASH);
    run(&app, "step changepassword ann", "second").expect("a change");
    let after = select(&app, HASH);
    assert_ne!(before, after, "the stored hash is the same");
    assert!(after[0].starts_with("bcrypt_sha256$$2b$04$"), "the hash is {}", after[0]);
}

#[test]
fn updated_at_tells_of_it_and_created_at_does_not_move() {
    let app = app();
    let before = select(&app, DATES);
    run(&app, "step changepassword ann", "second").expect("a change");
    let after = select(&app, DATES);
    let (before, after) = (before[0].split_once(' '), after[0].split_once(' '));
    let ((created, updated), (created_now, updated_now)) = (before.unwrap(), after.unwrap());
    assert_eq!(created, created_now, "created_at moved");
    assert!(updated < updated_now, "updated_at is as it was");
}

#[test]
fn nobody_else_is_changed() {
    let app = app();
    let bob = "SELECT password || updated_at FROM users WHERE username = 'bob'";
    let before = select(&app, bob);
    run(&app, "step changepassword ann", "second").expect("a change");
    assert_eq!(select(&app, bob), before);
}

#[test]
fn a_blank_password_and_an_unknown_name_are_refused() {
    let app = app();
    let before = select(&app, HASH);
    let blank = run(&app, "step changepassword ann", " ").expect_err("a refusal");
    assert!(blank.starts_with("password: This field may not be blank."), "{blank}");
    let unknown = run(&app, "step changepassword nobody", "second").expect_err("a refusal");
    assert!(unknown.contains("'nobody' does not exist"), "{unknown}");
    assert_eq!(select(&app, HASH), before);
}
