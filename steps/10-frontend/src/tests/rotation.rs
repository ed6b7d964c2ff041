use rocket::futures::future::join_all;
use rocket::http::uri::Host;
use rocket::http::{ContentType, Status};
use rocket::local::asynchronous::Client;
use rocket::serde::json::{Value, json};

use super::{
    Answer, App, Database, app_with_users, app_with_users_and, async_run, claims, claims_with,
    log_in, post, read, rows, select, server, sign,
};
use crate::commands;
use crate::db::Db;

/// The answer of this address to `{"refresh": token}`.
fn post_token(app: &App, path: &str, token: &str) -> Answer {
    post(app, path, json!({ "refresh": token }))
}

fn refresh(app: &App, token: &str) -> Answer {
    post_token(app, "/api/token/refresh/", token)
}

fn log_out(app: &App, token: &str) -> Answer {
    post_token(app, "/api/token/blacklist/", token)
}

/// The successor of a token, which must be good.
#[track_caller]
fn rotate(app: &App, token: &str) -> String {
    let answer = refresh(app, token).because("a token that nobody has used is good");
    answer.has_status(200);
    answer.text("refresh")
}

fn blacklisted() -> Value {
    json!({"detail": "Token is blacklisted", "code": "token_not_valid"})
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
        let db = Db::open(&app.database.url.clone()).await?;
        commands::flushexpiredtokens(&db).await
    });
    said.expect("flushexpiredtokens must succeed")
}

#[test]
fn a_refresh_brings_a_new_refresh_token_and_uses_the_old_one_up() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    let pair = refresh(&app, &first);
    pair.has_status(200);
    let members = pair.json().as_object().map(|pair| pair.len());
    pair.must(members == Some(2), "access and refresh, and nothing else");
    let second = pair.text("refresh");
    let new = read(&second);
    assert_eq!(new["token_type"], "refresh", "the token_type of the successor {new}");
    assert_eq!(new["user_id"], "1", "the user_id of the successor {new}");
    assert_ne!(new["jti"], read(&first)["jti"], "the successor must have a jti of its own");
    refresh(&app, &first).because("it is used up").is(401, blacklisted());
    refresh(&app, &second).because("the successor is good").has_status(200);
}

#[test]
fn a_token_of_another_program_with_our_key_is_good_once_too() {
    let app = app_with_users();
    let token = sign(&claims_with("refresh", "shop", json!(7)));
    let successor = read(&rotate(&app, &token));
    assert_eq!(successor["shop"], 7, "other claims must go through rotation: {successor}");
    refresh(&app, &token).because("it is used up").is(401, blacklisted());
}

#[test]
fn the_successor_lives_a_whole_lifetime_again() {
    let app = app_with_users();
    let a_day_from_now = || chrono::Utc::now().timestamp() + 86_400;
    // Of this one ten minutes are left.
    let token = sign(&claims("refresh"));
    let earliest = a_day_from_now();
    let end = read(&rotate(&app, &token))["exp"].as_i64().unwrap_or_default();
    assert!(
        (earliest..=a_day_from_now()).contains(&end),
        "exp of the successor must be a day from now, {earliest}, whatever was left of the \
         old one; it is {end}"
    );
}

#[test]
fn a_refused_refresh_does_not_use_the_token_up() {
    let app = app_with_users();
    let (_, token) = log_in(&app);
    select(&app, "UPDATE users SET is_active = FALSE WHERE id = 1");
    refresh(&app, &token).because("alice is switched off").has_status(401);
    select(&app, "UPDATE users SET is_active = TRUE WHERE id = 1");
    refresh(&app, &token).because("alice is switched on again").has_status(200);
}

