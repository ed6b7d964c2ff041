//! Where a program runs: a folder and a database of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use super::environment::command;
use super::output::{Lines, Output, follow};
use super::postgres::Postgres;
use super::program::Built;
use super::settings::Settings;

/// How long a program may take to start, or to finish a command.
pub const START: Duration = Duration::from_secs(30);

/// How long it may take to stop before it is ended.
pub const STOP: Duration = Duration::from_secs(10);

/// A folder with a database, where a program runs and no `.env` is found.
pub struct Place {
    folder: TempDir,
    pub database: Database,
}

/// An empty database, for a program to fill.
pub enum Database {
    Sqlite(PathBuf),
    /// One of this name.
    Postgres(Arc<Postgres>, String),
}

impl Database {
    fn url(&self) -> String {
        match self {
            Database::Sqlite(file) => sqlite_url(file),
            Database::Postgres(postgres, name) => postgres.url(name),
        }
    }
}

/// A file as a URL: sqlx reads `%` and `?` in one as its own.
fn sqlite_url(file: &Path) -> String {
    let path = file.display().to_string();
    format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3F"))
}

impl Place {
    /// A folder and an empty database for this program.
    pub fn new(program: &Built) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        // The search for `.env` goes upwards and ends here.
        fs::write(folder.path().join(".env"), "").context("cannot write a temporary file")?;
        let database = match &program.postgres {
            None => Database::Sqlite(folder.path().join("check.sqlite3")),
            Some(postgres) => Database::Postgres(postgres.clone(), postgres.create_database()?),
        };
        Ok(Place { folder, database })
    }

    /// The program in this folder, with these settings and no others.
    pub fn command(&self, program: &Built, settings: &Settings) -> Command {
        let mut command = Command::from(command(&program.executable));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        command.env("DATABASE_URL", self.database.url());
        let set = settings.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        command.envs(set);
        command
    }

    /// Makes the schema. With DEBUG off a start does not.
    pub async fn migrate(&self, program: &Built, settings: &Settings) -> Result<()> {
        let done = self.run(program, settings, &["migrate".into()]).await?;
        // A program that serves instead has no commands yet, in the middle of chapter 3. Then its
        // start makes the schema.
        if done.exit.is_some_and(|status| status != 0) {
            let name = &program.name;
            bail!("`{name} migrate` failed on an empty database:\n{}", done.stderr);
        }
        Ok(())
    }

    /// Runs a command of the program to its end.
    pub async fn run(
        &self,
        program: &Built,
        settings: &Settings,
        args: &[String],
    ) -> Result<Finished> {
        let mut command = self.command(program, settings);
        // Should it serve instead, then where nobody is disturbed.
        if settings.get("PORT").is_none_or(Option::is_none) {
            command.env("PORT", "0");
        }
        let mut child = command
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", program.executable.display()))?;
        let errors = child.stderr.take().context("a program without stderr")?;
        let Lines { log, listening, end } = follow(errors, Output::Kept);
        let ended = tokio::select! {
            output = timeout(START, child.wait_with_output()) => match output {
                Ok(output) => Some(output.context("cannot read what it prints")?),
                Err(_) => None,
            },
            Ok(()) = listening => None,
        };
        // Its last lines may still be on the way.
        let _ = timeout(STOP, end).await;
        let stderr = log.text();
        Ok(match ended {
            None => Finished { exit: None, stdout: String::new(), stderr },
            Some(output) => {
                let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
                Finished { exit: output.status.code(), stdout, stderr }
            }
        })
    }
}

/// How a command ended.
pub struct Finished {
    /// `None`: it did not end by itself.
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    #[test]
    fn the_file_of_a_url_is_the_file_whatever_its_name() {
        for file in ["/tmp/a b/c.sqlite3", "/tmp/100%20/ü#1?x=y/%c.sqlite3"] {
            let url = sqlite_url(Path::new(file));
            let options = SqliteConnectOptions::from_str(&url).expect(&url);
            assert_eq!(options.get_filename(), Path::new(file), "{url}");
        }
    }
}
