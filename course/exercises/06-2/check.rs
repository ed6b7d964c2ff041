use rocket::serde::json::{Value, json};

use super::{App, app_with_users_and, claims_with, log_in, post, read, refusal, sign};

const DAY: i64 = 86_400;

/// When the successor of a refresh token ends, and the successor.
fn rotate(app: &App, token: &str) -> (i64, String) {
    let pair = post(app, "/api/token/refresh/", json!({ "refresh": token }));
    let new = pair.text("refresh");
    (exp(&new), new)
}

fn exp(token: &str) -> i64 {
    read(token)["exp"].as_i64().expect("exp must be a number")
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

#[test]
fn no_successor_outlives_the_log_in() {
    let app = app_with_users_and(&[("LOGIN_LIFETIME", "3600")]);
    let begin = now();
    let (_, first) = log_in(&app);
    let hour = (begin + 3600..=now() + 3600).contains(&exp(&first));
    assert!(hour, "the first token must end an hour after the log-in: {}", read(&first));
    // As if the log-in had been fifty minutes ago.
    let old = sign(&claims_with("refresh", "auth_time", json!(begin - 3000)));
    let (end, successor) = rotate(&app, &old);
    assert_eq!(end, begin + 600, "the successor must end an hour after the log-in");
    let (end, _) = rotate(&app, &successor);
    assert_eq!(end, begin + 600, "the second successor must end an hour after the log-in");
}

#[test]
fn the_log_in_is_in_the_tokens() {
    let app = app_with_users_and(&[("LOGIN_LIFETIME", "3600")]);
    let begin = now();
    let (_, first) = log_in(&app);
    let auth_time = read(&first)["auth_time"].clone();
    let log_in = auth_time.as_i64().is_some_and(|time| (begin..=now()).contains(&time));
    assert!(log_in, "auth_time must be when the user logged in: {}", read(&first));
    let successor = read(&rotate(&app, &first).1);
    assert_eq!(successor["auth_time"], auth_time, "the auth_time of the successor {successor}");
}

#[test]
fn a_log_in_from_before_the_setting_ends_too() {
    let app = app_with_users_and(&[("LOGIN_LIFETIME", "3600")]);
    let begin = now();
    // A token without auth_time, as the server gave it fifty minutes ago.
    let old = sign(&claims_with("refresh", "iat", json!(begin - 3000)));
    let (end, successor) = rotate(&app, &old);
    assert_eq!(end, begin + 600, "the successor must end an hour after its token was issued");
    let auth_time = read(&successor)["auth_time"].clone();
    assert_eq!(auth_time, begin - 3000, "the auth_time is when the token was issued");
    let (end, _) = rotate(&app, &successor);
    assert_eq!(end, begin + 600, "the second successor must end then, too");
    // One of another program, without either.
    let (end, _) = rotate(&app, &sign(&claims_with("refresh", "iat", Value::Null)));
    let hour = (begin + 3600..=now() + 3600).contains(&end);
    assert!(hour, "without iat the hour begins with the first rotation: exp is {end}");
}

#[test]
fn a_long_log_in_does_not_make_tokens_longer() {
    let app = app_with_users_and(&[("LOGIN_LIFETIME", "2592000")]);
    let (_, first) = log_in(&app);
    let claims = read(&first);
    assert!(claims["auth_time"].is_i64(), "auth_time must be a number in {claims}");
    assert!(exp(&first) <= now() + DAY, "a token must not live longer than a day: {claims}");
    let (end, _) = rotate(&app, &first);
    assert!(end <= now() + DAY, "its successor must not live longer than a day: exp is {end}");
}

#[test]
fn without_the_setting_all_is_as_before() {
    let app = app_with_users_and(&[]);
    let begin = now();
    let (_, first) = log_in(&app);
    let claims = read(&first);
    assert_eq!(claims["auth_time"], Value::Null, "no auth_time must be in {claims}");
    let (end, _) = rotate(&app, &first);
    assert!(end >= begin + DAY, "the successor must live a day: exp is {end}");
    refusal(&[("LOGIN_LIFETIME", "soon")], "");
}
