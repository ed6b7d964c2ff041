use rocket::futures::future::join_all;
use rocket::http::uri::Host;
use rocket::http::{ContentType, Status};
use rocket::local::asynchronous::Client;
use rocket::serde::json::{Value, json};

use super::{
    App, app_with_users, app_with_users_and, async_run, claims, claims_with, log_in, post,
    read, rows, select, server, sign,
};
use crate::commands;
use crate::db::Db;

/// The status and the body of the answer to `{"refresh": token}`, sent to this address.
fn send(app: &App, path: &str, token: &str) -> (u16, Value) {
    let response = post(app, path, json!({ "refresh": token }));
    (response.status().code, super::json(response))
}

fn refresh(app: &App, token: &str) -> (u16, Value) {
    send(app, "/api/token/refresh/", token)
}

/// The successor of a token, which must be good.
fn rotate(app: &App, token: &str) -> String {
    let (status, answer) = refresh(app, token);
    assert_eq!(status, 200, "{answer}");
    answer["refresh"].as_str().expect("a new refresh token").into()
}

fn blacklisted() -> (u16, Value) {
    (401, json!({"detail": "Token is blacklisted", "code": "token_not_valid"}))
}

/// As if the last uses of tokens had been a minute ago: the grace is over.
fn a_minute_passes(app: &App) {
    select(app, "UPDATE blacklisted_tokens SET blacklisted_at = blacklisted_at - 60");
}

/// As if all used tokens had ended, and their successors not yet.
fn used_tokens_end(app: &App) {
    select(
        app,
        "UPDATE outstanding_tokens SET expires_at = 1
         WHERE jti IN (SELECT jti FROM blacklisted_tokens)",
    );
    select(app, "UPDATE blacklisted_tokens SET expires_at = 1");
}

/// Runs `flushexpiredtokens`, and gives what it says.
fn flush(app: &App) -> String {
    let said = async_run(async {
        let db = Db::open(&super::database_url(&app.folder)).await?;
        commands::flushexpiredtokens(&db).await
    });
    said.unwrap()
}

#[test]
fn a_refresh_brings_a_new_refresh_token_and_uses_the_old_one_up() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    let (status, pair) = refresh(&app, &first);
    assert_eq!(status, 200);
    assert_eq!(pair.as_object().unwrap().len(), 2, "{pair}");
    let second = pair["refresh"].as_str().unwrap();
    let (old, new) = (read(&first), read(second));
    assert_eq!((&new["token_type"], &new["user_id"]), (&json!("refresh"), &json!("1")));
    assert_ne!(new["jti"], old["jti"]);
    assert_eq!(refresh(&app, &first), blacklisted());
    rotate(&app, second);
}

#[test]
fn a_token_of_another_program_with_our_key_is_good_once_too() {
    let app = app_with_users();
    let token = sign(&claims_with("refresh", "shop", json!(7)));
    let successor = rotate(&app, &token);
    assert_eq!(read(&successor)["shop"], 7, "other claims go through rotation");
    assert_eq!(refresh(&app, &token), blacklisted());
}

#[test]
fn the_successor_lives_a_whole_lifetime_again() {
    let app = app_with_users();
    let a_day_from_now = || chrono::Utc::now().timestamp() + 86_400;
    // Of this one ten minutes are left.
    let token = sign(&claims("refresh"));
    let earliest = a_day_from_now();
    let end = read(&rotate(&app, &token))["exp"].as_i64().expect("a time");
    let a_day = (earliest..=a_day_from_now()).contains(&end);
    assert!(a_day, "a day from now, whatever was left of the old one");
}

#[test]
fn a_refused_refresh_does_not_use_the_token_up() {
    let app = app_with_users();
    let (_, token) = log_in(&app);
    select(&app, "UPDATE users SET is_active = FALSE WHERE id = 1");
    assert_eq!(refresh(&app, &token).0, 401);
    select(&app, "UPDATE users SET is_active = TRUE WHERE id = 1");
    rotate(&app, &token);
}

#[rocket::async_test]
async fn of_parallel_refreshes_with_one_token_one_wins_and_its_successor_lives() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = Client::tracked(server(&[], &folder)).await.expect("a server");
    let send = |path: &'static str, body: Value| {
        let mut request = client.post(path).header(ContentType::JSON);
        request.inner_mut().set_host(Host::parse("localhost").expect("a host"));
        request.body(body.to_string()).dispatch()
    };
    let user = json!({"username": "alice", "password": "pw"});
    send("/api/user/register/", user.clone()).await;
    let answer = send("/api/token/", user).await.into_json::<Value>().await.expect("a pair");
    let mut token = answer["refresh"].clone();
    for round in 0..10 {
        let racers = (0..32).map(|_| send("/api/token/refresh/", json!({ "refresh": token })));
        let mut successors = Vec::new();
        for answer in join_all(racers).await {
            match answer.status() {
                Status::Ok => {
                    let pair = answer.into_json::<Value>().await.expect("a pair");
                    successors.push(pair["refresh"].clone());
                }
                status => assert_eq!(status, Status::Unauthorized, "round {round}"),
            }
        }
        assert_eq!(successors.len(), 1, "round {round}");
        token = successors.remove(0);
    }
}

