//! The step's tests: through HTTP, as a client sees it.

mod account;
mod account_register;
mod answer;
mod authentication;
mod bodies;
mod commands;
mod cookies;
mod cors;
mod forms;
mod frontend;
mod hashes;
mod headers;
mod health;
mod hosts;
mod http;
mod migrations;
mod notes;
// What the database itself must do, and a database for each test.
#[cfg(feature = "postgres")]
mod postgres;
mod proxies;
mod refresh;
mod registration;
mod rotation;
mod sessions;
mod settings;
#[cfg(not(feature = "postgres"))]
mod sqlite;
mod staff;
mod stop;
mod tokens;

use std::ops::Deref;
use std::sync::atomic::Ordering;

use rocket::http::uri::Host;
use rocket::http::{ContentType, Header};
use rocket::local::blocking::{Client, LocalRequest};
use rocket::serde::json::{Value, json};
use rocket::{Build, Rocket};
use sqlx::Connection as _;

#[cfg(feature = "postgres")]
use postgres as backend;
#[cfg(not(feature = "postgres"))]
use sqlite as backend;

use answer::{Answer, send};
use backend::Database;

use crate::accounts::Hasher;
use crate::db::Connection;
use crate::settings::Settings;

/// The settings of a program started with these variables and no others.
fn settings(vars: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::from_vars(|name| lookup(vars, name))
}

/// The value of a variable. The first counts; the database must always be named, since
/// with PostgreSQL there is none beside the source.
fn lookup(vars: &[(&str, &str)], name: &str) -> Result<Option<String>, String> {
    let default = [("DATABASE_URL", backend::ANY)];
    let variable = vars.iter().chain(&default).find(|(known, _)| *known == name);
    Ok(variable.map(|(_, text)| text.to_string()))
}

/// The settings that these variables must make.
#[track_caller]
fn accepted(vars: &[(&str, &str)]) -> Settings {
    match settings(vars) {
        Ok(settings) => settings,
        Err(why) => panic!("a server must start with {vars:?}, and it is refused:\n  {why}"),
    }
}

/// The sentence that refuses a start with these variables. It begins so.
#[track_caller]
fn refusal(vars: &[(&str, &str)], begin: &str) -> String {
    must_refuse(&format!("a start with {vars:?}"), settings(vars), begin)
}

/// The sentence that refuses something. It begins so.
#[track_caller]
fn must_refuse<T>(what: &str, result: Result<T, String>, begin: &str) -> String {
    let rule = format!("{what} must be refused:\n  {begin}…");
    match result {
        Ok(_) => panic!("{rule}\nand it is not refused"),
        Err(why) if why.starts_with(begin) => why,
        Err(why) => panic!("{rule}\nand the refusal says\n  {why}"),
    }
}

/// A server with a database of its own, and a client that speaks to it.
struct App {
    client: Client,
    database: Database,
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
    let database = Database::empty();
    let client = Client::tracked(server(vars, &database)).expect("the server must start");
    App { client, database }
}

fn server(vars: &[(&str, &str)], database: &Database) -> Rocket<Build> {
    let vars = [vars, &[("DATABASE_URL", &database.url)]].concat();
    let mut settings = accepted(&vars);
    settings.bcrypt_rounds = 4;
    crate::rocket(settings)
}

/// Looks into the database from outside, as `sqlite3` or `psql` would.
fn select(app: &App, sql: &'static str) -> Vec<String> {
    rows(&app.database, sql)
}

fn rows(database: &Database, sql: &'static str) -> Vec<String> {
    async_run(async {
        let mut connection = Connection::connect(&database.url).await.expect("a database");
        let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect(sql);
        connection.close().await.expect("an end");
        rows
    })
}

fn async_run<T>(work: impl Future<Output = T>) -> T {
    rocket::tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

/// `GET path` from this machine.
fn get(client: &Client, path: &str) -> Answer {
    send(host(client.get(path.to_string()), "localhost"), "")
}

/// `POST path` with a JSON body.
fn post(app: &App, path: &str, body: impl ToString) -> Answer {
    let request = host(app.post(path.to_string()), "localhost").header(ContentType::JSON);
    send(request, body.to_string())
}

/// Rocket's test client sends no `Host`; every real client does.
fn host<'c>(mut request: LocalRequest<'c>, name: &'static str) -> LocalRequest<'c> {
    request.inner_mut().set_host(Host::parse(name).expect("a host"));
    request
}

/// A request with this access token.
fn bearer<'c>(request: LocalRequest<'c>, token: &str) -> LocalRequest<'c> {
    host(request, "localhost").header(Header::new("Authorization", format!("Bearer {token}")))
}

fn origin<'c>(request: LocalRequest<'c>, origin: &'static str) -> LocalRequest<'c> {
    host(request, "localhost").header(Header::new("Origin", origin))
}

/// A server that knows alice, and bob, who was switched off.
fn app_with_users() -> App {
    app_with_users_and(&[])
}

/// The same, started with these variables.
fn app_with_users_and(vars: &[(&str, &str)]) -> App {
    let app = client(vars);
    for name in ["alice", "bob"] {
        let body = json!({
            "username": name,
            "password": format!("{name}-pass"),
        });
        post(&app, "/api/user/register/", body).has_status(201);
    }
    select(&app, "UPDATE users SET is_active = FALSE WHERE username = 'bob'");
    app
}

/// Alice's tokens, as the server gives them: access and refresh.
#[track_caller]
fn log_in(app: &App) -> (String, String) {
    let alice = json!({"username": "alice", "password": "alice-pass"});
    let pair = post(app, "/api/token/", alice).because("alice logs in");
    (pair.text("access"), pair.text("refresh"))
}

/// How many hashes this server has computed.
fn hashes(app: &App) -> u64 {
    let hasher = app.rocket().state::<Hasher>().expect("the server must manage a Hasher");
    hasher.hashes.load(Ordering::Relaxed)
}

/// Claims like the server's own, for user 1, good for ten minutes.
fn claims(token_type: &str) -> Value {
    let now = chrono::Utc::now().timestamp();
    json!({
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
    sign_with(jsonwebtoken::Algorithm::HS256, &accepted(&[]).secret_key.0, claims)
}

fn sign_with(method: jsonwebtoken::Algorithm, key: &str, claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(key.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::new(method), claims, &key).expect("a token")
}

/// What a token says; the signature is not checked.
fn read(token: &str) -> Value {
    let token = jsonwebtoken::dangerous::insecure_decode::<Value>(token);
    token.expect("a token must be three parts in base64").claims
}
