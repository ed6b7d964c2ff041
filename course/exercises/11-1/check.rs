use rocket::http::{Header, Method};
use rocket::serde::json::Value;

use super::{client, host, origin, send};

#[test]
fn options_names_the_methods_and_asks_for_no_token() {
    let app = client(&[]);
    for (path, methods) in [
        ("/api/notes/", "GET, POST, HEAD, OPTIONS"),
        ("/api/notes/1/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("/api/notes/delete/1/", "DELETE, OPTIONS"),
        ("/api/token/", "POST, OPTIONS"),
        ("/api/account/", "GET, PATCH, HEAD, OPTIONS"),
    ] {
        let answer = send(host(app.client.options(path), "localhost"), "");
        answer.is(204, Value::Null).has_header("Allow", methods);
    }
}

#[test]
fn a_bad_token_is_not_looked_at() {
    let app = client(&[]);
    let request = host(app.client.options("/api/notes/"), "localhost");
    let request = request.header(Header::new("Authorization", "Bearer bad"));
    send(request, "").has_status(204);
}

#[test]
fn an_address_that_is_none_has_no_methods() {
    let app = client(&[]);
    let answer = send(host(app.client.options("/api/nope/"), "localhost"), "");
    answer.has_status(404).has_header("Allow", "");
}

#[test]
fn a_browser_may_still_ask_about_cors() {
    let app = client(&[("CORS_ALLOW_ALL_ORIGINS", "true")]);
    for path in ["/api/notes/1/", "/nowhere"] {
        let request = origin(app.client.req(Method::Options, path), "http://localhost:5173");
        let request = request.header(Header::new("Access-Control-Request-Method", "DELETE"));
        let request =
            request.header(Header::new("Access-Control-Request-Headers", "authorization"));
        let answer = send(request, "");
        answer.has_status(204).has_header("Access-Control-Allow-Origin", "*");
        answer.has_header("Access-Control-Allow-Headers", "authorization");
    }
    send(host(app.client.options("/api/notes/"), "localhost"), "").has_status(204);
}
