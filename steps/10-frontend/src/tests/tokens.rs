use std::sync::atomic::Ordering;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rocket::serde::json::{Value, json};

use super::{Answer, App, accepted, client, post, select};
use crate::accounts::Hasher;

const TOKEN: &str = "/api/token/";
const REFUSED: &str = "No active account found with the given credentials";

/// A server that knows alice, and bob, who was switched off.
fn app() -> App {
    let app = client(&[]);
    for name in ["alice", "bob"] {
        let body = json!({"username": name, "password": format!("{name}-pass")});
        post(&app, "/api/user/register/", body).has_status(201);
    }
    select(&app, "UPDATE users SET is_active = FALSE WHERE username = 'bob'");
    app
}

fn log_in(app: &App, username: impl Into<Value>, password: impl Into<Value>) -> Answer {
    post(app, TOKEN, json!({"username": username.into(), "password": password.into()}))
}

/// How many hashes this server has computed.
fn hashes(app: &App) -> u64 {
    let hasher = app.rocket().state::<Hasher>().expect("the server must manage a Hasher");
    hasher.hashes.load(Ordering::Relaxed)
}

/// What a token says, once its signature is checked with the server's key.
#[track_caller]
fn claims(token: &str) -> Value {
    let key = accepted(&[]).secret_key.0;
    let mut rules = Validation::new(Algorithm::HS256);
    rules.leeway = 0;
    let key = DecodingKey::from_secret(key.as_bytes());
    let token = jsonwebtoken::decode::<Value>(token, &key, &rules);
    let token = token.expect("a token must be signed with SECRET_KEY, and not have ended");
    let header = json!(token.header);
    assert_eq!(header, json!({"typ": "JWT", "alg": "HS256"}), "a token must have this header");
    token.claims
}

#[test]
fn name_and_password_give_a_refresh_and_an_access_token() {
    let answer = log_in(&app(), "alice", "alice-pass");
    answer.has_status(200);
    let members = answer.json().as_object().map(|pair| pair.len());
    answer.must(members == Some(2), "access and refresh, and nothing else");

    for (name, lifetime) in [("access", 300), ("refresh", 86_400)] {
        let claims = claims(&answer.text(name));
        let what = format!("in the {name} token {claims}");
        assert_eq!(claims["token_type"], name, "the token_type {what}");
        assert_eq!(claims["user_id"], "1", "a text since SimpleJWT 5.5.1: the user_id {what}");
        let (exp, iat) = (claims["exp"].as_i64(), claims["iat"].as_i64());
        let (exp, iat) = (exp.unwrap_or_default(), iat.unwrap_or_default());
        assert_eq!(exp - iat, lifetime, "the seconds from iat to exp {what}");
        let now = chrono::Utc::now().timestamp();
        assert!((now - iat).abs() < 60, "iat must be now, {now}, {what}");
        let jti = claims["jti"].as_str().unwrap_or_default();
        let hex = jti.len() == 32 && jti.chars().all(|c| "0123456789abcdef".contains(c));
        assert!(hex, "the jti must be 32 hexadecimal digits {what}");
        let count = claims.as_object().map(|claims| claims.len());
        assert_eq!(count, Some(5), "nothing else must be {what}");
    }
}

#[test]
fn each_token_has_an_id_of_its_own() {
    let app = app();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let pair = log_in(&app, "alice", "alice-pass");
        ids.extend(
            ["access", "refresh"].map(|name| claims(&pair.text(name))["jti"].to_string()),
        );
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "two log-ins give four tokens, and each must have another jti");
}

#[test]
fn the_lifetimes_are_settings() {
    let app = client(&[("ACCESS_TOKEN_LIFETIME", "1800"), ("REFRESH_TOKEN_LIFETIME", "60")]);
    let user = json!({"username": "a", "password": "pw"});
    post(&app, "/api/user/register/", user).has_status(201);
    let pair = log_in(&app, "a", "pw");
    for (name, lifetime) in [("access", 1800), ("refresh", 60)] {
        let claims = claims(&pair.text(name));
        let lives = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(e, i)| e - i);
        // A pair may have one `iat`, and be made a moment apart.
        let good = lives.is_some_and(|lives| (lifetime..lifetime + 10).contains(&lives));
        assert!(good, "from iat to exp in the {name} token: {lives:?}, and not {lifetime}");
    }
}

#[test]
fn every_refusal_is_the_same_and_costs_one_hash() {
    let app = app();
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
        let before = hashes(&app);
        let answer = log_in(&app, username, password);
        answer.is(401, json!({ "detail": REFUSED }));
        answer.has_header("WWW-Authenticate", "Bearer realm=\"api\"");
        let count = hashes(&app) - before;
        answer.must(count == 1, &format!("one hash is computed, and not {count}"));
    }
}

#[test]
fn a_password_that_can_never_fit_costs_one_hash_too() {
    let app = app();
    for stored in [
        "UPDATE users SET password = '!unusable' WHERE username = 'alice'",
        "UPDATE users SET password = 'pbkdf2_sha256$1$a$b' WHERE username = 'alice'",
        "UPDATE users SET password = 'bcrypt_sha256$broken' WHERE username = 'alice'",
        "UPDATE users SET password = replace(password, '$04$', '$99$') WHERE username = 'alice'",
    ] {
        select(&app, stored);
        let before = hashes(&app);
        let answer = log_in(&app, "alice", "alice-pass").because(stored);
        answer.is(401, json!({ "detail": REFUSED }));
        let count = hashes(&app) - before;
        answer.must(count == 1, &format!("one hash is computed, and not {count}"));
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
    log_in(&app, "alice", "correct horse battery staple").has_status(200);
    log_in(&app, "alice", "correct horse battery stapler").has_status(401);
}

#[test]
fn a_long_password_counts_to_its_last_byte() {
    let app = app();
    let long = "ä".repeat(127);
    let body = json!({"username": "long", "password": format!("{long}1")});
    post(&app, "/api/user/register/", body).has_status(201);
    log_in(&app, "long", format!("{long}1")).has_status(200);
    log_in(&app, "long", format!("{long}2")).has_status(401);
}

#[test]
fn names_are_trimmed_and_numbers_are_texts() {
    let app = app();
    let n = json!({"username": "n", "password": "20240917"});
    post(&app, "/api/user/register/", n).has_status(201);
    log_in(&app, "n", 20240917).has_status(200);
    log_in(&app, " alice ", "alice-pass").has_status(200);
    log_in(&app, 42, "x").has_status(401);
}

#[test]
fn all_mistakes_are_reported_together() {
    let app = app();
    let required = "This field is required.";
    let both = json!({"username": [required], "password": [required]});
    post(&app, TOKEN, "{}").is(400, both);
    let answer = json!({
        "username": ["This field may not be null."],
        "password": ["Not a valid string."],
    });
    log_in(&app, Value::Null, json!({})).is(400, answer);
}
