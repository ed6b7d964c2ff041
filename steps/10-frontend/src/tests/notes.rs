use rocket::http::{ContentType, Method};
use rocket::serde::json::{Value, json};

use super::{
    Answer, App, app_with_users, bearer, claims_with, client, host, post, select, send, sign,
};

const NOT_FOUND: &str = "No Note matches the given query.";

/// Alice and eve, and a token of each.
struct Users {
    app: App,
    alice: String,
    eve: String,
}

fn users() -> Users {
    let app = client(&[]);
    let token = |name: &str| {
        let user = json!({"username": name, "password": "pw"});
        post(&app, "/api/user/register/", user.clone()).has_status(201);
        post(&app, "/api/token/", user).because("a user logs in").text("access")
    };
    let (alice, eve) = (token("alice"), token("eve"));
    Users { app, alice, eve }
}

/// The answer to the user with this token.
fn ask(app: &App, token: &str, method: Method, path: &str, body: &str) -> Answer {
    let request = app.client.req(method, path.to_string()).header(ContentType::JSON);
    send(bearer(request, token), body)
}

#[track_caller]
fn list(app: &App, token: &str) -> Value {
    let answer = ask(app, token, Method::Get, "/api/notes/", "");
    answer.has_status(200).json()
}

#[track_caller]
fn write(app: &App, token: &str, title: &str) -> Value {
    let body = json!({"title": title, "content": "c"}).to_string();
    let answer = ask(app, token, Method::Post, "/api/notes/", &body);
    answer.has_status(201).json()
}

#[test]
fn a_note_is_written_read_edited_and_deleted() {
    let Users { app, alice, .. } = users();
    assert_eq!(list(&app, &alice), json!([]), "a new user has no notes");
    let answer =
        ask(&app, &alice, Method::Post, "/api/notes/", r#"{"title": "First", "content": "c"}"#);
    let note = answer.json();
    let date = &note["created_at"];
    answer.is(
        201,
        json!({"id": 1, "title": "First", "content": "c", "created_at": date, "author": 1}),
    );
    let own = "/api/notes/1/";
    ask(&app, &alice, Method::Get, own, "").is(200, note.clone());

    let body =
        r#"{"title": "Edited", "content": "New", "id": 9, "author": 2, "created_at": "x"}"#;
    let expected = json!({
        "id": 1, "title": "Edited", "content": "New", "created_at": date, "author": 1,
    });
    ask(&app, &alice, Method::Put, own, body).is(200, expected);

    let expected = json!({
        "id": 1, "title": "Edited", "content": "patched", "created_at": date, "author": 1,
    });
    let body = r#"{"content": "patched"}"#;
    ask(&app, &alice, Method::Patch, own, body).is(200, expected.clone());
    ask(&app, &alice, Method::Patch, own, "{}").is(200, expected);

    ask(&app, &alice, Method::Delete, own, "").is(204, Value::Null);
    ask(&app, &alice, Method::Delete, own, "").because("it is deleted").has_status(404);
    assert_eq!(list(&app, &alice), json!([]), "a deleted note is not in the list");
}

#[test]
fn the_address_of_the_react_client_deletes_too() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    let path = "/api/notes/delete/1/";
    ask(&app, &alice, Method::Delete, path, "").has_status(204);
    ask(&app, &alice, Method::Delete, path, "").because("it is deleted").has_status(404);
}

