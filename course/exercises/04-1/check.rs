use rocket::serde::json::json;

use super::{App, client, post};

fn app() -> App {
    let app = client(&[]);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    post(&app, "/api/user/register/", alice).has_status(201);
    app
}

#[test]
fn no_cache_keeps_an_answer_with_tokens() {
    let app = app();
    let alice = json!({"username": "alice", "password": "alice-pass"});
    let answer = post(&app, "/api/token/", alice);
    answer.has_status(200).has_header("Cache-Control", "no-store");
}

#[test]
fn the_answer_is_otherwise_as_before() {
    let app = app();
    let alice = json!({"username": "alice", "password": "alice-pass"});
    let answer = post(&app, "/api/token/", alice);
    answer.has_header("Content-Type", "application/json");
    let pair = json!({"access": answer.text("access"), "refresh": answer.text("refresh")});
    answer.is(200, pair);

    let wrong = json!({"username": "alice", "password": "wrong"});
    post(&app, "/api/token/", wrong).has_status(401);
}
