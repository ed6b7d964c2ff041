use std::path::{Path, PathBuf};

use rocket::http::Status;
use rocket::serde::json::json;
use sqlx::sqlite::SqliteConnectOptions;

use super::{client, header, host, json, settings};

const DATABASE: (&str, &str) = ("DATABASE_URL", "sqlite:/srv/db.sqlite3");

const KEY: (&str, &str) = ("SECRET_KEY", "a key of thirty-two bytes or more");

/// The sentence that stops a start with this one variable.
fn refusal(name: &str, text: &str) -> String {
    settings(&[(name, text)]).expect_err("the start must be refused")
}

#[test]
fn the_root_is_a_404_in_json() {
    let client = client(&[]);
    let response = host(client.get("/"), "localhost:8000").dispatch();
    assert_eq!(response.status(), Status::NotFound);
    assert_eq!(header(&response, "Content-Type"), "application/json");
    assert_eq!(json(response), json!({"detail": "Not found."}));
}

#[test]
fn a_head_request_gets_no_body() {
    let client = client(&[]);
    let response = host(client.head("/"), "localhost").dispatch();
    assert_eq!(response.status(), Status::NotFound);
    assert_eq!(response.into_bytes().unwrap_or_default(), b"");
}

#[test]
fn it_listens_on_this_machine_alone_by_default() {
    let settings = settings(&[]).unwrap();
    assert_eq!(settings.address.to_string(), "127.0.0.1");
    assert_eq!(settings.port, 8000);
}

#[test]
fn a_flag_is_read_in_any_of_its_spellings() {
    for (text, expected) in
        [("True", true), ("1", true), ("off", false), (" NO ", false), ("", false)]
    {
        let settings = settings(&[("CORS_ALLOW_ALL_ORIGINS", text)]).unwrap();
        assert_eq!(settings.cors_allow_all_origins, expected, "{text:?}");
    }
}

#[test]
fn a_refusal_names_the_variable_the_mistake_and_an_example() {
    let sentence = refusal("PORT", "80x");
    assert_eq!(sentence, "PORT is not a number from 0 to 65535, for example PORT=8000.");
}

#[test]
fn a_refusal_never_quotes_a_value() {
    assert!(!refusal("PORT", "hunter2").contains("hunter2"));
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
        ("DATABASE_URL", "postgres://alice:secret@localhost/notes"),
        ("DATABASE_URL", "sqlite::memory:"),
        ("BCRYPT_ROUNDS", "3"),
        ("BCRYPT_ROUNDS", "twelve"),
        ("SECRET_KEY", "31 bytes are one byte too short"),
        ("ACCESS_TOKEN_LIFETIME", "5m"),
        ("ACCESS_TOKEN_LIFETIME", "0"),
        ("REFRESH_TOKEN_LIFETIME", "-1"),
    ] {
        let sentence = refusal(name, text);
        assert!(sentence.starts_with(&format!("{name} ")), "{name}={text}: {sentence}");
        assert!(sentence.contains("for example"), "{name}={text}: {sentence}");
    }
}

#[test]
fn without_debug_the_hosts_must_be_named() {
    assert!(refusal("DEBUG", "false").starts_with("ALLOWED_HOSTS must be set"));
    let production = [("DEBUG", "false"), ("ALLOWED_HOSTS", "example.com"), DATABASE, KEY];
    assert!(settings(&production).is_ok());
}

#[test]
fn without_debug_the_database_must_be_named() {
    let vars = [("DEBUG", "false"), ("ALLOWED_HOSTS", "example.com")];
    assert!(settings(&vars).unwrap_err().starts_with("DATABASE_URL must be set"));
}

/// Where the database is when these variables are set and no others.
fn database_file(vars: &[(&str, &str)]) -> PathBuf {
    let url = settings(vars).expect("settings").database_url;
    let options: SqliteConnectOptions = url.parse().expect("an address");
    options.get_filename().into()
}

#[test]
fn the_database_is_beside_the_source_wherever_that_is_now() {
    for folder in ["/home/alice/who is asking/steps/x", "/tmp/50%20?mode=ro#ü"] {
        let file = database_file(&[("CARGO_MANIFEST_DIR", folder)]);
        assert_eq!(file, Path::new(folder).join("db.sqlite3"), "cargo run tells the folder");
    }
    let file = database_file(&[]);
    assert_eq!(file, Path::new("./db.sqlite3"), "without cargo it is the current folder");
}

#[test]
fn credentials_are_never_for_every_origin() {
    let both = [("CORS_ALLOW_ALL_ORIGINS", "true"), ("CORS_ALLOW_CREDENTIALS", "true")];
    assert!(settings(&both).unwrap_err().starts_with("CORS_ALLOW_CREDENTIALS"));
}

#[test]
fn the_sample_key_brings_a_warning_and_another_key_none() {
    assert!(settings(&[]).unwrap().warning().is_some());
    assert!(settings(&[KEY]).unwrap().warning().is_none());
}

#[test]
fn without_debug_the_key_must_be_one_that_nobody_knows() {
    let sample = settings(&[]).unwrap().secret_key.0;
    for (key, start) in [("", "SECRET_KEY must be set"), (&sample, "SECRET_KEY is the sample")]
    {
        let hosts = ("ALLOWED_HOSTS", "example.com");
        let vars = [("DEBUG", "false"), hosts, DATABASE, ("SECRET_KEY", key)];
        let sentence = settings(&vars).unwrap_err();
        assert!(sentence.starts_with(start), "{sentence}");
    }
}

#[test]
fn settings_that_are_printed_hide_the_key() {
    let printed = format!("{:?}", settings(&[KEY]).unwrap());
    assert!(printed.contains("SecretKey(hidden)"), "{printed}");
    assert!(!printed.contains(KEY.1));
}

#[test]
fn the_lifetimes_are_those_of_simplejwt() {
    let settings = settings(&[]).unwrap();
    assert_eq!(settings.access_token_lifetime, 5 * 60);
    assert_eq!(settings.refresh_token_lifetime, 24 * 60 * 60);
}
