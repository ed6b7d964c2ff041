//! A server that runs, and the users that the contract wants in it.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::process::Child;
use tokio::time::timeout;

use super::output::{LISTENING, Lines, Output, follow};
use super::place::{Database, Place, START, STOP};
use super::program::Built;
use super::settings::Settings;
use super::signals::terminate;
use crate::contract::User;
use crate::http::{Address, Answer, Outgoing, send};

/// A server that runs. It stops when it is dropped.
pub struct Server {
    pub address: Address,
    pub child: Child,
    pub place: Arc<Place>,
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
        for user in users.iter().filter(|user| !user.is_plain()) {
            self.complete(user).await?;
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

    /// No address of the API makes a user inactive or staff, so it is done in the database.
    /// Before step 3 there are no such columns, and nobody to ask for them.
    async fn complete(&self, user: &User) -> Result<()> {
        let User { is_active, is_staff, email, username, .. } = user;
        let file = match &self.place.database {
            Database::Sqlite(file) => file,
            Database::Postgres(postgres, name) => {
                let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
                let (email, username) = (text(email), text(username));
                let update = format!(
                    "UPDATE users SET is_active = {is_active}, is_staff = {is_staff}, \
                     email = {email} WHERE username = {username}"
                );
                return postgres.sql(name, &update).map(drop);
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
            let update = "UPDATE users SET is_active = $1, is_staff = $2, email = $3
                WHERE username = $4";
            let update = sqlx::query(update).bind(is_active).bind(is_staff).bind(email);
            update.bind(username).execute(&mut database).await?;
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
