//! The files that bring the program to other machines. Linters read their form (.ci/); here
//! the program runs with what they say. Those machines have Linux, and so must this one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

use super::drills::programs;
use super::{assert_has, write};
use crate::repo::{Repo, printed};
use crate::run::program::{Built, Program};

const DOCKERFILE: &str = "Dockerfile";
const COMPOSE: &str = "compose.yaml";
const COMPONENT: &str = ".choreo/component.yaml";
const PROCFILE: &str = "Procfile";

/// Where nobody else listens, so that the program can have the port that it takes by itself.
const HERE: &str = "127.83.84.1";

fn repo() -> Repo {
    Repo::find().expect("the repository")
}

fn text(path: &str) -> String {
    repo().read(path).expect("a file")
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).expect(path)
}

/// The first group of each match.
fn matches(pattern: &str, text: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|found| found[1].to_string()).collect()
}

/// What follows an instruction of the Dockerfile, where it stands for the last time.
fn instruction(name: &str) -> String {
    let found = matches(&format!(r"(?m)^{name} (.*)$"), &text(DOCKERFILE)).pop();
    found.unwrap_or_else(|| panic!("{DOCKERFILE} has no {name}"))
}

/// The step that the Dockerfile builds.
fn step() -> String {
    let step = matches(r"(?m)^ARG STEP=(.*)$", &text(DOCKERFILE)).pop();
    step.expect("the Dockerfile's ARG STEP=")
}

/// The program of that step, in the surroundings that compose.yaml gives it: its settings,
/// and a database with that name, user and password.
struct Deployed {
    program: Built,
    settings: BTreeMap<String, String>,
    folder: TempDir,
}

impl Deployed {
    /// `None` without PostgreSQL.
    fn new() -> Option<Self> {
        programs()?;
        let program = Program::find(&repo(), &step()).and_then(|program| program.build(true));
        let program = program.expect("the Dockerfile's step, with its feature postgres");
        let postgres = program.postgres.clone().expect("PostgreSQL");
        let environment = yaml(COMPOSE)["services"]["server"]["environment"].take();
        let environment = environment.as_object().expect("a mapping");
        let mut settings: BTreeMap<_, _> = environment.iter().map(filled_in).collect();
        settings.extend([env()]);
        let value = |name| settings.get(name).unwrap_or_else(|| panic!("{COMPOSE}: no {name}"));
        let [user, password, name] = ["DB_USER", "DB_PWD", "DB_NAME"].map(value);
        let user_sql = format!("CREATE USER {user} PASSWORD '{password}'");
        for sql in [user_sql, format!("CREATE DATABASE {name} OWNER {user}")] {
            postgres.sql("postgres", &sql).expect("a database");
        }
        // Our PostgreSQL is no service with the name that compose.yaml has for it.
        let port = postgres.port.to_string();
        let here = [("DB_HOST", "127.0.0.1"), ("DB_PORT", &port), ("ADDRESS", HERE)];
        settings.extend(here.map(|(name, value)| (name.into(), value.into())));
        Some(Deployed { program, settings, folder: tempfile::tempdir().expect("a folder") })
    }

    /// The program with these arguments. Nothing else reaches it, no `.env` either.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program.executable);
        command.args(args).current_dir(self.folder.path()).env_clear().envs(&self.settings);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program")
    }
}

/// A setting as Docker Compose fills it in for somebody who has set only what must be.
fn filled_in((name, value): (&String, &Value)) -> (String, String) {
    let value = value.as_str().unwrap_or_else(|| panic!("{COMPOSE}: {name} is no text"));
    let must =
        (value.starts_with("${") && value.contains(":?")).then(|| "0123456789".repeat(4));
    let default = matches(r"^\$\{\w+:-(.*)\}$", value).pop();
    (name.clone(), must.or(default).unwrap_or_else(|| value.into()))
}

/// The Dockerfile's ENV, of which there is one.
fn env() -> (String, String) {
    let env = instruction("ENV");
    let (name, value) = env.split_once('=').expect("NAME=value");
    (name.into(), value.into())
}

#[test]
fn the_program_reads_every_setting_that_the_files_give() {
    let Some(mut deployed) = Deployed::new() else { return };
    let migrate = deployed.run(&["migrate"]);
    assert!(migrate.status.success(), "{}", printed(&migrate));
    let check = deployed.run(&["check", "--deploy"]);
    assert!(check.status.success(), "{COMPOSE}: {}", printed(&check));
    // A name that it does not know could have any value.
    for (name, value) in deployed.settings.clone() {
        deployed.settings.insert(name.clone(), "*".into());
        let check = deployed.run(&["check", "--deploy"]);
        assert!(!check.status.success(), "the program does not read {name}");
        deployed.settings.insert(name, value);
    }
}

