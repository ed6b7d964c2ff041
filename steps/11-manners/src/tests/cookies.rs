use rocket::http::{ContentType, Cookie, Header, Method, SameSite};
use rocket::serde::json::json;
use rocket::time::Duration;

use super::answer::Answer;
use super::{App, app_with_users, app_with_users_and, client, host, origin, read, refusal};
use super::{accepted, select, send};

const LOG_IN: &str = "/api/token/";
const REFRESH: &str = "/api/token/refresh/";
const LOG_OUT: &str = "/api/token/blacklist/";

const REQUIRED: &str = "This field is required.";

/// A POST with this value of the client's header, and with this cookie or, as in a browser, with
/// the one that was set last.
fn post(app: &App, path: &'static str, header: &'static str, token: Option<&str>) -> Answer {
    let request = host(app.post(path), "localhost").header(ContentType::JSON);
    let mut request = request.header(Header::new("X-Refresh-Cookie", header));
    if let Some(token) = token {
        request = request.cookie(("refresh", token.to_string()));
    }
    let body = match path {
        LOG_IN => json!({"username": "alice", "password": "alice-pass"}),
        _ => json!({}),
    };
    send(request, body.to_string())
}

/// The cookie that an answer sets.
#[track_caller]
fn cookie(answer: &Answer) -> Cookie<'static> {
    let text = answer.header("Set-Cookie").to_string();
    answer.must(!text.is_empty(), "a cookie");
    Cookie::parse(text).expect("a cookie")
}

fn used(app: &App) -> String {
    select(app, "SELECT CAST(COUNT(*) AS TEXT) FROM blacklisted_tokens").concat()
}

#[test]
fn the_cookie_is_for_the_token_addresses_and_for_no_script() {
    let app = app_with_users();
    let answer = post(&app, LOG_IN, "1", None);
    let cookie = cookie(&answer);
    let claims = read(cookie.value());
    answer.must(claims["token_type"] == "refresh", "a refresh token in the cookie");
    answer.must(cookie.name() == "refresh", "the name that the chapter gives it");
    answer.must(cookie.http_only() == Some(true), "HttpOnly: no script reads it");
    answer.must(cookie.secure() == Some(true), "Secure: it does not travel in the clear");
    let strict = cookie.same_site() == Some(SameSite::Strict);
    answer.must(strict, "SameSite=Strict: no other site's page has it sent");
    answer.must(cookie.path() == Some("/api/token/"), "no other address gets it");
    answer.must(cookie.domain().is_none(), "no other host gets it");
    let lifetime = Some(Duration::seconds(86_400));
    answer.must(cookie.max_age() == lifetime, "it ends with its token");
}

#[test]
fn it_lives_as_long_as_its_token() {
    let app = app_with_users_and(&[("REFRESH_TOKEN_LIFETIME", "600")]);
    let answer = post(&app, LOG_IN, "1", None);
    let lifetime = Some(Duration::seconds(600));
    answer.must(cookie(&answer).max_age() == lifetime, "Max-Age=600");
}

#[test]
fn a_token_in_the_cookie_is_not_in_the_body_too() {
    let app = app_with_users();
    for path in [LOG_IN, REFRESH] {
        let answer = post(&app, path, "1", None);
        answer.has_status(200);
        answer.must(answer.json()["refresh"].is_null(), "no refresh token in the body");
        answer.text("access");
        cookie(&answer);
    }
}

#[test]
fn without_the_header_it_is_neither_set_nor_read() {
    let app = app_with_users();
    post(&app, LOG_IN, "1", None);
    for header in ["", "0", "true", "yes, please"] {
        let answer = post(&app, LOG_IN, header, None).because(header);
        answer.has_header("Set-Cookie", "");
        answer.text("refresh");
        for path in [REFRESH, LOG_OUT] {
            let answer = post(&app, path, header, None).because(header);
            answer.is(400, json!({"refresh": [REQUIRED]})).has_header("Set-Cookie", "");
        }
    }
    assert_eq!(used(&app), "0", "and nothing was done with the token in it");
}

#[test]
fn a_refresh_changes_the_token_in_the_cookie() {
    let app = app_with_users();
    let first = cookie(&post(&app, LOG_IN, "1", None)).value().to_string();
    let answer = post(&app, REFRESH, "1", None);
    let second = cookie(&answer).value().to_string();
    answer.must(first != second, "another token than before");
    let answer = post(&app, REFRESH, "1", Some(&first)).because("it is used up");
    answer.has_status(401);
    answer.because("a newer one may have come meanwhile").has_header("Set-Cookie", "");
    post(&app, REFRESH, "1", Some(&second)).because("it is the newest").has_status(200);
}

