//! `postgres`: a PostgreSQL for a while, from the programs that this machine has. It has a
//! port and a folder of its own, and goes when it is stopped.
//!
//! pgtemp does the work. It knows Unix only; elsewhere there is none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use uuid::Uuid;

use crate::http::block_on;
use crate::repo::{Repo, names};
use crate::run::cargo::cargo;
use crate::run::environment;
use crate::run::signals::{interrupted, terminate};
use crate::terminal::say;

/// How long PostgreSQL may take to start, and a command to end once it is asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait before it is asked once more whether it has started.
const PAUSE: Duration = Duration::from_millis(50);

/// What cargo does when no command is given.
const TESTS: [&str; 5] = ["test", "--bin", "step-8", "--features", "step-8/postgres"];

/// `course postgres`
#[derive(clap::Args, Default)]
pub struct Args {
    /// The command, with its arguments; without it, the tests of step 8
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs a command beside a PostgreSQL. The exit status is the command's.
pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(missing) => return skip(missing).map(|()| ExitCode::SUCCESS),
    };
    let status = block_on(async {
        let mut stop = std::pin::pin!(interrupted());
        // In a thread of its own, so that Ctrl-C is heard while it starts.
        let start = tokio::task::spawn_blocking(|| Postgres::start(programs));
        let postgres = tokio::select! {
            postgres = start => postgres.context("PostgreSQL did not start")??,
            () = &mut stop => bail!("stopped."),
        };
        let mut child = tokio::process::Command::from(command(repo, args, &postgres))
            .kill_on_drop(true)
            .spawn()
            .context("the command cannot be run")?;
        tokio::select! {
            status = child.wait() => return status.context("the command is lost"),
            () = stop => terminate(&child),
        };
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        ended.context("the command does not end")?.context("the command is lost")
    });
    Ok(ExitCode::from(exit_code(status?)))
}

/// The command, with the address of the database in its environment.
pub fn command(repo: &Repo, args: &Args, postgres: &Postgres) -> Command {
    let mut command = match args.command.split_first() {
        Some((program, args)) => {
            let mut command = Command::new(program);
            command.args(args);
            command
        }
        None => {
            let mut tests = cargo(&repo.root);
            tests.args(TESTS);
            tests
        }
    };
    let url = postgres.url(OWN);
    command.env("TEST_DATABASE_URL", &url).env("DATABASE_URL", url);
    command
}

/// As a shell has it: 128 and the signal for a command that a signal has ended.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|it| 128 + it);
    #[cfg(not(unix))]
    let signal = None;
    status.code().or(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Says that something is left out because PostgreSQL is not there. Where everything must
/// be proven, that is an error: CI is set there.
pub fn skip(missing: anyhow::Error) -> Result<()> {
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        return Err(missing.context("CI is set, so nothing may be left out"));
    }
    say(format!("Skipped: {missing}"))
}

/// The folder with PostgreSQL's programs.
pub struct Programs(PathBuf);

impl Programs {
    /// The newest that Debian has installed, or the one in the PATH. The error is a sentence
    /// that says what to install.
    pub fn find() -> Result<Self> {
        ensure!(cfg!(unix), "a PostgreSQL is started here on Unix only.");
        let debian = debian(Path::new("/usr/lib/postgresql"))?;
        let programs = debian.into_iter().chain(in_path("initdb"));
        let programs = programs.map(Programs).find(Programs::complete).context(
            "PostgreSQL is not on this machine; on Debian, \
             `apt-get install --no-install-recommends postgresql` brings it.",
        )?;
        ensure!(
            !is_root() || in_path("sudo").is_some(),
            "PostgreSQL does not run as root, and sudo, which starts it as another user, is not \
             on this machine; `apt-get install --no-install-recommends sudo` brings it."
        );
        Ok(programs)
    }

    fn complete(&self) -> bool {
        ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| self.0.join(name).is_file())
    }
}

/// Debian's folders, the newest first. They are not in the PATH.
fn debian(folder: &Path) -> Result<Vec<PathBuf>> {
    let names = names(folder)?;
    let mut versions: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
    versions.sort_by(|a, b| b.cmp(a));
    Ok(versions.iter().map(|version| folder.join(version.to_string()).join("bin")).collect())
}

/// The folder where a program really is, be there a link to it in the PATH.
fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let file = std::env::split_paths(&path).map(|folder| folder.join(program));
    let file = file.into_iter().find_map(|file| file.canonicalize().ok())?;
    file.parent().map(PathBuf::from)
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// Whoever made the cluster, who may do everything.
pub const USER: &str = "postgres";

