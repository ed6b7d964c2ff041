//! Building programs and running them: steps, the states between them, and a PostgreSQL.
//!
//! [`cargo`] builds, and [`environment`] says what everything that is started sees of ours. A
//! [`program`] is a step or work/; it runs in a [`place`], and there as a [`server`].

pub mod cargo;
pub mod environment;
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
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        return Err(missing.context("CI is set, so nothing may be left out"));
    }
    say(format!("Skipped: {missing}"))
}
