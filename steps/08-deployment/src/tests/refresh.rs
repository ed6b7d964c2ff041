use jsonwebtoken::Algorithm;
use rocket::http::{ContentType, Header, Status};
use rocket::serde::json::{Value, json};

use super::{
    App, app_with_users, app_with_users_and, claims, claims_with, header, host, log_in, post,
    read, select, settings, sign, sign_with,
};

const REFRESH: &str = "/api/token/refresh/";
const VERIFY: &str = "/api/token/verify/";

/// The status and the body of the answer to `{"refresh": token}`.
fn refresh(app: &App, token: impl Into<Value>) -> (u16, Value) {
    let response = post(app, REFRESH, json!({"refresh": token.into()}));
    (response.status().code, super::json(response))
}

fn verify(app: &App, token: impl Into<Value>) -> (u16, Value) {
    let response = post(app, VERIFY, json!({"token": token.into()}));
    (response.status().code, super::json(response))
}

fn refused(message: &str) -> (u16, Value) {
    (401, json!({"detail": message, "code": "token_not_valid"}))
}

#[test]
fn without_rotation_a_refresh_token_brings_an_access_token_and_stays_good() {
    let app = app_with_users_and(&[("ROTATE_REFRESH_TOKENS", "false")]);
    let (access, token) = log_in(&app);
    for _ in 0..2 {
        let (status, answer) = refresh(&app, token.as_str());
        assert_eq!(status, 200);
        assert_eq!(answer.as_object().unwrap().len(), 1, "no new refresh token: {answer}");
        let new = read(answer["access"].as_str().unwrap());
        assert_eq!(new["token_type"], "access");
        assert_eq!(new["user_id"], "1");
        assert_ne!(new["jti"], read(&access)["jti"]);
    }
}

#[test]
fn what_another_program_put_into_a_token_survives_a_refresh() {
    let app = app_with_users();
    let token = sign(&claims_with("refresh", "shop", json!({"id": 7})));
    let (_, answer) = refresh(&app, token);
    assert_eq!(read(answer["access"].as_str().unwrap())["shop"], json!({"id": 7}));
}

#[test]
fn a_user_id_that_is_a_number_is_copied_as_it_is() {
    let app = app_with_users();
    let (status, answer) = refresh(&app, sign(&claims_with("refresh", "user_id", json!(1))));
    assert_eq!(status, 200);
    assert_eq!(read(answer["access"].as_str().unwrap())["user_id"], 1);
}

#[test]
fn a_token_that_is_not_ours_is_invalid() {
    let app = app_with_users();
    let (_, good) = log_in(&app);
    let key = settings(&[]).unwrap().secret_key.0;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let other_key = "another key of thirty-two bytes or more";
    // {"alg":"none","typ":"JWT"}
    let none =
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", good.split('.').nth(1).unwrap());
    for (what, token) in [
        ("no token", "not-a-token".to_string()),
        ("three segments", "aaa.bbb.ccc".into()),
        ("a changed signature", format!("{head}.{first}{}", &signature[1..])),
        ("no signature", format!("{head}.")),
        ("one character more", format!("{good}A")),
        ("four segments", format!("{good}.x")),
        ("another key", sign_with(Algorithm::HS256, other_key, &claims("refresh"))),
        ("another method", sign_with(Algorithm::HS512, &key, &claims("refresh"))),
        ("no method", none),
        ("claims that are a list", sign(&json!([1, 2]))),
        ("an id with a null", sign(&claims_with("refresh", "jti", json!("a\0b")))),
        ("a long id", sign(&claims_with("refresh", "jti", json!("a".repeat(256))))),
    ] {
        assert_eq!(refresh(&app, token.as_str()), refused("Token is invalid"), "{what}");
        assert_eq!(verify(&app, token.as_str()), refused("Token is invalid"), "{what}");
    }
}

