use rocket::http::ContentType;
use rocket::serde::json::json;

use super::{App, bearer, client, post, send};

/// A user's access token.
fn token(app: &App, name: &str) -> String {
    let user = json!({"username": name, "password": "pw"});
    post(app, "/api/user/register/", user.clone()).has_status(201);
    post(app, "/api/token/", user).text("access")
}

fn write(app: &App, token: &str, title: &str, content: &str) {
    let request = bearer(app.client.post("/api/notes/"), token).header(ContentType::JSON);
    let answer = send(request, json!({"title": title, "content": content}).to_string());
    answer.because("a note can still be written").has_status(201);
}

/// A search finds the notes with these titles.
#[track_caller]
fn finds(app: &App, token: &str, query: &str, titles: &[&str]) {
    let answer = send(bearer(app.client.get(format!("/api/notes/{query}")), token), "");
    answer.has_status(200);
    let notes = answer.json();
    let found: Vec<_> = notes.as_array().into_iter().flatten().map(|n| &n["title"]).collect();
    answer.must(found == titles, &format!("the notes with the titles {titles:?}"));
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
    finds(&app, &alice, "?search=milk", &["Milk", "Bread"]);
    finds(&app, &alice, "?search=MILK", &["Milk", "Bread"]);
    finds(&app, &alice, "?search=two%20liters", &["Milk"]);
    finds(&app, &alice, "?search=cheese", &[]);
}

#[test]
fn a_search_finds_nothing_of_someone_else() {
    let (app, alice) = notes();
    finds(&app, &alice, "?search=eve", &[]);
    finds(&app, &alice, "?search=milk", &["Milk", "Bread"]);
}

#[test]
fn the_signs_of_like_are_letters_here() {
    let (app, alice) = notes();
    finds(&app, &alice, "?search=%25", &["Rent"]);
    finds(&app, &alice, "?search=_", &["Rent"]);
    finds(&app, &alice, "?search=%27%20OR%201=1", &[]);
}

#[test]
fn without_a_search_all_are_there() {
    let (app, alice) = notes();
    finds(&app, &alice, "", &["Milk", "Bread", "Rent"]);
    finds(&app, &alice, "?search=", &["Milk", "Bread", "Rent"]);
}
