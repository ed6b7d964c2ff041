//! `postgres`: a PostgreSQL for a while, from the programs that this machine has. It has a
//! port and a folder of its own, and goes when it is stopped.
//!
//! It knows Unix only; elsewhere there is none.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use uuid::Uuid;

use crate::http::block_on;
use crate::repo::{Repo, Step, names};
use crate::run::cargo::cargo;
use crate::run::signals::{interrupted, terminate};
use crate::run::{environment, free_port, skip};

/// How long a command may take to end once it is asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first step that has the feature `postgres`.
const FIRST: u32 = 8;

/// What cargo does when no command is given: the tests of the first step that knows PostgreSQL,
/// and of the last.
fn tests(repo: &Repo) -> Vec<String> {
    let mut args = vec!["test".to_string()];
    let mut steps: Vec<_> = repo.step(FIRST).into_iter().chain(repo.last()).collect();
    steps.dedup();
    for step in steps.iter().map(Step::package) {
        args.extend(["--bin".into(), step.clone(), "--features".into(), step + "/postgres"]);
    }
    args
}

/// `course postgres`
#[derive(clap::Args, Default)]
pub struct Args {
    /// The command, with its arguments; without it, the tests of step 8 and of the last
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
            tests.args(self::tests(repo));
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

/// The folder with PostgreSQL's programs, and whom it runs as.
pub struct Programs {
    folder: PathBuf,
    owner: Option<Owner>,
}

impl Programs {
    /// The newest that Debian has installed, or the one in the PATH. The error is a sentence
    /// that says what to install.
    pub fn find() -> Result<Self> {
        ensure!(cfg!(unix), "a PostgreSQL is started here on Unix only.");
        let debian = debian(Path::new("/usr/lib/postgresql"))?;
        let mut folders = debian.into_iter().chain(in_path("initdb"));
        let folder = folders.find(|folder| complete(folder)).context(
            "PostgreSQL is not on this machine; on Debian, \
             `apt-get install --no-install-recommends postgresql` brings it.",
        )?;
        Ok(Programs { folder, owner: Owner::find()? })
    }

    /// One of them, as the user whom the data belongs to.
    fn command(&self, program: &str) -> Command {
        self.owned(environment::command(self.folder.join(program)))
    }

    fn owned(&self, mut command: Command) -> Command {
        // That user may not be let into the folder we are in.
        command.current_dir("/").stdin(Stdio::null());
        if let Some(owner) = self.owner {
            owner.runs(&mut command);
        }
        command
    }

    /// Runs a program to its end. The error is what it prints.
    fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let output = self.command(program).args(args).output();
        let output = output.with_context(|| format!("cannot run {program}"))?;
        let why = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} failed:\n{}", why.trim());
        Ok(())
    }
}

fn complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| folder.join(name).is_file())
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

/// The user `postgres`, when we are root: PostgreSQL does not run as root. Becoming another
/// user is a system call that root may make, so no sudo is needed.
#[derive(Clone, Copy)]
#[cfg_attr(not(unix), expect(dead_code, reason = "nobody is root there"))]
struct Owner {
    user: u32,
    group: u32,
}

#[cfg(unix)]
impl Owner {
    fn find() -> Result<Option<Self>> {
        if !rustix::process::getuid().is_root() {
            return Ok(None);
        }
        let id = |option| {
            let output = Command::new("id").args([option, "postgres"]).output().ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        let (user, group) = id("-u").zip(id("-g")).context(
            "PostgreSQL does not run as root, and this machine has no user `postgres`; \
             Debian's package postgresql makes one.",
        )?;
        Ok(Some(Owner { user, group }))
    }

    fn runs(self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        command.uid(self.user).gid(self.group);
    }

    fn gets(self, path: &Path) -> std::io::Result<()> {
        std::os::unix::fs::chown(path, Some(self.user), Some(self.group))
    }
}

#[cfg(not(unix))]
impl Owner {
    fn find() -> Result<Option<Self>> {
        Ok(None)
    }

