//! The tool's tests: on small made-up repositories, on the course itself, and on copies of it
//! with something broken.

mod broken;
mod build;
mod carry;
mod chapters;
mod console;
mod course;
#[cfg(target_os = "linux")]
mod deployment;
#[cfg(unix)]
mod drills;
mod exercises;
mod start;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::repo::Repo;

/// A made-up repository in a folder of its own, which goes when this is dropped.
struct Made {
    folder: TempDir,
    repo: Repo,
}

/// A repository with these files and a root Cargo.toml.
fn made(files: &[(&str, &str)]) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Made { repo: Repo::at(folder.path()), folder };
    made.write("Cargo.toml", ROOT);
    files.iter().for_each(|(path, text)| made.write(path, text));
    made
}

impl Made {
    fn write(&self, path: &str, text: &str) {
        write(self.folder.path(), path, text);
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).expect(path)
    }
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// Fails unless the text has all of these.
#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "\n{text}\n\nhas no\n\n{part}\n");
    }
}

const ROOT: &str = r#"[workspace]
resolver = "3"
members = ["steps/*", "course"]
default-members = ["steps/*"]

[workspace.package]
version = "0.1.0"
edition = "2024"

[workspace.dependencies]
# step 1
log = "0.4"
# step 2
rand = "0.9"
"#;

/// The manifest of a step.
fn manifest(number: u32, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"step-{number}\"\nversion.workspace = true\nedition.workspace = \
         true\n\n[dependencies]\n{dependencies}"
    )
}
