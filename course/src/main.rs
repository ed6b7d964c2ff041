//! The tool behind `just`: proves that the chapters and the steps say the same, and tells
//! a learner whether their own server behaves.
#![forbid(unsafe_code)]

mod carry;
mod chapter;
mod check;
mod compare;
mod contract;
mod diff;
mod differences;
mod exercises;
mod http;
mod mask;
mod mutants;
mod notes;
mod postgres;
mod replay;
mod repo;
mod serve;
mod session;
mod sizes;
mod start;
mod terminal;
#[cfg(test)]
mod tests;
mod try_chapter;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use repo::Repo;

/// Proves the course, and checks a learner's work.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Replay the chapters: each must be the patch from the step before to its own
    Notes {
        /// The chapter; without it, all
        chapter: Option<u32>,
        /// Compile the state at each checkpoint too
        #[arg(long)]
        checkpoints: bool,
    },
    /// Run every command that a chapter shows, and compare what it prints
    Try {
        /// The chapter; without it, all
        chapter: Option<u32>,
        /// Write the outputs that have changed into the chapter
        #[arg(long)]
        write: bool,
    },
    /// Prove that each exercise fails unsolved, and that its solution solves it
    Exercises {
        /// The exercise, for example 2.1; without it, all
        exercise: Option<String>,
        /// Run the exercise's check on your own folder instead
        #[arg(long, value_parser = ["work"], requires = "exercise")]
        from: Option<String>,
    },
    /// Show what a chapter adds, or how your own folder differs from its step
    Diff {
        /// The chapter
        chapter: u32,
        /// `work`: compare your folder with the step
        #[arg(value_parser = ["work"])]
        folder: Option<String>,
    },
    /// Merge what you have changed in a step into all later steps
    Carry {
        /// The step that has the change, not committed yet
        from: u32,
    },
    /// Show how many lines each step adds, and how long its chapter is
    Sizes,
    /// Get a chapter ready in work/: the step before, and the chapter's tests
    Start(start::Args),
    /// Ask a server whether it behaves: work/, a step, or one that runs already
    Check(check::Args),
    /// Start a step with the users, the key and the settings that `check` uses
    Serve(serve::Args),
    /// Run a command beside a PostgreSQL of its own, which stops with it
    Postgres(postgres::Args),
    /// Send the contract's requests to a step and to Django, and show where they differ
    Compare(compare::Args),
    /// Prove that deliberate bugs are caught, and with which message
    Mutants(mutants::Args),
    /// The cases we answer otherwise than Django, on purpose
    Differences(differences::Args),
}

/// Exit status 0 when all is right, 1 when something is not; of `postgres`, the command's.
fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let repo = Repo::find()?;
    let good = match command {
        Command::Notes { chapter, checkpoints } => notes::run(&repo, chapter, checkpoints),
        Command::Try { chapter, write } => try_chapter::run(&repo, chapter, write),
        Command::Exercises { exercise: Some(exercise), from: Some(_) } => {
            exercises::run_on_work(&repo, &exercise)
        }
        Command::Exercises { exercise, .. } => exercises::run(&repo, exercise.as_deref()),
        Command::Diff { chapter, folder: None } => diff::of_chapter(&repo, chapter),
        Command::Diff { chapter, folder: Some(_) } => diff::of_work(&repo, chapter),
        Command::Carry { from } => carry::run(&repo, from),
        Command::Sizes => sizes::run(&repo),
        Command::Start(args) => start::run(&repo, &args),
        Command::Check(args) => check::run(&args),
        Command::Serve(args) => serve::run(&args).map(|()| true),
        Command::Postgres(args) => return postgres::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Mutants(args) => mutants::run(&repo, &args),
        Command::Differences(args) => differences::run(&args).map(|()| true),
    };
    good.map(|good| if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
