//! Exercise 3.2: `migrate --check`.

use clap::Parser;
use tempfile::TempDir;

use super::{accepted, async_run, database_url, must_refuse, rows};
use crate::commands::{self, Cli};

/// What the program would end with, called with these words.
fn run(folder: &TempDir, words: &str) -> Result<(), Option<String>> {
    let cli = Cli::try_parse_from(words.split(' '));
    let command = cli.map_err(|why| Some(why.to_string()))?.command.expect("a command");
    let mut settings = accepted(&[]);
    settings.database_url = database_url(folder);
    async_run(commands::run(command, settings, |_| Ok(None)))
}

#[test]
fn check_fails_while_something_is_missing_and_applies_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        let said = run(&folder, "step migrate --check").map_err(Option::unwrap_or_default);
        must_refuse("migrate --check", said, "migrations not applied yet: ");
    }
    let tables = "SELECT name FROM sqlite_master WHERE name = 'users'";
    assert!(rows(&folder, tables).is_empty(), "--check must not make the table users");
}

#[test]
fn check_succeeds_once_all_is_applied() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(&folder, "step migrate"), Ok(()), "migrate must succeed as before");
    let said = run(&folder, "step migrate --check");
    assert_eq!(said, Ok(()), "migrate --check must succeed after migrate");
}
