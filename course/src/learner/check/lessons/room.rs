//! Where a lesson is looked at: a server, and its database when it is one of ours.

use std::fs;

use anyhow::{Context, Error, Result, anyhow};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::contract::compare::{Difference, Kind};
use crate::http::{Address, Answer, Outgoing, send};
use crate::learner::check::failure::{Shown, curl};
use crate::run::place::{Database, Finished, Place};
use crate::run::program::Built;
use crate::run::settings::Settings;

/// One server.
pub struct Room<'r> {
    pub address: &'r Address,
    /// The address to print.
    pub shown: &'r Address,
    /// `None` for a server that we did not start.
    pub own: Option<Own<'r>>,
}

/// What we know of a server of ours.
#[derive(Clone, Copy)]
pub struct Own<'r> {
    pub program: &'r Built,
    pub place: &'r Place,
    pub settings: &'r Settings,
}

/// What was seen in place of what the lesson is about.
pub struct Broken {
    pub shown: Shown,
    pub found: Vec<Difference>,
    pub cause: String,
}

/// A request that got no answer, or a database that cannot be read.
impl From<Error> for Broken {
    fn from(why: Error) -> Self {
        let cause = "The lesson could not be looked at, for the reason above.";
        Broken::new("(see below)".into(), "the answer", vec![format!("{why:#}")], "one", cause)
    }
}

impl Broken {
    /// `place`: what differs, in a word or two. Of `came` the first line says how.
    pub fn new(asked: String, place: &str, came: Vec<String>, want: &str, cause: &str) -> Self {
        let got = came.first().cloned().unwrap_or_default();
        let came_back = came.into_iter().enumerate().map(|(n, line)| (n == 0, line)).collect();
        let expected = vec![(true, want.into())];
        // It lies in no answer, so it has a name of its own, which is printed as it is.
        let found =
            Difference { kind: Kind::Status, place: place.into(), got, want: want.into() };
        Broken {
            shown: Shown { asked, came_back, expected },
            found: vec![found],
            cause: cause.into(),
        }
    }
}

/// A request with a JSON body.
pub fn post(path: &str, body: Value) -> Outgoing {
    Outgoing {
        method: "POST".into(),
        path: path.into(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: Some(body.to_string().into_bytes()),
    }
}

/// A request with a token in its header.
pub fn get_as(path: &str, token: &str) -> Outgoing {
    let headers = vec![("Authorization".into(), format!("Bearer {token}"))];
    Outgoing { method: "GET".into(), path: path.into(), headers, body: None }
}

/// Both tokens of a log-in, or of a refresh that brings both.
pub struct Pair {
    pub access: String,
    pub refresh: String,
}

impl Room<'_> {
    pub async fn send(&self, request: &Outgoing) -> Result<Answer> {
        send(self.address, request).await
    }

    /// Sends all of them at the same time. The answers are in the order of the requests.
    pub async fn send_at_once(&self, requests: Vec<Outgoing>) -> Result<Vec<Answer>> {
        let mut running = JoinSet::new();
        for (index, request) in requests.into_iter().enumerate() {
            let address = self.address.clone();
            running.spawn(async move { (index, send(&address, &request).await) });
        }
        let mut answers = Vec::new();
        while let Some(ended) = running.join_next().await {
            let (index, answer) = ended.context("a request was lost")?;
            answers.push((index, answer?));
        }
        answers.sort_by_key(|(index, _)| *index);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    /// The request for a shell.
    pub fn curl(&self, request: &Outgoing) -> String {
        curl(request, self.shown)
    }

    /// A request that prepares the lesson: any other status ends it here.
    pub async fn prepare(&self, request: &Outgoing, status: u16) -> Result<Answer, Broken> {
        let answer = self.send(request).await?;
        if answer.status == status {
            return Ok(answer);
        }
        let came = vec![format!("status {}", answer.status), answer.text()];
        let cause = "This request only prepares the lesson, and should have succeeded. Look \
                     for a case of the same address that fails: `--all` shows all.";
        let want = format!("status {status}");
        Err(Broken::new(self.curl(request), "status", came, &want, cause))
    }

    pub async fn register(&self, username: &str, password: &str) -> Result<(), Broken> {
        let body = json!({"username": username, "password": password});
        self.prepare(&post("/api/user/register/", body), 201).await.map(drop)
    }

    /// Makes a user, and logs in.
    pub async fn log_in_as_new(&self, username: &str) -> Result<Pair, Broken> {
        self.register(username, PASSWORD).await?;
        self.log_in(username).await
    }

    pub async fn log_in(&self, username: &str) -> Result<Pair, Broken> {
        let body = json!({"username": username, "password": PASSWORD});
        let answer = self.prepare(&post("/api/token/", body), 200).await?;
        Ok(pair(&answer)?)
    }

    /// Whether a text stands anywhere in the database, whatever its tables are called.
    pub fn database_holds(&self, text: &str) -> Result<bool> {
        let own = self.own.context("a server whose database is not known")?;
        match &own.place.database {
            Database::Sqlite(file) => {
                let log = file.with_extension("sqlite3-wal");
                let log = if log.exists() { fs::read(log)? } else { Vec::new() };
                let holds =
                    |bytes: &[u8]| bytes.windows(text.len()).any(|it| it == text.as_bytes());
                Ok(holds(&fs::read(file).context("cannot read the database")?) || holds(&log))
            }
            Database::Postgres(postgres, name) => {
                let all = "SELECT schema_to_xml('public', true, false, '')";
                Ok(postgres.sql(name, all)?.contains(text))
            }
        }
    }

    /// Runs a command of the program, on the database of the server.
    pub async fn run(&self, args: &[&str], setting: (&str, &str)) -> Result<Finished> {
        let own = self.own.context("a server whose program is not known")?;
        let mut settings = own.settings.clone();
        settings.insert(setting.0.into(), Some(setting.1.into()));
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        own.place.run(own.program, &settings, &args).await
    }
}

/// The password of the users that a lesson makes.
const PASSWORD: &str = "kept-nowhere-as-it-is";

/// What a refresh asks with.
pub fn refresh_with(token: &str) -> Outgoing {
    post("/api/token/refresh/", json!({"refresh": token}))
}

/// The tokens in an answer.
pub fn pair(answer: &Answer) -> Result<Pair> {
    let body = answer.json().unwrap_or_default();
    let token = |name: &str| body[name].as_str().map(String::from);
    let (access, refresh) = (token("access"), token("refresh"));
    let missing = || anyhow!("the answer brings no pair of tokens: {}", answer.text());
    Ok(Pair { access: access.ok_or_else(missing)?, refresh: refresh.ok_or_else(missing)? })
}

/// `[200, 401, 401]`
pub fn statuses(answers: &[Answer]) -> String {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    format!("{statuses:?}")
}
