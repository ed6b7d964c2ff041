use rocket::serde::json::json;

use super::{App, app_with_users, hashes, log_in, post, select};

/// Whether alice logs in with this password.
fn lets_in(app: &App, password: &str) -> bool {
    post(app, "/api/token/", json!({"username": "alice", "password": password})).status == 200
}

/// What is stored of alice's password.
fn stored(app: &App) -> String {
    select(app, "SELECT password FROM users WHERE username = 'alice'").concat()
}

/// `make_password('mira-pass-123')` of a Django, with few iterations.
const DJANGO: &str = "UPDATE users SET password =
    'pbkdf2_sha256$1000$pepper$vLOGP2sv5heaFBodACPsxD09NGrdgURXLNB+KBxKA3g=' WHERE username = 'alice'";

/// `alice-pass` at a cost of 5; the server's is 4.
const DEARER: &str = "UPDATE users SET password = 'bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuum/ZV5M2gRRtvM7i/6mAs5nIQP/euPqe' WHERE username = 'alice'";

#[test]
fn a_password_of_djangos_lets_in_and_is_hashed_anew() {
    let app = app_with_users();
    select(&app, DJANGO);
    assert!(!lets_in(&app, "alice-pass"), "a wrong password");
    assert!(stored(&app).starts_with("pbkdf2_sha256$"), "who is not let in changes nothing");
    assert!(lets_in(&app, "mira-pass-123"), "the right one");
    assert!(stored(&app).starts_with("bcrypt_sha256$$2b$04$"), "it is hashed anew");
    assert!(lets_in(&app, "mira-pass-123"), "the right one, by the new hash");
    assert!(!lets_in(&app, "alice-pass"), "a wrong one, by the new hash");
}

#[test]
fn a_hash_of_another_cost_is_made_anew() {
    let app = app_with_users();
    select(&app, DEARER);
    assert!(!lets_in(&app, "wrong"), "a wrong password");
    assert!(stored(&app).starts_with("bcrypt_sha256$$2b$05$"), "it stays as it is");
    assert!(lets_in(&app, "alice-pass"), "the right one");
    let new = stored(&app);
    assert!(new.starts_with("bcrypt_sha256$$2b$04$"), "it is hashed anew: {new}");
    let before = hashes(&app);
    log_in(&app);
    assert_eq!(stored(&app), new, "a hash of today's cost stays");
    assert_eq!(hashes(&app) - before, 1, "one hash for each log-in");
}

#[test]
fn to_hash_anew_ends_nothing() {
    let app = app_with_users();
    let (_, token) = log_in(&app);
    select(&app, DEARER);
    assert!(lets_in(&app, "alice-pass"), "the right password");
    post(&app, "/api/token/refresh/", json!({ "refresh": token })).has_status(200);
}

#[test]
fn a_hash_that_nobody_knows_lets_nobody_in() {
    let app = app_with_users();
    for hash in [
        "UPDATE users SET password = '' WHERE username = 'alice'",
        "UPDATE users SET password = '!unusable' WHERE username = 'alice'",
        "UPDATE users SET password = 'pbkdf2_sha256$0$a$b' WHERE username = 'alice'",
        "UPDATE users SET password = 'pbkdf2_sha256$1$a$' WHERE username = 'alice'",
        "UPDATE users SET password = 'pbkdf2_sha1$1$a$AAAA' WHERE username = 'alice'",
        "UPDATE users SET password = 'bcrypt_sha256$$2b$99$a' WHERE username = 'alice'",
    ] {
        select(&app, hash);
        assert!(!lets_in(&app, "alice-pass") && !lets_in(&app, "unusable"), "{hash}");
    }
}
