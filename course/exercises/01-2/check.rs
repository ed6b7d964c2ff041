use rocket::http::Header;

use super::{Answer, client, origin, refusal, send};

/// The answer to a preflight, which says how long it may be kept.
fn preflight(vars: &[(&str, &str)]) -> Answer {
    let client = client(&[vars, &[("CORS_ALLOW_ALL_ORIGINS", "true")]].concat());
    let request = origin(client.options("/"), "http://localhost:5173");
    let asked = Header::new("Access-Control-Request-Method", "POST");
    send(request.header(asked), "").because(format!("started with {vars:?}"))
}

#[test]
fn the_setting_reaches_the_browser() {
    let answer = preflight(&[("CORS_PREFLIGHT_MAX_AGE", "60")]);
    answer.has_header("Access-Control-Max-Age", "60");
}

#[test]
fn without_it_a_day_is_the_default() {
    preflight(&[]).has_header("Access-Control-Max-Age", "86400");
}

#[test]
fn what_is_no_number_stops_the_start() {
    refusal(&[("CORS_PREFLIGHT_MAX_AGE", "long")], "CORS_PREFLIGHT_MAX_AGE");
}
