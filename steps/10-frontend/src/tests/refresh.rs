use jsonwebtoken::Algorithm;
use rocket::http::{ContentType, Header};
use rocket::serde::json::{Value, json};

use super::{
    Answer, App, accepted, app_with_users, app_with_users_and, claims, claims_with, host,
    log_in, post, read, select, send, sign, sign_with,
};

const REFRESH: &str = "/api/token/refresh/";
const VERIFY: &str = "/api/token/verify/";

/// The answer to `{"refresh": token}`.
fn refresh(app: &App, token: impl Into<Value>) -> Answer {
    post(app, REFRESH, json!({"refresh": token.into()}))
}

fn verify(app: &App, token: impl Into<Value>) -> Answer {
    post(app, VERIFY, json!({"token": token.into()}))
}

fn refused(message: &str) -> Value {
    json!({"detail": message, "code": "token_not_valid"})
}

#[test]
fn without_rotation_a_refresh_token_brings_an_access_token_and_stays_good() {
    let app = app_with_users_and(&[("ROTATE_REFRESH_TOKENS", "false")]);
    let (access, token) = log_in(&app);
    for _ in 0..2 {
        let answer = refresh(&app, token.as_str());
        answer.has_status(200);
        let members = answer.json().as_object().map(|answer| answer.len());
        answer.must(members == Some(1), "an access token, and no new refresh token");
        let new = read(&answer.text("access"));
        assert_eq!(new["token_type"], "access", "the token_type in {new}");
        assert_eq!(new["user_id"], "1", "the user_id in {new}");
        assert_ne!(new["jti"], read(&access)["jti"], "a new token must have a jti of its own");
    }
}

#[test]
fn what_another_program_put_into_a_token_survives_a_refresh() {
    let app = app_with_users();
    let token = sign(&claims_with("refresh", "shop", json!({"id": 7})));
    let new = read(&refresh(&app, token).text("access"));
    assert_eq!(new["shop"], json!({"id": 7}), "the claim shop in the new access token {new}");
}

#[test]
fn a_user_id_that_is_a_number_is_copied_as_it_is() {
    let app = app_with_users();
    let answer = refresh(&app, sign(&claims_with("refresh", "user_id", json!(1))));
    answer.has_status(200);
    let new = read(&answer.text("access"));
    assert_eq!(new["user_id"], 1, "the user_id in the new access token {new}");
}

#[test]
fn a_new_access_token_is_issued_now_whenever_its_user_logged_in() {
    let app = app_with_users();
    let begin = chrono::Utc::now().timestamp();
    for iat in [json!(begin - 600), Value::Null] {
        let answer = refresh(&app, sign(&claims_with("refresh", "iat", iat.clone())));
        let new = read(&answer.because(format!("iat was {iat}")).text("access"));
        let times = new["iat"].as_i64().zip(new["exp"].as_i64());
        let (iat, exp) = times.unwrap_or_else(|| panic!("iat and exp must be in {new}"));
        let now = chrono::Utc::now().timestamp();
        assert!((begin..=now).contains(&iat), "iat must be between {begin} and {now}: {new}");
        assert_eq!(exp - iat, 300, "the seconds from iat to exp in {new}");
    }
}

#[test]
fn a_header_that_asks_for_more_than_we_know_is_refused() {
    let app = app_with_users();
    let key = jsonwebtoken::EncodingKey::from_secret(accepted(&[]).secret_key.0.as_bytes());
    let sign = |crit: Option<&[&str]>, b64: Option<Value>| {
        let crit = crit.map(|names| names.iter().map(|name| name.to_string()).collect());
        let mut header = jsonwebtoken::Header { crit, ..Default::default() };
        if let Some(b64) = b64 {
            header.extras.insert("b64", b64);
        }
        jsonwebtoken::encode(&header, &claims("refresh"), &key).expect("a token")
    };
    for (crit, b64) in [
        (Some(&["x"][..]), None),
        (Some(&["exp", "x"]), None),
        (Some(&["b64"]), Some(json!(false))),
        (Some(&[]), None),
        (None, Some(json!(false))),
        (None, Some(json!("true"))),
        (None, Some(Value::Null)),
    ] {
        let because = format!("crit is {crit:?}, b64 is {b64:?}");
        let invalid = refused("Token is invalid");
        verify(&app, sign(crit, b64.clone())).because(&because).is(401, invalid.clone());
        refresh(&app, sign(crit, b64)).because(&because).is(401, invalid);
    }
    refresh(&app, sign(None, Some(json!(true)))).because("b64 is as always").has_status(200);
}

