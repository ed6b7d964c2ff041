use rocket::serde::json::Value;

use super::{App, app_with_users, bearer, log_in, select, send};

/// What the list answers to alice, who is staff.
fn list(app: &App, query: &str) -> Value {
    let (access, _) = log_in(app);
    let request = bearer(app.get(format!("/api/accounts/?{query}")), &access);
    let answer = send(request, "");
    answer.has_status(200);
    answer.json()
}

fn names(page: &Value) -> Vec<&str> {
    let results = page["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    results.iter().filter_map(|user| user["username"].as_str()).collect()
}

fn app() -> App {
    let app = app_with_users();
    select(&app, "UPDATE users SET is_staff = TRUE WHERE username = 'alice'");
    select(
        &app,
        "INSERT INTO users (username, password, created_at, updated_at) SELECT column1, '', '', ''
         FROM (VALUES ('Alina'), ('a_b'), ('axb'))",
    );
    app
}

#[test]
fn only_users_whose_name_holds_the_letters_are_listed() {
    let app = app();
    let page = list(&app, "search=ALI");
    assert_eq!(names(&page), ["alice", "Alina"], "a search for ALI, in any case: {page}");
    assert_eq!(page["count"], 2, "only these are counted: {page}");
    let page = list(&app, "search=nobody");
    assert_eq!((names(&page), &page["count"]), (vec![], &Value::from(0)), "{page}");
}

#[test]
fn the_letters_of_like_are_letters() {
    let app = app();
    let page = list(&app, "search=a_b");
    assert_eq!(names(&page), ["a_b"], "`_` is no wildcard: {page}");
    let page = list(&app, "search=%25");
    assert_eq!(names(&page).len(), 0, "`%` is no wildcard: {page}");
}

#[test]
fn the_links_keep_the_search() {
    let app = app();
    let page = list(&app, "search=ali&page_size=1");
    let next = page["next"].as_str().unwrap_or_default().to_string();
    let query = next.split_once('?').map(|(_, query)| query).unwrap_or_default();
    assert_eq!(names(&list(&app, query)), ["Alina"], "the next page of the search: {next}");
}

#[test]
fn without_a_search_all_are_listed() {
    let app = app();
    assert_eq!(list(&app, "")["count"], 5, "without a search");
    assert_eq!(list(&app, "search=")["count"], 5, "with an empty one");
}
