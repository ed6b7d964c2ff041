use rocket::serde::json::{Value, json};

use super::{App, client, json, post, select};

/// The status and the body of the answer to a registration.
fn register(app: &App, username: &str, password: &str) -> (u16, Value) {
    let body = json!({"username": username, "password": password});
    let response = post(app, "/api/user/register/", body);
    (response.status().code, json(response))
}

#[test]
fn a_password_that_is_the_name_is_refused() {
    let app = client(&[]);
    let message = "The password is too similar to the username.";
    for (username, password) in
        [("alice", "alice"), ("Alice", "aLICE"), ("ärger", "ÄRGER"), ("alice", " alice\n")]
    {
        let answer = register(&app, username, password);
        assert_eq!(answer, (400, json!({"password": [message]})), "{username} {password}");
    }
    assert!(select(&app, "SELECT username FROM users").is_empty());
}

#[test]
fn another_password_is_fine() {
    let app = client(&[]);
    assert_eq!(register(&app, "alice", "alice2").0, 201);
    assert_eq!(register(&app, "bob", "alice").0, 201);
}

#[test]
fn the_fields_are_compared_only_when_both_are_good() {
    let app = client(&[]);
    let blank = "This field may not be blank.";
    let (status, answer) = register(&app, "", "");
    assert_eq!(status, 400);
    assert_eq!(answer, json!({"username": [blank], "password": [blank]}));
    let (status, answer) = register(&app, "two words", "two words");
    assert_eq!(status, 400);
    assert!(answer["username"].is_array() && answer["password"].is_null(), "{answer}");
}
