use rocket::http::{ContentType, Method};
use rocket::serde::json::{Value, json};

use super::{Answer, App, app_with_users, bearer, client, get, host, log_in, send};

/// The answer to a body that is no JSON, for which no address has a use.
fn ask(app: &App, token: Option<&str>, method: Method, path: &'static str) -> Answer {
    let request = app.client.req(method, path).header(ContentType::JSON);
    let request = match token {
        Some(token) => bearer(request, token),
        None => host(request, "localhost"),
    };
    send(request, "{")
}

#[test]
fn a_method_that_an_address_does_not_have_is_a_405_that_names_the_others() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let list = "GET, POST, HEAD, OPTIONS";
    let note = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS";
    for (method, path, methods) in [
        (Method::Put, "/api/notes/", list),
        (Method::Delete, "/api/notes/", list),
        (Method::Post, "/api/notes/1/", note),
        (Method::Get, "/api/notes/delete/1/", "DELETE, OPTIONS"),
        (Method::Post, "/api/notes/delete/1/", "DELETE, OPTIONS"),
        (Method::Put, "/api/token/", "POST, OPTIONS"),
        (Method::Delete, "/api/user/register/", "POST, OPTIONS"),
        (Method::Patch, "/api/account/register/", "POST, OPTIONS"),
        (Method::Get, "/api/token/blacklist/", "POST, OPTIONS"),
        (Method::Head, "/api/token/", "POST, OPTIONS"),
        (Method::Post, "/api/account/", "GET, PATCH, HEAD, OPTIONS"),
        (Method::Patch, "/api/account/register/", "POST, OPTIONS"),
    ] {
        let answer = ask(&app, Some(&token), method, path);
        answer.has_status(405).has_header("Allow", methods);
    }
}

#[test]
fn the_405_names_the_method() {
    let app = client(&[]);
    let answer = send(host(app.client.delete("/api/token/"), "localhost"), "");
    answer.is(405, json!({"detail": "Method \"DELETE\" not allowed."}));
}

#[test]
fn who_is_asking_comes_before_what_is_asked() {
    let app = app_with_users();
    ask(&app, None, Method::Put, "/api/notes/").has_status(401);
    ask(&app, None, Method::Post, "/api/notes/1/").has_status(401);
    ask(&app, Some("bad"), Method::Put, "/api/user/register/").has_status(401);
    let answer = ask(&app, Some("bad"), Method::Put, "/api/token/");
    answer.because("here nobody looks at the token").has_status(405);
}

#[test]
fn every_answer_of_an_address_names_its_methods() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let methods = "GET, POST, HEAD, OPTIONS";
    let answer = ask(&app, Some(&token), Method::Get, "/api/notes/");
    answer.has_status(200).has_header("Allow", methods);
    let answer = ask(&app, None, Method::Get, "/api/notes/");
    answer.has_status(401).has_header("Allow", methods);
    let answer =
        ask(&app, None, Method::Get, "/api/nowhere/").because("no address, no methods");
    answer.has_status(404).has_header("Allow", "");
}

#[test]
fn an_address_without_its_slash_is_sent_to_the_one_with_it() {
    let app = client(&[]);
    for (method, from, to) in [
        (Method::Get, "/api/notes", "/api/notes/"),
        (Method::Get, "/api/notes?a=1&b=%20x", "/api/notes/?a=1&b=%20x"),
        (Method::Post, "/api/token", "/api/token/"),
        (Method::Put, "/api/notes/1", "/api/notes/1/"),
        (Method::Delete, "/api/notes/delete/1", "/api/notes/delete/1/"),
        (Method::Head, "/api/notes", "/api/notes/"),
    ] {
        let answer = send(host(app.client.req(method, from), "localhost"), "");
        answer.is(301, Value::Null).has_header("Location", to);
    }
}

#[test]
fn a_path_that_is_none_is_not_sent_anywhere() {
    let app = client(&[]);
    for path in
        ["/api/nope", "/api", "/api//notes/", "//api/notes/", "/API/notes/", "/api/notes/x"]
    {
        get(&app, path).because(path).is(404, json!({"detail": "Not found."}));
    }
}

#[test]
fn what_is_refused_is_not_sent_on() {
    let app = client(&[]);
    let answer = send(host(app.client.get("/api/notes"), "evil.example"), "");
    answer.has_status(400).has_header("Location", "");
}

#[test]
fn a_redirect_may_be_read_across_origins() {
    let app = client(&[("CORS_ALLOW_ALL_ORIGINS", "true")]);
    let answer = send(super::origin(app.client.get("/api/notes"), "http://localhost:5173"), "");
    answer.has_status(301).has_header("Access-Control-Allow-Origin", "*");
}

#[test]
fn head_is_get_without_the_body() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let answer = send(bearer(app.client.head("/api/notes/"), &token), "");
    answer.is(200, Value::Null).has_header("Content-Type", "application/json");
}

#[test]
fn every_answer_carries_djangos_security_headers() {
    let app = client(&[]);
    for path in ["/", "/api/notes/", "/api/notes", "/api/token/"] {
        let answer = get(&app, path);
        for (name, value) in [
            ("X-Frame-Options", "DENY"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ] {
            answer.has_header(name, value);
        }
        answer.because("and not Rocket's own").has_header("Permissions-Policy", "");
    }
}

#[test]
fn an_unknown_type_of_body_is_a_415_for_who_may_ask() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let request = || app.client.post("/api/notes/").header(ContentType::Plain);
    send(bearer(request(), &token), "hello").has_status(415);
    send(host(request(), "localhost"), "hello").has_status(401);
}
