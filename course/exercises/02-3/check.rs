use rocket::http::Status;
use rocket::serde::json::json;

use super::{App, client, host, json, post};

/// What `GET /api/user/count/` answers.
fn count(app: &App) -> rocket::serde::json::Value {
    let response = host(app.get("/api/user/count/"), "localhost").dispatch();
    assert_eq!(response.status(), Status::Ok, "GET /api/user/count/");
    json(response)
}

#[test]
fn an_empty_database_has_no_users() {
    assert_eq!(count(&client(&[])), json!({"count": 0}));
}

#[test]
fn only_users_that_were_stored_are_counted() {
    let app = client(&[]);
    for username in ["alice", "bob", "alice", "no name"] {
        post(&app, "/api/user/register/", json!({"username": username, "password": "pw"}));
    }
    assert_eq!(count(&app), json!({"count": 2}));
}
