use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use rocket::serde::json::{Value, json};

use super::{accepted, client, host, must_refuse, refusal, send};
use crate::settings::text;

#[test]
fn the_root_is_a_404_in_json() {
    let client = client(&[]);
    let answer = send(host(client.get("/"), "localhost:8000"), "");
    answer.is(404, json!({"detail": "Not found."}));
    answer.has_header("Content-Type", "application/json");
}

#[test]
fn a_head_request_gets_no_body() {
    let client = client(&[]);
    send(host(client.head("/"), "localhost"), "").is(404, Value::Null);
}

#[test]
fn it_listens_on_this_machine_alone_by_default() {
    let settings = accepted(&[]);
    let place = (settings.address.to_string(), settings.port);
    assert_eq!(place, ("127.0.0.1".into(), 8000), "without ADDRESS and PORT");
}

#[test]
fn a_flag_is_read_in_any_of_its_spellings() {
    for (text, expected) in
        [("True", true), ("1", true), ("off", false), (" NO ", false), ("", false)]
    {
        let settings = accepted(&[("CORS_ALLOW_ALL_ORIGINS", text)]);
        let read = settings.cors_allow_all_origins;
        assert_eq!(read, expected, "CORS_ALLOW_ALL_ORIGINS={text:?} was read wrongly");
    }
}

#[test]
fn a_refusal_names_the_variable_the_mistake_and_an_example() {
    let sentence = "PORT is not a number from 0 to 65535, for example PORT=8000.";
    refusal(&[("PORT", "80x")], sentence);
}

#[test]
fn a_refusal_never_quotes_a_value() {
    let sentence = refusal(&[("PORT", "hunter2")], "PORT ");
    assert!(!sentence.contains("hunter2"), "the value may be a password: {sentence}");
}

#[test]
fn a_value_that_is_not_text_is_refused_and_never_replaced() {
    for bytes in [b"a key of thirty-two bytes or mor\xe9".as_slice(), b"\xff", b"\xed\xa0\x80"]
    {
        let value = OsString::from_vec(bytes.to_vec());
        let what = format!("SECRET_KEY={value:?}");
        must_refuse(&what, text("SECRET_KEY", value), "SECRET_KEY is not text in UTF-8.");
    }
    assert_eq!(text("SECRET_KEY", "schlüssel".into()), Ok("schlüssel".into()), "text in UTF-8");
}

#[test]
fn every_bad_value_is_refused_by_name() {
    for (name, text) in [
        ("ADDRESS", "localhost"),
        ("PORT", "70000"),
        ("CORS_ALLOW_ALL_ORIGINS", "2"),
        ("CORS_ALLOWED_ORIGINS", "localhost:5173"),
        ("CORS_ALLOWED_ORIGINS", "http://localhost:5173/"),
        ("CORS_ALLOWED_ORIGINS", "http://good.example,http://999.1.1.1"),
        ("CORS_ALLOW_CREDENTIALS", "sure"),
    ] {
        let sentence = refusal(&[(name, text)], &format!("{name} "));
        let helps = sentence.contains("for example");
        assert!(helps, "the refusal of {name}={text} must give an example: {sentence}");
    }
}

#[test]
fn credentials_are_never_for_every_origin() {
    let both = [("CORS_ALLOW_ALL_ORIGINS", "true"), ("CORS_ALLOW_CREDENTIALS", "true")];
    refusal(&both, "CORS_ALLOW_CREDENTIALS");
}
