//! `course dev …`: what an author runs. It proves that chapters, steps and checks say the
//! same, and carries a change to every place that shows it.

pub mod carry;
pub mod checkpoints;
pub mod compare;
pub mod exercises;
pub mod fuzz;
pub mod mask;
pub mod mutants;
pub mod replay;
pub mod shell;
pub mod sizes;
pub mod try_chapter;

use anyhow::Result;
use clap::Subcommand;

use crate::contract::differences;
use crate::repo::Repo;

/// The author's commands.
#[derive(Subcommand)]
pub enum Command {
    /// Replay the chapters: each must be the patch from the step before to its own
    Replay {
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
    /// Compile the state at each checkpoint, and ask it what is recorded for it
    Checkpoints {
        /// The chapter; without it, all
        chapter: Option<u32>,
        /// Record what the states answer
        #[arg(long)]
        write: bool,
    },
    /// Prove that each exercise fails unsolved, and that its solution solves it
    Exercises {
        /// The exercise, for example 2.1; without it, all
        exercise: Option<String>,
    },
    /// Carry what you have edited, in steps and chapters, to every place that shows it
    Carry(carry::Args),
    /// Show how many lines each step adds, and how long its chapter is
    Sizes,
    /// Prove that deliberate bugs are caught, and with which message
    Mutants(mutants::Args),
    /// Send a step requests that nobody thought of, from a seed, and look for what may not happen
    Fuzz(fuzz::Args),
    /// Send the contract's requests to a step and to Django, and show where they differ
    Compare(compare::Args),
    /// The cases we answer otherwise than Django, on purpose
    Differences(differences::Args),
}

/// Runs one; `false` when something is not right, and told already.
pub fn run(repo: &Repo, command: Command) -> Result<bool> {
    match command {
        Command::Replay { chapter, checkpoints } => replay::run(repo, chapter, checkpoints),
        Command::Try { chapter, write } => try_chapter::run(repo, chapter, write),
        Command::Checkpoints { chapter, write } => checkpoints::run(repo, chapter, write),
        Command::Exercises { exercise } => exercises::run(repo, exercise.as_deref()),
        Command::Carry(args) => carry::run(repo, &args),
        Command::Sizes => sizes::run(repo),
        Command::Mutants(args) => mutants::run(repo, &args),
        Command::Fuzz(args) => fuzz::run(repo, &args),
        Command::Compare(args) => compare::run(repo, &args),
        Command::Differences(args) => differences::run(repo, &args).map(|()| true),
    }
}
