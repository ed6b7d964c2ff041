use rocket::http::{ContentType, Header};
use rocket::serde::json::json;

use super::{Answer, App, client, host, select, send};

const WHOLE: &str = r#"{"username": "alice", "password": "alice-pass"}"#;

/// A registration with this body, of this type.
fn register(app: &App, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
    let request = host(app.post("/api/user/register/"), "localhost");
    send(request.header(Header::new("Content-Type", content_type.to_string())), body)
}

/// Nobody was registered.
#[track_caller]
fn stores_nothing(app: &App, answer: &Answer) {
    let users = select(app, "SELECT username FROM users");
    answer.must(users.is_empty(), &format!("no user; there is {users:?}"));
}

#[test]
fn a_body_shorter_than_announced_is_a_400_and_nothing_is_done() {
    let app = client(&[]);
    for length in [0, 2, 3, 13, 14, 15, WHOLE.len()] {
        let request = host(app.post("/api/user/register/"), "localhost");
        let request = request.header(ContentType::JSON);
        let request = request.header(Header::new("Content-Length", "1000"));
        let answer = send(request, &WHOLE[..length]).because(format!("{length} bytes of 1000"));
        answer.is(400, json!({"detail": "The body ended early."}));
        stores_nothing(&app, &answer);
    }
}

#[test]
fn a_body_of_a_few_bytes_that_ends_as_it_should_is_read() {
    let app = client(&[]);
    let required = ["This field is required."];
    for body in ["", "{}"] {
        let request = host(app.post("/api/user/register/"), "localhost");
        let request = request.header(ContentType::JSON);
        let request = request.header(Header::new("Transfer-Encoding", "chunked"));
        let answer = send(request, body);
        answer.is(400, json!({"username": required, "password": required}));
    }
}

#[test]
fn letters_are_read_in_the_charset_that_is_named() {
    let utf8 = r#"{"username": "andré", "password": "pw"}"#.as_bytes();
    let latin1 = b"{\"username\": \"andr\xe9\", \"password\": \"pw\"}".as_slice();
    for (content_type, body) in [
        ("application/json", utf8),
        ("application/json; charset=utf-8", utf8),
        ("application/json;charset=UTF8", utf8),
        ("Application/JSON; Charset=\"Utf-8\"", utf8),
        ("application/json; charset=iso-8859-1", latin1),
        ("application/json; q=1; charset=\"ISO-8859-1\"", latin1),
        ("application/json; charset=Latin1", latin1),
    ] {
        let answer = register(&client(&[]), content_type, body);
        answer.is(201, json!({"id": 1, "username": "andré"}));
    }
}

#[test]
fn a_charset_that_we_do_not_know_is_a_415() {
    let app = client(&[]);
    for charset in ["utf-16", "windows-1252", "shift_jis", "utf-7", "unknown", ""] {
        let content_type = format!("application/json; charset={charset}");
        let answer = register(&app, &content_type, WHOLE);
        let detail = format!("Unsupported media type \"{content_type}\" in request.");
        answer.is(415, json!({ "detail": detail }));
        stores_nothing(&app, &answer);
    }
}

#[test]
fn bytes_that_are_no_letters_are_refused_and_never_replaced() {
    let app = client(&[]);
    // A letter of latin-1, half a letter, one that is written too long, half of a pair.
    for bytes in [b"\xe9".as_slice(), b"\xc3", b"\xc1\xa1", b"\xed\xa0\x80"] {
        let body = [b"{\"username\": \"alice\", \"password\": \"", bytes, b"\"}"].concat();
        for content_type in ["application/json", "application/json; charset=utf-8"] {
            let answer = register(&app, content_type, &body);
            answer.is(400, json!({"detail": "The body is not text in UTF-8."}));
            stores_nothing(&app, &answer);
        }
    }
}

#[test]
fn half_of_a_pair_is_no_letter_in_an_escape_either() {
    let app = client(&[]);
    let body = r#"{"username": "alice", "password": "\ud800"}"#;
    stores_nothing(&app, register(&app, "application/json", body).has_status(400));
}

#[test]
fn what_is_in_a_value_that_nobody_wants_is_not_built() {
    let app = client(&[]);
    // Of each bracket a `Value` would be made, and beyond 128 of them that is refused.
    let deep = "[".repeat(1_000) + &"]".repeat(1_000);
    let body = format!(r#"{{"username": "alice", "password": "pw", "more": {deep}}}"#);
    register(&app, "application/json", body).is(201, json!({"id": 1, "username": "alice"}));
}
