//! The tool behind `just`: it tells a learner whether their own server behaves, and proves to
//! an author that the chapters and the steps say the same.
//!
//! - [`learner`]: `start`, `check`, `exercise`, `diff`; `serve` and `postgres` are in [`run`]
//! - [`author`]: `course dev …`
//! - [`repo`]: where the repository is, its steps and their files
//! - [`modules`]: which of a program's files the compiler reads
//! - [`book`]: the chapters, and what comes of typing them
//! - [`contract`]: the requests, and how an answer is compared
//! - [`run`]: building programs, and running them
//! - [`http`], [`terminal`]: sending requests, printing
#![forbid(unsafe_code)]
// They panic when nobody reads any more; see `terminal`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod author;
mod book;
mod contract;
mod http;
mod learner;
mod modules;
mod repo;
mod run;
mod terminal;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use learner::{check, diff, exercise, start};
use repo::Repo;
use run::{postgres, serve};
use terminal::complain;

/// Checks a learner's work, and proves the course.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Get a chapter ready in work/: the step before, and the chapter's tests
    Start(start::Args),
    /// Ask a server whether it behaves: work/, a step, or one that runs already
    Check(check::Args),
    /// Say whether work/ solves an exercise
    Exercise {
        /// The exercise, for example 2.1
        exercise: String,
    },
    /// Show what a chapter adds, or how your own folder differs from its step
    Diff {
        /// The chapter
        chapter: u32,
        /// `work`: compare your folder with the step
        #[arg(value_parser = ["work"])]
        folder: Option<String>,
    },
    /// Start a step with the users, the key and the settings that `check` uses
    Serve(serve::Args),
    /// Run a command beside a PostgreSQL of its own, which stops with it
    Postgres(postgres::Args),
    /// What an author runs
    #[command(subcommand)]
    Dev(author::Command),
}

/// Exit status 0 when all is right, 1 when something is not; of `postgres`, the command's.
fn main() -> ExitCode {
    match answer(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn answer(command: Command) -> anyhow::Result<ExitCode> {
    let repo = Repo::find()?;
    let good = match command {
        Command::Start(args) => start::run(&repo, &args),
        Command::Check(args) => check::run(&args),
        Command::Exercise { exercise: id } => exercise::run(&repo, &id),
        Command::Diff { chapter, folder: None } => diff::of_chapter(&repo, chapter),
        Command::Diff { chapter, folder: Some(_) } => diff::of_work(&repo, chapter),
        Command::Serve(args) => serve::run(&repo, &args).map(|()| true),
        Command::Postgres(args) => return postgres::run(&repo, &args),
        Command::Dev(command) => author::run(&repo, command),
    };
    good.map(|good| if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
