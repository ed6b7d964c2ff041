//! A server that keeps notes, each for its user.
//!
//! - `main.rs`: Django's manage.py and wsgi.py, reads the settings, then runs a command
//! - `commands.rs`: the commands, in manage.py's words
//! - `settings.rs`: settings.py, one typed value, checked at the start
//! - `urls.rs`: urls.py, everything that is mounted, in one place
//! - `middleware.rs`: what touches every answer
//! - `errors.rs`: DRF's exceptions, one shape for every error
//! - `db.rs`: DATABASES, the pool of connections, to SQLite or to PostgreSQL
//! - `migrations.rs`: the schema, one change after the other
//! - `parsers.rs`: DRF's parsers, the body of a request as named values
//! - `fields.rs`: DRF's fields, one of those values, checked
//! - `pagination.rs`: DRF's pagination, a long list page by page
//! - `pages.rs`: DRF's pages for the browser
//! - `accounts/`: the app that knows users
//! - `authentication/`: note 001's app, the same users by another API
//! - `tokens/`: SimpleJWT's part
//! - `notes/`: the app that keeps notes
//! - `staticfiles.rs`: the React client
#![forbid(unsafe_code)]

mod accounts;
mod authentication;
mod commands;
mod db;
mod errors;
mod fields;
mod middleware;
mod migrations;
mod notes;
mod pages;
mod pagination;
mod parsers;
mod settings;
mod staticfiles;
#[cfg(test)]
mod tests;
mod tokens;
mod urls;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use log::LevelFilter;
use rocket::error::ErrorKind;
use rocket::tokio::runtime::Runtime;
use rocket::{Build, Rocket};

use commands::{Cli, Command};
use settings::Settings;

/// The application, ready to launch. A test needs nothing else.
fn rocket(settings: Settings) -> Rocket<Build> {
    urls::mount(rocket::custom(settings.server()), settings)
}

/// Exit status 0 after an orderly stop, 1 with one sentence when the start fails.
fn main() -> ExitCode {
    // Only our own lines. Rocket's logger prints query strings and request bodies, and
    // with them passwords and tokens; its macros log from within our handlers, under
    // targets that end in an underscore.
    env_logger::Builder::new()
        .filter_level(LevelFilter::Off)
        .filter_module(env!("CARGO_CRATE_NAME"), LevelFilter::Info)
        .format(|line, record| {
            if record.target().ends_with("::_") {
                return Ok(());
            }
            writeln!(line, "{}", record.args())
        })
        .init();
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            if let Some(sentence) = sentence {
                log::error!("Error: {sentence}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Not `#[rocket::main]`: it would start threads before `.env` is read, and changing the
/// environment of a program with threads is unsound.
///
/// The error is what to say, `None` when a fairing has said it already.
fn start() -> Result<(), Option<String>> {
    // First of all: `--help` must work whatever the settings are.
    let command = Cli::parse().command.unwrap_or(Command::Runserver);
    settings::load_dotenv()?;
    // The one command that is for settings with which no server may start.
    let settings = if let Command::Check { .. } = command {
        Settings::read(settings::variable)?
    } else {
        Settings::from_vars(settings::variable)?
    };
    // Not `rocket::execute`: it reads ROCKET_ variables, and panics when one is wrong.
    let runtime = Runtime::new().map_err(|why| format!("cannot start threads ({why})."))?;
    runtime.block_on(commands::run(command, settings, settings::variable))
}

/// Serves until it is told to stop.
async fn runserver(settings: Settings) -> Result<(), Option<String>> {
    let (address, port) = (settings.address, settings.port);
    match rocket(settings).launch().await {
        Ok(_) => Ok(()),
        // Rocket panics when a launch error is dropped unread: `kind` reads it.
        Err(error) => Err(match error.kind() {
            ErrorKind::Bind(why) => Some(format!(
                "cannot listen on {address}:{port} ({why}); stop the program that does, \
                 or choose another port, for example PORT=8001."
            )),
            ErrorKind::FailedFairings(_) => None,
            // Its own text says neither what is missing nor which handler asks for it.
            ErrorKind::SentinelAborts(missing) => {
                let one = missing.iter().map(|it| {
                    let (file, line, _) = it.location;
                    format!("{} for the handler at {file}:{line}", it.type_name)
                });
                let all = one.collect::<Vec<_>>().join(", ");
                Some(format!("urls.rs neither manages nor attaches {all}."))
            }
            other => Some(format!("the server stopped: {other}.")),
        }),
    }
}
