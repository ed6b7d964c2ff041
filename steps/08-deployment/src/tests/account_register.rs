use rocket::http::{ContentType, Status};
use rocket::serde::json::{Value, json};

use super::{App, client, host, post, read, select};

/// The status and the body of the answer to note 004's registration.
fn register(app: &App, body: Value) -> (u16, Value) {
    let response = post(app, "/api/account/register/", body);
    (response.status().code, super::json(response))
}

fn account(username: &str, email: Value, password: &str, password2: &str) -> Value {
    let (name, again) = (username, password2);
    json!({"username": name, "email": email, "password": password, "password2": again})
}

#[test]
fn a_new_account_comes_with_tokens_that_work() {
    let app = client(&[]);
    let body = account("demo", json!("demo@gmail.com"), "demo@1234", "demo@1234");
    let (status, answer) = register(&app, body);
    assert_eq!(status, 201);
    assert_eq!(answer["response"], "Registration Successfully !!!");
    assert_eq!(
        (&answer["username"], &answer["email"]),
        (&json!("demo"), &json!("demo@gmail.com"))
    );
    assert_eq!(answer.as_object().unwrap().len(), 4, "no password: {answer}");
    let token = |name: &str| answer["token"][name].as_str().expect("a token").to_string();
    assert_eq!(read(&token("access"))["token_type"], "access");
    let refresh = json!({"refresh": token("refresh")});
    assert_eq!(post(&app, "/api/token/refresh/", refresh).status(), Status::Ok);
}

#[test]
fn a_form_as_in_postman_works_too() {
    let app = client(&[]);
    let request = host(app.client.post("/api/account/register/"), "localhost");
    let body = "username=f&email=f%40example.com&password=p&password2=p";
    let response = request.header(ContentType::Form).body(body).dispatch();
    assert_eq!(response.status(), Status::Created);
}

#[test]
fn two_different_passwords_make_no_account() {
    let app = client(&[]);
    let message = "The two password fields didn't match.";
    let body = account("differ", json!(""), "One", "one");
    assert_eq!(register(&app, body), (400, json!({"password2": [message]})));
    assert!(select(&app, "SELECT username FROM users").is_empty());
}

#[test]
fn all_mistakes_are_reported_together() {
    let app = client(&[]);
    let required = json!(["This field is required."]);
    let all = json!({"username": required, "password": required, "password2": required});
    assert_eq!(register(&app, json!({})), (400, all));
    let answer = json!({
        "username": ["This field may not be blank."],
        "email": ["Enter a valid email address."],
        "password": ["This field may not be blank."],
        "password2": ["This field may not be blank."],
    });
    assert_eq!(register(&app, account("", json!("no"), "", "")), (400, answer));
}

#[test]
fn an_email_may_be_missing_but_not_wrong() {
    let app = client(&[]);
    for (name, email, stored) in [
        ("a", json!(""), ""),
        ("b", json!("  T@EXAMPLE.com "), "T@example.com"),
        ("c", json!("T@example.com"), "T@example.com"),
    ] {
        let (status, answer) = register(&app, account(name, email, "p", "p"));
        assert_eq!((status, &answer["email"]), (201, &json!(stored)), "{name}");
    }
    let body = json!({"username": "d", "password": "p", "password2": "p"});
    assert_eq!(register(&app, body).0, 201);
    let wrong = "Enter a valid email address.";
    for (email, message) in [
        (json!(null), "This field may not be null."),
        (json!("not-an-email"), wrong),
        (json!("a@b@example.com"), wrong),
        (json!("a@nodot"), wrong),
        (json!(["a@example.com"]), wrong),
        (json!(format!("{}@example.com", "x".repeat(250))), wrong),
    ] {
        let answer = register(&app, account("e", email.clone(), "p", "p"));
        assert_eq!(answer, (400, json!({"email": [message]})), "{email}");
    }
}

#[test]
fn a_taken_name_is_refused() {
    let app = client(&[]);
    assert_eq!(register(&app, account("a", json!(""), "p", "p")).0, 201);
    let answer = json!({"username": ["A user with that username already exists."]});
    assert_eq!(register(&app, account("a", json!(""), "p", "p")), (400, answer));
}
