use rocket::http::{ContentType, Header, Method};
use rocket::serde::json::{Value, json};

use super::{App, app_with_users, client, host, json as body_of, post, select, sign};

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
        post(&app, "/api/user/register/", user.clone());
        let pair = body_of(post(&app, "/api/token/", user));
        pair["access"].as_str().expect("a token").to_string()
    };
    let (alice, eve) = (token("alice"), token("eve"));
    Users { app, alice, eve }
}

/// The status and the body of the answer; `null` when there is none.
fn send(app: &App, token: &str, method: Method, path: &str, body: &str) -> (u16, Value) {
    let request = host(app.client.req(method, path.to_string()), "localhost");
    let request = request.header(Header::new("Authorization", format!("Bearer {token}")));
    let response = request.header(ContentType::JSON).body(body).dispatch();
    (response.status().code, response.into_json().unwrap_or_default())
}

fn list(app: &App, token: &str) -> Value {
    let (status, notes) = send(app, token, Method::Get, "/api/notes/", "");
    assert_eq!(status, 200);
    notes
}

fn write(app: &App, token: &str, title: &str) -> Value {
    let body = json!({"title": title, "content": "c"}).to_string();
    let (status, note) = send(app, token, Method::Post, "/api/notes/", &body);
    assert_eq!(status, 201, "{note}");
    note
}

#[test]
fn a_note_is_written_read_edited_and_deleted() {
    let Users { app, alice, .. } = users();
    assert_eq!(list(&app, &alice), json!([]));
    let note = write(&app, &alice, "First");
    assert_eq!(note.as_object().unwrap().len(), 5);
    assert_eq!(
        (&note["id"], &note["title"], &note["author"]),
        (&json!(1), &json!("First"), &json!(1))
    );
    let own = "/api/notes/1/";
    assert_eq!(send(&app, &alice, Method::Get, own, ""), (200, note.clone()));

    let body =
        r#"{"title": "Edited", "content": "New", "id": 9, "author": 2, "created_at": "x"}"#;
    let (status, edited) = send(&app, &alice, Method::Put, own, body);
    let expected = json!({
        "id": 1, "title": "Edited", "content": "New", "created_at": note["created_at"], "author": 1,
    });
    assert_eq!((status, edited), (200, expected));

    let (_, patched) = send(&app, &alice, Method::Patch, own, r#"{"content": "patched"}"#);
    assert_eq!((&patched["title"], &patched["content"]), (&json!("Edited"), &json!("patched")));
    assert_eq!(send(&app, &alice, Method::Patch, own, "{}"), (200, patched));

    assert_eq!(send(&app, &alice, Method::Delete, own, ""), (204, Value::Null));
    assert_eq!(send(&app, &alice, Method::Delete, own, "").0, 404);
    assert_eq!(list(&app, &alice), json!([]));
}

#[test]
fn the_address_of_the_react_client_deletes_too() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    assert_eq!(send(&app, &alice, Method::Delete, "/api/notes/delete/1/", "").0, 204);
    assert_eq!(send(&app, &alice, Method::Delete, "/api/notes/delete/1/", "").0, 404);
}

#[test]
fn notes_are_listed_in_the_order_they_were_written() {
    let Users { app, alice, eve } = users();
    for title in ["b", "a", "c"] {
        write(&app, &alice, title);
        write(&app, &eve, "eve's");
    }
    send(&app, &alice, Method::Patch, "/api/notes/1/", r#"{"title": "z"}"#);
    let titles: Vec<_> =
        list(&app, &alice).as_array().unwrap().iter().map(|n| n["title"].clone()).collect();
    assert_eq!(titles, ["z", "a", "c"]);
}

#[test]
fn a_note_of_someone_else_does_not_exist() {
    let Users { app, alice, eve } = users();
    write(&app, &alice, "private");
    let answer = (404, json!({ "detail": NOT_FOUND }));
    let body = r#"{"title": "t", "content": "c"}"#;
    for (method, path, body) in [
        (Method::Get, "/api/notes/1/", ""),
        (Method::Put, "/api/notes/1/", body),
        (Method::Put, "/api/notes/1/", "{"),
        (Method::Patch, "/api/notes/1/", body),
        (Method::Delete, "/api/notes/1/", ""),
        (Method::Delete, "/api/notes/delete/1/", ""),
    ] {
        assert_eq!(send(&app, &eve, method, path, body), answer, "{method} {path} {body}");
    }
    assert_eq!(list(&app, &eve), json!([]));
    assert_eq!(list(&app, &alice)[0]["title"], "private");
}

#[test]
fn the_author_is_who_asks_whatever_the_body_says() {
    let Users { app, alice, eve } = users();
    let body = r#"{"title": "t", "content": "c", "author": 1}"#;
    let (_, note) = send(&app, &eve, Method::Post, "/api/notes/", body);
    assert_eq!(note["author"], 2);
    assert_eq!(list(&app, &alice), json!([]));
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
        assert_eq!(send(&app, &alice, method, path, body), (400, answer), "{method} {body}");
    }
}