#[test]
fn the_times_of_a_token_are_exact() {
    let app = app_with_users();
    let now = chrono::Utc::now().timestamp();
    for (name, value, message) in [
        ("exp", json!(now - 1), "Token is expired"),
        ("exp", json!(now), "Token is expired"),
        ("exp", json!("soon"), "Token is invalid"),
        ("nbf", json!(now + 600), "Token is invalid"),
        ("iat", json!(now + 600), "Token is invalid"),
        ("iat", json!([]), "Token is invalid"),
    ] {
        let token = sign(&claims_with("refresh", name, value.clone()));
        assert_eq!(refresh(&app, token), refused(message), "{name} {value}");
    }
    for (name, value) in [("nbf", json!(now - 600)), ("iat", Value::Null), ("aud", json!("x"))]
    {
        let token = sign(&claims_with("refresh", name, value));
        assert_eq!(refresh(&app, token).0, 200, "{name}");
    }
}

#[test]
fn a_claim_that_is_missing_is_named() {
    let app = app_with_users();
    for (name, message) in [
        ("exp", "Token has no 'exp' claim"),
        ("jti", "Token has no id"),
        ("token_type", "Token has no type"),
    ] {
        let token = sign(&claims_with("refresh", name, Value::Null));
        assert_eq!(refresh(&app, token), refused(message));
    }
    let number = sign(&claims_with("refresh", "jti", json!(7)));
    assert_eq!(refresh(&app, number), refused("Token is invalid"));
}

#[test]
fn an_access_token_is_no_refresh_token() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    assert_eq!(refresh(&app, access), refused("Token has wrong type"));
}

#[test]
fn a_user_who_is_switched_off_or_gone_gets_no_new_token() {
    let app = app_with_users();
    let answer = (401, json!({"detail": "No active account found for the given token."}));
    for id in ["2", "999999", "none"] {
        let token = sign(&claims_with("refresh", "user_id", json!(id)));
        assert_eq!(refresh(&app, token), answer, "{id}");
    }
    let (_, token) = log_in(&app);
    select(&app, "DELETE FROM users WHERE id = 1");
    assert_eq!(refresh(&app, token), answer);
}

#[test]
fn verify_takes_either_type_and_does_not_look_at_the_user() {
    let app = app_with_users();
    let (access, token) = log_in(&app);
    let gone = sign(&claims_with("access", "user_id", json!("999999")));
    for token in [access, token, gone] {
        assert_eq!(verify(&app, token), (200, json!({})));
    }
}

#[test]
fn a_token_that_is_no_text_is_a_mistake_in_a_field() {
    let app = app_with_users();
    for (value, message) in [
        (Value::Null, "This field may not be null."),
        (json!(""), "This field may not be blank."),
        (json!(true), "Not a valid string."),
        (json!(["x"]), "Not a valid string."),
    ] {
        assert_eq!(refresh(&app, value.clone()), (400, json!({ "refresh": [message] })));
        assert_eq!(verify(&app, value), (400, json!({ "token": [message] })));
    }
    let missing = json!({"refresh": ["This field is required."]});
    assert_eq!(super::json(post(&app, REFRESH, "{}")), missing);
    assert_eq!(refresh(&app, 123), refused("Token is invalid"));
}

#[test]
fn a_refusal_says_how_to_log_in() {
    let app = app_with_users();
    let response = post(&app, REFRESH, json!({"refresh": "x"}));
    assert_eq!(response.status(), Status::Unauthorized);
    assert_eq!(header(&response, "WWW-Authenticate"), "Bearer realm=\"api\"");
}

#[test]
fn a_browser_gets_a_form_that_refreshes() {
    let app = app_with_users();
    let request = host(app.client.get(REFRESH), "localhost");
    let page = request.header(Header::new("Accept", "text/html")).dispatch();
    assert_eq!(page.status(), Status::MethodNotAllowed);
    assert!(page.into_string().unwrap().contains("name=\"refresh\""));

    let (_, token) = log_in(&app);
    let request = host(app.client.post(REFRESH), "localhost").header(ContentType::Form);
    assert_eq!(request.body(format!("refresh={token}")).dispatch().status(), Status::Ok);
}
