//! Exercise 5.1: `LEEWAY`, in seconds.

use rocket::serde::json::json;

use super::{Answer, App, accepted, claims_with, client, post, refusal, sign};

/// What `verify` answers to a token whose claim `name` lies this far from now.
fn verify(app: &App, name: &str, seconds: i64) -> Answer {
    let now = chrono::Utc::now().timestamp();
    let token = sign(&claims_with("access", name, json!(now + seconds)));
    let answer = post(app, "/api/token/verify/", json!({ "token": token }));
    answer.because(format!("{name} is {seconds} seconds from now"))
}

#[track_caller]
fn refused(answer: Answer, message: &str) {
    answer.is(401, json!({"detail": message, "code": "token_not_valid"}));
}

#[test]
fn an_ended_token_is_good_for_some_seconds_more() {
    let app = client(&[("LEEWAY", "30")]);
    verify(&app, "exp", -15).is(200, json!({}));
    refused(verify(&app, "exp", -45), "Token is expired");
    refused(verify(&app, "exp", -30), "Token is expired");
}

#[test]
fn a_token_from_a_clock_that_is_ahead_is_good() {
    let app = client(&[("LEEWAY", "30")]);
    for name in ["iat", "nbf"] {
        verify(&app, name, 15).is(200, json!({}));
        refused(verify(&app, name, 60), "Token is invalid");
    }
}

#[test]
fn without_the_setting_there_is_no_leeway() {
    for vars in [vec![], vec![("LEEWAY", "0")], vec![("LEEWAY", " ")]] {
        let app = client(&vars);
        refused(verify(&app, "exp", 0), "Token is expired");
        refused(verify(&app, "iat", 15), "Token is invalid");
    }
}

#[test]
fn a_leeway_that_makes_no_sense_stops_the_start() {
    for value in ["-1", "301", "soon", "1.5"] {
        let sentence = refusal(&[("LEEWAY", value)], "");
        assert!(sentence.contains("LEEWAY"), "the refusal must name LEEWAY: {sentence}");
    }
    accepted(&[("LEEWAY", "300")]);
}
