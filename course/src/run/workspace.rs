//! A workspace in which one state of one step is built, apart from the repository's own.
//!
//! All of them share one target folder. The other steps are there too, as empty programs
//! with their dependencies: so every state is built with the features that it has in the
//! repository, and no dependency is compiled twice.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use regex::Regex;

use crate::repo::{Files, Repo, Step, printed, walk};

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
    /// Held as long as the workspace is in use: nobody else may change its files.
    _lock: File,
}

impl Workspace {
    /// Puts these files in the step's place. A second workspace with the same name waits
    /// until the first is dropped; what has not changed is not compiled again.
    pub fn new(repo: &Repo, name: &str, step: &Step, files: &Files) -> Result<Self> {
        let states = repo.target.join("states");
        // A copy of the repository, as in our own tests, has workspaces of its own.
        let states =
            if repo.target.starts_with(&repo.root) { states } else { repo.root.join("states") };
        let root = states.join(name);
        fs::create_dir_all(&root)?;
        let lock = lock(&states.join(format!("{name}.lock")))?;
        let (target, package) = (repo.target.clone(), step.package());
        let workspace = Workspace { root, target, package, _lock: lock };
        let mut files = workspace_files(repo, step, files)?;
        if let Some(manifest) = files.get_mut("Cargo.toml") {
            *manifest = own_manifest(manifest, &workspace.root)?;
        }
        workspace.fill(&files)?;
        Ok(workspace)
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

    /// Runs cargo on the state.
    pub fn cargo(&self, args: &[&str]) -> Result<Output> {
        let mut cargo = Command::new("cargo");
        cargo.args(args).args(["--bin", &self.package]).current_dir(&self.root);
        cargo.envs(self.cargo_env());
        cargo.output().context("cargo cannot be run; is it in the PATH?")
    }

    /// What cargo is told by the environment.
    pub fn cargo_env(&self) -> [(&'static str, String); 5] {
        [
            ("CARGO_TARGET_DIR", self.target.display().to_string()),
            // One compilation per state: what it would keep for the next is never read.
            ("CARGO_INCREMENTAL", "0".into()),
            // Nobody debugs these programs: a quarter of the size.
            ("CARGO_PROFILE_DEV_DEBUG", "none".into()),
            ("CARGO_PROFILE_DEV_STRIP", "debuginfo".into()),
            ("CARGO_TERM_COLOR", "never".into()),
        ]
    }

    /// Compiles the state. The error is what the compiler says, warnings too.
    pub fn build(&self) -> Result<()> {
        let _lock = self.lock_programs()?;
        self.compiles(&["build"])
    }

    /// Two states of one step have programs of one name: nobody may build one while another
    /// is being built and copied.
    fn lock_programs(&self) -> Result<File> {
        lock(&self.target.join("programs.lock"))
    }

    /// Compiles the state with its tests. The error is what the compiler says.
    pub fn build_tests(&self) -> Result<()> {
        self.compiles(&["test", "--no-run"])
    }

    fn compiles(&self, args: &[&str]) -> Result<()> {
        let output = self.cargo(args)?;
        let text = printed(&output);
        ensure!(output.status.success(), "it does not compile:\n{}", messages(&text));
        let warns = text.lines().any(|line| line.starts_with("warning"));
        ensure!(!warns, "it compiles with warnings:\n{}", messages(&text));
        Ok(())
    }

    /// Compiles the state and gives the path of a copy of the program.
    pub fn binary(&self) -> Result<PathBuf> {
        let _lock = self.lock_programs()?;
        self.compiles(&["build"])?;
        self.copy_program()
    }

    /// The same for a state that may compile with warnings, as a mistake often does.
    pub fn binary_despite_warnings(&self) -> Result<PathBuf> {
        let _lock = self.lock_programs()?;
        let output = self.cargo(&["build"])?;
        let says = || messages(&printed(&output));
        ensure!(output.status.success(), "it does not compile:\n{}", says());
        self.copy_program()
    }

    fn copy_program(&self) -> Result<PathBuf> {
        let folder = self.root.with_extension("bin");
        fs::create_dir_all(&folder)?;
        let name = format!("{}{}", self.package, std::env::consts::EXE_SUFFIX);
        let copy = folder.join(&name);
        fs::copy(self.target.join("debug").join(&name), &copy)
            .with_context(|| format!("{name} was not built"))?;
        Ok(copy)
    }
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

/// The repository's manifest with the steps as its only members, and with a version of its
/// own: cargo tells packages in a shared target folder apart by name, version and their path
/// inside the workspace. Without it, one state's program would pass for another's.
fn own_manifest(manifest: &str, root: &Path) -> Result<String> {
    let members = Regex::new(r"(?m)^((?:default-)?members)\s*=\s*\[[^\]]*\]")?;
    let manifest = members.replace_all(manifest, r#"$1 = ["steps/*"]"#);
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    let version = Regex::new(r#"(?m)^(version\s*=\s*"[^"+]*)""#)?;
    let own = format!("$1{VERSION_MARK}{:016x}\"", hasher.finish());
    Ok(version.replace(&manifest, own).into_owned())
}

/// What the compiler says, without what cargo says of its progress.
fn messages(text: &str) -> String {
    let progress = ["   Compiling ", "    Blocking ", "    Finished ", " Downloading "];
    let lines = text.lines().filter(|line| !progress.iter().any(|p| line.starts_with(p)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Waits for a file to be free, and holds it.
pub fn lock(path: &Path) -> Result<File> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    let file = File::create(path).with_context(|| path.display().to_string())?;
    file.lock()?;
    Ok(file)
}
