use rocket::serde::json::{Value, json};

use super::{App, client, json, post, select};

const NUMERIC: &str = "This password is entirely numeric.";

/// The status and the body of the answer to a registration with this password.
fn register(app: &App, username: &str, password: impl Into<Value>) -> (u16, Value) {
    let body = json!({"username": username, "password": password.into()});
    let response = post(app, "/api/user/register/", body);
    (response.status().code, json(response))
}

#[test]
fn a_password_of_digits_is_refused() {
    let app = client(&[]);
    // Digits of any script, and a number instead of a text.
    for password in [json!("20240903"), json!("٣٤٥٦"), json!(" 42 "), json!(12345678)] {
        let answer = register(&app, "alice", password.clone());
        assert_eq!(answer, (400, json!({"password": [NUMERIC]})), "{password}");
    }
    assert!(select(&app, "SELECT username FROM users").is_empty());
}

#[test]
fn one_letter_is_enough() {
    let app = client(&[]);
    assert_eq!(register(&app, "alice", "2024x0903").0, 201);
    assert_eq!(register(&app, "bob", "12.5").0, 201);
}

#[test]
fn a_name_of_digits_is_still_a_name() {
    let app = client(&[]);
    assert_eq!(register(&app, "12345", "pw").0, 201);
}

#[test]
fn it_is_reported_together_with_the_length() {
    let app = client(&[]);
    let (status, answer) = register(&app, "alice", "1".repeat(129));
    assert_eq!(status, 400, "{answer}");
    let messages = answer["password"].as_array().expect("a list of messages");
    let length = "Ensure this field has no more than 128 characters.";
    assert_eq!(messages.len(), 2, "{answer}");
    assert!(messages.contains(&json!(length)), "{answer}");
    assert!(messages.contains(&json!(NUMERIC)), "{answer}");
}
