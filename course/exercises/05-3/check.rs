//! Exercise 5.3: `AUTH_HEADER_TYPES`.

use rocket::http::Header;

use super::{Answer, App, client, host, post, refusal, send};
use rocket::serde::json::json;

/// A server with this list, on which alice is registered, and her access token.
fn app(vars: &[(&str, &str)]) -> (App, String) {
    let app = client(vars);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    post(&app, "/api/user/register/", &alice).has_status(201);
    let access = post(&app, "/api/token/", &alice).text("access");
    (app, access)
}

/// The answer of one's own account with this `Authorization`.
fn account(app: &App, authorization: String) -> Answer {
    let request = host(app.client.get("/api/account/"), "localhost");
    send(request.header(Header::new("Authorization", authorization)), "")
}

#[test]
fn every_scheme_of_the_list_is_taken() {
    let (app, access) = app(&[("AUTH_HEADER_TYPES", "JWT, Bearer")]);
    for scheme in ["JWT", "Bearer"] {
        account(&app, format!("{scheme} {access}")).has_status(200);
    }
}

#[test]
fn the_first_one_is_named_in_a_refusal() {
    let (app, access) = app(&[("AUTH_HEADER_TYPES", "JWT,Bearer")]);
    let named = "JWT realm=\"api\"";
    for scheme in ["jwt", "Token", "Basic"] {
        let answer = account(&app, format!("{scheme} {access}"));
        answer.has_status(401).has_header("WWW-Authenticate", named);
    }
    let refused = post(&app, "/api/token/", json!({"username": "alice", "password": "x"}));
    refused.has_status(401).has_header("WWW-Authenticate", named);
}

#[test]
fn a_scheme_that_is_not_in_the_list_is_no_token() {
    let (app, access) = app(&[("AUTH_HEADER_TYPES", "JWT")]);
    account(&app, format!("JWT {access}")).has_status(200);
    account(&app, format!("Bearer {access}")).has_status(401);
}

#[test]
fn without_the_setting_it_is_bearer() {
    for vars in [vec![], vec![("AUTH_HEADER_TYPES", " ")]] {
        let (app, access) = app(&vars);
        account(&app, format!("Bearer {access}")).has_status(200);
        let answer = account(&app, format!("JWT {access}"));
        answer.has_status(401).has_header("WWW-Authenticate", "Bearer realm=\"api\"");
    }
}

#[test]
fn a_scheme_is_one_word() {
    for value in ["JWT Bearer", ",", "Bear\"er"] {
        let sentence = refusal(&[("AUTH_HEADER_TYPES", value)], "");
        let named = sentence.contains("AUTH_HEADER_TYPES");
        assert!(named, "the refusal must name AUTH_HEADER_TYPES: {sentence}");
    }
}