#[test]
fn text_is_kept_as_it_is() {
    let Users { app, alice, .. } = users();
    let content = "<script>alert('x')</script>\r\nGrüße \u{1f600} %27;--";
    let body = json!({"title": " padded ", "content": content}).to_string();
    let (_, note) = send(&app, &alice, Method::Post, "/api/notes/", &body);
    assert_eq!((&note["title"], &note["content"]), (&json!("padded"), &json!(content)));
}

#[test]
fn a_time_looks_as_django_writes_it() {
    let Users { app, alice, .. } = users();
    let note = write(&app, &alice, "x");
    let time = note["created_at"].as_str().unwrap();
    let read = chrono::DateTime::parse_from_rfc3339(time).expect("a time");
    assert!(time.ends_with('Z') && (time.len() == 27 || time.len() == 20), "{time}");
    assert!((chrono::Utc::now() - read.to_utc()).num_seconds().abs() < 60, "{time}");
    select(&app, "UPDATE notes SET created_at = '2026-01-02T03:04:05+00:00'");
    assert_eq!(list(&app, &alice)[0]["created_at"], "2026-01-02T03:04:05Z");
}

#[test]
fn the_members_of_a_note_come_in_drfs_order() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    let request = host(app.client.get("/api/notes/1/"), "localhost");
    let request = request.header(Header::new("Authorization", format!("Bearer {alice}")));
    let text = request.dispatch().into_string().expect("a body");
    assert!(text.starts_with(r#"{"id":1,"title":"x","content":"c","created_at":""#), "{text}");
    assert!(text.ends_with(r#"Z","author":1}"#), "{text}");
}

#[test]
fn an_id_is_never_given_out_again() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    send(&app, &alice, Method::Delete, "/api/notes/1/", "");
    assert_eq!(write(&app, &alice, "y")["id"], 2);
}

#[test]
fn an_id_that_is_none_is_not_found() {
    let Users { app, alice, .. } = users();
    for (id, detail) in [
        ("0", NOT_FOUND),
        ("99999999999999999999", NOT_FOUND),
        ("abc", "Not found."),
        ("-1", "Not found."),
        ("1.0", "Not found."),
        ("1/extra", "Not found."),
    ] {
        let path = format!("/api/notes/{id}/");
        let answer = (404, json!({ "detail": detail }));
        assert_eq!(send(&app, &alice, Method::Get, &path, ""), answer, "{id}");
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
        let response = request.body("{").dispatch();
        assert_eq!(response.status().code, 401, "{method} {path}");
        let detail = "Authentication credentials were not provided.";
        assert_eq!(body_of(response), json!({ "detail": detail }));
    }
}

#[test]
fn a_token_of_an_older_simplejwt_opens_them_too() {
    let app = app_with_users();
    let token = sign(&super::claims_with("access", "user_id", json!(1)));
    assert_eq!(list(&app, &token), json!([]));
}

#[test]
fn notes_go_with_their_user() {
    let Users { app, alice, .. } = users();
    write(&app, &alice, "x");
    select(&app, "DELETE FROM users WHERE username = 'alice'");
    assert!(select(&app, "SELECT title FROM notes").is_empty());
}
