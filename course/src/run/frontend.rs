//! Builds the client of a chapter with npm: the state at each checkpoint, and the step's own,
//! which must be the one that is committed in `client/dist/`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::cargo::lock;
use super::environment;
use crate::repo::{FRONTEND, Files, Repo, is_built, printed, walk};

/// A folder with the packages of a client, in which states of it are built.
pub struct Client {
    folder: PathBuf,
    /// Nobody else may change its files.
    _lock: File,
}

/// What a build has made: the bytes of each file, by its path.
pub type Dist = BTreeMap<String, Vec<u8>>;

/// The files of a state's client, by their path in its folder.
pub fn client(state: &Files) -> Files {
    let own = |(path, text): (&String, &String)| {
        Some((path.strip_prefix(FRONTEND)?.to_string(), text.clone()))
    };
    state.iter().filter_map(own).collect()
}

/// Whether there is enough of a client to build: its page, and what it is built with.
pub fn can_be_built(client: &Files) -> bool {
    ["index.html", "package.json", "src/main.jsx"].iter().all(|path| client.contains_key(*path))
}

/// The client that is committed.
pub fn committed(repo: &Repo) -> Result<Dist> {
    read(&repo.root.join("client/dist"))
}

/// Fails when there is no Node on this machine.
pub fn find_node() -> Result<()> {
    let version = environment::command("node").arg("--version").output();
    let found = version.is_ok_and(|output| output.status.success());
    ensure!(found, "Node is not on this machine; the client is not built.");
    Ok(())
}

impl Client {
    /// Installs the packages of this client, as its package-lock.json has them.
    pub fn install(repo: &Repo, client: &Files) -> Result<Self> {
        let folder = repo.states.join("client");
        fs::create_dir_all(&folder)?;
        let lock = lock(&repo.states.join("client.lock"))?;
        let built = Client { folder, _lock: lock };
        let mark = built.folder.join("node_modules/.course");
        let wanted = client.get("package-lock.json").context("frontend/package-lock.json")?;
        if fs::read_to_string(&mark).is_ok_and(|installed| installed == *wanted) {
            return Ok(built);
        }
        built.fill(client)?;
        built.npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
        fs::write(mark, wanted)?;
        Ok(built)
    }

    /// Builds a state of the client.
    pub fn build(&self, client: &Files) -> Result<Dist> {
        self.fill(client)?;
        self.npm(&["run", "build"])?;
        read(&self.folder.join("dist"))
    }

    fn fill(&self, client: &Files) -> Result<()> {
        for path in walk(&self.folder, "")? {
            let ours = !path.split('/').any(is_built);
            if ours && !client.contains_key(&path) {
                fs::remove_file(self.folder.join(path))?;
            }
        }
        for (path, text) in client {
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            fs::write(path, text)?;
        }
        Ok(())
    }

    fn npm(&self, args: &[&str]) -> Result<()> {
        let mut npm: Command =
            environment::command(if cfg!(windows) { "npm.cmd" } else { "npm" });
        let output = npm.args(args).current_dir(&self.folder).output();
        let output = output.context("npm cannot be run; it comes with Node")?;
        let said = printed(&output);
        ensure!(output.status.success(), "`npm {}` fails:\n{said}", args.join(" "));
        // A name that is imported and not there is a warning of Vite's, and no error.
        let warns = said.to_lowercase().contains("warn");
        ensure!(args[0] == "ci" || !warns, "the client builds with warnings:\n{said}");
        Ok(())
    }
}

fn read(folder: &Path) -> Result<Dist> {
    let read = |path: String| {
        let bytes = fs::read(folder.join(&path)).with_context(|| path.clone())?;
        Ok((path, bytes))
    };
    walk(folder, "")?.into_iter().map(read).collect()
}
