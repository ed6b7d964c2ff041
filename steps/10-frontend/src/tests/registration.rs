use rocket::futures::future::join_all;
use rocket::http::uri::Host;
use rocket::http::{ContentType, Header};
use rocket::local::asynchronous::Client;
use rocket::serde::json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Answer, App, Database, client, get, host, post, select, send, server};

const REGISTER: &str = "/api/user/register/";
const REQUIRED: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
const NULL: &str = "This field may not be null.";
const NO_STRING: &str = "Not a valid string.";
const BAD_NAME: &str = "Enter a valid username. This value may contain only letters, \
    numbers, and @/./+/-/_ characters.";
const TAKEN: &str = "A user with that username already exists.";

fn register(app: &App, body: impl ToString) -> Answer {
    post(app, REGISTER, body)
}

/// This name is registered, and the answer shows it so.
#[track_caller]
fn welcome(app: &App, username: impl Into<Value>, shown: &str) {
    let answer = register(app, json!({"username": username.into(), "password": "pw"}));
    answer.has_status(201);
    let expected = format!("the username {shown:?}");
    answer.must(answer.json()["username"] == shown, &expected);
}

/// A body with these mistakes is refused, and nothing of it is stored.
#[track_caller]
fn refused(app: &App, body: impl ToString, mistakes: Value) {
    let users = "SELECT username FROM users";
    let before = select(app, users);
    let answer = register(app, body);
    answer.is(400, mistakes);
    let same = select(app, users) == before;
    answer.must(same, "no new row in the table users after a refusal");
}

#[test]
fn a_new_user_gets_an_id_and_no_password_back() {
    let app = client(&[]);
    let answer = register(&app, json!({"username": "ttawsirhc", "password": "password"}));
    answer.is(201, json!({"id": 1, "username": "ttawsirhc"}));
    answer.has_header("Content-Type", "application/json");
}

#[test]
fn all_mistakes_are_reported_together() {
    let app = client(&[]);
    let both = json!({"username": [REQUIRED], "password": [REQUIRED]});
    refused(&app, "{}", both.clone());
    refused(&app, "", both);
    let body = json!({"username": "bad name", "password": null});
    refused(&app, body, json!({"username": [BAD_NAME], "password": [NULL]}));
    let long = format!("{} ", "v".repeat(150)) + "v";
    let length = "Ensure this field has no more than 150 characters.";
    let body = json!({"username": long, "password": "pw"});
    refused(&app, body, json!({"username": [BAD_NAME, length]}));
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
        let body = json!({"username": name, "password": "pw"});
        refused(&app, body, json!({"username": [message]}));
    }
    let body = json!({"username": "a\0b", "password": "pw"});
    refused(&app, body, json!({"username": [BAD_NAME, "Null characters are not allowed."]}));
}

#[test]
fn names_of_all_languages_are_welcome() {
    let app = client(&[]);
    for name in ["a.b@c+d-e_f", "josé", "用户", "Ⅷ", "user²"] {
        welcome(&app, name, name);
    }
    welcome(&app, " trimmed\t\n", "trimmed");
    welcome(&app, 12345, "12345");
    welcome(&app, 1.5, "1.5");
    welcome(&app, format!("  {}  ", "ä".repeat(150)), &"ä".repeat(150));
}

#[test]
fn a_password_is_measured_in_characters() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "ä".repeat(128)});
    register(&app, body).because("128 of them, and 256 bytes").has_status(201);
    let body = json!({"username": "b", "password": "ä".repeat(129)});
    let length = "Ensure this field has no more than 128 characters.";
    refused(&app, body, json!({"password": [length]}));
}

#[test]
fn a_number_too_large_to_be_exact_is_no_password() {
    let app = client(&[]);
    let body = r#"{"username": "a", "password": 123456789012345678901}"#;
    refused(&app, body, json!({"password": [NO_STRING]}));
}

#[test]
fn a_name_is_given_once() {
    let app = client(&[]);
    welcome(&app, "alice", "alice");
    let body = json!({"username": " alice ", "password": "other"});
    refused(&app, body, json!({"username": [TAKEN]}));
    welcome(&app, "Alice", "Alice");
}

