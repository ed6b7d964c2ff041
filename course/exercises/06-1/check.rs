use rocket::http::Header;
use rocket::serde::json::json;

use super::{Answer, App, app_with_users, host, log_in, post, select, send};

/// The answer to a log-out everywhere.
fn log_out_everywhere(app: &App, token: Option<&str>) -> Answer {
    let mut request = host(app.post("/api/token/blacklist/all/"), "localhost");
    if let Some(token) = token {
        request = request.header(Header::new("Authorization", format!("Bearer {token}")));
    }
    send(request, "")
}

fn refresh(app: &App, token: &str) -> Answer {
    post(app, "/api/token/refresh/", json!({ "refresh": token }))
}

#[test]
fn all_log_ins_of_a_user_end() {
    let app = app_with_users();
    let ((access, phone), (_, laptop)) = (log_in(&app), log_in(&app));
    let laptop = refresh(&app, &laptop).text("refresh");
    log_out_everywhere(&app, Some(&access)).is(200, json!({}));
    refresh(&app, &phone).because("the phone is logged out").has_status(401);
    refresh(&app, &laptop).because("the laptop is logged out").has_status(401);
    let (_, again) = log_in(&app);
    refresh(&app, &again).because("a new log-in works").has_status(200);
}

#[test]
fn twice_is_as_good_as_once() {
    let app = app_with_users();
    let (access, token) = log_in(&app);
    for _ in 0..2 {
        log_out_everywhere(&app, Some(&access)).is(200, json!({}));
    }
    refresh(&app, &token).because("it is logged out").has_status(401);
}

#[test]
fn other_users_stay() {
    let app = app_with_users();
    select(&app, "UPDATE users SET is_active = TRUE WHERE username = 'bob'");
    let bob = json!({"username": "bob", "password": "bob-pass"});
    let token = post(&app, "/api/token/", bob).text("refresh");
    let (access, _) = log_in(&app);
    log_out_everywhere(&app, Some(&access)).has_status(200);
    refresh(&app, &token).because("bob is still logged in").has_status(200);
}

#[test]
fn it_takes_an_access_token() {
    let app = app_with_users();
    let (_, token) = log_in(&app);
    log_out_everywhere(&app, None).has_status(401);
    let answer = log_out_everywhere(&app, Some(&token)).because("and not a refresh token");
    answer.has_status(401);
    refresh(&app, &token).because("nobody was logged out").has_status(200);
}
