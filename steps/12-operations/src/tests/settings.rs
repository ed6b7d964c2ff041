use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use rocket::serde::json::{Value, json};

use super::{accepted, client, host, must_refuse, refusal, send};
use crate::settings::text;

const KEY: (&str, &str) = ("SECRET_KEY", "a key of thirty-two bytes or more");

#[test]
fn the_root_of_the_api_is_a_404_in_json() {
    let client = client(&[]);
    let answer = send(host(client.get("/api/"), "localhost:8000"), "");
    answer.is(404, json!({"detail": "Not found."}));
    answer.has_header("Content-Type", "application/json");
}

#[test]
fn a_head_request_gets_no_body() {
    let client = client(&[]);
    send(host(client.head("/api/token/"), "localhost"), "").is(405, Value::Null);
}

#[test]
fn it_listens_on_this_machine_alone_by_default() {
    let settings = accepted(&[]);
    let place = (settings.address.to_string(), settings.port);
    assert_eq!(place, ("127.0.0.1".into(), 8000), "without ADDRESS and PORT");
}

#[test]
fn without_debug_it_listens_to_all_machines() {
    let production = [("DEBUG", "false"), ("ALLOWED_HOSTS", "example.com"), KEY];
    let address = accepted(&production).address.to_string();
    assert_eq!(address, "0.0.0.0", "the address without DEBUG and without ADDRESS");
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
        ("DEBUG", "maybe"),
        ("ADDRESS", "localhost"),
        ("PORT", "70000"),
        ("ALLOWED_HOSTS", "https://example.com"),
        ("ALLOWED_HOSTS", "example.com:8000"),
        ("ALLOWED_HOSTS", ","),
        ("CORS_ALLOW_ALL_ORIGINS", "2"),
        ("CORS_ALLOWED_ORIGINS", "localhost:5173"),
        ("CORS_ALLOWED_ORIGINS", "http://localhost:5173/"),
        ("CORS_ALLOWED_ORIGINS", "http://good.example,http://999.1.1.1"),
        ("CORS_ALLOW_CREDENTIALS", "sure"),
        ("DATABASE_URL", "mysql://alice:secret@localhost/notes"),
        ("DB_MAX_CONNECTIONS", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("BCRYPT_ROUNDS", "3"),
        ("BCRYPT_ROUNDS", "twelve"),
        ("SECRET_KEY", "31 bytes are one byte too short"),
        ("ACCESS_TOKEN_LIFETIME", "5m"),
        ("ACCESS_TOKEN_LIFETIME", "0"),
        ("REFRESH_TOKEN_LIFETIME", "-1"),
        ("ROTATE_REFRESH_TOKENS", "sometimes"),
        ("BLACKLIST_AFTER_ROTATION", "2"),
        ("REUSE_REVOKES_FAMILY", "no!"),
        ("REUSE_GRACE", "-1"),
        ("UPDATE_LAST_LOGIN", "x"),
    ] {
        let sentence = refusal(&[(name, text)], &format!("{name} "));
        let helps = sentence.contains("for example");
        assert!(helps, "the refusal of {name}={text} must give an example: {sentence}");
    }
}

#[test]
fn a_name_that_no_host_can_be_is_not_taken_into_the_list() {
    for name in [
        "*.example.com",
        "**",
        "\"example.com\"",
        "'example.com'",
        "[example.com]",
        "[::1",
        "a;b",
        "a@example.com",
        "example.com.",
        "..example.com",
        "a..b",
        "exämple.com",
        "example com",
        "fe80::1",
    ] {
        refusal(
            &[("ALLOWED_HOSTS", name)],
            "ALLOWED_HOSTS is not a list of names without port",
        );
    }
    for name in ["*", ".example.com", "localhost", "127.0.0.1", "[::1]", "a-b.c_d.example"] {
        accepted(&[("ALLOWED_HOSTS", name)]);
    }
}

#[test]
fn without_debug_the_hosts_must_be_named() {
    refusal(&[("DEBUG", "false")], "ALLOWED_HOSTS must be set");
    accepted(&[("DEBUG", "false"), ("ALLOWED_HOSTS", "example.com"), KEY]);
}

#[test]
fn without_debug_every_name_is_no_list_of_hosts() {
    let production = [("DEBUG", "false"), ("ALLOWED_HOSTS", "example.com,*"), KEY];
    refusal(&production, "ALLOWED_HOSTS allows every name");
}

#[test]
fn credentials_are_never_for_every_origin() {
    let both = [("CORS_ALLOW_ALL_ORIGINS", "true"), ("CORS_ALLOW_CREDENTIALS", "true")];
    refusal(&both, "CORS_ALLOW_CREDENTIALS");
}

#[test]
fn the_sample_key_brings_a_warning_and_another_key_none() {
    let sample = accepted(&[]).warning();
    assert!(sample.is_some(), "a start with the sample key must bring a warning");
    let own = accepted(&[KEY]).warning();
    assert_eq!(own, None, "a start with a key of one's own must bring no warning");
}

#[test]
fn without_debug_the_key_must_be_one_that_nobody_knows() {
    let sample = accepted(&[]).secret_key.0;
    for key in ["", &sample] {
        let vars = [("DEBUG", "false"), ("ALLOWED_HOSTS", "example.com"), ("SECRET_KEY", key)];
        refusal(&vars, "SECRET_KEY is missing, or it is the sample");
    }
}

#[test]
fn settings_that_are_printed_hide_the_secrets() {
    let printed = format!("{:?}", accepted(&[KEY]));
    for name in ["secret_key", "database_url"] {
        let hidden = printed.contains(&format!("{name}: Secret(hidden)"));
        assert!(hidden, "of {name} only Secret(hidden) must be printed:\n  {printed}");
    }
    assert!(!printed.contains(KEY.1), "the key must not be printed:\n  {printed}");
}

#[test]
fn the_lifetimes_are_those_of_simplejwt() {
    let settings = accepted(&[]);
    let access = settings.access_token_lifetime;
    assert_eq!(access, 5 * 60, "an access token lives five minutes, counted in seconds");
    let refresh = settings.refresh_token_lifetime;
    assert_eq!(refresh, 24 * 60 * 60, "a refresh token lives a day, counted in seconds");
}
