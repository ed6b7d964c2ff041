//! Exercise 5.2: `GET /api/hello/`.

use rocket::http::Header;
use rocket::serde::json::json;

use super::{Answer, App, app_with_users, claims_with, host, log_in, post, select, send, sign};

/// The answer to a GET with this `Authorization`, or with none.
#[track_caller]
fn get(app: &App, path: &'static str, authorization: Option<String>) -> Answer {
    let mut request = host(app.client.get(path), "localhost");
    if let Some(authorization) = authorization {
        request.add_header(Header::new("Authorization", authorization));
    }
    let answer = send(request, "");
    let challenge = if answer.status == 401 { "Bearer realm=\"api\"" } else { "" };
    answer.has_header("WWW-Authenticate", challenge);
    answer
}

#[test]
fn a_user_is_greeted_by_name() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let answer = get(&app, "/api/hello/", Some(format!("Bearer {access}")));
    answer.is(200, json!({"user": "alice"}));
}

#[test]
fn a_stranger_is_greeted_too() {
    let app = app_with_users();
    for authorization in [None, Some(String::new()), Some("Basic YWxpY2U6eA==".into())] {
        get(&app, "/api/hello/", authorization).is(200, json!({"user": null}));
    }
}

#[test]
fn a_bad_token_is_refused_as_at_the_account() {
    let app = app_with_users();
    let (access, refresh) = log_in(&app);
    let inactive = sign(&claims_with("access", "user_id", json!("2")));
    let expired = sign(&claims_with("access", "exp", json!(1_725_343_172)));
    for token in ["", "garbage", "a b", &refresh, &inactive, &expired] {
        let authorization = Some(format!("Bearer {token}"));
        let answer = get(&app, "/api/hello/", authorization.clone());
        answer.is(401, get(&app, "/api/account/", authorization).json());
    }
    select(&app, "DELETE FROM users WHERE id = 1");
    let answer = get(&app, "/api/hello/", Some(format!("Bearer {access}")));
    answer.is(401, json!({"detail": "User not found", "code": "user_not_found"}));
}

#[test]
fn anyone_may_still_register() {
    let app = app_with_users();
    let carol = json!({"username": "carol", "password": "carol-pass"});
    post(&app, "/api/user/register/", carol).has_status(201);
    get(&app, "/api/hello/", None).because("there is a /api/hello/").has_status(200);
}