#[rocket::async_test]
async fn of_parallel_refreshes_with_one_token_one_wins_and_its_successor_lives() {
    let database = Database::empty();
    let client = Client::tracked(server(&[], &database)).await.expect("the server must start");
    let send = |path: &'static str, body: Value| {
        let mut request = client.post(path).header(ContentType::JSON);
        request.inner_mut().set_host(Host::parse("localhost").expect("a host"));
        request.body(body.to_string()).dispatch()
    };
    let user = json!({"username": "alice", "password": "pw"});
    send("/api/user/register/", user.clone()).await;
    let answer =
        send("/api/token/", user).await.into_json::<Value>().await.expect("two tokens as JSON");
    let mut token = answer["refresh"].clone();
    for round in 0..10 {
        let racers = (0..32).map(|_| send("/api/token/refresh/", json!({ "refresh": token })));
        let mut successors = Vec::new();
        for answer in join_all(racers).await {
            match answer.status() {
                Status::Ok => {
                    let pair = answer.into_json::<Value>().await.expect("two tokens as JSON");
                    successors.push(pair["refresh"].clone());
                }
                status => assert_eq!(status, Status::Unauthorized, "who loses must get a 401"),
            }
        }
        let winners = successors.len();
        assert!(
            winners == 1,
            "of 32 refreshes with one token at the same time one must bring a successor, \
             and {winners} did (round {round})"
        );
        token = successors.remove(0);
    }
}

#[rocket::async_test]
async fn without_blacklisting_parallel_refreshes_all_succeed() {
    let database = Database::empty();
    let vars = [("BLACKLIST_AFTER_ROTATION", "false")];
    let client =
        Client::tracked(server(&vars, &database)).await.expect("the server must start");
    let token = sign(&claims_with("refresh", "user_id", Value::Null));
    let racers = (0..32).map(|_| {
        let mut request = client.post("/api/token/refresh/").header(ContentType::JSON);
        request.inner_mut().set_host(Host::parse("localhost").expect("a host"));
        request.body(json!({ "refresh": token }).to_string()).dispatch()
    });
    for answer in join_all(racers).await {
        assert_eq!(answer.status(), Status::Ok, "each of 32 refreshes with one token");
    }
}

#[test]
fn a_used_token_that_comes_back_soon_is_only_refused() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    refresh(&app, &first).because("it is used up").is(401, blacklisted());
    refresh(&app, &second).because("the family goes on").has_status(200);
}

#[test]
fn a_used_token_that_comes_back_later_ends_its_family_and_no_other() {
    let app = app_with_users();
    let ((_, first), (_, other)) = (log_in(&app), log_in(&app));
    let second = rotate(&app, &first);
    let third = rotate(&app, &second);
    a_minute_passes(&app);
    refresh(&app, &first).because("it was used a minute ago").is(401, blacklisted());
    let ended = "the first came back late, and that ended the family";
    refresh(&app, &third).because(ended).is(401, blacklisted());
    log_out(&app, &third).because(ended).is(401, blacklisted());
    refresh(&app, &other).because("another log-in of alice").has_status(200);
    let (_, again) = log_in(&app);
    refresh(&app, &again).because("a log-in after that").has_status(200);
}

#[test]
fn a_foreign_token_begins_a_family_of_its_own() {
    let app = app_with_users();
    let token = sign(&claims("refresh"));
    let second = rotate(&app, &token);
    a_minute_passes(&app);
    refresh(&app, &token).because("it was used a minute ago").is(401, blacklisted());
    let ended = "the first came back late, and that ended the family";
    refresh(&app, &second).because(ended).is(401, blacklisted());
}

#[test]
fn the_revocation_of_a_family_is_a_setting() {
    let app = app_with_users_and(&[("REUSE_REVOKES_FAMILY", "false")]);
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    a_minute_passes(&app);
    refresh(&app, &first).because("it was used a minute ago").is(401, blacklisted());
    refresh(&app, &second).because("REUSE_REVOKES_FAMILY=false").has_status(200);
}

#[test]
fn without_blacklisting_the_old_token_stays_good() {
    let app = app_with_users_and(&[("BLACKLIST_AFTER_ROTATION", "false")]);
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    refresh(&app, &first).because("used once, and not blacklisted").has_status(200);
    log_out(&app, &first).is(200, json!({}));
    refresh(&app, &first).because("a log-out blacklists always").is(401, blacklisted());
    let ended = "the first was logged out, and that ended the family";
    refresh(&app, &second).because(ended).is(401, blacklisted());
}

#[test]
fn who_logs_out_cannot_refresh_and_cannot_log_out_twice() {
    let app = app_with_users();
    let ((access, token), (_, other)) = (log_in(&app), log_in(&app));
    log_out(&app, &token).is(200, json!({}));
    refresh(&app, &token).because("it was logged out").is(401, blacklisted());
    log_out(&app, &token).because("it was logged out").is(401, blacklisted());
    let wrong = json!({"detail": "Token has wrong type", "code": "token_not_valid"});
    log_out(&app, &access).because("an access token").is(401, wrong);
    refresh(&app, &other).because("another log-in of alice").has_status(200);
}