#[test]
fn the_program_listens_where_the_files_say_and_answers_what_compose_asks() {
    let Some(deployed) = Deployed::new() else { return };
    deployed.run(&["migrate"]);
    let compose = &yaml(COMPOSE)["services"]["server"];
    // As Docker would ask, but at our address.
    let test = compose["healthcheck"]["test"].as_array().expect("a list");
    let words = test.iter().filter_map(Value::as_str).skip(1);
    let words = words.map(|word| word.replace("127.0.0.1", HERE).replace("$$", "$"));
    let words: Vec<_> = words.collect();
    let healthy = || {
        let mut ask = Command::new(&words[0]);
        ask.args(&words[1..]).output().expect("the question").status.success()
    };
    assert!(!healthy(), "{COMPOSE}: healthy before it has started");

    let mut serve = deployed.command(&["runserver"]);
    let server = serve.stderr(Stdio::piped()).spawn().expect("the program");
    let mut server = Killed(server);
    let said = BufReader::new(server.0.stderr.take().expect("its errors"));
    let mut lines = said.lines().map_while(Result::ok);
    let line = lines.find(|line| line.starts_with("Starting server at ")).expect("a start");
    let port = matches(r":(\d+)/", &line).pop().expect("a port");
    assert!(healthy(), "{COMPOSE}: not healthy at {line}");
    assert_eq!(instruction("EXPOSE"), port, "{DOCKERFILE}: EXPOSE");
    let choreo = &yaml(COMPONENT)["endpoints"][0]["service"]["port"];
    assert_eq!(choreo.to_string(), port, "{COMPONENT}: port");
    let published = compose["ports"][0].as_str().expect("a port");
    assert_eq!(published.rsplit(':').next(), Some(&*port), "{COMPOSE}: ports");
    assert!(!text(PROCFILE).contains("PORT="), "{PROCFILE}: PORT comes from the platform");
}

/// Ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_program_has_the_commands_that_the_files_call() {
    let Some(deployed) = Deployed::new() else { return };
    let step = step();
    let build =
        format!("cargo build --release --locked --bin {step} --features {step}/postgres");
    assert_has(&text(PROCFILE), &[&build, "\nrelease: ", "\nweb: "]);
    let mut called =
        matches(&format!(r"(?m)^\w+: target/release/{step} (\w+)$"), &text(PROCFILE));
    assert_eq!(called.len(), 2, "{PROCFILE}: a line does not start what is built");
    called.extend(matches(r#"^\["(\w+)"\]$"#, &instruction("CMD")));
    let migrate = &yaml(COMPOSE)["services"]["migrate"]["command"][0];
    called.push(migrate.as_str().expect("a command").into());
    let why = "what Procfile, Dockerfile and compose.yaml call";
    assert_eq!(called, ["migrate", "runserver", "runserver", "migrate"], "{why}");
    for word in called {
        let help = deployed.run(&[&word, "--help"]);
        assert!(help.status.success(), "the program has no {word}: {}", printed(&help));
    }
}

#[test]
fn compose_has_one_database_no_secret_and_the_right_order() {
    let services = &yaml(COMPOSE)["services"];
    let (ours, theirs) = (&services["server"]["environment"], &services["db"]["environment"]);
    for (our, their) in [
        ("DB_NAME", "POSTGRES_DB"),
        ("DB_USER", "POSTGRES_USER"),
        ("DB_PWD", "POSTGRES_PASSWORD"),
    ] {
        assert_eq!(ours[our], theirs[their], "{our} and {their}");
    }
    assert_eq!(ours["DB_HOST"], "db", "the service with the database");
    assert_eq!(services["migrate"]["environment"], *ours);
    for secret in ["SECRET_KEY", "DB_PWD"] {
        let value = ours[secret].to_string();
        assert!(value.starts_with(r#""${"#) && value.contains(":?"), "{secret}: {value}");
    }
    let after = |who: &str, whom: &str| services[who]["depends_on"][whom]["condition"].clone();
    assert_eq!(after("server", "migrate"), "service_completed_successfully");
    assert_eq!(after("migrate", "db"), "service_healthy");
}

/// Whether Docker, with our .dockerignore, does not see the file. The last line that fits
/// decides; one for a folder is for all that is in it.
fn hidden(path: &str) -> bool {
    let ignore = text(".dockerignore");
    let rules = ignore.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rules.fold(false, |hidden, rule| {
        let pattern = regex::escape(rule.trim_start_matches('!'));
        let pattern = pattern.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*");
        let pattern = Regex::new(&format!("^{pattern}(/.*)?$")).expect("a pattern");
        if pattern.is_match(path) { !rule.starts_with('!') } else { hidden }
    })
}

#[test]
fn docker_sees_the_program_and_no_secret() {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let files = repo().git(list).expect("files");
    let wanted =
        Regex::new(r"^(Cargo\.(toml|lock)|course/Cargo\.toml|(steps|work|client)/.*)$");
    let wanted = wanted.expect("a pattern");
    // The settings of the React client are for who builds it; the image takes it as it is built.
    let built = |path: &&str| !path.ends_with("/frontend/.env");
    for path in files.split_terminator('\0').filter(built) {
        assert_eq!(hidden(path), !wanted.is_match(path), ".dockerignore: {path}");
    }
    for folder in ["", "work/", "steps/08-deployment/"] {
        for left in
            [".env", ".env.production", "db.sqlite3-wal", "target/a", ".backup-1/a", ".git/a"]
        {
            assert!(hidden(&format!("{folder}{left}")), ".dockerignore: shows {folder}{left}");
        }
    }
}

/// The Dockerfile as a script for a shell: each stage has a folder below `folder`, beside
/// `context`, which is what Docker sees. In the last stage nothing is run: it would be here.
fn script(folder: &Path) -> String {
    let dockerfile = text(DOCKERFILE).replace("\\\n", "");
    let lines = dockerfile.lines().filter(|line| !line.starts_with('#'));
    let mut last = false;
    let lines = lines.filter_map(|line| line.split_once(' ')).map(|(name, rest)| match name {
        "ARG" => format!("export {}", if rest == "STEP" { "STEP" } else { rest }),
        "FROM" => {
            let (_, stage) = rest.split_once(" AS ").unwrap_or(("", "image"));
            last = stage == "image";
            format!("root={stage}; mkdir $root; here=$root")
        }
        "WORKDIR" => format!("here=$root{rest}; mkdir -p $here"),
        "COPY" => match rest.strip_prefix("--from=").and_then(|rest| rest.split_once(' ')) {
            Some((from, paths)) => format!("copy {from}{paths}"),
            None => format!("copy context/{rest}"),
        },
        "RUN" if !last => format!("( cd $here; {rest} )"),
        _ => String::new(),
    });
    let copy = r#"copy() {
  case "$2" in /*) to=$root$2 ;; *) to=$here/$2 ;; esac
  if [ -d "$1" ]; then cp -a "$1/." "$to"; else mkdir -p "${to%/*}"; cp -a "$1" "$to"; fi
}"#;
    format!(
        "set -e\ncd '{}'\n{copy}\n{}\n",
        folder.display(),
        lines.collect::<Vec<_>>().join("\n")
    )
}

#[test]
fn the_dockerfile_builds_the_program_over_the_empty_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let context = folder.path().join("context");
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"steps/*\", \"work\", \"client\", \"course\"]";
    write(&context, "Cargo.toml", members);
    for (path, name) in [("steps/01-made", &*step()), ("work", "work"), ("course", "course")] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[features]\npostgres = []\n"
        );
        write(&context, &format!("{path}/Cargo.toml"), &manifest);
        write(&context, &format!("{path}/src/main.rs"), "fn main() { print!(\"made\") }\n");
        // From before the first build, as in a copy.
        let main = File::options().write(true).open(context.join(path).join("src/main.rs"));
        let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
        main.and_then(|main| main.set_modified(yesterday)).expect("an old file");
    }
    let client = "[package]\nname = \"client\"\nedition = \"2024\"\n";
    write(&context, "client/Cargo.toml", client);
    write(&context, "client/src/lib.rs", "");
    let script = script(folder.path());
    let mut shell = Command::new("sh");
    shell.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    let lock = "(cd context && cargo generate-lockfile --offline)\n";
    let built =
        shell.args(["-c", &script.replacen("copy() {", &format!("{lock}copy() {{"), 1)]);
    let built = built.output().expect("a shell");
    assert!(built.status.success(), "{DOCKERFILE}: {}", printed(&built));

    // What goes into the image is what it starts, and not as root.
    let start: Vec<String> = serde_json::from_str(&instruction("ENTRYPOINT")).expect("a list");
    let program = folder.path().join("image").join(start[0].trim_start_matches('/'));
    let said = Command::new(program).output().expect("the program of ENTRYPOINT");
    assert_eq!(printed(&said), "made", "{DOCKERFILE}: not the program, but the empty one");
    let user: u32 = instruction("USER").parse().expect("USER is a number");
    assert!((10_000..=20_000).contains(&user), "{DOCKERFILE}: Choreo does not take {user}");
    assert_has(&text(DOCKERFILE), &[&format!("--uid {user} ")]);
    assert_eq!(env(), ("DEBUG".into(), "false".into()), "{DOCKERFILE}: ENV");
}

#[test]
fn the_image_of_the_build_has_our_rust_and_the_c_library_of_the_last() {
    let version = |pattern: &str, text: &str| {
        let found = matches(pattern, text).pop().expect(pattern);
        found.parse::<u32>().expect("a number")
    };
    let ours = version(r#"rust-version = "1\.(\d+)""#, &text("Cargo.toml"));
    let theirs = version(r"FROM rust:1\.(\d+)", &text(DOCKERFILE));
    assert!(ours <= theirs, "{DOCKERFILE}: Rust 1.{theirs} is older than our 1.{ours}");
    let debian = matches(r"debian:(\w+)-slim", &instruction("FROM")).pop().expect("a Debian");
    assert_has(&text(DOCKERFILE), &[&format!("-slim-{debian} AS build")]);
}
