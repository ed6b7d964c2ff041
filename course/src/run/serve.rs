//! `serve`: a step, or the learner's own crate, on a fresh database with the contract's
//! users, key and settings.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::contract::variables::as_text;
use crate::contract::{self, Fixtures, Profile, User};
use crate::http::{Address, Answer, Outgoing, send};
use crate::run::postgres::{Postgres, Programs};
use crate::run::workspace::lock;

/// How long a program may take to start, or to finish a command.
const START: Duration = Duration::from_secs(30);

/// How long it may take to stop before it is ended.
const STOP: Duration = Duration::from_secs(10);

/// What a step prints once it listens.
const LISTENING: &str = "Starting server at ";

/// `course serve`
#[derive(clap::Args)]
pub struct Args {
    /// A step, as `4` or `step-4`, or `work`
    what: String,
    /// How it treats refresh tokens
    #[arg(long, value_enum, default_value = "default")]
    profile: Profile,
    /// The port; any free one when it is not given
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// With a PostgreSQL of its own in place of SQLite
    #[arg(long)]
    postgres: bool,
}

/// Serves until Ctrl-C.
pub fn run(args: &Args) -> Result<()> {
    crate::http::block_on(async {
        let program = Program::find(&args.what)?.build(args.postgres)?;
        let fixtures = contract::load()?.fixtures;
        let settings = settings(&fixtures, args.profile, &BTreeMap::new());
        let mut server = Server::start(&program, settings, args.port, Output::Shown).await?;
        if let Some(missing) = server.prepare(&fixtures.users).await? {
            println!("{missing}");
        }
        println!("{} at {}", program.name, server.address);
        println!("Its database is a fresh one and goes when it stops. Stop it with Ctrl-C.");
        tokio::select! {
            () = interrupted() => server.stop().await.map(drop),
            ended = server.child.wait() => bail!("the server stopped by itself ({}).", ended?),
        }
    })
}

/// A crate of the workspace that is a server.
pub struct Program {
    /// As the person knows it: `step-4`, `work`.
    pub name: String,
    folder: PathBuf,
}

/// A program that is built.
pub struct Built {
    /// As the person knows it.
    pub name: String,
    /// As cargo knows it.
    binary: String,
    pub executable: PathBuf,
    /// Whether it has a command `migrate`: from step 3 on.
    migrates: bool,
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

impl Program {
    /// By what the person typed: `4`, `step-4`, `work`.
    pub fn find(what: &str) -> Result<Self> {
        let root = root();
        if what == "work" {
            let folder = root.join("work");
            if !folder.join("Cargo.toml").is_file() {
                bail!(
                    "there is no crate in work/ yet. `just start step-N` puts one there; or \
                     name another server, with --from step-4 or --url http://127.0.0.1:8000."
                );
            }
            return Ok(Program { name: what.into(), folder });
        }
        let number = what.strip_prefix("step-").unwrap_or(what);
        let number: u32 = number
            .parse()
            .with_context(|| format!("{what:?} is no step; a step is 4, or step-4, or work"))?;
        let (_, folder) = steps()?
            .into_iter()
            .find(|(step, _)| *step == number)
            .ok_or_else(|| anyhow!("there is no step {number} in steps/."))?;
        Ok(Program { name: format!("step-{number}"), folder })
    }

    /// Compiles it, in one build with all the steps: see the design's "One build".
    ///
    /// `postgres`: with that feature, and a PostgreSQL that runs as long as this is needed.
    pub fn build(&self, postgres: bool) -> Result<Built> {
        if !postgres {
            return self.compile(None);
        }
        if !self.manifest()?.lines().any(|line| line.starts_with("postgres = ")) {
            let name = &self.name;
            bail!("{name} has no feature `postgres`, so SQLite is all that it speaks to.");
        }
        let programs = Programs::find()?;
        let built = self.compile(Some("postgres"))?;
        Ok(Built { postgres: Some(Arc::new(Postgres::start(programs)?)), ..built })
    }

