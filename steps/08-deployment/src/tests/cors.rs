use rocket::http::{Header, Status};
use rocket::local::blocking::LocalRequest;
use rocket::serde::json::json;

use super::{client, header, host, json, origin};

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
    let response = origin(client.get("/"), PAGE).dispatch();
    assert_eq!(header(&response, "Access-Control-Allow-Origin"), "");
}

#[test]
fn every_origin_gets_a_star_on_errors_too() {
    let client = client(&[ALL]);
    let response = origin(client.get("/nowhere"), "https://any.example").dispatch();
    assert_eq!(response.status(), Status::NotFound);
    assert_eq!(header(&response, "Access-Control-Allow-Origin"), "*");
    assert_eq!(header(&response, "Access-Control-Allow-Credentials"), "");
}

#[test]
fn a_listed_origin_is_named_and_may_send_cookies() {
    let client = client(&[ONE, ("CORS_ALLOW_CREDENTIALS", "true")]);
    let response = origin(client.get("/"), PAGE).dispatch();
    assert_eq!(header(&response, "Access-Control-Allow-Origin"), PAGE);
    assert_eq!(header(&response, "Access-Control-Allow-Credentials"), "true");
}

#[test]
fn another_origin_gets_its_answer_without_the_headers() {
    let client = client(&[ONE]);
    for other in ["http://localhost:5174", "http://localhost:5173.evil", "null", "no origin"] {
        let response = origin(client.get("/"), other).dispatch();
        assert_eq!(response.status(), Status::NotFound, "{other}");
        assert_eq!(header(&response, "Access-Control-Allow-Origin"), "", "{other}");
    }
}

#[test]
fn an_origin_that_is_none_does_no_harm() {
    let client = client(&[ALL]);
    let response = origin(client.get("/"), "not an origin").dispatch();
    assert_eq!(response.status(), Status::NotFound);
}

#[test]
fn every_answer_varies_by_origin_and_by_accept() {
    for vars in [vec![], vec![ALL], vec![ONE]] {
        let client = client(&vars);
        let response = host(client.get("/"), "localhost").dispatch();
        assert_eq!(header(&response, "Vary"), "Origin", "{vars:?}");
        let response = host(client.get("/api/token/"), "localhost").dispatch();
        assert_eq!(header(&response, "Vary"), "Accept, Origin", "{vars:?}");
    }
}

#[test]
fn a_preflight_is_answered_before_anything_else() {
    let client = client(&[ONE]);
    let request = origin(client.options("/api/anything/"), PAGE);
    let response = preflight(request, "authorization, content-type").dispatch();
    assert_eq!(response.status(), Status::NoContent);
    assert_eq!(header(&response, "Access-Control-Allow-Origin"), PAGE);
    assert!(header(&response, "Access-Control-Allow-Methods").contains("DELETE"));
    assert!(header(&response, "Access-Control-Allow-Headers").contains("uthorization"));
    assert_eq!(header(&response, "Access-Control-Max-Age"), "86400");
}

#[test]
fn a_preflight_for_an_unknown_header_is_refused() {
    let client = client(&[ONE]);
    let response = preflight(origin(client.options("/"), PAGE), "x-secret").dispatch();
    assert_eq!(response.status(), Status::Forbidden);
    let detail = "This method or header is not allowed across origins.";
    assert_eq!(json(response), json!({ "detail": detail }));
}

#[test]
fn a_refused_preflight_leaves_no_public_error_route() {
    let client = client(&[ALL]);
    let response = host(client.get("/cors/500"), "localhost").dispatch();
    assert_eq!(response.status(), Status::NotFound);
}
