//! Building programs and running them: steps, the states between them, and a PostgreSQL.
//!
//! [`cargo`] builds, and [`environment`] says what everything that is started sees of ours. A
//! [`program`] is a step or work/; it runs in a [`place`], and there as a [`server`]. What its
//! browsers get, [`frontend`] builds.

pub mod cargo;
pub mod environment;
pub mod frontend;
pub mod output;
pub mod place;
pub mod postgres;
pub mod program;
pub mod serve;
pub mod server;
pub mod settings;
pub mod signals;
pub mod workspace;

use std::net::TcpListener;

use anyhow::{Context, Error, Result};

use crate::terminal::say;

/// A port that nobody listens on at the moment.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// Says that something is left out, because of what this machine does not have. Where
/// everything must be proven, that is an error: CI is set there.
pub fn skip(missing: Error) -> Result<()> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    say(left_out(missing, in_ci)?)
}

fn left_out(missing: Error, in_ci: bool) -> Result<String> {
    if in_ci {
        return Err(missing.context("CI is set, so nothing may be left out"));
    }
    Ok(format!("Skipped: {missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said_and_fails_in_ci() {
        let missing = || Error::msg("Python is not on this machine.");
        let said = left_out(missing(), false).expect("elsewhere it is only said");
        assert_eq!(said, "Skipped: Python is not on this machine.");
        let why = left_out(missing(), true).expect_err("in CI nothing may be left out");
        assert!(format!("{why:#}").ends_with("Python is not on this machine."), "{why:#}");
    }
}
