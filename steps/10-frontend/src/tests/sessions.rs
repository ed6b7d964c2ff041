use rocket::http::{ContentType, Method};
use rocket::serde::json::{Value, json};

use super::{
    Answer, App, app_with_users, bearer, claims, log_in, post, read, rows, select, send, sign,
};

const WRONG: &str = "Your old password was entered incorrectly. Please enter it again.";

/// A request with this access token.
fn ask(app: &App, method: Method, path: &str, token: &str, body: Value) -> Answer {
    let request = bearer(app.req(method, path.to_string()), token);
    send(request.header(ContentType::JSON), body.to_string())
}

fn new_password(app: &App, access: &str, old: &str, new: &str) -> Answer {
    let body = json!({"old_password": old, "new_password": new});
    ask(app, Method::Post, "/api/account/password/", access, body)
}

fn refresh(app: &App, token: &str) -> Answer {
    post(app, "/api/token/refresh/", json!({ "refresh": token }))
}

/// An access token opens one's own account.
fn opens(app: &App, access: &str) -> bool {
    ask(app, Method::Get, "/api/account/", access, Value::Null).status == 200
}

/// Nothing of a log-in goes on.
#[track_caller]
fn is_over(app: &App, (access, token): &(String, String)) {
    let answer = ask(app, Method::Get, "/api/account/", access, Value::Null);
    answer.has_status(401);
    let message = &answer.json()["messages"][0]["message"];
    assert_eq!(message, "Token is blacklisted", "what is wrong with the access token");
    let answer = refresh(app, token);
    answer.is(401, json!({"detail": "Token is blacklisted", "code": "token_not_valid"}));
}

#[test]
fn a_new_password_ends_what_was_open_and_nothing_else() {
    let app = app_with_users();
    select(&app, "UPDATE users SET is_active = TRUE WHERE username = 'bob'");
    let bob = json!({"username": "bob", "password": "bob-pass"});
    let bob = post(&app, "/api/token/", bob).text("access");
    let (old, other) = (log_in(&app), log_in(&app));

    let answer = new_password(&app, &old.0, "alice-pass", "a new phrase");
    answer.has_status(200);
    is_over(&app, &old);
    is_over(&app, &other);
    assert!(opens(&app, &answer.text("access")), "the pair of the answer must work");
    let next = refresh(&app, &answer.text("refresh"));
    assert!(opens(&app, &next.text("access")), "and so must what is made of it");
    assert!(opens(&app, &bob), "another user must notice nothing");

    let alice = |password| json!({"username": "alice", "password": password});
    post(&app, "/api/token/", alice("alice-pass")).has_status(401);
    post(&app, "/api/token/", alice("a new phrase")).has_status(200);
}

#[test]
fn a_new_password_by_the_other_api_ends_it_too() {
    let app = app_with_users();
    let old = log_in(&app);
    let change = json!({"user": {"password": "a new phrase"}});
    let answer = ask(&app, Method::Put, "/api/user", &old.0, change);
    answer.has_status(200);
    is_over(&app, &old);
    let token = answer.json()["user"]["token"].as_str().unwrap_or_default().to_string();
    assert!(opens(&app, &token), "the token of the answer must work");
    let change = json!({"user": {"bio": "no new password"}});
    ask(&app, Method::Put, "/api/user", &token, change).has_status(200);
    assert!(opens(&app, &token), "another change must end nothing");
}

#[test]
fn to_log_out_everywhere_ends_all_and_keeps_the_password() {
    let app = app_with_users();
    let (one, two) = (log_in(&app), log_in(&app));
    let answer = ask(&app, Method::Delete, "/api/account/sessions/", &one.0, Value::Null);
    answer.is(204, Value::Null);
    is_over(&app, &one);
    is_over(&app, &two);
    let (access, _) = log_in(&app);
    assert!(opens(&app, &access), "a log-in after that");
}

#[test]
fn a_token_without_a_stamp_is_good_until_something_is_ended() {
    let app = app_with_users();
    let (django, pair) = (sign(&claims("access")), log_in(&app));
    assert!(read(&pair.0).get("stamp").is_none(), "our tokens look like Django's at first");
    assert!(opens(&app, &django), "a token of SimpleJWT's");
    ask(&app, Method::Delete, "/api/account/sessions/", &pair.0, Value::Null).has_status(204);
    assert!(!opens(&app, &django), "it was given out before");
    let stamp = read(&log_in(&app).0)["stamp"].clone();
    let stored = rows(&app.database, "SELECT stamp FROM users WHERE username = 'alice'");
    assert_eq!(stored, [stamp.as_str().unwrap_or_default()], "new tokens say the stamp");
}

#[test]
fn the_old_password_must_be_right() {
    let app = app_with_users();
    let old = log_in(&app);
    let answer = new_password(&app, &old.0, "alice", "a new phrase");
    answer.is(400, json!({"old_password": [WRONG]}));
    assert!(opens(&app, &old.0), "nothing ends when it is refused");
    let required = json!(["This field is required."]);
    let all = json!({"old_password": required, "new_password": required});
    ask(&app, Method::Post, "/api/account/password/", &old.0, json!({})).is(400, all);
}

#[test]
fn a_weak_password_is_told_why() {
    let app = app_with_users();
    let names = "UPDATE users SET first_name = 'Liddell', email = 'wonder@land.example'
                 WHERE username = 'alice'";
    select(&app, names);
    let (access, _) = log_in(&app);
    let short = "This password is too short. It must contain at least 8 characters.";
    let digits = "This password is entirely numeric.";
    for (new, messages) in [
        ("alice1", json!(["The password is too similar to the username.", short])),
        ("ALICE-cil", json!(["The password is too similar to the username."])),
        ("lliddell", json!(["The password is too similar to the first name."])),
        ("wonder12", json!(["The password is too similar to the email address."])),
        ("Passw0rd", json!(["This password is too common."])),
        ("24682468", json!([digits])),
        ("2468", json!([short, digits])),
    ] {
        let answer = new_password(&app, &access, "alice-pass", new);
        answer.is(400, json!({ "new_password": messages }));
    }
    let answer = new_password(&app, &access, "no", "24682468");
    answer.is(400, json!({"old_password": [WRONG], "new_password": [digits]}));
}

#[test]
fn ones_own_account_can_be_changed() {
    let app = app_with_users();
    let (access, _) = log_in(&app);
    let change = |body| ask(&app, Method::Patch, "/api/account/", &access, body);
    let body = json!({"first_name": "Alice", "email": "alice@EXAMPLE.com", "username": "root"});
    let account = json!({"id": 1, "username": "alice", "email": "alice@example.com",
        "first_name": "Alice", "last_name": ""});
    change(body).is(200, account.clone());
    change(json!({})).because("nothing was sent").is(200, account);
    change(json!({"first_name": "", "email": ""})).has_status(200);
    let null_message = json!(["This field may not be null."]);
    let answer = change(json!({"last_name": null, "email": null}));
    answer.is(400, json!({"last_name": null_message, "email": null_message}));
}
