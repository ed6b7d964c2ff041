//! Exercise 5.1: `LEEWAY`, in seconds.

use rocket::serde::json::{Value, json};

use super::{App, claims_with, client, json as body, post, settings, sign};

/// What `verify` says to a token whose claim `name` lies this far from now: `None` when it
/// is good.
fn verify(app: &App, name: &str, seconds: i64) -> Option<String> {
    let now = chrono::Utc::now().timestamp();
    let token = sign(&claims_with("access", name, json!(now + seconds)));
    let response = post(app, "/api/token/verify/", json!({ "token": token }));
    let answer: Value = body(response);
    answer["detail"].as_str().map(String::from)
}

#[test]
fn an_ended_token_is_good_for_some_seconds_more() {
    let app = client(&[("LEEWAY", "30")]);
    assert_eq!(verify(&app, "exp", -15), None);
    assert_eq!(verify(&app, "exp", -45).as_deref(), Some("Token is expired"));
    assert_eq!(verify(&app, "exp", -30).as_deref(), Some("Token is expired"));
}

#[test]
fn a_token_from_a_clock_that_is_ahead_is_good() {
    let app = client(&[("LEEWAY", "30")]);
    for name in ["iat", "nbf"] {
        assert_eq!(verify(&app, name, 15), None, "{name}");
        assert_eq!(verify(&app, name, 60).as_deref(), Some("Token is invalid"), "{name}");
    }
}

#[test]
fn without_the_setting_there_is_no_leeway() {
    for vars in [vec![], vec![("LEEWAY", "0")], vec![("LEEWAY", " ")]] {
        let app = client(&vars);
        assert_eq!(verify(&app, "exp", 0).as_deref(), Some("Token is expired"));
        assert_eq!(verify(&app, "iat", 15).as_deref(), Some("Token is invalid"));
    }
}

#[test]
fn a_leeway_that_makes_no_sense_stops_the_start() {
    for value in ["-1", "301", "soon", "1.5"] {
        let error = settings(&[("LEEWAY", value)]).err();
        let error = error.unwrap_or_else(|| panic!("it starts with LEEWAY={value}"));
        assert!(error.contains("LEEWAY"), "the sentence does not name LEEWAY: {error}");
    }
    assert!(settings(&[("LEEWAY", "300")]).is_ok());
}
