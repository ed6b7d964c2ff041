use rocket::http::ContentType;
use rocket::serde::json::Value;

use super::{app_with_users, bearer, host, log_in, send};

#[test]
fn head_is_get_without_the_body() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let answer = send(bearer(app.client.head("/api/notes/"), &token), "");
    answer.is(200, Value::Null).has_header("Content-Type", "application/json");
}

#[test]
fn an_unknown_type_of_body_is_a_415_for_who_may_ask() {
    let app = app_with_users();
    let (token, _) = log_in(&app);
    let request = || app.client.post("/api/notes/").header(ContentType::Plain);
    send(bearer(request(), &token), "hello").has_status(415);
    send(host(request(), "localhost"), "hello").has_status(401);
}
