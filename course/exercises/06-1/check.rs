use rocket::http::Header;
use rocket::serde::json::{Value, json};

use super::{App, app_with_users, host, log_in, post, select};

/// The status and the body of the answer to a log-out everywhere.
fn log_out_everywhere(app: &App, token: Option<&str>) -> (u16, Value) {
    let mut request = host(app.post("/api/token/blacklist/all/"), "localhost");
    if let Some(token) = token {
        request = request.header(Header::new("Authorization", format!("Bearer {token}")));
    }
    let response = request.dispatch();
    (response.status().code, response.into_json().unwrap_or_default())
}

/// The new refresh token, or the status when there is none.
fn refresh(app: &App, token: &str) -> Result<String, u16> {
    let response = post(app, "/api/token/refresh/", json!({ "refresh": token }));
    match response.status().code {
        200 => Ok(super::json(response)["refresh"].as_str().expect("a token").into()),
        status => Err(status),
    }
}

#[test]
fn all_log_ins_of_a_user_end() {
    let app = app_with_users();
    let ((access, phone), (_, laptop)) = (log_in(&app), log_in(&app));
    let laptop = refresh(&app, &laptop).expect("a successor");
    assert_eq!(log_out_everywhere(&app, Some(&access)), (200, json!({})));
    assert_eq!(refresh(&app, &phone), Err(401), "the phone is still logged in");
    assert_eq!(refresh(&app, &laptop), Err(401), "the laptop is still logged in");
    let (_, again) = log_in(&app);
    assert!(refresh(&app, &again).is_ok(), "a new log-in must work");
}

#[test]
fn twice_is_as_good_as_once() {
    let app = app_with_users();
    let (access, token) = log_in(&app);
    for _ in 0..2 {
        assert_eq!(log_out_everywhere(&app, Some(&access)), (200, json!({})));
    }
    assert_eq!(refresh(&app, &token), Err(401));
}

#[test]
fn other_users_stay() {
    let app = app_with_users();
    select(&app, "UPDATE users SET is_active = TRUE WHERE username = 'bob'");
    let bob = json!({"username": "bob", "password": "bob-pass"});
    let pair = super::json(post(&app, "/api/token/", bob));
    let (access, _) = log_in(&app);
    assert_eq!(log_out_everywhere(&app, Some(&access)).0, 200);
    let token = pair["refresh"].as_str().expect("a token");
    assert!(refresh(&app, token).is_ok(), "bob was logged out too");
}

#[test]
fn it_takes_an_access_token() {
    let app = app_with_users();
    let (_, token) = log_in(&app);
    assert_eq!(log_out_everywhere(&app, None).0, 401);
    assert_eq!(log_out_everywhere(&app, Some(&token)).0, 401, "not a refresh token");
    assert!(refresh(&app, &token).is_ok());
}
