//! The files that bring the program to other machines: what they say of it is true.
//!
//! A sentence is checked on the files as they are, and then each time with one thing broken:
//! it must be found.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::{assert_has, write};
use crate::repo::{Repo, names, printed, walk};

const COMPONENT: &str = ".choreo/component.yaml";
const COMPOSE: &str = "compose.yaml";
const DOCKERFILE: &str = "Dockerfile";
const IGNORE: &str = ".dockerignore";
const PROCFILE: &str = "Procfile";
const FILES: [&str; 5] = [COMPONENT, COMPOSE, DOCKERFILE, IGNORE, PROCFILE];

/// What stands in the paths below for the folder of the step that is deployed.
const STEP: &str = "STEP/";

/// The files, by their paths: those for deployment, the manifest of the workspace, and the
/// step that is deployed.
#[derive(Clone)]
struct Deployment {
    files: BTreeMap<String, String>,
    /// The step's folder.
    folder: String,
}

impl Deployment {
    fn read(repo: &Repo) -> Self {
        let read = |path: &&str| (path.to_string(), repo.read(path).expect("a file"));
        let mut files: BTreeMap<_, _> = FILES.iter().chain(&["Cargo.toml"]).map(read).collect();
        let package = argument(&files[DOCKERFILE], "STEP").expect("a step");
        let steps = repo.steps().expect("steps");
        let step = steps.iter().find(|step| step.package() == package);
        let folder = step.expect("the Dockerfile's step").folder();
        let of_step = repo.files(&folder).expect("the step's files");
        files.extend(of_step.into_iter().map(|(path, text)| (format!("{STEP}{path}"), text)));
        Deployment { files, folder }
    }

    fn text(&self, path: &str) -> Result<&str> {
        self.files.get(path).map(String::as_str).with_context(|| format!("{path}: not there"))
    }

    /// The step's source without its tests, one file after the other.
    fn source(&self) -> impl Iterator<Item = &str> {
        let ours = |path: &str| {
            path.strip_prefix(STEP)
                .is_some_and(|path| path.starts_with("src/") && !path.starts_with("src/tests/"))
        };
        self.files.iter().filter(move |(path, _)| ours(path)).map(|(_, text)| text.as_str())
    }

    fn package(&self) -> Result<String> {
        argument(self.text(DOCKERFILE)?, "STEP")
    }

    fn stages(&self) -> Result<Vec<Stage>> {
        stages(self.text(DOCKERFILE)?)
    }

    /// The stage that becomes the image.
    fn image(&self) -> Result<Stage> {
        self.stages()?.pop().context("Dockerfile: has no FROM")
    }

    fn component(&self) -> Result<Component> {
        serde_saphyr::from_str(self.text(COMPONENT)?).context(COMPONENT)
    }

    fn compose(&self) -> Result<Value> {
        serde_saphyr::from_str(self.text(COMPOSE)?).context(COMPOSE)
    }

    /// The service of compose.yaml with this name.
    fn service(&self, name: &str) -> Result<Value> {
        let mut compose = self.compose()?;
        let service = compose["services"][name].take();
        ensure!(service.is_object(), "{COMPOSE}: has no service {name}");
        Ok(service)
    }
}

/// Fails unless the sentence is true of the files, and of no copy with one of these edits:
/// in the file, the first text is replaced by the second.
#[track_caller]
fn holds(sentence: fn(&Deployment) -> Result<()>, edits: &[(&str, &str, &str)]) {
    let right = Deployment::read(&Repo::find().expect("the repository"));
    sentence(&right).unwrap_or_else(|why| panic!("{why:#}"));
    for (path, from, to) in edits {
        let mut broken = right.clone();
        let text = broken.files.get_mut(*path).expect(path);
        assert!(text.contains(from), "{path} has no {from:?} to break");
        *text = text.replacen(from, to, 1);
        let Err(why) = sentence(&broken) else {
            panic!("nothing is said when in {path} {from:?} is {to:?}");
        };
        let named = FILES.iter().any(|path| format!("{why:#}").starts_with(path));
        assert!(named, "{why:#}\n\ndoes not begin with the file");
    }
}

