use rocket::serde::json::{Value, json};

use super::{App, app_with_users_and, claims_with, log_in, post, read, settings, sign};

const DAY: i64 = 86_400;

/// When the successor of a refresh token ends, and the successor.
fn rotate(app: &App, token: &str) -> (i64, String) {
    let pair = super::json(post(app, "/api/token/refresh/", json!({ "refresh": token })));
    let new = pair["refresh"].as_str().expect("a new refresh token");
    (exp(new), new.into())
}

fn exp(token: &str) -> i64 {
    read(token)["exp"].as_i64().expect("a number")
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

#[test]
fn no_successor_outlives_the_log_in() {
    let app = app_with_users_and(&[("LOGIN_LIFETIME", "3600")]);
    let begin = now();
    let (_, first) = log_in(&app);
    assert!((begin + 3600..=now() + 3600).contains(&exp(&first)), "an hour after the log-in");
    // As if the log-in had been fifty minutes ago.
    let old = sign(&claims_with("refresh", "auth_time", json!(begin - 3000)));
    let (end, successor) = rotate(&app, &old);
    assert_eq!(end, begin + 600);
    assert_eq!(rotate(&app, &successor).0, begin + 600, "and its successor too");
}

#[test]
fn the_log_in_is_in_the_tokens() {
    let app = app_with_users_and(&[("LOGIN_LIFETIME", "3600")]);
    let begin = now();
    let (_, first) = log_in(&app);
    let auth_time = read(&first)["auth_time"].clone();
    assert!((begin..=now()).contains(&auth_time.as_i64().expect("a number")));
    assert_eq!(read(&rotate(&app, &first).1)["auth_time"], auth_time);
}

#[test]
fn a_long_log_in_does_not_make_tokens_longer() {
    let app = app_with_users_and(&[("LOGIN_LIFETIME", "2592000")]);
    let (_, first) = log_in(&app);
    assert!(read(&first)["auth_time"].is_i64());
    assert!(exp(&first) <= now() + DAY);
    assert!(rotate(&app, &first).0 <= now() + DAY);
}

#[test]
fn without_the_setting_all_is_as_before() {
    let app = app_with_users_and(&[]);
    let begin = now();
    let (_, first) = log_in(&app);
    assert_eq!(read(&first)["auth_time"], Value::Null);
    assert!(rotate(&app, &first).0 >= begin + DAY);
    assert!(settings(&[("LOGIN_LIFETIME", "soon")]).is_err(), "a wrong value stops the start");
}
