//! The one way to build: cargo, in the environment of everything that we start.

use std::fs::{self, File};
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::environment::command;

/// cargo in this folder.
pub fn cargo(folder: &Path) -> Command {
    // Which one `cargo run` has started us with.
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder);
    cargo
}

/// What came of a build that succeeded.
pub struct Compiled {
    /// What the compiler warns of; mostly empty.
    pub warnings: String,
    /// The programs that were built, tests too.
    pub executables: Vec<PathBuf>,
}

/// Runs `cargo build …` or `cargo test --no-run …`. Whoever looks on sees how far it is.
/// The error is what the compiler says.
pub fn compile(mut cargo: Command) -> Result<Compiled> {
    let looks_on = stderr().is_terminal();
    cargo.arg("--message-format=json").stdin(Stdio::null()).stdout(Stdio::piped());
    cargo.stderr(if looks_on { Stdio::inherit() } else { Stdio::piped() });
    let output = cargo.spawn().and_then(|child| child.wait_with_output());
    let output = output.context("cargo cannot be run; is it in the PATH?")?;
    let (mut said, mut executables) = (String::new(), Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        said += message["message"]["rendered"].as_str().unwrap_or_default();
        executables.extend(message["executable"].as_str().map(PathBuf::from));
    }
    // What is wrong before it compiles, as a manifest that cannot be read, is not among the
    // messages. With a terminal it stands above.
    let errors = String::from_utf8_lossy(&output.stderr);
    let of_cargo = without_progress(&errors);
    ensure!(output.status.success(), "it does not compile:\n{said}{of_cargo}");
    Ok(Compiled { warnings: said, executables })
}

/// What cargo says, without how far it is: `   Compiling step-4 v0.1.0`, the word to the right
/// in twelve columns.
fn without_progress(text: &str) -> String {
    let word = |text: &str| {
        text.starts_with(' ') && text.trim_start().chars().all(char::is_alphabetic)
    };
    let progress =
        |line: &&str| line.get(..12).is_some_and(word) && line[12..].starts_with(' ');
    let lines = text.lines().filter(|line| !progress(line) && !line.starts_with("warning: "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Puts a program that was built where no other build overwrites it. Two programs of one
/// name, as two states of a step have them, are built at one place.
pub fn keep(built: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let kept = folder.join(built.file_name().unwrap_or_default());
    // One that is there already is from the last time.
    let _ = fs::remove_file(&kept);
    let result = fs::hard_link(built, &kept);
    result
        .or_else(|_| fs::copy(built, &kept).map(drop))
        .with_context(|| format!("cannot keep {}", built.display()))?;
    Ok(kept)
}

/// Waits until nobody else builds a program in this target folder that could have the name
/// of ours, and keeps the others waiting.
pub fn lock_programs(target: &Path) -> Result<File> {
    lock(&target.join("course/programs.lock"))
}

/// Waits for a file to be free, and holds it.
pub fn lock(path: &Path) -> Result<File> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    let file = File::create(path).with_context(|| path.display().to_string())?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_manifest_that_cannot_be_read_the_reason_stays() {
        let said = "    Blocking waiting for file lock on build directory\n   Compiling step-4 v0.1.0\n\
                    error: invalid basic string\n --> work/Cargo.toml:2:8\n  |\n2 | name = \"work\n\
                    warning: `step-4` (bin \"step-4\") generated 1 warning";
        let want =
            "error: invalid basic string\n --> work/Cargo.toml:2:8\n  |\n2 | name = \"work";
        assert_eq!(without_progress(said), want);
    }
}