#[test]
fn without_rotation_the_cookie_stays() {
    let app = app_with_users_and(&[("ROTATE_REFRESH_TOKENS", "false")]);
    post(&app, LOG_IN, "1", None);
    for _ in 0..2 {
        let answer = post(&app, REFRESH, "1", None);
        answer.has_status(200).has_header("Set-Cookie", "");
    }
}

#[test]
fn a_log_out_ends_the_log_in_and_takes_the_cookie() {
    let app = app_with_users();
    let token = cookie(&post(&app, LOG_IN, "1", None)).value().to_string();
    let answer = post(&app, LOG_OUT, "1", None);
    answer.is(200, json!({}));
    let gone = cookie(&answer);
    answer.must(gone.value().is_empty(), "an empty cookie");
    answer.must(gone.max_age() == Some(Duration::ZERO), "that ends at once");
    let place = (gone.path(), gone.secure(), gone.http_only());
    answer.must(place == (Some("/api/token/"), Some(true), Some(true)), "in the same place");
    post(&app, REFRESH, "1", Some(&token)).because("it is revoked").has_status(401);
}

#[test]
fn whoever_wants_out_is_out_of_this_browser_whatever_the_token_is() {
    let app = app_with_users();
    let used = cookie(&post(&app, LOG_IN, "1", None)).value().to_string();
    post(&app, LOG_OUT, "1", None).has_status(200);
    for token in [used.as_str(), "no token", ""] {
        let answer = post(&app, LOG_OUT, "1", Some(token)).because(token);
        answer.has_status(401);
        answer.must(cookie(&answer).max_age() == Some(Duration::ZERO), "a cookie that ends");
    }
}

#[test]
fn where_there_is_no_cookie_the_body_has_the_token() {
    let app = app_with_users();
    let (_, token) = super::log_in(&app);
    let request = host(app.post(REFRESH), "localhost").header(ContentType::JSON);
    let request = request.header(Header::new("X-Refresh-Cookie", "1"));
    let answer = send(request, json!({ "refresh": token }).to_string());
    answer.has_status(200);
    cookie(&answer);
}

#[test]
fn verify_knows_no_cookie() {
    let app = app_with_users();
    post(&app, LOG_IN, "1", None);
    let answer = post(&app, "/api/token/verify/", "1", None);
    answer.is(400, json!({"token": [REQUIRED]}));
}

#[test]
fn only_a_developer_may_do_without_secure() {
    const OFF: (&str, &str) = ("REFRESH_COOKIE_SECURE", "false");
    let app = app_with_users_and(&[OFF]);
    let answer = post(&app, LOG_IN, "1", None);
    answer.must(cookie(&answer).secure() != Some(true), "a cookie that Safari takes here");
    let key = ("SECRET_KEY", "a key of thirty-two bytes or more");
    let production = [("DEBUG", "false"), ("ALLOWED_HOSTS", "example.com"), key];
    refusal(&[&production[..], &[OFF]].concat(), "REFRESH_COOKIE_SECURE is off");
    assert!(accepted(&production).refresh_cookie_secure, "without the setting it is on");
}

/// What another site's page is told before the browser sends its POST.
fn preflight(vars: &[(&str, &str)]) -> Answer {
    let app = client(vars);
    let request = origin(app.req(Method::Options, REFRESH), "https://app.example.com");
    let request = request.header(Header::new("Access-Control-Request-Method", "POST"));
    let asked = "content-type, x-refresh-cookie";
    send(request.header(Header::new("Access-Control-Request-Headers", asked)), "")
}

#[test]
fn no_other_site_may_send_the_header() {
    let all = ("CORS_ALLOW_ALL_ORIGINS", "true");
    let other = ("CORS_ALLOWED_ORIGINS", "https://other.example.com");
    let named = ("CORS_ALLOWED_ORIGINS", "https://app.example.com");
    let cookies = ("CORS_ALLOW_CREDENTIALS", "true");
    for vars in [&[][..], &[all], &[other], &[other, cookies], &[named]] {
        let answer = preflight(vars).because(format!("started with {vars:?}"));
        let headers = answer.header("Access-Control-Allow-Headers").to_ascii_lowercase();
        let named = !answer.header("Access-Control-Allow-Origin").is_empty();
        answer.must(answer.status >= 400 || !named, "a preflight that fails");
        answer.must(!headers.contains("x-refresh-cookie"), "the header is not allowed");
    }
}

#[test]
fn a_site_that_is_named_and_may_send_cookies_may_send_the_header() {
    let named = ("CORS_ALLOWED_ORIGINS", "https://app.example.com");
    let answer = preflight(&[named, ("CORS_ALLOW_CREDENTIALS", "true")]);
    answer.has_status(204).has_header("Access-Control-Allow-Credentials", "true");
    let headers = answer.header("Access-Control-Allow-Headers").to_ascii_lowercase();
    answer.must(headers.contains("x-refresh-cookie"), "the header is allowed");
}
