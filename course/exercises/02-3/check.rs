use rocket::serde::json::json;

use super::{Answer, App, client, get, post};

/// What `GET /api/user/count/` answers.
fn count(app: &App) -> Answer {
    get(app, "/api/user/count/")
}

#[test]
fn an_empty_database_has_no_users() {
    count(&client(&[])).is(200, json!({"count": 0}));
}

#[test]
fn only_users_that_were_stored_are_counted() {
    let app = client(&[]);
    for username in ["alice", "bob", "alice", "no name"] {
        post(&app, "/api/user/register/", json!({"username": username, "password": "pw"}));
    }
    count(&app).because("alice and bob").is(200, json!({"count": 2}));
}