#[test]
fn who_logs_out_with_a_used_token_ends_what_someone_else_made_of_it() {
    let app = app_with_users();
    let ((_, first), (_, other)) = (log_in(&app), log_in(&app));
    let of_the_thief = rotate(&app, &first);
    log_out(&app, &first).because("the thief has used it").is(401, blacklisted());
    let ended = "the owner has logged out, within the grace";
    refresh(&app, &of_the_thief).because(ended).is(401, blacklisted());
    refresh(&app, &other).because("another log-in of alice").has_status(200);
    let app = app_with_users_and(&[("REUSE_REVOKES_FAMILY", "false")]);
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    log_out(&app, &first).because("it was used").is(401, blacklisted());
    refresh(&app, &second).because("REUSE_REVOKES_FAMILY=false").has_status(200);
}

#[test]
fn verify_knows_used_tokens_only_when_they_are_blacklisted() {
    for (setting, status, body) in [
        ("true", 400, json!({"non_field_errors": ["Token is blacklisted"]})),
        ("false", 200, json!({})),
    ] {
        let app = app_with_users_and(&[("BLACKLIST_AFTER_ROTATION", setting)]);
        let (_, token) = log_in(&app);
        log_out(&app, &token).has_status(200);
        let answer = post(&app, "/api/token/verify/", json!({ "token": token }));
        answer.because(format!("BLACKLIST_AFTER_ROTATION={setting}")).is(status, body);
    }
}

#[test]
fn a_log_in_is_remembered_when_the_setting_says_so() {
    let last_login = "SELECT username FROM users WHERE last_login IS NOT NULL";
    for (vars, remembered) in
        [(&[][..], &[][..]), (&[("UPDATE_LAST_LOGIN", "true")], &["alice"])]
    {
        let app = app_with_users_and(vars);
        log_in(&app);
        let names = select(&app, last_login);
        assert_eq!(names, remembered, "the users with a last_login, started with {vars:?}");
    }
}

#[test]
fn no_token_is_stored() {
    let app = app_with_users();
    let (access, token) = log_in(&app);
    let signature = |token: &str| token.rsplit('.').next().unwrap_or_default().to_string();
    let stored = app.database.content();
    let jti = read(&token)["jti"].as_str().unwrap_or_default().to_string();
    let has = |text: &str| stored.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(has(&jti), "the jti is stored, or the test looks into another place");
    for secret in [signature(&access), signature(&token)] {
        assert!(
            !has(&secret),
            "the signature of a token is in the database, and no token may be"
        );
    }
}

#[test]
fn flushexpiredtokens_deletes_what_has_ended_and_nothing_else() {
    let app = app_with_users();
    let ((_, first), (_, other)) = (log_in(&app), log_in(&app));
    let second = rotate(&app, &first);
    let kept = read(&second)["jti"].as_str().unwrap_or_default().to_string();
    used_tokens_end(&app);
    let said = "Tokens deleted, because they had ended: 1.";
    assert_eq!(flush(&app), said, "of three tokens one has ended");
    let left = rows(&app.database, "SELECT jti FROM outstanding_tokens");
    assert!(left.contains(&kept), "a token that has not ended must stay, {kept} in {left:?}");
    refresh(&app, &second).because("it has not ended").has_status(200);
    refresh(&app, &other).because("it has not ended").has_status(200);
}

#[test]
fn flushexpiredtokens_does_not_forget_used_tokens() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    rotate(&app, &first);
    flush(&app);
    refresh(&app, &first).because("it is used up, and has not ended").is(401, blacklisted());
}

#[test]
fn flushexpiredtokens_keeps_a_family_revoked_when_its_first_token_has_ended() {
    let app = app_with_users();
    let (_, first) = log_in(&app);
    let second = rotate(&app, &first);
    a_minute_passes(&app);
    refresh(&app, &first).because("it was used a minute ago").is(401, blacklisted());
    used_tokens_end(&app);
    flush(&app);
    refresh(&app, &second).because("its family is revoked").is(401, blacklisted());
}