#[test]
fn notes_are_listed_in_the_order_they_were_written() {
    let Users { app, alice, eve } = users();
    for title in ["b", "a", "c"] {
        write(&app, &alice, title);
        write(&app, &eve, "eve's");
    }
    ask(&app, &alice, Method::Patch, "/api/notes/1/", r#"{"title": "z"}"#).has_status(200);
    let notes = list(&app, &alice);
    let titles: Vec<_> = notes.as_array().into_iter().flatten().map(|n| &n["title"]).collect();
    assert_eq!(titles, ["z", "a", "c"], "the first note was edited, and is still the first");
}

#[test]
fn a_note_of_someone_else_does_not_exist() {
    let Users { app, alice, eve } = users();
    write(&app, &alice, "private");
    let body = r#"{"title": "t", "content": "c"}"#;
    for (method, path, body) in [
        (Method::Get, "/api/notes/1/", ""),
        (Method::Put, "/api/notes/1/", body),
        (Method::Put, "/api/notes/1/", "{"),
        (Method::Patch, "/api/notes/1/", body),
        (Method::Delete, "/api/notes/1/", ""),
        (Method::Delete, "/api/notes/delete/1/", ""),
    ] {
        let answer = ask(&app, &eve, method, path, body).because("eve asks for alice's note");
        answer.is(404, json!({ "detail": NOT_FOUND }));
    }
    assert_eq!(list(&app, &eve), json!([]), "eve's list must not have alice's note");
    let notes = list(&app, &alice);
    assert_eq!(notes[0]["title"], "private", "alice's note must be as it was: {notes}");
}

#[test]
fn the_author_is_who_asks_whatever_the_body_says() {
    let Users { app, alice, eve } = users();
    let body = r#"{"title": "t", "content": "c", "author": 1}"#;
    let answer = ask(&app, &eve, Method::Post, "/api/notes/", body);
    answer.must(answer.json()["author"] == 2, "eve, user 2, as the author");
    assert_eq!(list(&app, &alice), json!([]), "alice must not have eve's note");
}

#[test]
fn mistakes_are_named_by_field() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    let long = format!(r#"{{"title": "{}"}}"#, "ü".repeat(101));
    let length = "Ensure this field has no more than 100 characters.";
    let required = "This field is required.";
    for (method, path, body, answer) in [
        (
            Method::Post,
            "/api/notes/",
            "{}",
            json!({"title": [required], "content": [required]}),
        ),
        (Method::Post, "/api/notes/", &long, json!({"title": [length], "content": [required]})),
        (Method::Put, "/api/notes/1/", r#"{"title": "t"}"#, json!({"content": [required]})),
        (Method::Patch, "/api/notes/1/", &long, json!({"title": [length]})),
        (
            Method::Patch,
            "/api/notes/1/",
            r#"{"title": null}"#,
            json!({"title": ["This field may not be null."]}),
        ),
        (
            Method::Patch,
            "/api/notes/1/",
            r#"{"content": " \n "}"#,
            json!({"content": ["This field may not be blank."]}),
        ),
    ] {
        ask(&app, &alice, method, path, body).is(400, answer);
    }
}

#[test]
fn text_is_kept_as_it_is() {
    let Users { app, alice, .. } = users();
    let content = "<script>alert('x')</script>\r\nGrüße \u{1f600} %27;--";
    let body = json!({"title": " padded ", "content": content}).to_string();
    let answer = ask(&app, &alice, Method::Post, "/api/notes/", &body);
    let note = answer.json();
    let kept = note["title"] == "padded" && note["content"] == content;
    answer.must(kept, "the title without its spaces, and each character of the content");
}

#[test]
fn a_time_looks_as_django_writes_it() {
    let Users { app, alice, .. } = users();
    let note = write(&app, &alice, "x");
    let time = note["created_at"].as_str().unwrap_or_default();
    let read = chrono::DateTime::parse_from_rfc3339(time);
    let read = read.unwrap_or_else(|why| panic!("created_at must be a time: {note}, {why}"));
    let form = time.ends_with('Z') && (time.len() == 27 || time.len() == 20);
    assert!(form, "six digits of a second or none, and a Z at the end, but not {time}");
    let age = (chrono::Utc::now() - read.to_utc()).num_seconds();
    assert!(age.abs() < 60, "created_at must be now, but is {time}");
    select(&app, "UPDATE notes SET created_at = '2026-01-02T03:04:05+00:00'");
    let time = &list(&app, &alice)[0]["created_at"];
    assert_eq!(time, "2026-01-02T03:04:05Z", "a whole second has no digits after it");
}

#[test]
fn the_members_of_a_note_come_in_drfs_order() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    let answer = ask(&app, &alice, Method::Get, "/api/notes/1/", "");
    let (begin, end) =
        (r#"{"id":1,"title":"x","content":"c","created_at":""#, r#"Z","author":1}"#);
    let order = answer.body.starts_with(begin) && answer.body.ends_with(end);
    answer.must(order, &format!("{begin}…{end}"));
}

#[test]
fn an_id_is_never_given_out_again() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    ask(&app, &alice, Method::Delete, "/api/notes/1/", "").has_status(204);
    let note = write(&app, &alice, "y");
    assert_eq!(note["id"], 2, "the note after note 1, which was deleted: {note}");
}

#[test]
fn an_id_that_is_none_is_not_found() {
    let Users { app, alice, .. } = users();
    for (id, detail) in [
        ("0", NOT_FOUND),
        ("99999999999999999999", NOT_FOUND),
        ("abc", NOT_FOUND),
        ("-1", NOT_FOUND),
        ("1.0", NOT_FOUND),
        ("1/extra", "Not found."),
    ] {
        let path = format!("/api/notes/{id}/");
        ask(&app, &alice, Method::Get, &path, "").is(404, json!({ "detail": detail }));
    }
}

#[test]
fn without_a_token_there_are_no_notes() {
    let app = app_with_users();
    for (method, path) in [
        (Method::Get, "/api/notes/"),
        (Method::Post, "/api/notes/"),
        (Method::Get, "/api/notes/1/"),
        (Method::Put, "/api/notes/1/"),
        (Method::Patch, "/api/notes/1/"),
        (Method::Delete, "/api/notes/1/"),
        (Method::Delete, "/api/notes/delete/1/"),
    ] {
        let request = host(app.client.req(method, path), "localhost").header(ContentType::JSON);
        let detail = "Authentication credentials were not provided.";
        send(request, "{").is(401, json!({ "detail": detail }));
    }
}

#[test]
fn a_token_of_an_older_simplejwt_opens_them_too() {
    let app = app_with_users();
    let token = sign(&claims_with("access", "user_id", json!(1)));
    assert_eq!(list(&app, &token), json!([]), "user 1, as a number, has no notes");
}

#[test]
fn notes_go_with_their_user() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    select(&app, "DELETE FROM users WHERE username = 'alice'");
    let notes = select(&app, "SELECT title FROM notes");
    assert!(notes.is_empty(), "the notes of a deleted user must be deleted: {notes:?}");
}

