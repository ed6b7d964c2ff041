use rocket::futures::future::join_all;
use rocket::http::uri::Host;
use rocket::http::{ContentType, Header, Status};
use rocket::local::asynchronous::Client;
use rocket::serde::json::{Value, json};
use sha2::{Digest, Sha256};

use super::{App, Database, client, header, host, json, post, select, server};

const REGISTER: &str = "/api/user/register/";
const REQUIRED: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
const NULL: &str = "This field may not be null.";
const NO_STRING: &str = "Not a valid string.";
const BAD_NAME: &str = "Enter a valid username. This value may contain only letters, \
    numbers, and @/./+/-/_ characters.";
const TAKEN: &str = "A user with that username already exists.";

/// The status and the body of the answer to a registration.
fn register(app: &App, body: impl ToString) -> (u16, Value) {
    let response = post(app, REGISTER, body);
    (response.status().code, json(response))
}

/// The name under which a user was registered.
fn registered(app: &App, username: impl Into<Value>) -> Value {
    let body = json!({"username": username.into(), "password": "pw"});
    let (status, answer) = register(app, &body);
    assert_eq!(status, 201, "{body} got {answer}");
    answer["username"].clone()
}

/// What is wrong with a body; nothing of it may be stored.
fn mistakes(app: &App, body: impl ToString) -> Value {
    let before = select(app, "SELECT username FROM users");
    let (status, answer) = register(app, body);
    assert_eq!(status, 400, "{answer}");
    assert_eq!(select(app, "SELECT username FROM users"), before);
    answer
}

#[test]
fn a_new_user_gets_an_id_and_no_password_back() {
    let app = client(&[]);
    let response =
        post(&app, REGISTER, json!({"username": "ttawsirhc", "password": "password"}));
    assert_eq!(response.status(), Status::Created);
    assert_eq!(header(&response, "Content-Type"), "application/json");
    assert_eq!(json(response), json!({"id": 1, "username": "ttawsirhc"}));
}

#[test]
fn all_mistakes_are_reported_together() {
    let app = client(&[]);
    let both = json!({"username": [REQUIRED], "password": [REQUIRED]});
    assert_eq!(mistakes(&app, "{}"), both);
    assert_eq!(mistakes(&app, ""), both);
    let body = json!({"username": "bad name", "password": null});
    assert_eq!(mistakes(&app, body), json!({"username": [BAD_NAME], "password": [NULL]}));
    let long = format!("{} ", "v".repeat(150)) + "v";
    let length = "Ensure this field has no more than 150 characters.";
    let body = json!({"username": long, "password": "pw"});
    assert_eq!(mistakes(&app, body), json!({"username": [BAD_NAME, length]}));
}

#[test]
fn a_name_that_is_no_name_is_refused() {
    let app = client(&[]);
    for (name, message) in [
        (json!(null), NULL),
        (json!(""), BLANK),
        (json!(" \t\u{1f}\u{a0}"), BLANK),
        (json!(true), NO_STRING),
        (json!(["a"]), NO_STRING),
        (json!({"$ne": null}), NO_STRING),
        (json!("two words"), BAD_NAME),
        (json!("a/b"), BAD_NAME),
        (json!("smile😀"), BAD_NAME),
        // A vowel sign is no letter to Python.
        (json!("क\u{93f}"), BAD_NAME),
    ] {
        let answer = mistakes(&app, json!({"username": name, "password": "pw"}));
        assert_eq!(answer, json!({"username": [message]}), "{name}");
    }
    let answer = mistakes(&app, json!({"username": "a\0b", "password": "pw"}));
    assert_eq!(answer, json!({"username": [BAD_NAME, "Null characters are not allowed."]}));
}

#[test]
fn names_of_all_languages_are_welcome() {
    let app = client(&[]);
    for name in ["a.b@c+d-e_f", "josé", "用户", "Ⅷ", "user²"] {
        assert_eq!(registered(&app, name), name);
    }
    assert_eq!(registered(&app, " trimmed\t\n"), "trimmed");
    assert_eq!(registered(&app, 12345), "12345");
    assert_eq!(registered(&app, 1.5), "1.5");
    assert_eq!(registered(&app, format!("  {}  ", "ä".repeat(150))), "ä".repeat(150));
}

#[test]
fn a_password_is_measured_in_characters() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "ä".repeat(128)});
    assert_eq!(register(&app, body).0, 201);
    let body = json!({"username": "b", "password": "ä".repeat(129)});
    let length = "Ensure this field has no more than 128 characters.";
    assert_eq!(mistakes(&app, body), json!({"password": [length]}));
}

#[test]
fn a_number_too_large_to_be_exact_is_no_password() {
    let app = client(&[]);
    let body = r#"{"username": "a", "password": 123456789012345678901}"#;
    assert_eq!(mistakes(&app, body), json!({"password": [NO_STRING]}));
}

#[test]
fn a_name_is_given_once() {
    let app = client(&[]);
    assert_eq!(registered(&app, "alice"), "alice");
    let body = json!({"username": " alice ", "password": "other"});
    assert_eq!(mistakes(&app, body), json!({"username": [TAKEN]}));
    assert_eq!(registered(&app, "Alice"), "Alice");
}

