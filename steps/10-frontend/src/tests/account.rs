use rocket::http::{ContentType, Header};
use rocket::serde::json::{Value, json};

use super::{Answer, App, app_with_users, claims_with, get, host, log_in, select, send, sign};

/// The answer to `GET /api/account/` with this `Authorization`.
fn account(app: &App, authorization: &str) -> Answer {
    let request = host(app.client.get("/api/account/"), "localhost");
    send(request.header(Header::new("Authorization", authorization.to_string())), "")
}

fn not_provided() -> Value {
    json!({"detail": "Authentication credentials were not provided."})
}

fn bad_token(message: &str) -> Value {
    json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{"token_class": "AccessToken", "token_type": "access", "message": message}],
    })
}

#[test]
fn an_access_token_shows_ones_own_account_and_no_password() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let answer = json!({
        "id": 1, "username": "alice", "email": "", "first_name": "", "last_name": "",
    });
    account(&app, &format!("Bearer {access}")).is(200, answer);
}

#[test]
fn without_a_bearer_token_nobody_is_asking() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let answer = get(&app, "/api/account/");
    answer.is(401, not_provided());
    answer.has_header("WWW-Authenticate", "Bearer realm=\"api\"");
    for authorization in [
        "",
        "Basic YWxpY2U6eA==",
        &format!("Token {access}"),
        &format!("bearer {access}"),
        &format!("BEARER {access}"),
        &format!("Bearer{access}"),
        &access,
    ] {
        account(&app, authorization).is(401, not_provided());
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
        account(&app, authorization).is(401, answer.clone());
    }
    let (access, _) = log_in(&app);
    let spaces = account(&app, &format!("Bearer \t {access}"));
    spaces.because("any white space may be between two words").has_status(200);
}

#[test]
fn of_two_authorizations_neither_counts() {
    let app = app_with_users();
    let good = format!("Bearer {}", log_in(&app).0);
    let ask = |first: &str, second: &str| {
        let request = host(app.client.get("/api/account/"), "localhost");
        let request = request.header(Header::new("Authorization", first.to_string()));
        send(request.header(Header::new("Authorization", second.to_string())), "")
    };
    let words = json!({
        "detail": "Authorization header must contain two space-delimited values",
        "code": "bad_authorization_header",
    });
    ask(&good, &good).is(401, words.clone());
    ask(&good, "Bearer garbage").is(401, words.clone());
    ask("Bearer garbage", &good).is(401, words.clone());
    ask(&good, "Basic YWxpY2U6eA==").is(401, words);
    ask("Basic YWxpY2U6eA==", &good).is(401, not_provided());
    ask("", &good).is(401, not_provided());
}

#[test]
fn a_bad_token_is_told_what_is_wrong_with_it() {
    let app = app_with_users();
    let (_, refresh) = log_in(&app);
    let now = chrono::Utc::now().timestamp();
    let expired = sign(&claims_with("access", "exp", json!(now)));
    for (what, token, message) in [
        ("no token at all", "not-a-token", "Token is invalid"),
        ("exp is now", &expired, "Token is expired"),
        ("a refresh token", &refresh, "Token has wrong type"),
    ] {
        let answer = account(&app, &format!("Bearer {token}")).because(what);
        answer.is(401, bad_token(message));
    }
}

#[test]
fn a_good_token_of_a_user_who_is_gone_opens_nothing() {
    let app = app_with_users();
    let ask = |id: Value| {
        let token = sign(&claims_with("access", "user_id", id.clone()));
        account(&app, &format!("Bearer {token}")).because(format!("the user_id is {id}"))
    };
    let gone = json!({"detail": "User not found", "code": "user_not_found"});
    ask(json!("999999")).is(401, gone.clone());
    ask(json!("nobody")).is(401, gone);
    let inactive = json!({"detail": "User is inactive", "code": "user_inactive"});
    ask(json!("2")).is(401, inactive);
    let nobody = json!({
        "detail": "Token contained no recognizable user identification",
        "code": "token_not_valid",
    });
    ask(Value::Null).is(401, nobody);
    ask(json!(1)).because("a number, as in older tokens").has_status(200);
}

#[test]
fn a_user_is_looked_up_for_every_request() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let authorization = format!("Bearer {access}");
    account(&app, &authorization).has_status(200);
    select(&app, "UPDATE users SET is_active = FALSE WHERE id = 1");
    account(&app, &authorization).because("the user was switched off").has_status(401);
}

#[test]
fn a_bad_token_is_refused_where_no_token_is_needed() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let register = |name: &str, authorization: String| {
        let body = json!({"username": name, "password": "pw"}).to_string();
        let request = host(app.client.post("/api/user/register/"), "localhost");
        let request = request.header(ContentType::JSON);
        send(request.header(Header::new("Authorization", authorization)), body)
    };
    register("never_made", "Bearer garbage".into()).is(401, bad_token("Token is invalid"));
    register("basic", "Basic YWxpY2U6eA==".into()).has_status(201);
    register("with_token", format!("Bearer {access}")).has_status(201);
    let names = select(&app, "SELECT username FROM users WHERE username = 'never_made'");
    assert!(names.is_empty(), "who is refused must not be registered: {names:?}");
}

#[test]
fn the_token_addresses_do_not_look_at_the_header() {
    let app = app_with_users();
    let body = json!({"username": "alice", "password": "alice-pass"}).to_string();
    let request = host(app.client.post("/api/token/"), "localhost").header(ContentType::JSON);
    send(request.header(Header::new("Authorization", "Bearer garbage")), body).has_status(200);
}

#[test]
fn who_is_asking_comes_before_what_is_asked() {
    let app = app_with_users();
    let request = host(app.client.post("/api/user/register/"), "localhost");
    let request = request.header(ContentType::JSON);
    let answer = send(request.header(Header::new("Authorization", "Bearer garbage")), "{");
    let answer = answer.because("the token is refused, and not the broken body");
    answer.is(401, bad_token("Token is invalid"));
}
