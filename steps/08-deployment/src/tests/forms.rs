use rocket::http::{Accept, Header, Status};
use rocket::serde::json::{Value, json};

use super::{App, client, header, host, json};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=cut-here";

/// The status and the body of the answer to a registration with this form.
fn register(app: &App, content_type: &'static str, body: &str) -> (u16, Value) {
    let request = host(app.client.post("/api/user/register/"), "localhost");
    let request = request.header(Header::new("Content-Type", content_type));
    let response = request.body(body).dispatch();
    (response.status().code, json(response))
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
    assert_eq!(
        register(&app, URLENCODED, body),
        (201, json!({"id": 1, "username": "andré+plus"}))
    );
    let request = host(app.client.post("/api/token/"), "localhost");
    let request = request.header(Header::new("Content-Type", URLENCODED));
    assert_eq!(request.body(body).dispatch().status(), Status::Ok);
}

#[test]
fn a_form_is_checked_as_json_is() {
    let app = client(&[]);
    let required = "This field is required.";
    let both = json!({"username": [required], "password": [required]});
    assert_eq!(register(&app, URLENCODED, r#"{"username": "x"}"#), (400, both.clone()));
    assert_eq!(register(&app, MULTIPART, "--cut-here--\r\n"), (400, both));
    let blank = json!({"username": ["This field may not be blank."]});
    assert_eq!(register(&app, URLENCODED, "username=&password=pw"), (400, blank));
}

#[test]
fn postmans_form_data_registers() {
    let app = client(&[]);
    let body = parts(&[("name=\"username\"", "siva"), ("name=\"password\"", "siva")]);
    assert_eq!(register(&app, MULTIPART, &body), (201, json!({"id": 1, "username": "siva"})));
}

#[test]
fn of_two_fields_with_one_name_the_last_counts() {
    let app = client(&[]);
    let body = "username=first&username=second&password=pw";
    assert_eq!(register(&app, URLENCODED, body).1["username"], "second");
}

#[test]
fn a_file_is_no_text() {
    let app = client(&[]);
    let file = ("name=\"username\"; filename=\"a.txt\"", "alice");
    let body = parts(&[file, ("name=\"password\"", "pw")]);
    assert_eq!(
        register(&app, MULTIPART, &body),
        (400, json!({"username": ["Not a valid string."]}))
    );
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
        let (status, answer) = register(&app, content_type, body);
        assert_eq!(status, 400, "{content_type} {body}");
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with("Multipart form parse error - "), "{answer}");
    }
}

#[test]
fn a_browser_gets_a_page_with_a_form() {
    let app = client(&[]);
    for (path, title) in
        [("/api/user/register/", "Create User"), ("/api/token/", "Token Obtain Pair")]
    {
        let request = host(app.client.get(path), "localhost");
        let response = request.header(Header::new("Accept", BROWSER)).dispatch();
        assert_eq!(response.status(), Status::MethodNotAllowed);
        assert_eq!(header(&response, "Content-Type"), "text/html; charset=utf-8");
        assert_eq!(header(&response, "Allow"), "POST, OPTIONS");
        let page = response.into_string().expect("a page");
        for piece in [title, "HTTP 405 Method Not Allowed", "<form method=\"post\">"] {
            assert!(page.contains(piece), "{piece} is missing in {page}");
        }
        assert!(page.contains("name=\"username\" type=\"text\""), "{page}");
        assert!(page.contains("name=\"password\" type=\"password\""), "{page}");
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
        let response = request.dispatch();
        assert_eq!(response.status(), Status::MethodNotAllowed);
        assert_eq!(header(&response, "Allow"), "POST, OPTIONS");
        assert_eq!(json(response), json!({"detail": "Method \"GET\" not allowed."}));
    }
}

#[test]
fn a_forms_own_origin_is_no_reason_to_refuse_it() {
    let app = client(&[("CORS_ALLOWED_ORIGINS", "http://localhost:5173")]);
    let request = host(app.client.post("/api/user/register/"), "localhost:8000");
    let request = request.header(Header::new("Origin", "http://localhost:8000"));
    let request = request.header(Header::new("Content-Type", URLENCODED));
    assert_eq!(request.body("username=a&password=pw").dispatch().status(), Status::Created);
}
