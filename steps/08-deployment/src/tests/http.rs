use rocket::http::{ContentType, Header, Method, Status};
use rocket::serde::json::json;

use super::{App, app_with_users, client, header, host, json as body_of, log_in};

/// The status and the `Allow` of an answer.
fn allow(app: &App, token: Option<&str>, method: Method, path: &'static str) -> (u16, String) {
    let mut request = host(app.client.req(method, path), "localhost");
    if let Some(token) = token {
        request.add_header(Header::new("Authorization", format!("Bearer {token}")));
    }
    let response = request.header(ContentType::JSON).body("{").dispatch();
    (response.status().code, header(&response, "Allow").to_string())
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
        (Method::Post, "/api/account/", "GET, HEAD, OPTIONS"),
    ] {
        let answer = (405, methods.to_string());
        assert_eq!(allow(&app, Some(&token), method, path), answer, "{method} {path}");
    }
}

#[test]
fn the_405_names_the_method() {
    let app = client(&[]);
    let response = host(app.client.delete("/api/token/"), "localhost").dispatch();
    assert_eq!(body_of(response), json!({"detail": "Method \"DELETE\" not allowed."}));
}

#[test]
fn who_is_asking_comes_before_what_is_asked() {
    let app = app_with_users();
    assert_eq!(allow(&app, None, Method::Put, "/api/notes/").0, 401);
    assert_eq!(allow(&app, None, Method::Post, "/api/notes/1/").0, 401);
    assert_eq!(allow(&app, Some("bad"), Method::Put, "/api/user/register/").0, 401);
    assert_eq!(allow(&app, Some("bad"), Method::Put, "/api/token/").0, 405);
}

#[test]
fn every_answer_of_an_address_names_its_methods() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let methods = "GET, POST, HEAD, OPTIONS".to_string();
    assert_eq!(allow(&app, Some(&token), Method::Get, "/api/notes/"), (200, methods.clone()));
    assert_eq!(allow(&app, None, Method::Get, "/api/notes/"), (401, methods));
    assert_eq!(allow(&app, None, Method::Get, "/nowhere/"), (404, String::new()));
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
        let response = host(app.client.req(method, from), "localhost").dispatch();
        assert_eq!(response.status(), Status::MovedPermanently, "{from}");
        assert_eq!(header(&response, "Location"), to);
        assert_eq!(response.into_bytes().unwrap_or_default(), b"");
    }
}

#[test]
fn a_path_that_is_none_is_not_sent_anywhere() {
    let app = client(&[]);
    for path in
        ["/api/nope", "/api", "/api//notes/", "//api/notes/", "/API/notes/", "/api/notes/x"]
    {
        let response = host(app.client.get(path), "localhost").dispatch();
        assert_eq!(response.status(), Status::NotFound, "{path}");
        assert_eq!(body_of(response), json!({"detail": "Not found."}));
    }
}

#[test]
fn what_is_refused_is_not_sent_on() {
    let app = client(&[]);
    let response = host(app.client.get("/api/notes"), "evil.example").dispatch();
    assert_eq!(response.status(), Status::BadRequest);
    assert_eq!(header(&response, "Location"), "");
}

#[test]
fn a_redirect_may_be_read_across_origins() {
    let app = client(&[("CORS_ALLOW_ALL_ORIGINS", "true")]);
    let request = super::origin(app.client.get("/api/notes"), "http://localhost:5173");
    let response = request.dispatch();
    assert_eq!(response.status(), Status::MovedPermanently);
    assert_eq!(header(&response, "Access-Control-Allow-Origin"), "*");
}

#[test]
fn head_is_get_without_the_body() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let request = host(app.client.head("/api/notes/"), "localhost");
    let request = request.header(Header::new("Authorization", format!("Bearer {token}")));
    let response = request.dispatch();
    assert_eq!(response.status(), Status::Ok);
    assert_eq!(header(&response, "Content-Type"), "application/json");
    assert_eq!(response.into_bytes().unwrap_or_default(), b"");
}

#[test]
fn every_answer_carries_djangos_security_headers() {
    let app = client(&[]);
    for path in ["/", "/api/notes/", "/api/notes", "/api/token/"] {
        let response = host(app.client.get(path), "localhost").dispatch();
        for (name, value) in [
            ("X-Frame-Options", "DENY"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ] {
            assert_eq!(header(&response, name), value, "{path}");
        }
        assert_eq!(header(&response, "Permissions-Policy"), "", "Rocket's own: {path}");
    }
}

#[test]
fn an_unknown_type_of_body_is_a_415_for_who_may_ask() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let request = host(app.client.post("/api/notes/"), "localhost").header(ContentType::Plain);
    let request = request.header(Header::new("Authorization", format!("Bearer {token}")));
    assert_eq!(request.body("hello").dispatch().status(), Status::UnsupportedMediaType);
    let request = host(app.client.post("/api/notes/"), "localhost").header(ContentType::Plain);
    assert_eq!(request.body("hello").dispatch().status(), Status::Unauthorized);
}
