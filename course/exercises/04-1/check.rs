use rocket::http::Status;
use rocket::serde::json::json;

use super::{App, client, header, json, post};

fn app() -> App {
    let app = client(&[]);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    assert_eq!(post(&app, "/api/user/register/", alice).status(), Status::Created);
    app
}

#[test]
fn no_cache_keeps_an_answer_with_tokens() {
    let app = app();
    let alice = json!({"username": "alice", "password": "alice-pass"});
    let response = post(&app, "/api/token/", alice);
    assert_eq!(response.status(), Status::Ok);
    assert_eq!(header(&response, "Cache-Control"), "no-store");
}

#[test]
fn the_answer_is_otherwise_as_before() {
    let app = app();
    let alice = json!({"username": "alice", "password": "alice-pass"});
    let response = post(&app, "/api/token/", alice);
    assert_eq!(header(&response, "Content-Type"), "application/json");
    let pair = json(response);
    assert_eq!(pair.as_object().map(|pair| pair.len()), Some(2), "{pair}");
    assert!(pair["access"].is_string() && pair["refresh"].is_string(), "{pair}");

    let wrong = json!({"username": "alice", "password": "wrong"});
    assert_eq!(post(&app, "/api/token/", wrong).status(), Status::Unauthorized);
}
