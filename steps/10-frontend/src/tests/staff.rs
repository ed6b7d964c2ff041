use rocket::serde::json::{Value, json};

use super::{Answer, App, app_with_users, bearer, get, log_in, select, send};

/// Alice and bob, and alice is staff: her access token.
fn alice_is_staff(app: &App) -> String {
    select(app, "UPDATE users SET is_staff = TRUE WHERE username = 'alice'");
    log_in(app).0
}

fn list(app: &App, access: &str, query: &str) -> Answer {
    send(bearer(app.get(format!("/api/accounts/{query}")), access), "")
}

/// The names on a page.
fn names(answer: &Answer) -> Vec<Value> {
    let results = answer.json()["results"].as_array().cloned().unwrap_or_default();
    results.into_iter().map(|user| user["username"].clone()).collect()
}

#[test]
fn staff_sees_all_users_and_no_password() {
    let app = app_with_users();
    let access = alice_is_staff(&app);
    let row = |id, name, active, staff| {
        json!({"id": id, "username": name, "email": "", "is_active": active,
            "is_staff": staff, "last_login": null})
    };
    let rows = [row(1, "alice", true, true), row(2, "bob", false, false)];
    let page = json!({"count": 2, "next": null, "previous": null, "results": rows});
    list(&app, &access, "").is(200, page);
}

#[test]
fn nobody_else_sees_it() {
    let app = app_with_users();
    get(&app, "/api/accounts/").has_status(401);
    let (access, _) = log_in(&app);
    let no = json!({"detail": "You do not have permission to perform this action."});
    list(&app, &access, "").is(403, no);
}

#[test]
fn a_list_comes_page_by_page() {
    let app = app_with_users();
    let access = alice_is_staff(&app);
    let address = "http://localhost/api/accounts/?";
    let first = list(&app, &access, "?page_size=1");
    assert_eq!(names(&first), ["alice"], "page 1 of 2");
    assert_eq!(first.json()["next"], format!("{address}page=2&page_size=1"), "the next");
    assert_eq!(first.json()["previous"], Value::Null, "before the first is none");
    let second = list(&app, &access, "?page_size=1&page=2");
    assert_eq!(names(&second), ["bob"], "page 2 of 2");
    assert_eq!(second.json()["previous"], format!("{address}page_size=1"), "the first");
    assert_eq!(names(&list(&app, &access, "?page_size=1&page=last")), ["bob"], "the last");
    for size in ["0", "-1", "x", "", "99999999999999999999"] {
        let all = list(&app, &access, &format!("?page_size={size}"));
        assert_eq!(names(&all), ["alice", "bob"], "a page_size of {size:?} is passed over");
    }
    for page in ["0", "2", "-1", "x", "99999999999999999999"] {
        let none = list(&app, &access, &format!("?page={page}"));
        none.is(404, json!({"detail": "Invalid page."}));
    }
}
