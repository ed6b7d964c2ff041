//! `serve`: a step, or the learner's own crate, on a fresh database with the contract's
//! users, key and settings.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::output::Output;
use super::program::Program;
use super::server::Server;
use super::settings::settings;
use super::signals::interrupted;
use crate::contract::{self, Profile};
use crate::http::block_on;
use crate::repo::Repo;
use crate::terminal::say;

/// `course serve`
#[derive(clap::Args)]
pub struct Args {
    /// A step, as `4` or `step-4`, or `work`
    what: String,
    /// How it treats refresh tokens
    #[arg(long, value_enum, default_value = "default")]
    profile: Profile,
    /// The port; any free one when it is not given
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// With a PostgreSQL of its own in place of SQLite
    #[arg(long)]
    postgres: bool,
}

/// Serves until Ctrl-C.
pub fn run(repo: &Repo, args: &Args) -> Result<()> {
    block_on(async {
        let program = Program::find(repo, &args.what)?.build(args.postgres)?;
        let fixtures = contract::load()?.fixtures;
        let settings = settings(&fixtures, args.profile, &BTreeMap::new());
        let mut server = Server::start(&program, settings, args.port, Output::Shown).await?;
        if let Some(missing) = server.prepare(&fixtures.users).await? {
            say(missing)?;
        }
        say(format!("{} at {}", program.name, server.address))?;
        say("Its database is a fresh one and goes when it stops. Stop it with Ctrl-C.")?;
        tokio::select! {
            () = interrupted() => server.stop().await.map(drop),
            ended = server.child.wait() => bail!("the server stopped by itself ({}).", ended?),
        }
    })
}
