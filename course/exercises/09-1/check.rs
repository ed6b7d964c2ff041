use rocket::http::ContentType;
use rocket::serde::json::{Value, json};

use super::{Answer, App, app_with_users, bearer, log_in, post, select, send};

fn delete(app: &App, access: &str, body: Value) -> Answer {
    let request = bearer(app.post("/api/account/delete/"), access);
    send(request.header(ContentType::JSON), body.to_string())
}

#[test]
fn the_password_deletes_ones_own_account_and_no_other() {
    let app = app_with_users();
    let (access, refresh) = log_in(&app);
    let note = json!({"title": "t", "content": "c"}).to_string();
    let request = bearer(app.post("/api/notes/"), &access).header(ContentType::JSON);
    send(request, note).has_status(201);
    delete(&app, &access, json!({"password": "alice-pass"})).is(204, Value::Null);
    let left = select(&app, "SELECT username FROM users");
    assert_eq!(left, ["bob"], "the users that are left");
    let notes = select(&app, "SELECT title FROM notes");
    assert!(notes.is_empty(), "alice's notes must be gone with her: {notes:?}");
    let request = bearer(app.get("/api/account/"), &access);
    send(request, "").because("the user is gone").has_status(401);
    let refresh = json!({ "refresh": refresh });
    post(&app, "/api/token/refresh/", refresh).because("the user is gone").has_status(401);
}

#[test]
fn a_wrong_password_deletes_nothing() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let wrong = "Your old password was entered incorrectly. Please enter it again.";
    let answer = delete(&app, &access, json!({"password": "bob-pass"}));
    answer.is(400, json!({"password": [wrong]}));
    let answer = delete(&app, &access, json!({}));
    answer.is(400, json!({"password": ["This field is required."]}));
    let left = select(&app, "SELECT username FROM users ORDER BY id");
    assert_eq!(left, ["alice", "bob"], "the users that are left");
}

#[test]
fn nobody_deletes_without_a_token() {
    let app = app_with_users();
    let body = json!({"username": "alice", "password": "alice-pass"});
    post(&app, "/api/account/delete/", body).has_status(401);
}
