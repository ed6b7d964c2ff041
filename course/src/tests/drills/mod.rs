//! Drills: what the finished server must survive, with real processes, as a platform has
//! them. Nothing here measures time: each test waits for what must come.

mod clients;
mod disk;
mod instances;
mod moving;
mod outage;
mod postgres;
mod stop;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use crate::contract::{self, Profile};
use crate::http::{Address, Answer, Outgoing, send};
use crate::repo::Repo;
use crate::run::output::Output;
use crate::run::place::Place;
use crate::run::postgres::Programs;
use crate::run::program::{Built, Program};
use crate::run::server::Server;
use crate::run::settings::{Settings, settings};
use crate::run::skip;

/// PostgreSQL's programs; without them a sentence is printed, and the test is left out.
pub fn programs() -> Option<Programs> {
    Programs::find().map_err(|missing| skip(missing).expect("PostgreSQL")).ok()
}

/// The last step for PostgreSQL, and one to run on.
fn on_postgres() -> Option<Built> {
    programs()?;
    Some(built(true))
}

/// The last step for SQLite.
fn on_sqlite() -> Built {
    built(false)
}

fn built(postgres: bool) -> Built {
    let repo = Repo::find().expect("the repository");
    let step = repo.last().expect("the last step").package();
    Program::find(&repo, &step).and_then(|program| program.build(postgres)).expect(&step)
}

/// The settings of production, and these over them.
fn production(over: &[(&str, &str)]) -> Settings {
    let fixtures = contract::load().expect("the contract").fixtures;
    let over = over.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    settings(&fixtures, Profile::RotateBlacklist, &over.collect::<BTreeMap<_, _>>())
}

/// One more instance over the same database.
async fn start(program: &Built, place: &Arc<Place>, settings: &Settings) -> Result<Server> {
    Server::start_at(place.clone(), program, settings.clone(), 0, Output::Kept).await
}

async fn get(server: &Address, path: &str, access: &str) -> Result<Answer> {
    let headers = vec![("Authorization".into(), format!("Bearer {access}"))];
    let (method, path) = ("GET".into(), path.into());
    send(server, &Outgoing { method, path, headers, body: None }).await
}

/// What a platform asks: by the machine's address, and without a token.
async fn probe(server: &Address, path: &str) -> Result<u16> {
    let headers = vec![("Host".into(), "10.2.3.4:8000".into())];
    let (method, path) = ("GET".into(), path.into());
    Ok(send(server, &Outgoing { method, path, headers, body: None }).await?.status)
}

/// `access` may be empty: nobody is logged in.
async fn post(server: &Address, path: &str, access: &str, body: &Value) -> Result<Answer> {
    let mut headers = vec![("Content-Type".into(), "application/json".into())];
    if !access.is_empty() {
        headers.push(("Authorization".into(), format!("Bearer {access}")));
    }
    let body = Some(body.to_string().into_bytes());
    let (method, path) = ("POST".into(), path.into());
    send(server, &Outgoing { method, path, headers, body }).await
}

/// Registers alice.
async fn register(server: &Address) -> Result<Answer> {
    let body = json!({"username": "alice", "password": "alice-pass-123"});
    post(server, "/api/user/register/", "", &body).await
}

/// Alice's access token and her refresh token.
async fn log_in(server: &Address) -> Result<(String, String)> {
    let body = json!({"username": "alice", "password": "alice-pass-123"});
    let answer = post(server, "/api/token/", "", &body).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let pair = answer.json().unwrap_or_default();
    let token = |name: &str| pair[name].as_str().unwrap_or_default().to_string();
    Ok((token("access"), token("refresh")))
}

async fn post_note(
    server: &Address,
    access: &str,
    title: &str,
    content: &str,
) -> Result<Answer> {
    let body = json!({"title": title, "content": content});
    post(server, "/api/notes/", access, &body).await
}

/// The titles of all of alice's notes.
async fn titles(server: &Address, access: &str) -> Result<Vec<String>> {
    let answer = get(server, "/api/notes/", access).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let notes = answer.json().unwrap_or_default();
    let notes = notes.as_array().into_iter().flatten();
    Ok(notes.filter_map(|note| note["title"].as_str().map(String::from)).collect())
}

/// Fails unless this says in JSON that the database is not there, and when to try again.
#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let detail = "Service temporarily unavailable, try again later.";
    assert_eq!(answer.json(), Some(json!({ "detail": detail })));
    assert_eq!(answer.header("Retry-After").as_deref(), Some("5"));
}
