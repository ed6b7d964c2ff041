//! The programs of the workspace that are servers: the steps, and the learner's own crate.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use toml_edit::{DocumentMut, Item};

use super::cargo::{cargo, compile, keep, lock_programs};
use super::postgres::{Postgres, Programs};
use crate::repo::{Repo, WORK, step_number};

/// A crate of the workspace that is a server.
pub struct Program<'r> {
    repo: &'r Repo,
    /// As the person knows it: `step-4`, `work`.
    pub name: String,
    /// From the root: `steps/04-token-pair`, `work`.
    folder: String,
}

/// A program that is built.
pub struct Built {
    /// As the person knows it.
    pub name: String,
    /// As cargo knows it.
    binary: String,
    pub executable: PathBuf,
    /// Whether it has a command `migrate`: from step 3 on.
    pub migrates: bool,
    /// Where its databases are, when they are not files.
    pub postgres: Option<Arc<Postgres>>,
    /// Where the executable is, when it goes with this.
    _folder: Option<TempDir>,
}

impl Built {
    /// A program that was built elsewhere, for what a test of ours needs.
    pub fn at(executable: PathBuf, binary: &str, migrates: bool) -> Self {
        let (postgres, _folder) = (None, None);
        let (name, binary) = (binary.into(), binary.into());
        Built { name, binary, executable, migrates, postgres, _folder }
    }

    /// What cargo is told to run this program.
    pub fn choice(&self) -> String {
        let binary = &self.binary;
        let feature = self.postgres.as_ref().map(|_| format!(" --features {binary}/postgres"));
        format!("--bin {binary}{}", feature.unwrap_or_default())
    }

    /// A DATABASE_URL for a person who tries what the check did.
    pub fn example(&self, database: &str) -> String {
        match self.postgres {
            None => format!("sqlite:/tmp/{database}.sqlite3"),
            Some(_) => format!("postgres://USER:PASSWORD@127.0.0.1:5432/{database}"),
        }
    }
}

impl<'r> Program<'r> {
    /// By what the person typed: `4`, `step-4`, `work`.
    pub fn find(repo: &'r Repo, what: &str) -> Result<Self> {
        if what == WORK {
            ensure!(
                repo.root.join(WORK).join("Cargo.toml").is_file(),
                "there is no crate in work/ yet. `just start 1` puts one there; or name another \
                 server, with --from step-4 or --url http://127.0.0.1:8000."
            );
            return Ok(Program { repo, name: what.into(), folder: WORK.into() });
        }
        let number = step_number(what).map_err(|_| {
            anyhow::anyhow!("{what:?} is no step; a step is 4, or step-4, or work")
        })?;
        let step = repo.step(number)?;
        Ok(Program { repo, name: step.package(), folder: step.folder() })
    }

    /// Compiles it, in one build with all the steps: see the design's "One build".
    ///
    /// `postgres`: with that feature, and a PostgreSQL that runs as long as this is needed.
    pub fn build(&self, postgres: bool) -> Result<Built> {
        let text = self.repo.read(&format!("{}/Cargo.toml", self.folder))?;
        let manifest: DocumentMut = text.parse().with_context(|| self.folder.clone())?;
        let entry = |table: &str, name: &str| manifest.get(table)?.get(name);
        let binary = entry("package", "name").and_then(Item::as_str);
        let binary = binary.with_context(|| format!("{}: no package", self.folder))?;
        if !postgres {
            return self.compile(binary, None);
        }
        if entry("features", "postgres").is_none() {
            bail!(
                "{} has no feature `postgres`, so SQLite is all that it speaks to.",
                self.name
            );
        }
        let programs = Programs::find()?;
        let built = self.compile(binary, Some("postgres"))?;
        Ok(Built { postgres: Some(Arc::new(Postgres::start(programs)?)), ..built })
    }

    fn compile(&self, binary: &str, feature: Option<&str>) -> Result<Built> {
        let _lock = lock_programs(&self.repo.target)?;
        let mut cargo = cargo(&self.repo.root);
        cargo.args(["build", "--bin", binary]);
        cargo.args(feature.map(|feature| format!("--features={binary}/{feature}")));
        let compiled = compile(cargo).with_context(|| self.name.clone())?;
        let built = compiled.executables.last();
        let built = built.with_context(|| format!("cargo built no program {binary}"))?;
        let folder = tempfile::tempdir_in(built.parent().unwrap_or(built))?;
        let executable = keep(built, folder.path())?;
        let migrates = self.repo.root.join(&self.folder).join("migrations").is_dir();
        let (name, binary) = (self.name.clone(), binary.into());
        Ok(Built { name, binary, executable, migrates, postgres: None, _folder: Some(folder) })
    }
}
