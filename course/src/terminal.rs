//! Printing for a person, who may stop reading: `course dev mutants | head` ends in silence.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anyhow::{Context, Error, Result};

/// Prints a line. `println!` would panic when nobody reads it.
pub fn say(line: impl fmt::Display) -> Result<()> {
    writeln!(Out, "{line}").context("cannot print")
}

/// The standard output, without colours where they are not wanted.
pub struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        anstream::stdout().write(bytes).map_err(mark)
    }

    fn flush(&mut self) -> io::Result<()> {
        anstream::stdout().flush().map_err(mark)
    }
}

/// Nobody reads what we print.
#[derive(Debug)]
struct Unread;

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads what is printed")
    }
}

impl std::error::Error for Unread {}

/// A pipe to a server breaks too, and that must be told: ours has a name.
fn mark(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => io::Error::new(ErrorKind::BrokenPipe, Unread),
        _ => error,
    }
}

/// Says on stderr what takes long, when someone looks on.
pub fn note(line: impl fmt::Display) {
    if io::stderr().is_terminal() {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Says on stderr why a command ends, unless it is that nobody reads.
pub fn complain(error: &Error) {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    if !causes.any(|cause| cause.get_ref().is_some_and(|it| it.is::<Unread>())) {
        let _ = writeln!(io::stderr(), "{error:#}");
    }
}
