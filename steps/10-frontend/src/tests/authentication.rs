use rocket::http::{ContentType, Header, Method};
use rocket::serde::json::{Value, json};

use super::{
    Answer, App, app_with_users, client, hashes, host, log_in, post, read, select, send,
};

/// A request of note 001's API with this token.
fn ask(app: &App, method: Method, path: &str, token: &str, body: Value) -> Answer {
    let request = host(app.req(method, path.to_string()), "localhost");
    let authorization = Header::new("Authorization", format!("Token {token}"));
    send(request.header(ContentType::JSON).header(authorization), body.to_string())
}

fn put(app: &App, token: &str, user: Value) -> Answer {
    ask(app, Method::Put, "/api/user", token, json!({ "user": user }))
}

fn register(app: &App, user: Value) -> Answer {
    post(app, "/api/users", json!({ "user": user }))
}

fn log_in_by_email(app: &App, email: &str, password: &str) -> Answer {
    let user = json!({"email": email, "password": password});
    post(app, "/api/users/login", json!({ "user": user }))
}

/// Registers jake, and gives his token.
fn jake(app: &App) -> String {
    let jake = json!({"username": "jake", "email": "jake@jake.jake", "password": "jakejake"});
    token(register(app, jake).has_status(201))
}

fn token(answer: &Answer) -> String {
    answer.json()["user"]["token"].as_str().unwrap_or_default().into()
}

fn errors(answer: &Answer, fields: Value) {
    answer.is(422, json!({ "errors": fields }));
}

#[test]
fn a_registration_answers_the_user_in_an_envelope_without_the_password() {
    let app = client(&[]);
    let user = json!({"username": "jake", "email": "Jake@JAKE.jake", "password": "jakejake"});
    let answer = register(&app, user);
    let user = json!({"email": "Jake@jake.jake", "username": "jake", "bio": null,
        "image": null, "token": token(&answer)});
    answer.is(201, json!({ "user": user }));
}

#[test]
fn the_long_token_is_an_access_token_for_sixty_days() {
    let app = client(&[]);
    let token = jake(&app);
    let claims = read(&token);
    assert_eq!(claims["token_type"], "access", "the token_type in {claims}");
    let life =
        claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(end, begin)| end - begin);
    assert!(life.is_some_and(|life| (life - 5_184_000).abs() <= 5), "sixty days: {claims}");
    post(&app, "/api/token/refresh/", json!({ "refresh": token })).has_status(401);
    post(&app, "/api/token/blacklist/", json!({ "refresh": token })).has_status(401);
}

#[test]
fn name_and_email_that_are_taken_are_both_named() {
    let app = client(&[]);
    jake(&app);
    let email = json!(["A user with that email already exists."]);
    let again = json!({"username": "jake", "email": "jake@JAKE.jake", "password": "12345678"});
    let username = json!(["A user with that username already exists."]);
    errors(&register(&app, again), json!({"username": username, "email": email}));
    let other = json!({"username": "jack", "email": "jake@JAKE.JAKE", "password": "12345678"});
    errors(&register(&app, other), json!({ "email": email }));
    let other = json!({"username": "jack", "email": "Jake@jake.jake", "password": "12345678"});
    let answer = register(&app, other);
    answer.because("the part before the @ may have case").has_status(201);
}

#[test]
fn all_mistakes_are_reported_together() {
    let app = client(&[]);
    let required = json!(["This field is required."]);
    let all = json!({"username": required, "email": required, "password": required});
    errors(&register(&app, json!({})), all);
    let user = json!({"username": "a b", "email": "no", "password": "1234567"});
    let answer = register(&app, user).json();
    let mail = json!(["Enter a valid email address."]);
    assert_eq!(answer["errors"]["email"], mail, "{answer}");
    let short = json!(["Ensure this field has at least 8 characters."]);
    assert_eq!(answer["errors"]["password"], short, "{answer}");
    let long = json!({"username": "a", "email": "a@b.cd", "password": "x".repeat(129)});
    let message = json!(["Ensure this field has no more than 128 characters."]);
    errors(&register(&app, long), json!({ "password": message }));
}

#[test]
fn a_body_without_the_envelope_is_told_so() {
    let app = client(&[]);
    let dictionary = |kind| format!("Invalid data. Expected a dictionary, but got {kind}.");
    for path in ["/api/users", "/api/users/login"] {
        for (body, field, message) in [
            (json!({}), "user", "This field is required.".to_string()),
            (json!({"username": "a"}), "user", "This field is required.".into()),
            (json!({"user": null}), "user", "This field may not be null.".into()),
            (json!({"user": []}), "user", dictionary("list")),
            (json!({"user": "a"}), "user", dictionary("str")),
            (json!([]), "non_field_errors", dictionary("list")),
        ] {
            errors(&post(&app, path, body), json!({ field: [message] }));
        }
        let broken = post(&app, path, "{\"user\": ");
        broken.because("what is no JSON has no fields").has_status(400);
    }
    let request = host(app.client.post("/api/users"), "localhost").header(ContentType::Form);
    let message = dictionary("str");
    errors(&send(request, "user=jake"), json!({ "user": [message] }));
}