#[test]
fn a_note_has_a_longest_content_counted_in_characters() {
    let Users { app, alice, .. } = users();
    let post = |content: &str| {
        let body = json!({"title": "t", "content": content}).to_string();
        ask(&app, &alice, Method::Post, "/api/notes/", &body)
    };
    post(&"\u{1F600}".repeat(4000)).because("4,000 characters of four bytes").has_status(201);
    let long = || json!({"content": ["Ensure this field has no more than 4000 characters."]});
    post(&"x".repeat(4001)).because("4,001 characters").is(400, long());
    let body = json!({"content": "x".repeat(4001)}).to_string();
    let answer = ask(&app, &alice, Method::Patch, "/api/notes/1/", &body);
    answer.because("a PATCH with 4,001 characters").is(400, long());
}

#[test]
fn a_user_has_a_greatest_number_of_notes_and_others_have_theirs() {
    let Users { app, alice, eve } = users();
    for number in 0..500 {
        write(&app, &alice, &number.to_string());
    }
    let body = r#"{"title": "One more", "content": "c"}"#;
    let full = || json!({"non_field_errors": ["You have 500 notes, and no room for more."]});
    let post = |token: &str| ask(&app, token, Method::Post, "/api/notes/", body);
    post(&alice).because("alice has 500 notes").is(400, full());
    post(&eve).because("eve has none").has_status(201);
    ask(&app, &alice, Method::Delete, "/api/notes/1/", "").has_status(204);
    post(&alice).because("alice has deleted one").has_status(201);
    post(&alice).because("alice has 500 notes again").is(400, full());
}