#[rocket::async_test]
async fn of_parallel_requests_for_one_name_one_wins() {
    let database = Database::empty();
    let client = Client::tracked(server(&[], &database)).await.expect("the server must start");
    let racers = (0..8).map(|_| {
        let mut request = client.post(REGISTER).header(ContentType::JSON);
        request.inner_mut().set_host(Host::parse("localhost").expect("a host"));
        request.body(json!({"username": "wanted", "password": "pw"}).to_string()).dispatch()
    });
    let mut statuses: Vec<_> =
        join_all(racers).await.iter().map(|answer| answer.status().code).collect();
    statuses.sort();
    let rule = "of eight registrations of one name at the same time, one must get a 201 and \
                the others the 400 of a name that is taken";
    assert_eq!(statuses, [201, 400, 400, 400, 400, 400, 400, 400], "{rule}");
}

#[test]
fn fields_that_are_not_asked_for_are_ignored() {
    let app = client(&[]);
    let body = json!({"id": 777, "username": "a", "password": "pw", "is_staff": true});
    register(&app, body).is(201, json!({"id": 1, "username": "a"}));
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let app = client(&[]);
    for (body, kind) in [("[1]", "list"), ("\"a\"", "str"), ("true", "bool"), ("7", "int")] {
        let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
        refused(&app, body, json!({"non_field_errors": [message]}));
    }
    refused(&app, "null", json!({"non_field_errors": ["No data provided"]}));
}

#[test]
fn broken_json_is_told_apart_from_a_wrong_field() {
    let app = client(&[]);
    for body in
        ["{", "{'username': 'sq'}", r#"{"username": "tc",}"#, "username=x", "\u{feff}{}"]
    {
        let answer = register(&app, body);
        answer.has_status(400);
        let begin = r#"{"detail":"JSON parse error - "#;
        answer.must(answer.body.starts_with(begin), &format!("{begin}…"));
    }
    let request = host(app.client.post(REGISTER), "localhost").header(ContentType::JSON);
    let answer = send(request, b"{\"username\": \"\xff\"}");
    answer.because("a byte that is no UTF-8").has_status(400);
}

#[test]
fn the_type_of_the_body_counts_in_small_letters_or_capitals() {
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
        let answer = send(request, json!({"username": name, "password": "pw"}).to_string());
        answer.has_status(status);
        if status == 415 {
            let detail = format!("Unsupported media type \"{content_type}\" in request.");
            answer.is(415, json!({ "detail": detail }));
        }
    }
}

#[test]
fn an_empty_body_needs_no_type_and_another_does() {
    let app = client(&[]);
    send(host(app.client.post(REGISTER), "localhost"), "").has_status(400);
    send(host(app.client.post(REGISTER), "localhost"), "{}").has_status(415);
}

#[test]
fn a_body_of_more_than_a_mebibyte_is_refused() {
    let app = client(&[]);
    let body = json!({"username": "a", "password": "p".repeat(1 << 20)});
    register(&app, body).is(413, json!({"detail": "The body is longer than 1 MiB."}));
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
    let (password, by_django) = BY_DJANGO;
    assert!(django_accepts(password, by_django), "the check itself is wrong");

    let app = client(&[]);
    let long = "x".repeat(72) + "tail";
    register(&app, json!({"username": "short", "password": password})).has_status(201);
    register(&app, json!({"username": "long", "password": &long})).has_status(201);
    for (password, stored) in [password, &long].iter().zip(passwords(&app)) {
        assert!(
            stored.starts_with("bcrypt_sha256$$2b$04$") && stored.len() == by_django.len(),
            "a password must be stored as Django's BCryptSHA256PasswordHasher does it\n  \
             expected    {by_django}\n  and stored  {stored}"
        );
        assert!(
            django_accepts(password, &stored),
            "Django must accept the password {password:?} with the hash that is stored: \
             bcrypt of the SHA-256 of the whole password, in hexadecimal"
        );
    }
    let cut = django_accepts(&long[..72], &passwords(&app)[1]);
    assert!(!cut, "the whole password must count, and of {long:?} 72 bytes are enough");
}

fn passwords(app: &App) -> Vec<String> {
    select(app, "SELECT password FROM users ORDER BY id")
}

#[test]
fn an_unknown_path_is_a_404_and_a_wrong_method_a_4xx() {
    let app = client(&[]);
    get(&app, "/api/nothing/").has_status(404);
    let answer = send(host(app.client.delete(REGISTER), "localhost"), "");
    let refused = (400..500).contains(&answer.status) && answer.json()["detail"].is_string();
    answer.must(refused, r#"a 4xx with {"detail": "…"}"#);
}
