//! A workspace in which one state of one step is built, apart from the repository's own.
//!
//! It shares the repository's target folder. The other steps are there too, as empty programs
//! with their dependencies: so every state is built with the features that it has in the
//! repository, and no dependency is compiled twice.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use toml_edit::{Array, DocumentMut, value};

use super::cargo::{Compiled, cargo, compile, keep, lock, lock_programs};
use crate::repo::{Files, Repo, Step, walk};

/// The files of the root that a state is built with, or that a chapter's commands read.
const ROOT_FILES: [&str; 4] = ["Cargo.toml", "Cargo.lock", ".env.example", "Justfile"];

/// What stands between a package's own version and the state's, until the end of the word.
pub const VERSION_MARK: &str = "+state-";

/// A folder that looks like the repository, with one state in its step's place.
pub struct Workspace {
    /// The folder with the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Where it builds.
    pub target: PathBuf,
    package: String,
    /// Whether the compiler keeps what it needs for the next state.
    changes: bool,
    /// Held as long as the workspace is in use: nobody else may change its files.
    _lock: File,
}

impl Workspace {
    /// Puts these files in the step's place. A second workspace with the same name waits
    /// until the first is dropped; what has not changed is not compiled again.
    pub fn new(repo: &Repo, name: &str, step: &Step, files: &Files) -> Result<Self> {
        let root = repo.states.join(name);
        fs::create_dir_all(&root)?;
        let lock = lock(&repo.states.join(format!("{name}.lock")))?;
        let (target, package) = (repo.target.clone(), step.package());
        let workspace = Workspace { root, target, package, changes: false, _lock: lock };
        let mut files = workspace_files(repo, step, files)?;
        if let Some(manifest) = files.get_mut("Cargo.toml") {
            *manifest = workspace.own_manifest(repo, manifest)?;
        }
        workspace.fill(&files)?;
        Ok(workspace)
    }

    /// For a workspace that holds one state after the other: each then compiles as a change to
    /// the one before, in a third of the time. Where there is one, it would only cost.
    pub fn that_changes(self) -> Self {
        Workspace { changes: true, ..self }
    }

    /// Makes the folder hold these files and no others. A file that is right already keeps
    /// its time, so that cargo knows it.
    fn fill(&self, files: &Files) -> Result<()> {
        for path in walk(&self.root, "")?.iter().filter(|path| !files.contains_key(*path)) {
            fs::remove_file(self.root.join(path))?;
        }
        for (path, text) in files {
            let path = self.root.join(path);
            if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
                continue;
            }
            fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    /// The repository's manifest with the steps as its only members, and with a version of
    /// its own: cargo tells packages in a shared target folder apart by name, version and
    /// their path inside the workspace. Without it, one state's program would pass for
    /// another's, or for the step's.
    fn own_manifest(&self, repo: &Repo, text: &str) -> Result<String> {
        let mut manifest: DocumentMut = text.parse().context("the root Cargo.toml")?;
        let workspace = &mut manifest["workspace"];
        for list in ["members", "default-members"] {
            workspace[list] = value(Array::from_iter(["steps/*"]));
        }
        let mut hasher = DefaultHasher::new();
        self.root.hash(&mut hasher);
        let version = &mut workspace["package"]["version"];
        let shared = version.as_str().unwrap_or_default();
        *version = value(format!("{shared}{VERSION_MARK}{:016x}", hasher.finish()));
        // The built client is one for all states.
        let client = workspace.get_mut("dependencies").and_then(|all| all.get_mut("client"));
        if let Some(path) = client.and_then(|client| client.get_mut("path")) {
            *path = value(repo.root.join("client").display().to_string());
        }
        // Nobody debugs these programs: half the size.
        let profile = &mut manifest["profile"]["dev"]["package"][&self.package];
        profile["debug"] = value(false);
        profile["strip"] = value("debuginfo");
        Ok(manifest.to_string())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut cargo = cargo(&self.root);
        // Before what `--` hands to the tests.
        let (command, rest) = args.split_at(args.len().min(1));
        cargo.args(command).args(["--bin", &self.package]).args(rest).envs(self.cargo_env());
        cargo
    }

    /// Runs cargo on the state.
    pub fn cargo(&self, args: &[&str]) -> Result<Output> {
        self.command(args).output().context("cargo cannot be run; is it in the PATH?")
    }

    /// What cargo is told by the environment.
    pub fn cargo_env(&self) -> [(&'static str, String); 3] {
        [
            ("CARGO_TARGET_DIR", self.target.display().to_string()),
            ("CARGO_INCREMENTAL", u8::from(self.changes).to_string()),
            ("CARGO_TERM_COLOR", "never".into()),
        ]
    }

    /// Compiles the state. The error is what the compiler says, warnings too.
    pub fn build(&self) -> Result<()> {
        self.binary().map(drop)
    }

    /// Compiles the state with its tests. The error is what the compiler says, warnings too.
    pub fn build_tests(&self) -> Result<()> {
        without_warnings(self.build_tests_despite_warnings()?).map(drop)
    }

    /// The same for a state that may compile with warnings, as work/ often does.
    pub fn build_tests_despite_warnings(&self) -> Result<Compiled> {
        compile(self.command(&["test", "--no-run"]))
    }

    /// Compiles the state and gives the path of its program.
    pub fn binary(&self) -> Result<PathBuf> {
        self.program(without_warnings)
    }

    /// The same for a state that may compile with warnings, as a mistake often does.
    pub fn binary_despite_warnings(&self) -> Result<PathBuf> {
        self.program(Ok)
    }

    fn program(&self, judge: impl Fn(Compiled) -> Result<Compiled>) -> Result<PathBuf> {
        let _lock = lock_programs(&self.target)?;
        let compiled = judge(compile(self.command(&["build"]))?)?;
        let built = compiled.executables.last().context("cargo built no program")?;
        let kept = keep(built, &self.root.with_extension("bin"))?;
        // Where the step's own program is: nobody may take this one for it.
        fs::remove_file(built).with_context(|| built.display().to_string())?;
        Ok(kept)
    }
}

fn without_warnings(compiled: Compiled) -> Result<Compiled> {
    let warnings = &compiled.warnings;
    ensure!(warnings.is_empty(), "it compiles with warnings:\n{warnings}");
    Ok(compiled)
}

/// All files of the workspace, by their path from its root.
fn workspace_files(repo: &Repo, step: &Step, state: &Files) -> Result<Files> {
    let mut files = Files::new();
    for name in ROOT_FILES.iter().filter(|name| repo.root.join(name).is_file()) {
        files.insert(name.to_string(), repo.read(name)?);
    }
    for other in repo.steps()?.iter().filter(|other| *other != step) {
        let manifest = format!("{}/Cargo.toml", other.folder());
        files.insert(format!("{}/src/main.rs", other.folder()), "fn main() {}\n".into());
        files.insert(manifest.clone(), repo.read(&manifest)?);
    }
    let place =
        |(path, text): (&String, &String)| (format!("{}/{path}", step.folder()), text.clone());
    files.extend(state.iter().map(place));
    Ok(files)
}