    fn runs(self, _: &mut Command) {}

    fn gets(self, _: &Path) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whoever made the cluster, who may do everything.
pub const USER: &str = "postgres";

/// The database that a new cluster has.
const OWN: &str = "postgres";

/// Its whole postgresql.conf, but for the port. Sockets in a folder have names of limited
/// length, so there are none. The connections are for many tests at once, each with a pool.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
";

/// A PostgreSQL that runs until this is dropped, or until we end without that.
pub struct Postgres {
    programs: Programs,
    pub password: String,
    pub port: u16,
    /// Its data; belongs to the user it runs as.
    pub data: PathBuf,
    keeper: Child,
    _folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start(programs: Programs) -> Result<Self> {
        let password = Uuid::new_v4().simple().to_string();
        let folder = tempfile::Builder::new().prefix("course-postgres-").tempdir()?;
        let data = folder.path().join("data");
        let secret = folder.path().join("password");
        fs::write(&secret, &password)?;
        if let Some(owner) = programs.owner {
            [folder.path(), &secret].into_iter().try_for_each(|path| owner.gets(path))?;
        }
        let keeper = keeper(&programs, folder.path(), &data)?;
        let port = free_port()?;
        let postgres = Postgres { programs, password, port, data, keeper, _folder: folder };
        postgres.make(&secret).context("PostgreSQL did not start")?;
        Ok(postgres)
    }

    fn make(&self, secret: &Path) -> Result<()> {
        let (data, secret) = (self.data.to_string_lossy(), secret.to_string_lossy());
        let who = ["--username", USER, "--auth", "scram-sha-256", "--pwfile", &secret];
        let text = ["--encoding", "UTF8", "--locale", "C"];
        let place = ["--no-sync", "-D", &data];
        self.programs.run("initdb", &[&who[..], &text, &place].concat())?;
        let settings = format!("port = {}\n{SETTINGS}", self.port);
        fs::write(self.data.join("postgresql.conf"), settings)?;
        self.pg_ctl(&["start"])
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
        let mut psql = self.programs.command("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .env("PGPASSWORD", &self.password);
        let output = psql.output().context("cannot run psql")?;
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_string();
        ensure!(output.status.success(), "psql: {}", text(&output.stderr));
        Ok(text(&output.stdout))
    }

    /// Runs pg_ctl, and waits until it is done. The error has the end of the server's log,
    /// which says why.
    pub fn pg_ctl(&self, args: &[&str]) -> Result<()> {
        let log = self.data.join("log");
        let mut pg_ctl = self.programs.command("pg_ctl");
        pg_ctl.arg("-D").arg(&self.data).arg("-l").arg(&log).arg("-w").args(args);
        // What it starts keeps its outputs: a pipe would never end.
        let status = pg_ctl.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !status.context("cannot run pg_ctl")?.success() {
            let log = fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(5).collect();
            let last: Vec<_> = last.into_iter().rev().collect();
            bail!("pg_ctl {} failed:\n{}", args.join(" "), last.join("\n"));
        }
        Ok(())
    }
}

impl Drop for Postgres {
    /// Lets the keeper go on, and waits until it has ended everything.
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A shell that waits for its input to end, then stops the cluster and removes its folder. It
/// ends with us, however we end: also when we are killed, which no `Drop` sees.
fn keeper(programs: &Programs, folder: &Path, data: &Path) -> Result<Child> {
    let script = r#"read -r _; "$0" -D "$1" -m immediate stop; rm -rf "$2""#;
    let mut keeper = programs.owned(environment::command("sh"));
    keeper.args(["-c", script]).arg(programs.folder.join("pg_ctl")).arg(data).arg(folder);
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // Ctrl-C is for us; the keeper's turn comes when we have ended.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut keeper, 0);
    keeper.spawn().context("cannot run sh")
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
