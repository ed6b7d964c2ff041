use rocket::http::Header;
use rocket::local::blocking::LocalRequest;
use rocket::serde::json::json;

use super::{client, get, origin, send};

const PAGE: &str = "http://localhost:5173";
const ALL: (&str, &str) = ("CORS_ALLOW_ALL_ORIGINS", "true");
const ONE: (&str, &str) = ("CORS_ALLOWED_ORIGINS", PAGE);

/// Makes the request ask, as a browser does before a POST.
fn preflight<'c>(request: LocalRequest<'c>, headers: &'static str) -> LocalRequest<'c> {
    request
        .header(Header::new("Access-Control-Request-Method", "POST"))
        .header(Header::new("Access-Control-Request-Headers", headers))
}

#[test]
fn without_a_setting_no_page_may_read_an_answer() {
    let client = client(&[]);
    let answer = send(origin(client.get("/api/"), PAGE), "");
    answer.has_header("Access-Control-Allow-Origin", "");
}

#[test]
fn every_origin_gets_a_star_on_errors_too() {
    let client = client(&[ALL]);
    let answer = send(origin(client.get("/api/nowhere/"), "https://any.example"), "");
    answer.has_status(404);
    answer.has_header("Access-Control-Allow-Origin", "*");
    answer.has_header("Access-Control-Allow-Credentials", "");
}

#[test]
fn a_listed_origin_is_named_and_may_send_cookies() {
    let client = client(&[ONE, ("CORS_ALLOW_CREDENTIALS", "true")]);
    let answer = send(origin(client.get("/api/"), PAGE), "");
    answer.has_header("Access-Control-Allow-Origin", PAGE);
    answer.has_header("Access-Control-Allow-Credentials", "true");
}

#[test]
fn another_origin_gets_its_answer_without_the_headers() {
    let client = client(&[ONE]);
    for other in ["http://localhost:5174", "http://localhost:5173.evil", "null", "no origin"] {
        let answer = send(origin(client.get("/api/"), other), "");
        answer.has_status(404);
        answer.has_header("Access-Control-Allow-Origin", "");
    }
}

#[test]
fn an_origin_that_is_none_does_no_harm() {
    let client = client(&[ALL]);
    send(origin(client.get("/api/"), "not an origin"), "").has_status(404);
}

#[test]
fn every_answer_varies_by_origin_and_by_accept() {
    for vars in [vec![], vec![ALL], vec![ONE]] {
        let client = client(&vars);
        let vars = format!("started with {vars:?}");
        get(&client, "/api/").because(&vars).has_header("Vary", "Origin");
        get(&client, "/api/token/").because(vars).has_header("Vary", "Accept, Origin");
    }
}

#[test]
fn a_preflight_is_answered_before_anything_else() {
    let client = client(&[ONE]);
    let request = origin(client.options("/api/anything/"), PAGE);
    let answer = send(preflight(request, "authorization, content-type"), "");
    answer.has_status(204);
    answer.has_header("Access-Control-Allow-Origin", PAGE);
    answer.has_header("Access-Control-Max-Age", "86400");
    for (name, part) in [
        ("Access-Control-Allow-Methods", "DELETE"),
        ("Access-Control-Allow-Headers", "uthorization"),
    ] {
        let value = answer.header(name);
        let expected = format!("{part} in {name}: {value}");
        answer.must(value.contains(part), &expected);
    }
}

#[test]
fn a_preflight_for_an_unknown_header_is_refused() {
    let client = client(&[ONE]);
    let answer = send(preflight(origin(client.options("/"), PAGE), "x-secret"), "");
    let detail = "This method or header is not allowed across origins.";
    answer.is(403, json!({ "detail": detail }));
}

#[test]
fn a_refused_preflight_leaves_no_public_error_route() {
    // What is no address of ours is the client's page.
    get(&client(&[ALL]), "/cors/500").has_status(200);
}
