use rocket::serde::json::json;

use super::{Answer, App, client, post, select};

fn register(app: &App, username: &str, password: &str) -> Answer {
    post(app, "/api/user/register/", json!({"username": username, "password": password}))
}

#[test]
fn a_password_that_is_the_name_is_refused() {
    let app = client(&[]);
    let message = "The password is too similar to the username.";
    for (username, password) in
        [("alice", "alice"), ("Alice", "aLICE"), ("ärger", "ÄRGER"), ("alice", " alice\n")]
    {
        register(&app, username, password).is(400, json!({"password": [message]}));
    }
    let names = select(&app, "SELECT username FROM users");
    assert!(names.is_empty(), "who is refused must not be stored: {names:?}");
}

#[test]
fn another_password_is_fine() {
    let app = client(&[]);
    register(&app, "alice", "alice2").has_status(201);
    register(&app, "bob", "alice").has_status(201);
}

#[test]
fn the_fields_are_compared_only_when_both_are_good() {
    let app = client(&[]);
    let blank = "This field may not be blank.";
    register(&app, "", "").is(400, json!({"username": [blank], "password": [blank]}));
    let answer = register(&app, "two words", "two words");
    let body = answer.has_status(400).json();
    let name_alone = body["username"].is_array() && body["password"].is_null();
    answer.must(name_alone, "a mistake in the username, and none in the password");
}