/// The database that a new cluster has.
const OWN: &str = "postgres";

/// What pgtemp sets otherwise, for speed, and what it needs of us.
const SETTINGS: [(&str, &str); 5] = [
    // As in production: what is answered is on the disk.
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    // pgtemp never reads what PostgreSQL prints: when the pipe is full, it would stop.
    ("logging_collector", "on"),
    // For many tests at once, each with a pool.
    ("max_connections", "300"),
];

/// A PostgreSQL that runs until this is dropped.
pub struct Postgres {
    programs: Programs,
    pub password: String,
    pub port: u16,
    /// Its data; belongs to the user it runs as.
    pub data: PathBuf,
    _running: Running,
}

#[cfg(unix)]
type Running = pgtemp::PgTempDB;

#[cfg(not(unix))]
type Running = ();

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start(programs: Programs) -> Result<Self> {
        let password = Uuid::new_v4().simple().to_string();
        let (running, data, port) = launch(&programs, &password)?;
        let postgres = Postgres { programs, password, port, data, _running: running };
        postgres.wait()?;
        Ok(postgres)
    }

    /// pgtemp returns while it still starts.
    fn wait(&self) -> Result<()> {
        let begin = Instant::now();
        while let Err(why) = self.sql(OWN, "SELECT 1") {
            if begin.elapsed() > PATIENCE {
                return Err(why.context("PostgreSQL did not start"));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// Makes an empty database, and gives its name.
    pub fn create_database(&self) -> Result<String> {
        let name = format!("course_{}", Uuid::new_v4().simple());
        self.sql(OWN, &format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// Runs SQL in a database: what psql prints, a row a line.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = environment::command(self.programs.0.join("psql"));
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .env("PGPASSWORD", &self.password)
            .stdin(Stdio::null());
        let output = psql.output().context("cannot run psql")?;
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_string();
        ensure!(output.status.success(), "psql: {}", text(&output.stderr));
        Ok(text(&output.stdout))
    }

    /// Runs pg_ctl as the user whom the data belongs to.
    pub fn pg_ctl(&self, args: &[&str]) -> Result<()> {
        let program = self.programs.0.join("pg_ctl");
        let mut pg_ctl = Command::new(if is_root() { "sudo".as_ref() } else { &*program });
        if is_root() {
            pg_ctl.args(["-u", "postgres"]).arg(&program);
        }
        // What it starts keeps its outputs: a pipe would never end.
        pg_ctl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // That user may not be let into the folder we are in.
        let status = pg_ctl.arg("-D").arg(&self.data).args(args).current_dir("/").status();
        let status = status.context("cannot run pg_ctl")?;
        ensure!(status.success(), "pg_ctl {} failed", args.join(" "));
        Ok(())
    }
}

impl Drop for Postgres {
    /// pgtemp ends what it has started itself. Since then it may have been started anew.
    fn drop(&mut self) {
        let _ = self.pg_ctl(&["stop", "-m", "immediate"]);
    }
}

#[cfg(unix)]
fn launch(programs: &Programs, password: &str) -> Result<(Running, PathBuf, u16)> {
    let mut builder = Running::builder()
        .with_bin_path(&programs.0)
        .with_username(USER)
        .with_password(password)
        .with_dbname(OWN)
        .with_initdb_arg("auth", "scram-sha-256")
        .with_initdb_arg("encoding", "UTF8")
        .with_initdb_arg("locale", "C");
    for (name, value) in SETTINGS {
        builder = builder.with_config_param(name, value);
    }
    // When something does not work, pgtemp panics, and prints what it was.
    let running = thread::spawn(|| builder.start()).join().ok();
    let running = running.context("PostgreSQL did not start; why stands above.")?;
    let (data, port) = (running.data_dir(), running.db_port());
    Ok((running, data, port))
}

#[cfg(not(unix))]
fn launch(_: &Programs, _: &str) -> Result<(Running, PathBuf, u16)> {
    bail!("a PostgreSQL is started here on Unix only.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_debians_versions_goes_first() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["9", "15", "17", "common"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let found = debian(folder.path()).expect("folders");
        let want = ["17/bin", "15/bin", "9/bin"].map(|name| folder.path().join(name));
        assert_eq!(found, want);
        assert!(debian(&folder.path().join("none")).expect("none").is_empty());
    }

    #[test]
    fn a_program_of_the_path_is_found_where_it_is() {
        assert!(in_path("bash").is_some_and(|folder| folder.join("bash").is_file()));
        assert_eq!(in_path("no-program-has-this-name"), None);
    }
}