/// Choreo's component.yaml, as far as it is used here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Component {
    schema_version: f64,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Endpoint {
    name: String,
    display_name: String,
    service: Service,
    r#type: String,
    network_visibilities: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Service {
    base_path: String,
    port: u16,
}

/// One stage of a Dockerfile.
struct Stage {
    base: String,
    name: String,
    /// Each instruction and what follows it.
    lines: Vec<(String, String)>,
}

impl Stage {
    fn all<'a>(&'a self, instruction: &'a str) -> impl Iterator<Item = &'a str> {
        let of_it = move |line: &&(String, String)| line.0 == instruction;
        self.lines.iter().filter(of_it).map(|(_, rest)| rest.as_str())
    }

    /// The instruction that is there once, or of several the last, which counts.
    fn last<'a>(&'a self, instruction: &'a str) -> Result<&'a str> {
        let last = self.all(instruction).last();
        last.with_context(|| format!("{DOCKERFILE}: has no {instruction}"))
    }

    /// An instruction in the form of a list, with no shell in between.
    fn list(&self, instruction: &str) -> Result<Vec<String>> {
        let list = self.last(instruction)?;
        serde_json::from_str(list)
            .with_context(|| format!("{DOCKERFILE}: {instruction} is not a list of strings"))
    }
}

/// A line's COPY: the stage that it copies from, if any; what; to where.
fn copy(rest: &str) -> (Option<&str>, &str, &str) {
    let mut words: Vec<_> = rest.split_whitespace().collect();
    let from = words.first().and_then(|word| word.strip_prefix("--from="));
    if from.is_some() {
        words.remove(0);
    }
    let [source, to] = words[..] else { panic!("COPY {rest}: not one source and one place") };
    (from, source, to)
}

/// The lines of a Dockerfile without its comments, those that a backslash splits as one.
fn instructions(dockerfile: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut goes_on = false;
    for line in dockerfile.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if goes_on {
            let (_, rest) = found.last_mut().expect("a line before");
            *rest += "\n";
            *rest += line;
        } else if let Some((name, rest)) = line.split_once(' ') {
            found.push((name.into(), rest.into()));
        }
        goes_on = line.ends_with('\\');
    }
    found
}

fn stages(dockerfile: &str) -> Result<Vec<Stage>> {
    let mut stages: Vec<Stage> = Vec::new();
    for (name, rest) in instructions(dockerfile) {
        if name == "FROM" {
            let (base, name) = rest.split_once(" AS ").unwrap_or((&rest, ""));
            stages.push(Stage { base: base.into(), name: name.into(), lines: Vec::new() });
        } else if let Some(stage) = stages.last_mut() {
            stage.lines.push((name, rest));
        } else {
            ensure!(name == "ARG", "{DOCKERFILE}: {name} before the first FROM");
        }
    }
    Ok(stages)
}

/// What an ARG before the first FROM is without --build-arg.
fn argument(dockerfile: &str, name: &str) -> Result<String> {
    let value = instructions(dockerfile).into_iter().find_map(|(instruction, rest)| {
        let value = rest.strip_prefix(name)?.strip_prefix('=')?;
        (instruction == "ARG").then(|| value.to_string())
    });
    value.with_context(|| format!("{DOCKERFILE}: has no ARG {name}"))
}

/// Whether Docker, with this .dockerignore, does not see the file. The last line that fits
/// decides; one for a folder is for all that is in it.
fn excluded(ignore: &str, path: &str) -> bool {
    let rules = ignore.lines().map(str::trim);
    let rules = rules.filter(|line| !line.is_empty() && !line.starts_with('#'));
    rules.fold(false, |excluded, rule| {
        let (pattern, exclude) = rule.strip_prefix('!').map_or((rule, true), |p| (p, false));
        let pattern = regex::escape(pattern)
            .replace(r"\*\*/", "(.*/)?")
            .replace(r"\*", "[^/]*")
            .replace(r"\?", "[^/]");
        let pattern = Regex::new(&format!("^{pattern}(/.*)?$")).expect("a pattern");
        if pattern.is_match(path) { exclude } else { excluded }
    })
}

/// The first group of each match.
fn matches(pattern: &str, text: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|found| found[1].to_string()).collect()
}

/// A number in the step's source.
fn number(deployment: &Deployment, pattern: &str) -> Result<u64> {
    let found = deployment.source().flat_map(|text| matches(pattern, text)).next();
    let number = found.with_context(|| format!("{DOCKERFILE}: the step has no {pattern}"))?;
    number.parse().context(DOCKERFILE)
}

/// The entries of a mapping, or of nothing.
fn entries(mapping: &Value) -> impl Iterator<Item = (&String, &Value)> {
    mapping.as_object().into_iter().flatten()
}

