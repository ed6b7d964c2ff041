//! The step's tests: through HTTP, as a client sees it.

mod cors;
mod hosts;
mod registration;
mod settings;

use std::ops::Deref;

use rocket::http::uri::Host;
use rocket::http::{ContentType, Header};
use rocket::local::blocking::{Client, LocalRequest, LocalResponse};
use rocket::serde::json::Value;
use rocket::{Build, Rocket};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use crate::settings::{Settings, sqlite_url};

/// The settings of a program started with these variables and no others.
fn settings(vars: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::from_vars(|name| {
        let (_, text) = vars.iter().find(|(known, _)| *known == name)?;
        Some(text.to_string())
    })
}

/// A server with a database of its own, and a client that speaks to it.
struct App {
    client: Client,
    folder: TempDir,
}

/// `app.get(…)` is `app.client.get(…)`.
impl Deref for App {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A server with these variables, an empty database and cheap hashes.
fn client(vars: &[(&str, &str)]) -> App {
    let folder = tempfile::tempdir().expect("a folder");
    let client = Client::tracked(server(vars, &folder)).expect("a server");
    App { client, folder }
}

fn server(vars: &[(&str, &str)], folder: &TempDir) -> Rocket<Build> {
    let mut settings = settings(vars).expect("settings");
    settings.database_url = database_url(folder);
    settings.bcrypt_rounds = 4;
    crate::rocket(settings)
}

fn database_url(folder: &TempDir) -> String {
    sqlite_url(&folder.path().join("test.sqlite3").display().to_string())
}

/// Looks into the database from outside, as `sqlite3 test.sqlite3` would.
fn select(app: &App, sql: &'static str) -> Vec<String> {
    let url = database_url(&app.folder);
    async_run(async {
        let mut connection = SqliteConnection::connect(&url).await.expect("the database");
        sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect("rows")
    })
}

fn async_run<T>(work: impl Future<Output = T>) -> T {
    rocket::tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

/// `POST path` with a JSON body.
fn post<'c>(app: &'c App, path: &'c str, body: impl ToString) -> LocalResponse<'c> {
    let request = host(app.post(path), "localhost").header(ContentType::JSON);
    request.body(body.to_string()).dispatch()
}

/// Rocket's test client sends no `Host`; every real client does.
fn host<'c>(mut request: LocalRequest<'c>, name: &'static str) -> LocalRequest<'c> {
    request.inner_mut().set_host(Host::parse(name).expect("a host"));
    request
}

fn origin<'c>(request: LocalRequest<'c>, origin: &'static str) -> LocalRequest<'c> {
    host(request, "localhost").header(Header::new("Origin", origin))
}

/// One header of the answer, `""` when it is missing.
fn header<'r>(response: &'r LocalResponse<'_>, name: &str) -> &'r str {
    response.headers().get_one(name).unwrap_or_default()
}

fn json(response: LocalResponse<'_>) -> Value {
    response.into_json().expect("a JSON body")
}
