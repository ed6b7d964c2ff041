use rocket::http::{ContentType, Cookie, Header};
use rocket::serde::json::{Value, json};
use rocket::time::Duration;

use super::answer::Answer;
use super::{App, app_with_users, host, read, send};

/// A POST of a client that asks for the cookie, and sends the one that it has.
fn post(app: &App, path: &'static str, body: Value) -> Answer {
    let request = host(app.post(path), "localhost").header(ContentType::JSON);
    send(request.header(Header::new("X-Refresh-Cookie", "1")), body.to_string())
}

fn log_in(app: &App, remember: Option<Value>) -> Answer {
    let mut body = json!({"username": "alice", "password": "alice-pass"});
    if let Some(remember) = remember {
        body["remember"] = remember;
    }
    post(app, "/api/token/", body)
}

/// The cookie that an answer sets.
#[track_caller]
fn cookie(answer: &Answer) -> Cookie<'static> {
    answer.has_status(200);
    Cookie::parse(answer.header("Set-Cookie").to_string()).expect("an answer with a cookie")
}

#[test]
fn a_cookie_that_is_not_to_be_remembered_ends_with_the_browser() {
    let app = app_with_users();
    let answer = log_in(&app, Some(false.into()));
    let cookie = cookie(&answer);
    answer.must(cookie.max_age().is_none(), "no Max-Age");
    answer.must(cookie.expires().is_none(), "no Expires");
    let kept = cookie.http_only() == Some(true) && cookie.path() == Some("/api/token/");
    answer.must(kept, "and all else as it was");
    answer.must(read(cookie.value())["session"] == true, "a claim `session` that is true");
}

#[test]
fn a_refresh_keeps_to_it() {
    let app = app_with_users();
    log_in(&app, Some(false.into())).has_status(200);
    for _ in 0..2 {
        let answer = post(&app, "/api/token/refresh/", json!({}));
        let cookie = cookie(&answer);
        answer.must(cookie.max_age().is_none(), "no Max-Age");
        answer.must(read(cookie.value())["session"] == true, "the claim is still there");
    }
}

#[test]
fn all_others_are_remembered() {
    let app = app_with_users();
    for remember in [None, Some(true.into()), Some("false".into()), Some(Value::Null)] {
        let said = format!("remember: {remember:?}");
        let answer = log_in(&app, remember).because(said);
        let cookie = cookie(&answer);
        answer.must(cookie.max_age() == Some(Duration::seconds(86_400)), "Max-Age=86400");
        answer.must(read(cookie.value())["session"].is_null(), "no claim `session`");
    }
    let answer = post(&app, "/api/token/refresh/", json!({}));
    answer.must(cookie(&answer).max_age().is_some(), "a refresh remembers as well");
}