/// The texts of a list.
fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn choreo_can_read_its_file() {
    holds(
        |deployment| {
            let component = deployment.component()?;
            ensure!(
                (1.0..2.0).contains(&component.schema_version),
                "{COMPONENT}: not schema version 1"
            );
            ensure!(!component.endpoints.is_empty(), "{COMPONENT}: has no endpoint");
            for endpoint in component.endpoints {
                let name = endpoint.name;
                let plain = |c: char| c.is_ascii_lowercase() || c == '-';
                ensure!(name.chars().all(plain), "{COMPONENT}: {name} is not plain");
                ensure!(!endpoint.display_name.is_empty(), "{COMPONENT}: {name} has no title");
                ensure!(endpoint.r#type == "REST", "{COMPONENT}: {name} is not for HTTP");
                let path = endpoint.service.base_path;
                ensure!(path.starts_with('/'), "{COMPONENT}: {path:?} begins without a slash");
                let visible = endpoint.network_visibilities;
                let known = ["Project", "Organization", "Public"];
                let known = |word: &String| known.contains(&word.as_str());
                ensure!(
                    !visible.is_empty() && visible.iter().all(known),
                    "{COMPONENT}: nobody knows who {visible:?} is"
                );
            }
            Ok(())
        },
        &[
            (COMPONENT, "schemaVersion: 1", "schemaVersion: 0"),
            (COMPONENT, "schemaVersion", "version"),
            (COMPONENT, "  - name", " - name"),
            (COMPONENT, "basePath: /", "basePath: api"),
            (COMPONENT, "basePath", "context"),
            (COMPONENT, "REST", "HTTP"),
            (COMPONENT, "[Public]", "[public]"),
            (COMPONENT, "[Public]", "Public"),
        ],
    );
}

#[test]
fn the_port_is_the_same_everywhere() {
    holds(
        |deployment| {
            let image = deployment.image()?;
            let port = image.last("EXPOSE")?;
            let default = number(deployment, r#"(?s)"PORT",.*?unwrap_or\((\d+)\)"#)?;
            ensure!(
                port == default.to_string(),
                "{DOCKERFILE}: EXPOSE {port}, but the program listens on {default}"
            );
            for endpoint in deployment.component()?.endpoints {
                let other = endpoint.service.port.to_string();
                ensure!(other == port, "{COMPONENT}: port {other}, not {port}");
            }
            let server = deployment.service("server")?;
            let published = texts(&server["ports"]);
            let inside = published.iter().filter_map(|line| line.rsplit(':').next());
            let mut inside: Vec<_> = inside.map(String::from).collect();
            inside.extend(matches(r"/dev/tcp/[\d.]+/(\d+)", deployment.text(COMPOSE)?));
            ensure!(inside.len() > 1, "{COMPOSE}: a port is missing");
            for other in inside {
                ensure!(other == port, "{COMPOSE}: port {other}, not {port}");
            }
            ensure!(!deployment.text(PROCFILE)?.contains("PORT="), "{PROCFILE}: sets PORT");
            Ok(())
        },
        &[
            (DOCKERFILE, "EXPOSE 8000", "EXPOSE 8080"),
            (COMPONENT, "port: 8000", "port: 8080"),
            (COMPOSE, "8000:8000", "8000:8080"),
            (COMPOSE, "127.0.0.1/8000", "127.0.0.1/8080"),
            ("STEP/src/settings.rs", "unwrap_or(8000)", "unwrap_or(8080)"),
            (PROCFILE, "web: ", "web: PORT=9000 "),
        ],
    );
}

/// Each command that a file calls, with the file.
fn calls(deployment: &Deployment) -> Result<Vec<(&'static str, String)>> {
    let image = deployment.image()?;
    let mut calls: Vec<_> =
        image.list("CMD")?.first().map(|word| (DOCKERFILE, word.clone())).into_iter().collect();
    let compose = deployment.compose()?;
    for (name, service) in entries(&compose["services"]) {
        let ours = service.get("build").is_some();
        if let (true, Some(command)) = (ours, service.get("command")) {
            let word = texts(command).first().map(|word| word.to_string());
            let word = word.with_context(|| format!("{COMPOSE}: {name}: not a list"))?;
            calls.push((COMPOSE, word));
        }
    }
    for (_, command) in processes(deployment.text(PROCFILE)?) {
        let mut words = command.split_whitespace();
        let word =
            words.nth(1).with_context(|| format!("{PROCFILE}: {command}: no command"))?;
        calls.push((PROCFILE, word.into()));
    }
    Ok(calls)
}

/// The lines of a Procfile: a name and a command.
fn processes(procfile: &str) -> Vec<(&str, &str)> {
    let lines = procfile.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(": ")).collect()
}

#[test]
fn the_commands_that_the_files_call_exist() {
    holds(
        |deployment| {
            let source = deployment.text("STEP/src/commands.rs")?;
            let known = matches(r"(?s)pub enum Command \{\n(.*?)\n\}", source).concat();
            let known = matches(r"(?m)^    ([A-Z][a-z]+)\b", &known);
            for (path, word) in calls(deployment)? {
                let known = known.iter().any(|known| known.to_lowercase() == word);
                ensure!(known, "{path}: the program has no command {word}");
            }
            let names: Vec<_> =
                processes(deployment.text(PROCFILE)?).into_iter().map(|line| line.0).collect();
            ensure!(names == ["release", "web"], "{PROCFILE}: has {names:?}");
            Ok(())
        },
        &[
            (DOCKERFILE, r#"["runserver"]"#, r#"["serve"]"#),
            (COMPOSE, "[migrate]", "[migrations]"),
            (PROCFILE, " migrate", " upgrade"),
            (PROCFILE, " runserver", ""),
            (PROCFILE, "release:", "before:"),
            ("STEP/src/commands.rs", "    Migrate,", "    Upgrade,"),
        ],
    );
}

#[test]
fn the_health_paths_that_the_files_name_exist() {
    holds(
        |deployment| {
            let named = FILES.iter().flat_map(|path| {
                let text = deployment.files[*path].as_str();
                matches(r"(/\w+z)\b", text).into_iter().map(move |found| (path, found))
            });
            let named: Vec<_> = named.collect();
            for (path, health) in &named {
                let route = format!("get(\"{health}\")");
                let exists = deployment.source().any(|text| text.contains(&route));
                ensure!(exists, "{path}: the program has no {health}");
            }
            ensure!(!named.is_empty(), "{COMPOSE}: asks for no health");
            Ok(())
        },
        &[
            (COMPOSE, "/readyz", "/healthyz"),
            (COMPOSE, "/readyz", "/ready"),
            ("STEP/src/health.rs", "get(\"/readyz\")", "get(\"/ready\")"),
        ],
    );
}

#[test]
fn the_settings_that_the_files_give_exist() {
    holds(
        |deployment| {
            let known = |name: &str| {
                let name = format!("\"{name}\"");
                deployment.source().any(|text| text.contains(&name))
            };
            let image = deployment.image()?;
            for setting in image.all("ENV") {
                let name = setting.split('=').next().unwrap_or_default();
                ensure!(known(name), "{DOCKERFILE}: the program does not read {name}");
            }
            for service in ["server", "migrate"] {
                let environment = deployment.service(service)?["environment"].take();
                ensure!(environment.get("DEBUG").is_none(), "{COMPOSE}: sets DEBUG");
                for (name, _) in entries(&environment) {
                    ensure!(known(name), "{COMPOSE}: the program does not read {name}");
                }
                for name in ["SECRET_KEY", "ALLOWED_HOSTS", "DB_HOST", "DB_PWD"] {
                    ensure!(environment.get(name).is_some(), "{COMPOSE}: sets no {name}");
                }
            }
            Ok(())
        },
        &[
            (DOCKERFILE, "ENV DEBUG", "ENV DEBUGGING"),
            (COMPOSE, "    DB_PWD:", "    DB_PASSWORD:"),
            (COMPOSE, "    SECRET_KEY:", "    SECRET:"),
            (COMPOSE, "    DB_SSLMODE: disable", "    DB_SSLMODE: disable\n    DEBUG: true"),
            (COMPOSE, "ALLOWED_HOSTS: ", "DJANGO_ALLOWED_HOSTS: "),
        ],
    );
}

#[test]
fn debug_is_off_in_the_image() {
    holds(
        |deployment| {
            let off = deployment.image()?.all("ENV").any(|setting| setting == "DEBUG=false");
            ensure!(off, "{DOCKERFILE}: DEBUG is not off");
            Ok(())
        },
        &[(DOCKERFILE, "DEBUG=false", "DEBUG=true"), (DOCKERFILE, "ENV DEBUG=false\n", "")],
    );
}

#[test]
fn the_user_is_a_number_that_choreo_takes() {
    holds(
        |deployment| {
            let image = deployment.image()?;
            let user = image.last("USER")?;
            let taken = user.parse().is_ok_and(|id: u32| (10_000..=20_000).contains(&id));
            ensure!(taken, "{DOCKERFILE}: USER {user}");
            let made = image.all("RUN").any(|run| run.contains(&format!("--uid {user} ")));
            ensure!(made, "{DOCKERFILE}: nobody made the user {user}");
            Ok(())
        },
        &[
            (DOCKERFILE, "USER 10001", "USER 1001"),
            (DOCKERFILE, "USER 10001", "USER server"),
            (DOCKERFILE, "USER 10001\n", ""),
            (DOCKERFILE, "USER 10001", "USER 10001\nUSER root"),
            (DOCKERFILE, "--uid 10001", "--uid 10002"),
        ],
    );
}

#[test]
fn the_program_itself_is_asked_to_stop_and_gets_the_time() {
    holds(
        |deployment| {
            let image = deployment.image()?;
            let program = image.list("ENTRYPOINT")?;
            image.list("CMD")?;
            let copied = image.all("COPY").map(|rest| copy(rest).2);
            let copied: Vec<_> = copied.collect();
            ensure!(copied == program, "{DOCKERFILE}: copies {copied:?}, runs {program:?}");

            let seconds =
                |name: &str| number(deployment, &format!(r"const {name}: u32 = (\d+);"));
            let grace = seconds("GRACE")? + seconds("MERCY")?;
            let period = deployment.service("server")?["stop_grace_period"].take();
            let period = period.as_str().and_then(|text| text.strip_suffix('s'));
            let period = period.with_context(|| format!("{COMPOSE}: has no stop_grace_period"));
            let period: u64 = period?.parse().context(COMPOSE)?;
            ensure!(period > grace, "{COMPOSE}: kills after {period} s, in {grace} s it ends");
            Ok(())
        },
        &[
            (DOCKERFILE, "[\"/usr/local/bin/server\"]", "/usr/local/bin/server"),
            (DOCKERFILE, "[\"/usr/local/bin/server\"]", "[\"/server\"]"),
            (DOCKERFILE, "[\"runserver\"]", "runserver"),
            (COMPOSE, "stop_grace_period: 30s", "stop_grace_period: 5s"),
            (COMPOSE, "stop_grace_period: 30s", "stop_signal: SIGTERM"),
            ("STEP/src/settings.rs", "GRACE: u32 = ", "GRACE: u32 = 3"),
        ],
    );
}

#[test]
fn no_file_has_a_secret() {
    holds(
        |deployment| {
            let named = r"(?im)^[^#\n]*?\b\w*(?:SECRET|PASSWORD|PWD|KEY)\w*\s*[:= ]\s*(.*)$";
            for path in FILES {
                let text = &deployment.files[path];
                for value in matches(named, text) {
                    ensure!(value.starts_with("${"), "{path}: a secret has the value {value}");
                    ensure!(value.contains(":?"), "{path}: {value} may be empty");
                }
                let inside = matches(r"\w+://[^\s/:@]*:([^\s/@]+)@", text);
                ensure!(inside.is_empty(), "{path}: a password in an address");
            }
            Ok(())
        },
        &[
            (COMPOSE, "${SECRET_KEY:?make one with openssl rand -hex 32}", "0123456789"),
            (COMPOSE, "${SECRET_KEY:?", "${SECRET_KEY:-"),
            (COMPOSE, "    DB_PWD: ${DB_PWD:?", "    DB_PWD: ${DB_PWD:-"),
            (COMPOSE, "POSTGRES_PASSWORD: ${DB_PWD:?", "POSTGRES_PASSWORD: postgres # "),
            (COMPOSE, "DB_HOST: db", "DATABASE_URL: postgres://notes:notes@db/notes"),
            (DOCKERFILE, "ENV DEBUG=false", "ENV DEBUG=false SECRET_KEY=0123456789"),
            (DOCKERFILE, "ENV DEBUG=false", "ENV DB_PWD 0123456789"),
            (PROCFILE, "web: ", "web: SECRET_KEY=0123456789 "),
        ],
    );
}

#[test]
fn the_database_is_the_one_that_the_server_asks() {
    holds(
        |deployment| {
            let (server, db) = (deployment.service("server")?, deployment.service("db")?);
            let (ours, theirs) = (&server["environment"], &db["environment"]);
            for (our, their) in [
                ("DB_NAME", "POSTGRES_DB"),
                ("DB_USER", "POSTGRES_USER"),
                ("DB_PWD", "POSTGRES_PASSWORD"),
            ] {
                ensure!(ours[our] == theirs[their], "{COMPOSE}: {our} is not {their}");
            }
            ensure!(ours["DB_HOST"] == "db", "{COMPOSE}: DB_HOST is not the service db");
            let check = texts(&db["healthcheck"]["test"]).join(" ");
            for word in ["pg_isready", "--host=127.0.0.1"] {
                ensure!(check.contains(word), "{COMPOSE}: db: asked without {word}");
            }
            for (word, name) in [("username", "DB_USER"), ("dbname", "DB_NAME")] {
                let word = format!("--{word}={}", ours[name].as_str().unwrap_or_default());
                ensure!(check.contains(&word), "{COMPOSE}: db: asked without {word}");
            }
            Ok(())
        },
        &[
            (COMPOSE, "    DB_NAME: notes", "    DB_NAME: note"),
            (COMPOSE, "    DB_USER: notes", "    DB_USER: postgres"),
            (COMPOSE, "    DB_HOST: db", "    DB_HOST: localhost"),
            (COMPOSE, "POSTGRES_PASSWORD: ${DB_PWD:?", "POSTGRES_PASSWORD: ${DB_PASSWORD:?"),
            (COMPOSE, "  db:\n    image", "  database:\n    image"),
            (COMPOSE, "--host=127.0.0.1, ", ""),
            (COMPOSE, "--dbname=notes", "--dbname=postgres"),
        ],
    );
}

#[test]
fn the_server_waits_for_the_migrations_and_those_for_the_database() {
    holds(
        |deployment| {
            for (who, whom, until) in [
                ("server", "migrate", "service_completed_successfully"),
                ("migrate", "db", "service_healthy"),
            ] {
                let condition = deployment.service(who)?["depends_on"][whom].take();
                let condition = &condition["condition"];
                ensure!(condition == until, "{COMPOSE}: {who} waits for {whom}: {condition}");
            }
            let migrate = deployment.service("migrate")?;
            ensure!(texts(&migrate["command"]) == ["migrate"], "{COMPOSE}: migrate does not");
            ensure!(migrate.get("restart").is_none(), "{COMPOSE}: migrate starts again");
            Ok(())
        },
        &[
            (COMPOSE, "service_completed_successfully", "service_started"),
            (COMPOSE, "service_healthy", "service_started"),
            (COMPOSE, "command: [migrate]", "command: [runserver]"),
            (COMPOSE, "command: [migrate]", "command: [migrate]\n    restart: always"),
        ],
    );
}

#[test]
fn docker_sees_what_the_build_needs() {
    holds(
        |deployment| {
            let repo = Repo::find()?;
            let ignore = deployment.text(IGNORE)?;
            let sees = |path: &str| repo.root.join(path).exists() && !excluded(ignore, path);
            let members = names(&repo.root.join("steps"))?;
            let members = members.iter().map(|name| format!("steps/{name}"));
            let members = members.chain(["work".into(), "course".into(), ".".into()]);
            let manifests = members.map(|folder| format!("{folder}/Cargo.toml"));
            let files = repo.files(&deployment.folder)?.into_keys();
            let files = files.map(|path| format!("{}/{path}", deployment.folder));
            for path in manifests.chain(files).chain(["Cargo.lock".into()]) {
                let path = path.trim_start_matches("./");
                ensure!(sees(path), "{IGNORE}: hides {path}");
            }
            for stage in deployment.stages()? {
                let from_here = stage.all("COPY").map(copy).filter(|copy| copy.0.is_none());
                for (_, path, _) in from_here.filter(|copy| copy.1 != ".") {
                    ensure!(sees(path), "{DOCKERFILE}: {path} is not there, or hidden");
                }
            }
            Ok(())
        },
        &[
            (IGNORE, "!Cargo.lock\n", ""),
            (IGNORE, "!Cargo.toml\n", ""),
            (IGNORE, "!steps\n", ""),
            (IGNORE, "!work\n", ""),
            (IGNORE, "!course/Cargo.toml\n", ""),
            (IGNORE, "**/target", "**/*.sql"),
            (DOCKERFILE, "COPY . .", "COPY src ."),
            (DOCKERFILE, "COPY . .", "COPY course/src ."),
        ],
    );
}

#[test]
fn docker_sees_no_secret_and_nothing_that_a_run_has_left() {
    holds(
        |deployment| {
            let ignore = deployment.text(IGNORE)?;
            for folder in ["", "work/", &format!("{}/", deployment.folder)] {
                for left in [
                    ".env",
                    ".env.production",
                    ".git/config",
                    "db.sqlite3",
                    "db.sqlite3-wal",
                    "node_modules/a/index.js",
                    "target/debug/step-1",
                    ".backup-1/src/main.rs",
                ] {
                    let path = format!("{folder}{left}");
                    ensure!(excluded(ignore, &path), "{IGNORE}: shows {path}");
                }
            }
            for path in ["notes/README.md", "course/src/main.rs", "id_rsa", "compose.yaml"] {
                ensure!(excluded(ignore, path), "{IGNORE}: shows {path}");
            }
            Ok(())
        },
        &[
            (IGNORE, "\n*\n", "\n"),
            (IGNORE, "**/.env*", ".env"),
            (IGNORE, "**/*.sqlite3*", "**/*.sqlite3"),
            (IGNORE, "**/.git\n", ""),
            (IGNORE, "**/target\n", ""),
            (IGNORE, "**/node_modules", ""),
            (IGNORE, "**/.backup-*\n", ""),
            (IGNORE, "!course/Cargo.toml", "!course"),
        ],
    );
}

#[test]
fn the_image_of_the_build_has_our_rust_and_the_c_library_of_the_last() {
    holds(
        |deployment| {
            let stages = deployment.stages()?;
            let build = stages.iter().find(|stage| stage.name == "build");
            let build = &build.context("Dockerfile: has no stage build")?.base;
            let version = |text: &str| {
                let found = matches(r"\b1\.(\d+)", text);
                found.first().and_then(|minor| minor.parse::<u32>().ok())
            };
            let ours = matches(r#"(rust-version = ".*")"#, deployment.text("Cargo.toml")?);
            let (ours, theirs) = (ours.first().and_then(|text| version(text)), version(build));
            let (ours, theirs) = ours.zip(theirs).context("Dockerfile: has no version")?;
            ensure!(ours <= theirs, "{DOCKERFILE}: 1.{ours} is needed, {build} is older");
            let image = deployment.image()?.base;
            let debian = matches(r"^debian:(\w+)", &image).concat();
            let same = !debian.is_empty() && build.ends_with(&format!("-{debian}"));
            ensure!(same, "{DOCKERFILE}: {image} is not the Debian of {build}");
            Ok(())
        },
        &[
            (DOCKERFILE, "FROM rust:1.", "FROM rust:1.8 # 1."),
            (DOCKERFILE, "slim-trixie AS build", "slim-bookworm AS build"),
            ("Cargo.toml", "rust-version = \"1.", "rust-version = \"1.9"),
        ],
    );
}

#[test]
fn the_procfile_starts_what_its_command_builds() {
    holds(
        |deployment| {
            let (package, procfile) = (deployment.package()?, deployment.text(PROCFILE)?);
            let build = format!(
                "cargo build --release --locked --bin {package} --features {package}/postgres\n"
            );
            ensure!(procfile.contains(&build), "{PROCFILE}: does not say {build}");
            let path = format!("target/release/{package}");
            for (name, command) in processes(procfile) {
                let program = command.split_whitespace().next();
                ensure!(program == Some(&path), "{PROCFILE}: {name} does not start {path}");
            }
            let manifest = deployment.text("STEP/Cargo.toml")?;
            for line in [format!("name = \"{package}\"\n"), "\npostgres = [".into()] {
                ensure!(manifest.contains(&line), "{PROCFILE}: the step has no {line}");
            }
            Ok(())
        },
        &[
            (PROCFILE, "web: target/release/step-", "web: target/debug/step-"),
            (PROCFILE, "release: target/release/step-", "release: step-"),
            (PROCFILE, "--features", "--all-features --features"),
            (DOCKERFILE, "ARG STEP=step-", "ARG STEP=step-1"),
            ("STEP/Cargo.toml", "postgres = [", "postgresql = ["),
        ],
    );
}

/// The program that prints its name.
const MADE: &str = "fn main() { print!(\"made\") }\n";

#[test]
fn the_commands_of_the_dockerfile_build_the_program_over_the_empty_one() {
    holds(
        |deployment| {
            let (folder, package) = (tempfile::tempdir()?, deployment.package()?);
            let context = folder.path().join("context");
            let members =
                "[workspace]\nresolver = \"3\"\nmembers = [\"steps/*\", \"work\", \"course\"]";
            write(&context, "Cargo.toml", members);
            let crates =
                [("steps/01-made", &package[..]), ("work", "work"), ("course", "course")];
            for (path, name) in crates {
                let manifest = format!(
                    "[package]\nname = \"{name}\"\nedition = \"2024\"\n[features]\npostgres = []\n"
                );
                write(&context, &format!("{path}/Cargo.toml"), &manifest);
                write(&context, &format!("{path}/src/main.rs"), MADE);
                old(&context.join(path).join("src/main.rs"))?;
            }
            shell(&context, "cargo generate-lockfile --offline")?;
            let (_, program) = build(deployment, folder.path())?;
            let output = Command::new(program).output().context(DOCKERFILE)?;
            let said = printed(&output);
            ensure!(said == "made", "{DOCKERFILE}: builds what says {said:?}");
            Ok(())
        },
        &[
            // Without it, cargo thinks that the empty program is the newer one.
            (DOCKERFILE, "find . -name main.rs -exec touch {} +", "true"),
            (DOCKERFILE, "echo 'fn main() {}' >", "touch"),
            (DOCKERFILE, "steps/* work course", "steps/* work"),
            (DOCKERFILE, "COPY --from=manifests /src .\n", ""),
            (DOCKERFILE, "--from=build /src/server", "--from=build /src/program"),
        ],
    );
}

/// Builds the whole program anew, which takes minutes. So only .ci/run asks for it.
#[test]
#[ignore = "takes minutes"]
fn the_commands_of_the_dockerfile_build_the_whole_program() {
    let repo = Repo::find().expect("the repository");
    let deployment = Deployment::read(&repo);
    let folder = tempfile::tempdir().expect("a folder");
    context(&repo, &deployment, &folder.path().join("context")).expect("a context");
    let (compiled, program) = build(&deployment, folder.path()).expect("a program");

    // The packages in a layer of their own, then the program, for the second time.
    let package = deployment.package().expect("a package");
    let [packages, last] = &compiled[..] else { panic!("{} builds", compiled.len()) };
    assert!(packages.len() > 100, "{packages:?}");
    assert_eq!(last, std::slice::from_ref(&package));
    assert_eq!(kinds(&folder.path().join("manifests")), MANIFESTS);

    let run = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).current_dir(folder.path()).env_clear().env("DEBUG", "false");
        command.output().expect("the program runs")
    };
    let help = printed(&run(&["--help"]));
    for (_, command) in calls(&deployment).expect("commands") {
        assert_has(&help, &[&format!("\n  {command} ")]);
    }
    // It is the one for PostgreSQL, and it does not start without settings.
    let output = run(&["runserver"]);
    assert_eq!(output.status.code(), Some(1));
    assert_has(&printed(&output), &["Error: ", "DATABASE_URL=postgres://"]);
}

/// Does what the Dockerfile says up to the last stage, outside of a container, with what
/// Docker would see in `context`: each stage has a folder of its own, each RUN is for the
/// shell that Docker takes. Gives what each command with cargo has compiled, and where the
/// program is that goes into the image.
fn build(deployment: &Deployment, folder: &Path) -> Result<(Vec<Vec<String>>, PathBuf)> {
    let package = deployment.package()?;
    let mut stages = deployment.stages()?;
    let image = stages.pop().context("Dockerfile: has no FROM")?;
    let mut compiled = Vec::new();
    for stage in stages {
        compiled.extend(perform(&stage, folder, &package)?);
    }
    let (from, path, _) = copy(image.last("COPY")?);
    let program = folder.join(from.unwrap_or("context")).join(path.trim_start_matches('/'));
    Ok((compiled, program))
}

/// What is left of the files in the layer for the packages.
const MANIFESTS: [&str; 3] = ["Cargo.lock", "Cargo.toml", "main.rs"];

/// What Docker sees of the repository.
fn context(repo: &Repo, deployment: &Deployment, to: &Path) -> Result<()> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list = repo.git(list)?;
    let ignore = deployment.text(IGNORE)?;
    for path in list.split_terminator('\0').filter(|path| !excluded(ignore, path)) {
        let (from, to) = (repo.root.join(path), to.join(path));
        if !from.is_file() {
            continue;
        }
        fs::create_dir_all(to.parent().context("a parent")?)?;
        fs::copy(from, &to)?;
        old(&to)?;
    }
    Ok(())
}