#[rocket::async_test]
async fn without_blacklisting_parallel_refreshes_all_succeed() {
    let folder = tempfile::tempdir().expect("a folder");
    let vars = [("BLACKLIST_AFTER_ROTATION", "false")];
    let client = Client::tracked(server(&vars, &folder)).await.expect("a server");
    let token = sign(&claims_with("refresh", "user_id", Value::Null));
    let racers = (0..32).map(|_| {
        let mut request = client.post("/api/token/refresh/").header(ContentType::JSON);
        request.inner_mut().set_host(Host::parse("localhost").expect("a host"));
        request.body(json!({ "refresh": token }).to_string()).dispatch()
    });
    for answer in join_all(racers).await {
        assert_eq!(answer.status(), Status::Ok);
    }
}

#[test]
fn a_used_token_that_comes_back_soon_is_only_refused() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    assert_eq!(refresh(&app, &first), blacklisted());
    rotate(&app, &second);
}

#[test]
fn a_used_token_that_comes_back_later_ends_its_family_and_no_other() {
    let app = app_with_users();
    let ((_, first), (_, other)) = (log_in(&app), log_in(&app));
    let second = rotate(&app, &first);
    let third = rotate(&app, &second);
    a_minute_passes(&app);
    assert_eq!(refresh(&app, &first), blacklisted());
    assert_eq!(refresh(&app, &third), blacklisted(), "the successor is in the family");
    assert_eq!(send(&app, "/api/token/blacklist/", &third), blacklisted());
    rotate(&app, &other);
    let (_, again) = log_in(&app);
    rotate(&app, &again);
}

#[test]
fn a_foreign_token_begins_a_family_of_its_own() {
    let app = app_with_users();
    let token = sign(&claims("refresh"));
    let second = rotate(&app, &token);
    a_minute_passes(&app);
    assert_eq!(refresh(&app, &token), blacklisted());
    assert_eq!(refresh(&app, &second), blacklisted());
}

#[test]
fn the_revocation_of_a_family_is_a_setting() {
    let app = app_with_users_and(&[("REUSE_REVOKES_FAMILY", "false")]);
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    a_minute_passes(&app);
    assert_eq!(refresh(&app, &first), blacklisted());
    rotate(&app, &second);
}

#[test]
fn without_blacklisting_the_old_token_stays_good() {
    let app = app_with_users_and(&[("BLACKLIST_AFTER_ROTATION", "false")]);
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    rotate(&app, &first);
    assert_eq!(send(&app, "/api/token/blacklist/", &first), (200, json!({})));
    assert_eq!(refresh(&app, &first), blacklisted());
    rotate(&app, &second);
}

#[test]
fn who_logs_out_cannot_refresh_and_cannot_log_out_twice() {
    let app = app_with_users();
    let ((access, token), (_, other)) = (log_in(&app), log_in(&app));
    let log_out = |token: &str| send(&app, "/api/token/blacklist/", token);
    assert_eq!(log_out(&token), (200, json!({})));
    assert_eq!(refresh(&app, &token), blacklisted());
    assert_eq!(log_out(&token), blacklisted());
    let wrong = json!({"detail": "Token has wrong type", "code": "token_not_valid"});
    assert_eq!(log_out(&access), (401, wrong));
    rotate(&app, &other);
}

#[test]
fn verify_knows_used_tokens_only_when_they_are_blacklisted() {
    for (setting, answer) in [
        ("true", (400, json!({"non_field_errors": ["Token is blacklisted"]}))),
        ("false", (200, json!({}))),
    ] {
        let app = app_with_users_and(&[("BLACKLIST_AFTER_ROTATION", setting)]);
        let (_, token) = log_in(&app);
        send(&app, "/api/token/blacklist/", &token);
        let response = post(&app, "/api/token/verify/", json!({ "token": token }));
        assert_eq!((response.status().code, super::json(response)), answer);
    }
}

#[test]
fn a_log_in_is_remembered_when_the_setting_says_so() {
    let last_login = "SELECT username FROM users WHERE last_login IS NOT NULL";
    let app = app_with_users();
    log_in(&app);
    assert!(select(&app, last_login).is_empty());
    let app = app_with_users_and(&[("UPDATE_LAST_LOGIN", "true")]);
    log_in(&app);
    assert_eq!(select(&app, last_login), ["alice"]);
}

#[test]
fn no_token_is_stored() {
    let app = app_with_users();
    let (access, token) = log_in(&app);
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_string();
    let stored = std::fs::read(app.folder.path().join("test.sqlite3")).expect("the database");
    let log = std::fs::read(app.folder.path().join("test.sqlite3-wal")).unwrap_or_default();
    let stored = [stored, log].concat();
    for secret in [signature(&access), signature(&token)] {
        let found = stored.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "a signature is in the database");
    }
}

#[test]
fn flushexpiredtokens_deletes_what_has_ended_and_nothing_else() {
    let app = app_with_users();
    let ((_, first), (_, other)) = (log_in(&app), log_in(&app));
    let second = rotate(&app, &first);
    let kept = read(&second)["jti"].as_str().unwrap().to_string();
    used_tokens_end(&app);
    assert_eq!(flush(&app), "Tokens deleted, because they had ended: 1.");
    assert!(rows(&app.folder, "SELECT jti FROM outstanding_tokens").contains(&kept));
    rotate(&app, &second);
    rotate(&app, &other);
}

#[test]
fn flushexpiredtokens_does_not_forget_used_tokens() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    rotate(&app, &first);
    flush(&app);
    assert_eq!(refresh(&app, &first), blacklisted(), "used, and not ended");
}

#[test]
fn flushexpiredtokens_keeps_a_family_revoked_when_its_first_token_has_ended() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    a_minute_passes(&app);
    assert_eq!(refresh(&app, &first), blacklisted());
    used_tokens_end(&app);
    flush(&app);
    assert_eq!(refresh(&app, &second), blacklisted(), "its family is revoked");
}
