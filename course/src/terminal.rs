//! Printing for a person, who may stop reading.

use std::fmt::Display;
use std::io::Write;

use anyhow::{Context, Result};

/// Prints a line. Unlike with `println!`, `course dev mutants | head` ends without a panic.
pub fn say(line: impl Display) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("cannot print")
}