    fn compile(&self, feature: Option<&str>) -> Result<Built> {
        let binary = self.binary()?;
        // With a feature or without, it has one name: nobody may build the other one before
        // this one is in a place of its own.
        let _lock = lock(&root().join("target/course/built.lock"))?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = std::process::Command::new(cargo)
            .current_dir(root())
            .args(["build", "--bin", &binary])
            .args(feature.map(|feature| format!("--features={binary}/{feature}")))
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo")?;
        if !output.status.success() {
            bail!("{} does not compile; what the compiler says stands above.", self.name);
        }
        let built = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .next_back()
            .ok_or_else(|| anyhow!("cargo built no program for {}.", self.name))?;
        let folder = tempfile::tempdir_in(built.parent().unwrap_or(&built))?;
        let executable = folder.path().join(built.file_name().unwrap_or_default());
        let kept = fs::hard_link(&built, &executable);
        kept.or_else(|_| fs::copy(&built, &executable).map(drop))
            .context("cannot keep the program")?;
        let migrates = self.folder.join("migrations").is_dir();
        let (name, postgres, _folder) = (self.name.clone(), None, Some(folder));
        Ok(Built { name, binary, executable, migrates, postgres, _folder })
    }

    fn manifest(&self) -> Result<String> {
        let path = self.folder.join("Cargo.toml");
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The name in its Cargo.toml.
    fn binary(&self) -> Result<String> {
        let text = self.manifest()?;
        let name = text.lines().find_map(|line| line.strip_prefix("name = \""));
        let name = name.and_then(|rest| rest.split('"').next());
        name.map(String::from)
            .ok_or_else(|| anyhow!("the Cargo.toml of {} names no package.", self.name))
    }
}

/// The workspace.
pub fn root() -> PathBuf {
    let course = Path::new(env!("CARGO_MANIFEST_DIR"));
    course.parent().unwrap_or(course).into()
}

/// The steps that exist, in order, with their folders.
pub fn steps() -> Result<Vec<(u32, PathBuf)>> {
    let folders = fs::read_dir(root().join("steps")).context("cannot read steps/")?;
    let mut steps = Vec::new();
    for folder in folders {
        let path = folder?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let number = name.split('-').next().and_then(|number| number.parse().ok());
        if let Some(number) = number.filter(|_| path.join("Cargo.toml").is_file()) {
            steps.push((number, path));
        }
    }
    steps.sort();
    Ok(steps)
}

/// Every setting that a step may read. What the person has set must not reach the server.
const SETTINGS: [&str; 28] = [
    "ACCESS_TOKEN_LIFETIME",
    "ADDRESS",
    "ALLOWED_HOSTS",
    "BCRYPT_ROUNDS",
    "BLACKLIST_AFTER_ROTATION",
    "CORS_ALLOWED_ORIGINS",
    "CORS_ALLOW_ALL_ORIGINS",
    "CORS_ALLOW_CREDENTIALS",
    "DATABASE_URL",
    "DB_HOST",
    "DB_MAX_CONNECTIONS",
    "DB_NAME",
    "DB_PORT",
    "DB_PWD",
    "DB_SSLMODE",
    "DB_SSLROOTCERT",
    "DB_USER",
    "DEBUG",
    "DJANGO_SUPERUSER_PASSWORD",
    "PORT",
    "REFRESH_TOKEN_LIFETIME",
    "REUSE_GRACE",
    "REUSE_REVOKES_FAMILY",
    "ROTATE_REFRESH_TOKENS",
    "RUST_LOG",
    "SECRET_KEY",
    "TRUSTED_PROXIES",
    "UPDATE_LAST_LOGIN",
];

/// The environment of one server: `None` takes a variable away.
pub type Settings = BTreeMap<String, Option<String>>;

/// All settings of a profile, each one given, with those of a group over them.
pub fn settings(
    fixtures: &Fixtures,
    profile: Profile,
    over: &BTreeMap<String, String>,
) -> Settings {
    let key = fixtures.variables.get("signing_key").map(as_text).unwrap_or_default();
    let (rotate, blacklist) = match profile {
        Profile::Default => ("false", "false"),
        Profile::Rotate => ("true", "false"),
        Profile::RotateBlacklist => ("true", "true"),
    };
    let mut settings: Settings = SETTINGS.map(|name| (name.into(), None)).into();
    let own = [
        ("ACCESS_TOKEN_LIFETIME", "1800"),
        ("ADDRESS", "127.0.0.1"),
        // The names that requests to this machine have; step 8 refuses a `*` here.
        ("ALLOWED_HOSTS", "127.0.0.1,localhost"),
        ("BCRYPT_ROUNDS", "4"),
        ("BLACKLIST_AFTER_ROTATION", blacklist),
        ("CORS_ALLOW_ALL_ORIGINS", "true"),
        ("CORS_ALLOW_CREDENTIALS", "false"),
        ("DEBUG", "false"),
        ("REFRESH_TOKEN_LIFETIME", "86400"),
        ("REUSE_GRACE", "10"),
        ("REUSE_REVOKES_FAMILY", "false"),
        ("ROTATE_REFRESH_TOKENS", rotate),
        ("SECRET_KEY", &key),
        ("UPDATE_LAST_LOGIN", "false"),
    ];
    settings.extend(own.map(|(name, value)| (name.into(), Some(value.into()))));
    settings.extend(over.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
    settings
}

/// What happens to the lines a server prints.
#[derive(Clone, Copy, PartialEq)]
pub enum Output {
    Shown,
    Kept,
}

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
            Database::Sqlite(file) => format!("sqlite:{}", file.display()),
            Database::Postgres(postgres, name) => postgres.url(name),
        }
    }
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

