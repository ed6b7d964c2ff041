//! Exercise 5.2: `GET /api/hello/`.

use rocket::http::Header;
use rocket::serde::json::{Value, json};

use super::{
    App, app_with_users, claims_with, header, host, json as body, log_in, post, select, sign,
};

/// The status and the body of a GET with this `Authorization`, or with none.
fn get(app: &App, path: &'static str, authorization: Option<String>) -> (u16, Value) {
    let mut request = host(app.client.get(path), "localhost");
    if let Some(authorization) = authorization {
        request.add_header(Header::new("Authorization", authorization));
    }
    let response = request.dispatch();
    let status = response.status().code;
    let challenge = if status == 401 { "Bearer realm=\"api\"" } else { "" };
    assert_eq!(header(&response, "WWW-Authenticate"), challenge);
    (status, body(response))
}

#[test]
fn a_user_is_greeted_by_name() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let answer = get(&app, "/api/hello/", Some(format!("Bearer {access}")));
    assert_eq!(answer, (200, json!({"user": "alice"})));
}

#[test]
fn a_stranger_is_greeted_too() {
    let app = app_with_users();
    for authorization in [None, Some(String::new()), Some("Basic YWxpY2U6eA==".into())] {
        let answer = get(&app, "/api/hello/", authorization.clone());
        assert_eq!(answer, (200, json!({"user": null})), "{authorization:?}");
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
        assert_eq!(answer.0, 401, "{token}");
        assert_eq!(answer, get(&app, "/api/account/", authorization), "{token}");
    }
    select(&app, "DELETE FROM users WHERE id = 1");
    let answer = get(&app, "/api/hello/", Some(format!("Bearer {access}")));
    assert_eq!(answer, (401, json!({"detail": "User not found", "code": "user_not_found"})));
}

#[test]
fn anyone_may_still_register() {
    let app = app_with_users();
    let carol = json!({"username": "carol", "password": "carol-pass"});
    assert_eq!(post(&app, "/api/user/register/", carol).status().code, 201);
    assert_eq!(get(&app, "/api/hello/", None).0, 200, "there is no /api/hello/");
}
