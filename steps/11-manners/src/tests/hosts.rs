use rocket::http::Header;
use rocket::serde::json::json;

use super::{Answer, client, host, send};

/// The answer to `GET /` sent to this name: a 404 when it is let in, a 400 when not.
fn ask(allowed_hosts: &str, name: &'static str) -> Answer {
    let client = client(&[("ALLOWED_HOSTS", allowed_hosts)]);
    let answer = send(host(client.get("/api/"), name), "");
    answer.because(format!("ALLOWED_HOSTS={allowed_hosts}"))
}

#[test]
fn the_port_and_the_case_of_a_name_do_not_count() {
    for name in ["example.com", "example.com:8000", "EXAMPLE.com", "example.com."] {
        ask("Example.com", name).has_status(404);
    }
}

#[test]
fn another_name_is_refused() {
    for name in ["evil.com", "example.com.evil.com", "notexample.com", "sub.example.com"] {
        ask("example.com", name).has_status(400);
    }
}

#[test]
fn a_leading_dot_includes_subdomains() {
    ask(".example.com", "example.com").has_status(404);
    ask(".example.com", "a.b.example.com").has_status(404);
    ask(".example.com", "notexample.com").has_status(400);
}

#[test]
fn a_star_is_every_name() {
    ask("*", "anything.example").has_status(404);
}

#[test]
fn with_debug_and_no_list_it_answers_to_this_machine_only() {
    for name in ["localhost:8000", "app.localhost", "127.0.0.1", "[::1]:8000"] {
        ask("", name).has_status(404);
    }
    ask("", "example.com").has_status(400);
}

#[test]
fn a_request_without_a_host_is_refused() {
    let client = client(&[("ALLOWED_HOSTS", "*")]);
    let detail = "Invalid Host header. If the name is yours, add it to ALLOWED_HOSTS.";
    send(client.get("/api/"), "").is(400, json!({ "detail": detail }));
}

#[test]
fn a_name_of_a_user_before_the_host_is_refused() {
    let client = client(&[("ALLOWED_HOSTS", "*")]);
    for name in ["a@127.0.0.1", "a:b@localhost", "@localhost"] {
        let request = host(client.get("/"), "localhost");
        let answer = send(request.header(Header::new("Host", name)), "");
        let detail = "Invalid Host header. If the name is yours, add it to ALLOWED_HOSTS.";
        answer.is(400, json!({ "detail": detail }));
    }
}
