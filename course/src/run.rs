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

use anyhow::{Context, Result};

/// A port that nobody listens on at the moment.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