#[test]
fn a_log_in_by_email_takes_the_domain_in_any_case() {
    let app = client(&[]);
    jake(&app);
    for email in ["jake@jake.jake", "jake@JAKE.Jake", " jake@jake.jake "] {
        let answer = log_in_by_email(&app, email, "jakejake");
        answer.has_status(200);
        assert_eq!(answer.json()["user"]["username"], "jake", "{}", answer.body);
    }
}

#[test]
fn a_log_in_that_fails_has_one_answer_and_costs_one_hash() {
    let app = app_with_users();
    jake(&app);
    select(&app, "UPDATE users SET email = 'bob@example.com' WHERE username = 'bob'");
    for (email, password) in [
        ("jake@jake.jake", "wrong"),
        ("nobody@jake.jake", "jakejake"),
        ("bob@example.com", "bob-pass"),
        ("jake", "jakejake"),
    ] {
        let before = hashes(&app);
        let answer = log_in_by_email(&app, email, password);
        let message = "A user with this email and password was not found.";
        errors(&answer, json!({"non_field_errors": [message]}));
        assert_eq!(hashes(&app) - before, 1, "hashes for {email} with {password}");
    }
}

#[test]
fn a_user_without_an_email_cannot_be_found_by_it() {
    let app = app_with_users();
    let blank = json!(["This field may not be blank."]);
    errors(&log_in_by_email(&app, "", "alice-pass"), json!({ "email": blank }));
    log_in_by_email(&app, "alice", "alice-pass").has_status(422);
}

#[test]
fn a_log_in_by_email_is_remembered_too() {
    let app = client(&[("UPDATE_LAST_LOGIN", "true")]);
    jake(&app);
    let remembered = "SELECT username FROM users WHERE last_login IS NOT NULL";
    assert!(select(&app, remembered).is_empty(), "a registration is no log-in");
    log_in_by_email(&app, "jake@jake.jake", "jakejake").has_status(200);
    assert_eq!(select(&app, remembered), ["jake"], "the users with a last_login");
}

#[test]
fn ones_own_user_wants_an_access_token_after_either_word() {
    let app = app_with_users();
    let token = jake(&app);
    let ask = |authorization: String| {
        let request = host(app.client.get("/api/user"), "localhost");
        send(request.header(Header::new("Authorization", authorization)), "")
    };
    for word in ["Token", "Bearer"] {
        ask(format!("{word} {token}")).has_status(200);
    }
    let (access, refresh) = log_in(&app);
    ask(format!("Token {access}")).because("an access token of a pair").has_status(200);
    for authorization in ["", "Token", "token x", "Token x", &format!("Token {refresh}")] {
        ask(authorization.to_string()).has_status(401);
    }
    let request = host(app.client.get("/api/notes/"), "localhost");
    let request = request.header(Header::new("Authorization", format!("Token {token}")));
    send(request, "").because("the notes have the other backend").has_status(401);
}

#[test]
fn only_what_is_sent_is_changed() {
    let app = client(&[]);
    let token = jake(&app);
    let image = "https://example.com/jake.png";
    put(&app, &token, json!({"bio": "I skate", "image": image})).has_status(200);
    let user =
        ask(&app, Method::Patch, "/api/user", &token, json!({"user": {"username": "j"}}));
    let user = user.has_status(200).json()["user"].clone();
    let kept = [&user["username"], &user["email"], &user["bio"], &user["image"]];
    assert_eq!(kept, ["j", "jake@jake.jake", "I skate", image], "{user}");
    let user = put(&app, &token, json!({"bio": null, "image": ""})).json()["user"].clone();
    assert!(user["bio"].is_null() && user["image"].is_null(), "both are cleared: {user}");
}

#[test]
fn a_change_that_is_refused_changes_nothing() {
    let app = app_with_users();
    let token = jake(&app);
    let blank = json!(["This field may not be blank."]);
    let change = json!({"email": "", "username": "", "bio": "new"});
    errors(&put(&app, &token, change), json!({"email": blank, "username": blank}));
    let taken = json!(["A user with that username already exists."]);
    let change = json!({"username": "alice", "bio": "new"});
    errors(&put(&app, &token, change), json!({ "username": taken }));
    let own = json!({"username": "jake", "email": "jake@JAKE.jake"});
    put(&app, &token, own).because("nobody is in one's own way").has_status(200);
    assert_eq!(select(&app, "SELECT bio FROM users WHERE bio <> ''").len(), 0, "no bio");
}
