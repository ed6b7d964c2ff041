use rocket::http::{Header, Method};

use super::{client, header, host, origin};

#[test]
fn options_names_the_methods_and_asks_for_no_token() {
    let app = client(&[]);
    for (path, methods) in [
        ("/api/notes/", "GET, POST, HEAD, OPTIONS"),
        ("/api/notes/1/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("/api/notes/delete/1/", "DELETE, OPTIONS"),
        ("/api/token/", "POST, OPTIONS"),
        ("/api/account/", "GET, HEAD, OPTIONS"),
    ] {
        let response = host(app.client.options(path), "localhost").dispatch();
        assert_eq!(response.status().code, 204, "{path}");
        assert_eq!(header(&response, "Allow"), methods, "{path}");
        assert_eq!(response.into_bytes().unwrap_or_default(), b"", "{path}");
    }
}

#[test]
fn a_bad_token_is_not_looked_at() {
    let app = client(&[]);
    let request = host(app.client.options("/api/notes/"), "localhost");
    let request = request.header(Header::new("Authorization", "Bearer bad"));
    assert_eq!(request.dispatch().status().code, 204);
}

#[test]
fn an_address_that_is_none_has_no_methods() {
    let app = client(&[]);
    let response = host(app.client.options("/api/nope/"), "localhost").dispatch();
    assert_eq!(response.status().code, 404);
    assert_eq!(header(&response, "Allow"), "");
}

#[test]
fn a_browser_may_still_ask_about_cors() {
    let app = client(&[("CORS_ALLOW_ALL_ORIGINS", "true")]);
    for path in ["/api/notes/1/", "/nowhere"] {
        let request = origin(app.client.req(Method::Options, path), "http://localhost:5173");
        let request = request.header(Header::new("Access-Control-Request-Method", "DELETE"));
        let request =
            request.header(Header::new("Access-Control-Request-Headers", "authorization"));
        let response = request.dispatch();
        assert_eq!(response.status().code, 204, "{path}");
        assert_eq!(header(&response, "Access-Control-Allow-Origin"), "*", "{path}");
        assert_eq!(
            header(&response, "Access-Control-Allow-Headers"),
            "authorization",
            "{path}"
        );
    }
    let response = host(app.client.options("/api/notes/"), "localhost").dispatch();
    assert_eq!(response.status().code, 204);
}
