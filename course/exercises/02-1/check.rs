use rocket::serde::json::{Value, json};

use super::{Answer, App, client, post, select};

const NUMERIC: &str = "This password is entirely numeric.";

/// The answer to a registration with this password.
fn register(app: &App, username: &str, password: impl Into<Value>) -> Answer {
    let body = json!({"username": username, "password": password.into()});
    post(app, "/api/user/register/", body)
}

#[test]
fn a_password_of_digits_is_refused() {
    let app = client(&[]);
    // Digits of any script, and a number instead of a text.
    for password in [json!("20240903"), json!("٣٤٥٦"), json!(" 42 "), json!(12345678)] {
        register(&app, "alice", password).is(400, json!({"password": [NUMERIC]}));
    }
    let names = select(&app, "SELECT username FROM users");
    assert!(names.is_empty(), "who is refused must not be stored: {names:?}");
}

#[test]
fn one_letter_is_enough() {
    let app = client(&[]);
    register(&app, "alice", "2024x0903").has_status(201);
    register(&app, "bob", "12.5").has_status(201);
}

#[test]
fn a_name_of_digits_is_still_a_name() {
    let app = client(&[]);
    register(&app, "12345", "pw").has_status(201);
}

#[test]
fn it_is_reported_together_with_the_length() {
    let app = client(&[]);
    let answer = register(&app, "alice", "1".repeat(129));
    answer.has_status(400);
    let length = "Ensure this field has no more than 128 characters.";
    let messages = &answer.json()["password"];
    let both = [json!([length, NUMERIC]), json!([NUMERIC, length])];
    answer.must(both.contains(messages), &format!("both messages, {}", both[0]));
}