/// Makes a file as old as in a copy from before the first build.
fn old(path: &Path) -> Result<()> {
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    Ok(fs::File::options().write(true).open(path)?.set_modified(yesterday)?)
}

/// Does what a stage says in its own folder beside the context. Gives the packages that each
/// command with cargo has compiled.
fn perform(stage: &Stage, folder: &Path, package: &str) -> Result<Vec<Vec<String>>> {
    let root = folder.join(&stage.name);
    let mut here = root.clone();
    let mut arguments = String::new();
    let mut compiled = Vec::new();
    for (instruction, rest) in &stage.lines {
        match instruction.as_str() {
            "ARG" if rest == "STEP" => arguments += &format!("export STEP={package}\n"),
            "ARG" => arguments += &format!("export {rest}\n"),
            "WORKDIR" => {
                here = root.join(rest.trim_start_matches('/'));
                fs::create_dir_all(&here)?;
            }
            "COPY" => {
                let (from, source, to) = copy(rest);
                let from = folder.join(from.unwrap_or("context"));
                let from = from.join(source.trim_start_matches('/')).join(".");
                shell(&here, &format!("cp -a '{}' '{to}'", from.display()))?;
            }
            "RUN" => {
                let said = shell(&here, &format!("{arguments}{rest}"))?;
                if rest.contains("cargo ") {
                    compiled.push(matches(r"(?m)^ *Compiling (\S+) ", &said));
                }
            }
            other => bail!("{DOCKERFILE}: this test does not know {other}"),
        }
    }
    Ok(compiled)
}

/// Runs a line as Docker does, and gives what it prints. Not into our own target folder.
fn shell(folder: &Path, line: &str) -> Result<String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder);
    shell.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    let output = shell.output()?;
    let said = printed(&output);
    ensure!(output.status.success(), "{DOCKERFILE}: {line}\n{said}");
    Ok(said)
}

/// The names of the files below a folder, each once.
fn kinds(folder: &Path) -> Vec<String> {
    let paths = walk(folder, "").expect("files");
    let name = |path: &String| path.rsplit('/').next().map(String::from);
    let kinds: BTreeSet<_> = paths.iter().filter_map(name).collect();
    kinds.into_iter().collect()
}
