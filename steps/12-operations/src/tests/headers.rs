use rocket::http::Header;
use rocket::serde::json::json;

use super::{client, host, send};

const NAMES: [&str; 7] = [
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Origin",
    "X-Forwarded-For",
];

#[test]
fn a_header_longer_than_gunicorn_takes_is_a_431_whatever_its_name() {
    let client = client(&[("CORS_ALLOW_ALL_ORIGINS", "true")]);
    let detail = "A header is longer than 8190 bytes.";
    for name in NAMES {
        for length in [8_191, 200_000] {
            let header = Header::new(name, "a".repeat(length));
            let answer = send(host(client.get("/api/"), "localhost").header(header), "");
            answer.because(name).is(431, json!({ "detail": detail }));
        }
    }
}

#[test]
fn a_header_as_long_as_gunicorn_takes_is_let_in() {
    let client = client(&[]);
    for name in NAMES {
        let header = Header::new(name, "a".repeat(8_190));
        let answer = send(host(client.get("/api/"), "localhost").header(header), "");
        answer.because(name).has_status(404);
    }
}

#[test]
fn a_header_that_a_request_has_once_is_a_400_when_it_comes_twice() {
    let client = client(&[]);
    for (name, first, second) in [
        ("Host", "localhost", "localhost"),
        ("host", "localhost", "example.com"),
        ("Content-Type", "application/json", "text/plain"),
        ("Content-Length", "0", "0"),
    ] {
        let request = host(client.get("/"), "localhost");
        let request = request.header(Header::new(name, first));
        let answer = send(request.header(Header::new(name, second)), "");
        let name = if name == "host" { "Host" } else { name };
        answer.is(400, json!({"detail": format!("The header {name} came twice.")}));
    }
}
