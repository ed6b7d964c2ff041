use rocket::http::Status;
use rocket::serde::json::json;

use super::{client, host, json};

/// The status of `GET /` sent to this name: 404 when it is let in, 400 when not.
fn status(allowed_hosts: &str, name: &'static str) -> u16 {
    let client = client(&[("ALLOWED_HOSTS", allowed_hosts)]);
    host(client.get("/"), name).dispatch().status().code
}

#[test]
fn the_port_and_the_case_of_a_name_do_not_count() {
    for name in ["example.com", "example.com:8000", "EXAMPLE.com", "example.com."] {
        assert_eq!(status("Example.com", name), 404, "{name}");
    }
}

#[test]
fn another_name_is_refused() {
    for name in ["evil.com", "example.com.evil.com", "notexample.com", "sub.example.com"] {
        assert_eq!(status("example.com", name), 400, "{name}");
    }
}

#[test]
fn a_leading_dot_includes_subdomains() {
    assert_eq!(status(".example.com", "example.com"), 404);
    assert_eq!(status(".example.com", "a.b.example.com"), 404);
    assert_eq!(status(".example.com", "notexample.com"), 400);
}

#[test]
fn a_star_is_every_name() {
    assert_eq!(status("*", "anything.example"), 404);
}

#[test]
fn with_debug_and_no_list_it_answers_to_this_machine_only() {
    for name in ["localhost:8000", "app.localhost", "127.0.0.1", "[::1]:8000"] {
        assert_eq!(status("", name), 404, "{name}");
    }
    assert_eq!(status("", "example.com"), 400);
}

#[test]
fn a_request_without_a_host_is_refused() {
    let client = client(&[("ALLOWED_HOSTS", "*")]);
    let response = client.get("/").dispatch();
    assert_eq!(response.status(), Status::BadRequest);
    let detail = "Invalid Host header. If the name is yours, add it to ALLOWED_HOSTS.";
    assert_eq!(json(response), json!({ "detail": detail }));
}
