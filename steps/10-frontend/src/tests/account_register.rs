use rocket::http::ContentType;
use rocket::serde::json::{Value, json};

use super::{Answer, App, client, host, post, read, select, send};

/// The answer to note 004's registration.
fn register(app: &App, body: Value) -> Answer {
    post(app, "/api/account/register/", body)
}

fn account(username: &str, email: Value, password: &str, password2: &str) -> Value {
    let (name, again) = (username, password2);
    json!({"username": name, "email": email, "password": password, "password2": again})
}

#[test]
fn a_new_account_comes_with_tokens_that_work() {
    let app = client(&[]);
    let answer =
        register(&app, account("demo", json!("demo@gmail.com"), "demo@1234", "demo@1234"));
    let body = answer.json();
    let token = |name: &str| body["token"][name].as_str().unwrap_or_default().to_string();
    let (access, refresh) = (token("access"), token("refresh"));
    let response = "Registration Successfully !!!";
    let account = json!({"response": response, "username": "demo", "email": "demo@gmail.com",
        "token": {"access": access, "refresh": refresh}});
    answer.is(201, account);
    assert_eq!(read(&access)["token_type"], "access", "the token_type of the access token");
    post(&app, "/api/token/refresh/", json!({ "refresh": refresh })).has_status(200);
}

#[test]
fn a_form_as_in_postman_works_too() {
    let app = client(&[]);
    let request = host(app.client.post("/api/account/register/"), "localhost");
    let body = "username=f&email=f%40example.com&password=p&password2=p";
    send(request.header(ContentType::Form), body).has_status(201);
}

#[test]
fn two_different_passwords_make_no_account() {
    let app = client(&[]);
    let message = "The two password fields didn't match.";
    let answer = register(&app, account("differ", json!(""), "One", "one"));
    answer.is(400, json!({"password2": [message]}));
    let names = select(&app, "SELECT username FROM users");
    assert!(names.is_empty(), "who is refused must not be stored: {names:?}");
}

#[test]
fn all_mistakes_are_reported_together() {
    let app = client(&[]);
    let required = json!(["This field is required."]);
    let all = json!({"username": required, "password": required, "password2": required});
    register(&app, json!({})).is(400, all);
    let all = json!({
        "username": ["This field may not be blank."],
        "email": ["Enter a valid email address."],
        "password": ["This field may not be blank."],
        "password2": ["This field may not be blank."],
    });
    register(&app, account("", json!("no"), "", "")).is(400, all);
}

#[test]
fn an_email_may_be_missing_but_not_wrong() {
    let app = client(&[]);
    for (name, email, stored) in [
        ("a", json!(""), ""),
        ("b", json!("  T@EXAMPLE.com "), "T@example.com"),
        ("c", json!("t@example.com"), "t@example.com"),
    ] {
        let answer = register(&app, account(name, email, "p", "p"));
        answer.has_status(201);
        answer.must(answer.json()["email"] == stored, &format!("the email {stored:?}"));
    }
    let body = json!({"username": "d", "password": "p", "password2": "p"});
    register(&app, body).has_status(201);
    let wrong = "Enter a valid email address.";
    for (email, message) in [
        (json!(null), "This field may not be null."),
        (json!("not-an-email"), wrong),
        (json!("a@b@example.com"), wrong),
        (json!("a@nodot"), wrong),
        (json!(["a@example.com"]), wrong),
        (json!(format!("{}@example.com", "x".repeat(250))), wrong),
    ] {
        register(&app, account("e", email, "p", "p")).is(400, json!({"email": [message]}));
    }
}

#[test]
fn an_email_belongs_to_one_user() {
    let app = client(&[]);
    register(&app, account("a", json!("t@example.com"), "p", "p")).has_status(201);
    let taken = json!({"email": ["A user with that email already exists."]});
    register(&app, account("b", json!("t@EXAMPLE.com"), "p", "p")).is(400, taken);
    for name in ["c", "d"] {
        let answer = register(&app, account(name, json!(""), "p", "p"));
        answer.because("many may have none").has_status(201);
    }
}

#[test]
fn an_account_without_its_tokens_is_not_made() {
    let app = client(&[]);
    select(&app, "DROP TABLE outstanding_tokens");
    register(&app, account("a", json!(""), "p", "p")).has_status(500);
    let names = select(&app, "SELECT username FROM users");
    assert!(
        names.is_empty(),
        "who was told that it failed must be able to try again: {names:?}"
    );
}

#[test]
fn a_registration_needs_one_connection() {
    let app = client(&[("DB_MAX_CONNECTIONS", "1")]);
    let answer = register(&app, account("a", json!(""), "p", "p"));
    answer.because("the pool has one connection").has_status(201);
}

#[test]
fn a_taken_name_is_refused() {
    let app = client(&[]);
    register(&app, account("a", json!(""), "p", "p")).has_status(201);
    let answer = json!({"username": ["A user with that username already exists."]});
    register(&app, account("a", json!(""), "p", "p")).is(400, answer);
}