    fn command(&self, program: &Built, settings: &Settings) -> Command {
        let mut command = Command::new(&program.executable);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            // What Rocket reads, and what PostgreSQL's clients read.
            if ["ROCKET_", "PG"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
                command.env_remove(name);
            }
        }
        for (name, value) in settings {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if settings.get("DATABASE_URL").is_none_or(Option::is_none) {
            command.env("DATABASE_URL", self.database.url());
        }
        command
    }

    /// Makes the schema. With DEBUG off a start does not.
    pub async fn migrate(&self, program: &Built, settings: &Settings) -> Result<()> {
        let done = self.run(program, settings, &["migrate".into()]).await?;
        if done.exit != Some(0) {
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

/// The last lines of a server.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        if let Ok(mut lines) = self.0.lock() {
            lines.push(line);
        }
    }

    fn text(&self) -> String {
        self.0.lock().map(|lines| lines.join("\n")).unwrap_or_default()
    }
}

/// What a program prints on stderr.
struct Lines {
    log: Log,
    /// Hears of the line that tells where it listens.
    listening: oneshot::Receiver<()>,
    /// Ends with the program.
    end: JoinHandle<()>,
}

/// Reads it for as long as it runs: a full pipe would stop it.
fn follow(errors: ChildStderr, output: Output) -> Lines {
    let log = Log::default();
    let (sender, listening) = oneshot::channel();
    let kept = log.clone();
    let end = tokio::spawn(async move {
        let mut sender = Some(sender);
        let mut lines = BufReader::new(errors).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if output == Output::Shown {
                eprintln!("  {line}");
            }
            let listens = line.starts_with(LISTENING);
            kept.add(line);
            if let Some(sender) = sender.take_if(|_| listens) {
                let _ = sender.send(());
            }
        }
    });
    Lines { log, listening, end }
}

/// A server that runs. It stops when it is dropped.
pub struct Server {
    pub address: Address,
    child: Child,
    place: Arc<Place>,
}

impl Server {
    /// Starts a program on a database of its own.
    pub async fn start(
        program: &Built,
        settings: Settings,
        port: u16,
        output: Output,
    ) -> Result<Self> {
        let place = Arc::new(Place::new(program)?);
        if program.migrates {
            place.migrate(program, &settings).await?;
        }
        Self::start_at(place, program, settings, port, output).await
    }

