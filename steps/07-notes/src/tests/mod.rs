//! The step's tests: through HTTP, as a client sees it.

mod account;
mod account_register;
mod commands;
mod cors;
mod forms;
mod hosts;
mod http;
mod migrations;
mod notes;
mod refresh;
mod registration;
mod rotation;
mod settings;
mod tokens;

use std::ops::Deref;
use std::str::FromStr;

use rocket::http::uri::Host;
use rocket::http::{ContentType, Header};
use rocket::local::blocking::{Client, LocalRequest, LocalResponse};
use rocket::serde::json::{Value, json as object};
use rocket::{Build, Rocket};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
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
    rows(&app.folder, sql)
}

fn rows(folder: &TempDir, sql: &'static str) -> Vec<String> {
    let options = SqliteConnectOptions::from_str(&database_url(folder)).expect("a file");
    async_run(async {
        let mut connection =
            options.create_if_missing(true).connect().await.expect("a database");
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

/// A server that knows alice, and bob, who was switched off.
fn app_with_users() -> App {
    app_with_users_and(&[])
}

/// The same, started with these variables.
fn app_with_users_and(vars: &[(&str, &str)]) -> App {
    let app = client(vars);
    for name in ["alice", "bob"] {
        let body = object!({
            "username": name,
            "password": format!("{name}-pass"),
        });
        assert_eq!(post(&app, "/api/user/register/", body).status().code, 201);
    }
    select(&app, "UPDATE users SET is_active = FALSE WHERE username = 'bob'");
    app
}

/// Alice's tokens, as the server gives them: access and refresh.
fn log_in(app: &App) -> (String, String) {
    let body = object!({"username": "alice", "password": "alice-pass"});
    let pair = json(post(app, "/api/token/", body));
    let token = |name: &str| pair[name].as_str().expect("a token").to_string();
    (token("access"), token("refresh"))
}

/// Claims like the server's own, for user 1, good for ten minutes.
fn claims(token_type: &str) -> Value {
    let now = chrono::Utc::now().timestamp();
    object!({
        "token_type": token_type,
        "exp": now + 600,
        "iat": now,
        "jti": uuid::Uuid::new_v4().simple().to_string(),
        "user_id": "1",
    })
}

/// The same, with one claim changed, or taken out by `null`.
fn claims_with(token_type: &str, name: &str, value: Value) -> Value {
    let mut claims = claims(token_type);
    let map = claims.as_object_mut().expect("an object");
    match value {
        Value::Null => map.remove(name),
        value => map.insert(name.into(), value),
    };
    claims
}

/// A token as the server would sign it: same key, same method.
fn sign(claims: &Value) -> String {
    sign_with(jsonwebtoken::Algorithm::HS256, &settings(&[]).unwrap().secret_key.0, claims)
}

fn sign_with(method: jsonwebtoken::Algorithm, key: &str, claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(key.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::new(method), claims, &key).expect("a token")
}

/// What a token says; the signature is not checked.
fn read(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).expect("a token").claims
}
