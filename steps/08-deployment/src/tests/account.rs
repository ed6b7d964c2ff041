use rocket::http::{Header, Status};
use rocket::serde::json::{Value, json};

use super::{App, app_with_users, claims_with, header, host, log_in, select, sign};

/// The status and the body of `GET /api/account/` with this `Authorization`.
fn account(app: &App, authorization: &str) -> (u16, Value) {
    let request = host(app.client.get("/api/account/"), "localhost");
    let authorization = Header::new("Authorization", authorization.to_string());
    let response = request.header(authorization).dispatch();
    (response.status().code, super::json(response))
}

fn not_provided() -> (u16, Value) {
    (401, json!({"detail": "Authentication credentials were not provided."}))
}

fn bad_token(message: &str) -> (u16, Value) {
    let answer = json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{"token_class": "AccessToken", "token_type": "access", "message": message}],
    });
    (401, answer)
}

#[test]
fn an_access_token_shows_ones_own_account_and_no_password() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let answer = json!({
        "id": 1, "username": "alice", "email": "", "first_name": "", "last_name": "",
    });
    assert_eq!(account(&app, &format!("Bearer {access}")), (200, answer));
}

#[test]
fn without_a_bearer_token_nobody_is_asking() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let request = host(app.client.get("/api/account/"), "localhost");
    let response = request.dispatch();
    assert_eq!(response.status(), Status::Unauthorized);
    assert_eq!(header(&response, "WWW-Authenticate"), "Bearer realm=\"api\"");
    assert_eq!((401, super::json(response)), not_provided());
    for authorization in [
        "",
        "Basic YWxpY2U6eA==",
        &format!("Token {access}"),
        &format!("bearer {access}"),
        &format!("BEARER {access}"),
        &format!("Bearer{access}"),
        &access,
    ] {
        assert_eq!(account(&app, authorization), not_provided(), "{authorization}");
    }
}

#[test]
fn a_header_with_too_few_or_too_many_words_is_told_so() {
    let app = app_with_users();
    let answer = json!({
        "detail": "Authorization header must contain two space-delimited values",
        "code": "bad_authorization_header",
    });
    for authorization in ["Bearer", "Bearer a b"] {
        assert_eq!(account(&app, authorization), (401, answer.clone()));
    }
    let (access, _) = log_in(&app);
    assert_eq!(account(&app, &format!("Bearer \t {access}")).0, 200);
}

#[test]
fn a_bad_token_is_told_what_is_wrong_with_it() {
    let app = app_with_users();
    let (_, refresh) = log_in(&app);
    let now = chrono::Utc::now().timestamp();
    let expired = sign(&claims_with("access", "exp", json!(now)));
    for (token, message) in [
        ("not-a-token", "Token is invalid"),
        (&expired, "Token is expired"),
        (&refresh, "Token has wrong type"),
    ] {
        assert_eq!(account(&app, &format!("Bearer {token}")), bad_token(message));
    }
}

#[test]
fn a_good_token_of_a_user_who_is_gone_opens_nothing() {
    let app = app_with_users();
    let token = |id: Value| format!("Bearer {}", sign(&claims_with("access", "user_id", id)));
    let gone = json!({"detail": "User not found", "code": "user_not_found"});
    assert_eq!(account(&app, &token(json!("999999"))), (401, gone.clone()));
    assert_eq!(account(&app, &token(json!("nobody"))), (401, gone));
    let inactive = json!({"detail": "User is inactive", "code": "user_inactive"});
    assert_eq!(account(&app, &token(json!("2"))), (401, inactive));
    let nobody = json!({
        "detail": "Token contained no recognizable user identification",
        "code": "token_not_valid",
    });
    assert_eq!(account(&app, &token(Value::Null)), (401, nobody));
    assert_eq!(account(&app, &token(json!(1))).0, 200, "a number, as in older tokens");
}

#[test]
fn a_user_is_looked_up_for_every_request() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let authorization = format!("Bearer {access}");
    assert_eq!(account(&app, &authorization).0, 200);
    select(&app, "UPDATE users SET is_active = FALSE WHERE id = 1");
    assert_eq!(account(&app, &authorization).0, 401);
}

#[test]
fn a_bad_token_is_refused_where_no_token_is_needed() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let register = |name: &str, authorization: String| {
        let body = json!({"username": name, "password": "pw"}).to_string();
        let request = host(app.client.post("/api/user/register/"), "localhost");
        let request = request.header(rocket::http::ContentType::JSON);
        let response = request.header(Header::new("Authorization", authorization)).body(body);
        let response = response.dispatch();
        (response.status().code, super::json(response))
    };
    assert_eq!(register("never_made", "Bearer garbage".into()), bad_token("Token is invalid"));
    assert_eq!(register("basic", "Basic YWxpY2U6eA==".into()).0, 201);
    assert_eq!(register("with_token", format!("Bearer {access}")).0, 201);
    let names = select(&app, "SELECT username FROM users WHERE username = 'never_made'");
    assert!(names.is_empty());
}

#[test]
fn the_token_addresses_do_not_look_at_the_header() {
    let app = app_with_users();
    let body = json!({"username": "alice", "password": "alice-pass"}).to_string();
    let request = host(app.client.post("/api/token/"), "localhost");
    let request = request.header(rocket::http::ContentType::JSON);
    let request = request.header(Header::new("Authorization", "Bearer garbage"));
    assert_eq!(request.body(body).dispatch().status(), Status::Ok);
}

#[test]
fn who_is_asking_comes_before_what_is_asked() {
    let app = app_with_users();
    let request = host(app.client.post("/api/user/register/"), "localhost");
    let request = request.header(rocket::http::ContentType::JSON);
    let request = request.header(Header::new("Authorization", "Bearer garbage"));
    let response = request.body("{").dispatch();
    let answer = (response.status().code, super::json(response));
    assert_eq!(answer, bad_token("Token is invalid"), "and not that the body is broken");
}