    /// Starts a program in a place that is ready for it.
    pub async fn start_at(
        place: Arc<Place>,
        program: &Built,
        mut settings: Settings,
        port: u16,
        output: Output,
    ) -> Result<Self> {
        settings.insert("PORT".into(), Some(port.to_string()));
        let mut command = place.command(program, &settings);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", program.executable.display()))?;
        let errors = child.stderr.take().context("a program without stderr")?;
        let Lines { log, listening, .. } = follow(errors, output);
        if !matches!(timeout(START, listening).await, Ok(Ok(()))) {
            let name = &program.name;
            bail!(
                "{name} did not start. It should print `{LISTENING}http://127.0.0.1:PORT/` on \
                 stderr once it listens, and printed:\n{}",
                log.text()
            );
        }
        let address = address(&log.text())?;
        Ok(Server { address, child, place })
    }

    /// Makes the contract's users. When it cannot, it says why, and the cases will show it.
    pub async fn prepare(&self, users: &[User]) -> Result<Option<String>> {
        for user in users {
            let answer = self.register(user).await?;
            let id = answer.json().and_then(|body| body["id"].as_i64());
            if answer.status != 201 || id != Some(user.id) {
                return Ok(Some(format!(
                    "It goes without the users of course/contract/fixtures.json: POST \
                     /api/user/register/ for {} answered {}, not 201 with the id {}.",
                    user.username, answer.status, user.id
                )));
            }
        }
        for user in users.iter().filter(|user| !user.is_active) {
            self.deactivate(&user.username).await?;
        }
        Ok(None)
    }

    async fn register(&self, user: &User) -> Result<Answer> {
        let body = json!({"username": user.username, "password": user.password});
        let request = Outgoing {
            method: "POST".into(),
            path: "/api/user/register/".into(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: Some(body.to_string().into_bytes()),
        };
        send(&self.address, &request).await
    }

    /// No address of the API does that, so it is done in the database. Before step 3
    /// there is no such column, and nobody to ask for it.
    async fn deactivate(&self, username: &str) -> Result<()> {
        let file = match &self.place.database {
            Database::Sqlite(file) => file,
            Database::Postgres(postgres, name) => {
                let update = "UPDATE users SET is_active = FALSE WHERE username = ";
                let user = username.replace('\'', "''");
                return postgres.sql(name, &format!("{update}'{user}'")).map(drop);
            }
        };
        let options =
            SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(5));
        let mut database =
            options.connect().await.context("cannot open the server's database")?;
        let columns =
            "SELECT COUNT(*) FROM pragma_table_info('users') WHERE name = 'is_active'";
        let known: i64 = sqlx::query_scalar(columns).fetch_one(&mut database).await?;
        if known > 0 {
            let update = "UPDATE users SET is_active = FALSE WHERE username = $1";
            sqlx::query(update).bind(username).execute(&mut database).await?;
        }
        Ok(())
    }

    /// Asks it to stop; whether it could be asked.
    pub fn terminate(&self) -> bool {
        terminate(&self.child)
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(self) -> Result<Option<i32>> {
        let patience = if self.terminate() { STOP } else { Duration::ZERO };
        self.end(patience).await
    }

    /// Waits until it has ended: its exit status, `None` when it had to be killed.
    pub async fn end(mut self, patience: Duration) -> Result<Option<i32>> {
        if let Ok(ended) = timeout(patience, self.child.wait()).await {
            return Ok(ended.context("the server is lost")?.code());
        }
        self.child.kill().await.context("cannot stop the server")?;
        Ok(None)
    }
}

/// The address in the line a server prints.
fn address(log: &str) -> Result<Address> {
    let line = log.lines().find_map(|line| line.strip_prefix(LISTENING));
    let url = line.and_then(|line| line.split_whitespace().next());
    url.ok_or_else(|| anyhow!("the server did not print its address."))?.parse()
}

/// Asks a program to stop; whether it could be asked.
#[cfg(unix)]
pub fn terminate(child: &Child) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok())
}

/// Windows has no signal to ask with.
#[cfg(not(unix))]
pub fn terminate(_: &Child) -> bool {
    false
}

/// Returns when the person, or the system, wants us to stop.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
