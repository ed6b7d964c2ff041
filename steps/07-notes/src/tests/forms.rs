use rocket::http::{Accept, Header};
use rocket::serde::json::json;

use super::{Answer, App, client, host, send};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=cut-here";

/// The answer to a registration with this form.
fn register(app: &App, content_type: &'static str, body: &str) -> Answer {
    let request = host(app.client.post("/api/user/register/"), "localhost");
    send(request.header(Header::new("Content-Type", content_type)), body)
}

/// A body of parts, each with the rest of its header and its text.
fn parts(parts: &[(&str, &str)]) -> String {
    let part = |(head, text): &(&str, &str)| {
        format!("--cut-here\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    parts.iter().map(part).collect::<String>() + "--cut-here--\r\n"
}

#[test]
fn a_browsers_form_registers_and_logs_in() {
    let app = client(&[]);
    let body = "username=andr%C3%A9%2Bplus&password=two+words";
    register(&app, URLENCODED, body).is(201, json!({"id": 1, "username": "andré+plus"}));
    let request = host(app.client.post("/api/token/"), "localhost");
    send(request.header(Header::new("Content-Type", URLENCODED)), body).has_status(200);
}

#[test]
fn a_form_is_checked_as_json_is() {
    let app = client(&[]);
    let required = "This field is required.";
    let both = json!({"username": [required], "password": [required]});
    register(&app, URLENCODED, r#"{"username": "x"}"#).is(400, both.clone());
    register(&app, MULTIPART, "--cut-here--\r\n").is(400, both);
    let blank = json!({"username": ["This field may not be blank."]});
    register(&app, URLENCODED, "username=&password=pw").is(400, blank);
}

#[test]
fn postmans_form_data_registers() {
    let app = client(&[]);
    let body = parts(&[("name=\"username\"", "siva"), ("name=\"password\"", "siva")]);
    register(&app, MULTIPART, &body).is(201, json!({"id": 1, "username": "siva"}));
}

#[test]
fn of_two_fields_with_one_name_the_last_counts() {
    let app = client(&[]);
    let body = "username=first&username=second&password=pw";
    register(&app, URLENCODED, body).is(201, json!({"id": 1, "username": "second"}));
}

#[test]
fn a_file_is_no_text() {
    let app = client(&[]);
    let file = ("name=\"username\"; filename=\"a.txt\"", "alice");
    let body = parts(&[file, ("name=\"password\"", "pw")]);
    register(&app, MULTIPART, &body).is(400, json!({"username": ["Not a valid string."]}));
}

#[test]
fn a_broken_form_is_a_400() {
    let app = client(&[]);
    for (content_type, body) in [
        ("multipart/form-data", "--cut-here--"),
        (
            MULTIPART,
            "--cut-here\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nal",
        ),
        (MULTIPART, "no part at all"),
    ] {
        let answer = register(&app, content_type, body);
        answer.has_status(400);
        let begin = r#"{"detail":"Multipart form parse error - "#;
        answer.must(answer.body.starts_with(begin), &format!("{begin}…"));
    }
}

#[test]
fn a_browser_gets_a_page_with_a_form() {
    let app = client(&[]);
    for (path, title) in
        [("/api/user/register/", "Create User"), ("/api/token/", "Token Obtain Pair")]
    {
        let request = host(app.client.get(path), "localhost");
        let answer = send(request.header(Header::new("Accept", BROWSER)), "");
        answer.has_status(405);
        answer.has_header("Content-Type", "text/html; charset=utf-8");
        answer.has_header("Allow", "POST, OPTIONS");
        for piece in [
            title,
            "HTTP 405 Method Not Allowed",
            "<form method=\"post\">",
            "name=\"username\" type=\"text\"",
            "name=\"password\" type=\"password\"",
        ] {
            answer.must(answer.body.contains(piece), &format!("a page with {piece}"));
        }
    }
}

#[test]
fn a_program_gets_json_on_the_same_address() {
    let app = client(&[]);
    let axios = Header::new("Accept", "application/json, text/plain, */*");
    for accept in [Some(axios), Some(Accept::Any.into()), None] {
        let mut request = host(app.client.get("/api/token/"), "localhost");
        if let Some(accept) = accept {
            request.add_header(accept);
        }
        let answer = send(request, "");
        answer.is(405, json!({"detail": "Method \"GET\" not allowed."}));
        answer.has_header("Allow", "POST, OPTIONS");
    }
}

#[test]
fn a_forms_own_origin_is_no_reason_to_refuse_it() {
    let app = client(&[("CORS_ALLOWED_ORIGINS", "http://localhost:5173")]);
    let request = host(app.client.post("/api/user/register/"), "localhost:8000");
    let request = request.header(Header::new("Origin", "http://localhost:8000"));
    let request = request.header(Header::new("Content-Type", URLENCODED));
    send(request, "username=a&password=pw").has_status(201);
}
