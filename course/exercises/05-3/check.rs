//! Exercise 5.3: `AUTH_HEADER_TYPES`.

use rocket::http::Header;

use super::{App, client, header, host, json as body, post, settings};
use rocket::serde::json::json;

/// A server with this list, on which alice is registered, and her access token.
fn app(vars: &[(&str, &str)]) -> (App, String) {
    let app = client(vars);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    assert_eq!(post(&app, "/api/user/register/", &alice).status().code, 201);
    let pair = body(post(&app, "/api/token/", &alice));
    let access = pair["access"].as_str().expect("a token").to_string();
    (app, access)
}

/// The status of one's own account with this `Authorization`, and the challenge.
fn account(app: &App, authorization: String) -> (u16, String) {
    let request = host(app.client.get("/api/account/"), "localhost");
    let response = request.header(Header::new("Authorization", authorization)).dispatch();
    (response.status().code, header(&response, "WWW-Authenticate").to_string())
}

#[test]
fn every_scheme_of_the_list_is_taken() {
    let (app, access) = app(&[("AUTH_HEADER_TYPES", "JWT, Bearer")]);
    for scheme in ["JWT", "Bearer"] {
        assert_eq!(account(&app, format!("{scheme} {access}")).0, 200, "{scheme}");
    }
}

#[test]
fn the_first_one_is_named_in_a_refusal() {
    let (app, access) = app(&[("AUTH_HEADER_TYPES", "JWT,Bearer")]);
    let named = (401, "JWT realm=\"api\"".to_string());
    for scheme in ["jwt", "Token", "Basic"] {
        assert_eq!(account(&app, format!("{scheme} {access}")), named, "{scheme}");
    }
    let refused = post(&app, "/api/token/", json!({"username": "alice", "password": "x"}));
    assert_eq!(header(&refused, "WWW-Authenticate"), "JWT realm=\"api\"");
}

#[test]
fn a_scheme_that_is_not_in_the_list_is_no_token() {
    let (app, access) = app(&[("AUTH_HEADER_TYPES", "JWT")]);
    assert_eq!(account(&app, format!("JWT {access}")).0, 200);
    assert_eq!(account(&app, format!("Bearer {access}")).0, 401);
}

#[test]
fn without_the_setting_it_is_bearer() {
    for vars in [vec![], vec![("AUTH_HEADER_TYPES", " ")]] {
        let (app, access) = app(&vars);
        assert_eq!(account(&app, format!("Bearer {access}")).0, 200);
        let named = (401, "Bearer realm=\"api\"".to_string());
        assert_eq!(account(&app, format!("JWT {access}")), named);
    }
}

#[test]
fn a_scheme_is_one_word() {
    for value in ["JWT Bearer", ",", "Bear\"er"] {
        let error = settings(&[("AUTH_HEADER_TYPES", value)]).err();
        let error = error.unwrap_or_else(|| panic!("it starts with {value}"));
        assert!(error.contains("AUTH_HEADER_TYPES"), "{error}");
    }
}
