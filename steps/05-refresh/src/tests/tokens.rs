use std::sync::atomic::Ordering;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rocket::http::Status;
use rocket::serde::json::{Value, json};

use super::{App, client, header, json, post, select, settings};
use crate::accounts::Hasher;

const TOKEN: &str = "/api/token/";
const REFUSED: &str = "No active account found with the given credentials";

/// A server that knows alice, and bob, who was switched off.
fn app() -> App {
    let app = client(&[]);
    for name in ["alice", "bob"] {
        let body = json!({"username": name, "password": format!("{name}-pass")});
        assert_eq!(post(&app, "/api/user/register/", body).status(), Status::Created);
    }
    select(&app, "UPDATE users SET is_active = FALSE WHERE username = 'bob'");
    app
}

/// The status and the body of the answer to a log-in.
fn log_in(app: &App, username: impl Into<Value>, password: impl Into<Value>) -> (u16, Value) {
    let body = json!({"username": username.into(), "password": password.into()});
    let response = post(app, TOKEN, body);
    (response.status().code, json(response))
}

/// What a token says, once its signature is checked with the server's key.
fn claims(token: &Value) -> Value {
    let key = settings(&[]).expect("settings").secret_key.0;
    let mut rules = Validation::new(Algorithm::HS256);
    rules.leeway = 0;
    let key = DecodingKey::from_secret(key.as_bytes());
    let token = token.as_str().expect("a token");
    let token = jsonwebtoken::decode::<Value>(token, &key, &rules).expect("a good signature");
    assert_eq!(json!(token.header), json!({"typ": "JWT", "alg": "HS256"}));
    token.claims
}

#[test]
fn name_and_password_give_a_refresh_and_an_access_token() {
    let (status, pair) = log_in(&app(), "alice", "alice-pass");
    assert_eq!(status, 200);
    assert_eq!(pair.as_object().expect("an object").len(), 2);

    for (name, lifetime) in [("access", 300), ("refresh", 86_400)] {
        let claims = claims(&pair[name]);
        assert_eq!(claims["token_type"], name);
        assert_eq!(claims["user_id"], "1", "a text since SimpleJWT 5.5.1");
        let (exp, iat) = (claims["exp"].as_i64().unwrap(), claims["iat"].as_i64().unwrap());
        // Between the two readings of the clock a second may begin.
        assert!([lifetime, lifetime + 1].contains(&(exp - iat)), "{claims}");
        assert!((chrono::Utc::now().timestamp() - iat).abs() < 60, "{claims}");
        let jti = claims["jti"].as_str().unwrap();
        assert!(
            jti.len() == 32 && jti.chars().all(|c| "0123456789abcdef".contains(c)),
            "{jti}"
        );
        assert_eq!(
            claims.as_object().unwrap().len(),
            5,
            "nothing else is in a token: {claims}"
        );
    }
}

#[test]
fn each_token_has_an_id_of_its_own() {
    let app = app();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (_, pair) = log_in(&app, "alice", "alice-pass");
        ids.extend(
            [&pair["access"], &pair["refresh"]].map(|token| claims(token)["jti"].to_string()),
        );
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_lifetimes_are_settings() {
    let app = client(&[("ACCESS_TOKEN_LIFETIME", "1800"), ("REFRESH_TOKEN_LIFETIME", "60")]);
    post(&app, "/api/user/register/", json!({"username": "a", "password": "pw"}));
    let (_, pair) = log_in(&app, "a", "pw");
    for (name, lifetime) in [("access", 1800), ("refresh", 60)] {
        let claims = claims(&pair[name]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), lifetime);
    }
}

#[test]
fn every_refusal_is_the_same_and_costs_one_hash() {
    let app = app();
    let hashes = &app.rocket().state::<Hasher>().expect("the hasher").hashes;
    for (username, password) in [
        ("alice", "wrong"),
        ("alice", "Alice-Pass"),
        ("ALICE", "alice-pass"),
        ("nobody", "alice-pass"),
        ("not a valid/name!", "x"),
        ("alice' OR '1'='1", "alice-pass"),
        ("bob", "bob-pass"),
        ("bob", "wrong"),
    ] {
        let before = hashes.load(Ordering::Relaxed);
        let body = json!({"username": username, "password": password});
        let response = post(&app, TOKEN, body);
        assert_eq!(response.status(), Status::Unauthorized, "{username}");
        assert_eq!(header(&response, "WWW-Authenticate"), "Bearer realm=\"api\"");
        assert_eq!(json(response), json!({ "detail": REFUSED }), "{username}");
        assert_eq!(hashes.load(Ordering::Relaxed) - before, 1, "hashes for {username}");
    }
}

#[test]
fn a_password_that_can_never_fit_costs_one_hash_too() {
    let app = app();
    let hashes = &app.rocket().state::<Hasher>().expect("the hasher").hashes;
    for stored in [
        "UPDATE users SET password = '!unusable' WHERE username = 'alice'",
        "UPDATE users SET password = 'pbkdf2_sha256$1$a$b' WHERE username = 'alice'",
        "UPDATE users SET password = 'bcrypt_sha256$broken' WHERE username = 'alice'",
        "UPDATE users SET password = replace(password, '$04$', '$99$') WHERE username = 'alice'",
    ] {
        select(&app, stored);
        let before = hashes.load(Ordering::Relaxed);
        assert_eq!(log_in(&app, "alice", "alice-pass"), (401, json!({ "detail": REFUSED })));
        assert_eq!(hashes.load(Ordering::Relaxed) - before, 1, "{stored}");
    }
}

#[test]
fn a_user_whose_password_django_hashed_logs_in() {
    let app = app();
    // Made by Django's BCryptSHA256PasswordHasher.
    select(
        &app,
        "UPDATE users SET password =
         'bcrypt_sha256$$2b$04$Dh.n/nanEfaRXAdJrgs.P.gFWUvO4f4mcGOjDAqx/xPOYT/EevjBq'
         WHERE username = 'alice'",
    );
    assert_eq!(log_in(&app, "alice", "correct horse battery staple").0, 200);
    assert_eq!(log_in(&app, "alice", "correct horse battery stapler").0, 401);
}

#[test]
fn a_long_password_counts_to_its_last_byte() {
    let app = app();
    let long = "ä".repeat(127);
    let body = json!({"username": "long", "password": format!("{long}1")});
    assert_eq!(post(&app, "/api/user/register/", body).status(), Status::Created);
    assert_eq!(log_in(&app, "long", format!("{long}1")).0, 200);
    assert_eq!(log_in(&app, "long", format!("{long}2")).0, 401);
}

#[test]
fn names_are_trimmed_and_numbers_are_texts() {
    let app = app();
    post(&app, "/api/user/register/", json!({"username": "n", "password": "20240917"}));
    assert_eq!(log_in(&app, "n", 20240917).0, 200);
    assert_eq!(log_in(&app, " alice ", "alice-pass").0, 200);
    assert_eq!(log_in(&app, 42, "x").0, 401);
}

#[test]
fn all_mistakes_are_reported_together() {
    let app = app();
    let required = "This field is required.";
    let response = post(&app, TOKEN, "{}");
    assert_eq!(json(response), json!({"username": [required], "password": [required]}));
    let answer = json!({
        "username": ["This field may not be null."],
        "password": ["Not a valid string."],
    });
    assert_eq!(log_in(&app, Value::Null, json!({})), (400, answer));
}