#[rocket::async_test]
async fn of_parallel_requests_for_one_name_one_wins() {
    let database = Database::empty();
    let client = Client::tracked(server(&[], &database)).await.expect("a server");
    let racers = (0..8).map(|_| {
        let mut request = client.post(REGISTER).header(ContentType::JSON);
        request.inner_mut().set_host(Host::parse("localhost").expect("a host"));
        request.body(json!({"username": "wanted", "password": "pw"}).to_string()).dispatch()
    });
    let mut statuses: Vec<_> =
        join_all(racers).await.iter().map(|answer| answer.status().code).collect();
    statuses.sort();
    assert_eq!(statuses, [201, 400, 400, 400, 400, 400, 400, 400]);
}

#[test]
fn fields_that_are_not_asked_for_are_ignored() {
    let app = client(&[]);
    let body = json!({"id": 777, "username": "a", "password": "pw", "is_staff": true});
    assert_eq!(register(&app, body), (201, json!({"id": 1, "username": "a"})));
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let app = client(&[]);
    for (body, kind) in [("[1]", "list"), ("\"a\"", "str"), ("true", "bool"), ("7", "int")] {
        let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
        assert_eq!(mistakes(&app, body), json!({"non_field_errors": [message]}));
    }
    assert_eq!(mistakes(&app, "null"), json!({"non_field_errors": ["No data provided"]}));
}

#[test]
fn broken_json_is_told_apart_from_a_wrong_field() {
    let app = client(&[]);
    for body in
        ["{", "{'username': 'sq'}", r#"{"username": "tc",}"#, "username=x", "\u{feff}{}"]
    {
        let detail = mistakes(&app, body)["detail"].to_string();
        assert!(detail.starts_with("\"JSON parse error - "), "{body}: {detail}");
    }
    let request = host(app.client.post(REGISTER), "localhost").header(ContentType::JSON);
    let response = request.body(b"{\"username\": \"\xff\"}").dispatch();
    assert_eq!(response.status(), Status::BadRequest);
}

#[test]
fn the_type_of_the_body_counts_and_its_charset_does_not() {
    let app = client(&[]);
    for (name, content_type, status) in [
        ("a", "application/json; charset=utf-8", 201),
        ("b", "Application/JSON", 201),
        ("c", "text/plain", 415),
        ("d", "application/xml", 415),
        ("e", "application/jsonp", 415),
    ] {
        let request = host(app.client.post(REGISTER), "localhost");
        let request = request.header(Header::new("Content-Type", content_type));
        let body = json!({"username": name, "password": "pw"}).to_string();
        let response = request.body(body).dispatch();
        assert_eq!(response.status().code, status, "{content_type}");
        if status == 415 {
            let detail = format!("Unsupported media type \"{content_type}\" in request.");
            assert_eq!(json(response), json!({ "detail": detail }));
        }
    }
}

#[test]
fn an_empty_body_needs_no_type_and_another_does() {
    let app = client(&[]);
    let request = host(app.client.post(REGISTER), "localhost");
    assert_eq!(request.dispatch().status(), Status::BadRequest);
    let request = host(app.client.post(REGISTER), "localhost").body("{}");
    assert_eq!(request.dispatch().status(), Status::UnsupportedMediaType);
}

#[test]
fn a_body_of_more_than_a_mebibyte_is_refused() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "p".repeat(1 << 20)});
    let (status, answer) = register(&app, body);
    assert_eq!((status, answer), (413, json!({"detail": "The body is longer than 1 MiB."})));
}

/// What Django's BCryptSHA256PasswordHasher made of this password.
const BY_DJANGO: (&str, &str) = (
    "correct horse battery staple",
    "bcrypt_sha256$$2b$04$Dh.n/nanEfaRXAdJrgs.P.gFWUvO4f4mcGOjDAqx/xPOYT/EevjBq",
);

/// Django's check, written anew, so that it can judge our hashes.
fn django_accepts(password: &str, stored: &str) -> bool {
    let hash = stored.strip_prefix("bcrypt_sha256$").expect("Django's name of the method");
    bcrypt::verify(format!("{:x}", Sha256::digest(password)), hash).expect("a bcrypt hash")
}

#[test]
fn django_would_accept_our_hashes() {
    let (password, stored) = BY_DJANGO;
    assert!(django_accepts(password, stored), "the check itself is wrong");

    let app = client(&[]);
    let long = "x".repeat(72) + "tail";
    register(&app, json!({"username": "short", "password": password}));
    register(&app, json!({"username": "long", "password": &long}));
    let stored = select(&app, "SELECT password FROM users ORDER BY id");
    assert!(stored[0].starts_with("bcrypt_sha256$$2b$04$"), "{}", stored[0]);
    assert_eq!(stored[0].len(), BY_DJANGO.1.len());
    assert!(django_accepts(password, &stored[0]));
    assert!(django_accepts(&long, &stored[1]));
    assert!(!django_accepts(&long[..72], &stored[1]), "a byte of the password was lost");
}

#[test]
fn an_unknown_path_is_a_404_and_a_wrong_method_a_4xx() {
    let app = client(&[]);
    let response = host(app.client.get("/api/user/"), "localhost").dispatch();
    assert_eq!(response.status(), Status::NotFound);
    let response = host(app.client.delete(REGISTER), "localhost").dispatch();
    assert_eq!(response.status().class(), rocket::http::StatusClass::ClientError);
    assert!(json(response)["detail"].is_string());
}
