use rocket::http::Header;

use super::{client, header, origin, settings};

/// What a preflight says about how long it may be kept.
fn max_age(vars: &[(&str, &str)]) -> String {
    let client = client(&[vars, &[("CORS_ALLOW_ALL_ORIGINS", "true")]].concat());
    let request = origin(client.options("/"), "http://localhost:5173");
    let asked = Header::new("Access-Control-Request-Method", "POST");
    let response = request.header(asked).dispatch();
    header(&response, "Access-Control-Max-Age").to_string()
}

#[test]
fn the_setting_reaches_the_browser() {
    assert_eq!(max_age(&[("CORS_PREFLIGHT_MAX_AGE", "60")]), "60");
}

#[test]
fn without_it_a_day_is_the_default() {
    assert_eq!(max_age(&[]), "86400");
}

#[test]
fn what_is_no_number_stops_the_start() {
    let sentence = settings(&[("CORS_PREFLIGHT_MAX_AGE", "long")]).expect_err("a refusal");
    assert!(sentence.starts_with("CORS_PREFLIGHT_MAX_AGE"), "{sentence}");
}
