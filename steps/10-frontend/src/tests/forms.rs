use rocket::http::{Accept, Header};
use rocket::serde::json::json;

use super::{Answer, App, client, host, select, send};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=cut-here";

/// The answer to a registration with this form.
fn register(app: &App, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
    send_form(app, "/api/user/register/", content_type, body)
}

fn send_form(app: &App, path: &str, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
    let request = host(app.client.post(path.to_string()), "localhost");
    send(request.header(Header::new("Content-Type", content_type.to_string())), body)
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

/// alice with this password, as each kind of form: its type, and its body.
fn alice(charset: &str, password: &[u8]) -> [(String, Vec<u8>); 2] {
    let form = parts(&[("name=\"username\"", "alice"), ("name=\"password\"", "HERE")]);
    let (before, after) = form.split_once("HERE").expect("a password");
    [
        (format!("{URLENCODED}{charset}"), [b"username=alice&password=", password].concat()),
        (
            format!("{MULTIPART}{charset}"),
            [before.as_bytes(), password, after.as_bytes()].concat(),
        ),
    ]
}

#[test]
fn one_password_in_two_charsets_is_one_password() {
    let forms = [
        alice("", "pässwörd".as_bytes()),
        alice("; charset=UTF-8", "pässwörd".as_bytes()),
        alice("; charset=iso-8859-1", b"p\xe4ssw\xf6rd"),
        alice("; Charset=\"Latin-1\"", b"p\xe4ssw\xf6rd"),
    ]
    .concat();
    for (content_type, body) in &forms {
        let app = client(&[]);
        register(&app, content_type, body).has_status(201);
        for (content_type, body) in &forms {
            send_form(&app, "/api/token/", content_type, body).has_status(200);
        }
        // Other letters, with the bytes of the first as they come and in the wrong charset.
        for password in ["pössword", "pässwôrd", "p\u{fffd}ssw\u{fffd}rd", "pÃ¤sswÃ¶rd"]
        {
            let json = json!({"username": "alice", "password": password});
            let request = host(app.client.post("/api/token/"), "localhost");
            let request = request.header(Header::new("Content-Type", "application/json"));
            send(request, json.to_string()).has_status(401);
        }
    }
}

#[test]
fn a_forms_bytes_that_are_no_letters_are_refused_and_never_replaced() {
    let app = client(&[]);
    let detail = json!({"detail": "The body is not text in UTF-8."});
    for charset in ["", "; charset=utf-8"] {
        for (content_type, body) in alice(charset, b"p\xe4ss") {
            register(&app, &content_type, body).is(400, detail.clone());
        }
    }
    for password in ["%FF", "%C3", "a%E4b", "%ED%A0%80", "%c1%a1"] {
        let body = format!("username=alice&password={password}");
        register(&app, URLENCODED, body).is(400, detail.clone());
    }
    let users = select(&app, "SELECT username FROM users");
    assert!(users.is_empty(), "nobody must be registered: {users:?}");
}

#[test]
fn a_form_in_a_charset_that_we_do_not_know_is_a_415() {
    let app = client(&[]);
    for charset in ["; charset=utf-16", "; charset=windows-1252", "; charset=x"] {
        for (content_type, body) in alice(charset, b"pw") {
            register(&app, &content_type, body).has_status(415);
        }
    }
}

#[test]
fn percent_signs_stand_for_letters_of_the_charset() {
    let app = client(&[]);
    let latin1 = "application/x-www-form-urlencoded; charset=iso-8859-1";
    register(&app, latin1, "username=andr%E9&password=a%E4").has_status(201);
    let body = "username=andr%C3%A9&password=a%C3%A4";
    send_form(&app, "/api/token/", URLENCODED, body).has_status(200);
}

#[test]
fn no_letter_of_a_password_is_left_out() {
    for password in ["\u{feff}secret", "secret\u{feff}", "\u{feff}"] {
        for (content_type, body) in alice("", password.as_bytes()) {
            let app = client(&[]);
            register(&app, &content_type, body).has_status(201);
            let log_in = |password: &str| {
                let body = json!({"username": "alice", "password": password}).to_string();
                send_form(&app, "/api/token/", "application/json", body)
            };
            log_in(password).has_status(200);
            let because = "U+FEFF is a letter of the password";
            let shorter = log_in(&password.replace('\u{feff}', "")).because(because);
            shorter.must(shorter.status != 200, "no tokens");
        }
    }
}

#[test]
fn a_form_shorter_than_announced_is_a_400_and_nothing_is_done() {
    let app = client(&[]);
    for (content_type, body) in alice("", b"alice-pass") {
        for length in [0, 8, 14, 15, body.len()] {
            let request = host(app.client.post("/api/user/register/"), "localhost");
            let request = request.header(Header::new("Content-Type", content_type.clone()));
            let request = request.header(Header::new("Content-Length", "1000"));
            let answer = send(request, &body[..length]);
            answer.is(400, json!({"detail": "The body ended early."}));
        }
    }
    let users = select(&app, "SELECT username FROM users");
    assert!(users.is_empty(), "nobody must be registered: {users:?}");
}

#[test]
fn a_post_is_a_post_whatever_method_its_form_names() {
    for method in ["get", "HEAD", "put", "patch", "delete", "options", "trace", "connect", "x"]
    {
        for field in ["_method", "%5Fmethod"] {
            let app = client(&[]);
            let body = format!("{field}={method}&username=alice&password=pw");
            register(&app, URLENCODED, body).because(method).has_status(201);
            let answer =
                send_form(&app, "/api/token/", URLENCODED, format!("{field}={method}"));
            let required = ["This field is required."];
            answer.because(method).is(400, json!({"username": required, "password": required}));
        }
    }
}

/// What Java's own client sends; its `*` is no type.
const JAVA: &str = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";

#[test]
fn html_is_found_wherever_it_stands_in_the_accept_header() {
    let app = client(&[]);
    let late = "a/b,".repeat(2_000) + "TEXT/HTML;q=0.1";
    for accept in [JAVA, &late, "text/html;level=1", "*/*,text/html"] {
        let request = host(app.client.get("/api/token/"), "localhost");
        let answer = send(request.header(Header::new("Accept", accept.to_string())), "");
        answer.has_header("Content-Type", "text/html; charset=utf-8");
    }
    for accept in ["text/htmlx", "a/b;c=text/html", "text/html, application/json", "text/*"] {
        let request = host(app.client.get("/api/token/"), "localhost");
        let answer = send(request.header(Header::new("Accept", accept)), "");
        answer.has_header("Content-Type", "application/json");
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
