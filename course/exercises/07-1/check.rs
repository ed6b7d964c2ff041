use rocket::http::Header;
use rocket::serde::json::{Value, json};

use super::{App, client, host, json as body_of, post};

/// A user's access token.
fn token(app: &App, name: &str) -> String {
    let user = json!({"username": name, "password": "pw"});
    post(app, "/api/user/register/", user.clone());
    let pair = body_of(post(app, "/api/token/", user));
    pair["access"].as_str().expect("a token").to_string()
}

fn write(app: &App, token: &str, title: &str, content: &str) {
    let request = host(app.client.post("/api/notes/"), "localhost");
    let request = request.header(Header::new("Authorization", format!("Bearer {token}")));
    let body = json!({"title": title, "content": content}).to_string();
    let response = request.header(rocket::http::ContentType::JSON).body(body).dispatch();
    assert_eq!(response.status().code, 201, "a note can still be written");
}

/// The titles that a search finds.
fn titles(app: &App, token: &str, query: &str) -> Vec<Value> {
    let request = host(app.client.get(format!("/api/notes/{query}")), "localhost");
    let request = request.header(Header::new("Authorization", format!("Bearer {token}")));
    let response = request.dispatch();
    assert_eq!(response.status().code, 200, "{query}");
    assert_eq!(super::header(&response, "Allow"), "GET, POST, HEAD, OPTIONS", "{query}");
    let notes = body_of(response);
    notes.as_array().expect("a list").iter().map(|note| note["title"].clone()).collect()
}

fn notes() -> (App, String) {
    let app = client(&[]);
    let (alice, eve) = (token(&app, "alice"), token(&app, "eve"));
    write(&app, &alice, "Milk", "Two liters");
    write(&app, &eve, "Milk of eve", "milk");
    write(&app, &alice, "Bread", "and buttermilk");
    write(&app, &alice, "Rent", "5% more_ than before");
    (app, alice)
}

#[test]
fn a_search_finds_titles_and_contents_in_any_case() {
    let (app, alice) = notes();
    assert_eq!(titles(&app, &alice, "?search=milk"), ["Milk", "Bread"]);
    assert_eq!(titles(&app, &alice, "?search=MILK"), ["Milk", "Bread"]);
    assert_eq!(titles(&app, &alice, "?search=two%20liters"), ["Milk"]);
    assert_eq!(titles(&app, &alice, "?search=cheese"), Vec::<Value>::new());
}

#[test]
fn a_search_finds_nothing_of_someone_else() {
    let (app, alice) = notes();
    assert_eq!(titles(&app, &alice, "?search=eve"), Vec::<Value>::new());
    assert_eq!(titles(&app, &alice, "?search=milk").len(), 2);
}

#[test]
fn the_signs_of_like_are_letters_here() {
    let (app, alice) = notes();
    assert_eq!(titles(&app, &alice, "?search=%25"), ["Rent"]);
    assert_eq!(titles(&app, &alice, "?search=_"), ["Rent"]);
    assert_eq!(titles(&app, &alice, "?search=%27%20OR%201=1"), Vec::<Value>::new());
}

#[test]
fn without_a_search_all_are_there() {
    let (app, alice) = notes();
    assert_eq!(titles(&app, &alice, ""), ["Milk", "Bread", "Rent"]);
    assert_eq!(titles(&app, &alice, "?search="), ["Milk", "Bread", "Rent"]);
}