#[test]
fn a_token_that_is_not_ours_is_invalid() {
    let app = app_with_users();
    let (_, good) = log_in(&app);
    let key = accepted(&[]).secret_key.0;
    let (head, signature) = good.rsplit_once('.').expect("a signature");
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
        let invalid = refused("Token is invalid");
        refresh(&app, token.as_str()).because(what).is(401, invalid.clone());
        verify(&app, token.as_str()).because(what).is(401, invalid);
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
        let answer = refresh(&app, token).because(format!("{name} is {value}, and now {now}"));
        answer.is(401, refused(message));
    }
    for (name, value) in [("nbf", json!(now - 600)), ("iat", Value::Null), ("aud", json!("x"))]
    {
        let token = sign(&claims_with("refresh", name, value.clone()));
        let answer = refresh(&app, token).because(format!("{name} is {value}, and now {now}"));
        answer.has_status(200);
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
        refresh(&app, token).because(format!("without {name}")).is(401, refused(message));
    }
    let number = sign(&claims_with("refresh", "jti", json!(7)));
    refresh(&app, number)
        .because("a jti that is a number")
        .is(401, refused("Token is invalid"));
}

#[test]
fn an_access_token_is_no_refresh_token() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    refresh(&app, access).is(401, refused("Token has wrong type"));
}

#[test]
fn a_user_who_is_switched_off_or_gone_gets_no_new_token() {
    let app = app_with_users();
    let answer = json!({"detail": "No active account found for the given token."});
    for (id, who) in [("2", "bob, switched off"), ("999999", "gone"), ("none", "no number")] {
        let token = sign(&claims_with("refresh", "user_id", json!(id)));
        let refused = refresh(&app, token).because(format!("user {id} is {who}"));
        refused.is(401, answer.clone());
    }
    let (_, token) = log_in(&app);
    select(&app, "DELETE FROM users WHERE id = 1");
    refresh(&app, token).because("deleted since the log-in").is(401, answer);
}

#[test]
fn verify_takes_either_type_and_does_not_look_at_the_user() {
    let app = app_with_users();
    let (access, token) = log_in(&app);
    let gone = sign(&claims_with("access", "user_id", json!("999999")));
    for (what, token) in [("access", access), ("refresh", token), ("no such user", gone)] {
        verify(&app, token).because(what).is(200, json!({}));
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
        refresh(&app, value.clone()).is(400, json!({ "refresh": [message] }));
        verify(&app, value).is(400, json!({ "token": [message] }));
    }
    let missing = json!({"refresh": ["This field is required."]});
    post(&app, REFRESH, "{}").is(400, missing);
    refresh(&app, 123).because("a number is a text").is(401, refused("Token is invalid"));
}

#[test]
fn a_refusal_says_how_to_log_in() {
    let app = app_with_users();
    let answer = refresh(&app, "x");
    answer.has_status(401);
    answer.has_header("WWW-Authenticate", "Bearer realm=\"api\"");
}

#[test]
fn a_browser_gets_a_form_that_refreshes() {
    let app = app_with_users();
    let request = host(app.client.get(REFRESH), "localhost");
    let page = send(request.header(Header::new("Accept", "text/html")), "");
    page.has_status(405);
    page.must(page.body.contains("name=\"refresh\""), "a page with a field \"refresh\"");

    let (_, token) = log_in(&app);
    let request = host(app.client.post(REFRESH), "localhost").header(ContentType::Form);
    send(request, format!("refresh={token}")).has_status(200);
}
