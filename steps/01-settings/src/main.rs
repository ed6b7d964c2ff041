//! A server that answers, set up from the environment.
//!
//! - `main.rs`: Django's manage.py and wsgi.py, reads the settings and launches
//! - `settings.rs`: settings.py, one typed value, checked at the start
//! - `urls.rs`: urls.py, everything that is mounted, in one place
//! - `middleware.rs`: what touches every answer
//! - `errors.rs`: DRF's exceptions, one shape for every error
#![forbid(unsafe_code)]

mod errors;
mod middleware;
mod settings;
#[cfg(test)]
mod tests;
mod urls;

use std::io::Write;
use std::process::ExitCode;

use log::LevelFilter;
use rocket::error::ErrorKind;
use rocket::tokio::runtime::Runtime;
use rocket::{Build, Rocket};

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
            log::error!("Error: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Not `#[rocket::main]`: it would start threads before `.env` is read, and changing the
/// environment of a program with threads is unsound.
fn start() -> Result<(), String> {
    settings::load_dotenv()?;
    let settings = Settings::from_vars(settings::variable)?;
    // Not `rocket::execute`: it reads ROCKET_ variables, and panics when one is wrong.
    let runtime = Runtime::new().map_err(|why| format!("cannot start threads ({why})."))?;
    runtime.block_on(runserver(settings))
}

async fn runserver(settings: Settings) -> Result<(), String> {
    let (address, port) = (settings.address, settings.port);
    match rocket(settings).launch().await {
        Ok(_) => Ok(()),
        // Rocket panics when a launch error is dropped unread: `kind` reads it.
        Err(error) => Err(match error.kind() {
            ErrorKind::Bind(why) => format!(
                "cannot listen on {address}:{port} ({why}); stop the program that does, \
                 or choose another port, for example PORT=8001."
            ),
            other => format!("the server stopped: {other}."),
        }),
    }
}
