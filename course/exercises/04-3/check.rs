use rocket::http::Status;
use rocket::serde::json::json;
use sha2::{Digest, Sha256};

use super::{App, client, post, select};

const ALICE: &str = "SELECT password FROM users WHERE username = 'alice'";

/// A server that hashes at cost 4 (all tests do) and has alice's password at cost 5.
fn app() -> App {
    let app = client(&[]);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    assert_eq!(post(&app, "/api/user/register/", alice).status(), Status::Created);
    let hash = bcrypt::hash(format!("{:x}", Sha256::digest("alice-pass")), 5).expect("a hash");
    let update = format!("UPDATE users SET password = 'bcrypt_sha256${hash}'");
    select(&app, update.leak());
    app
}

fn log_in(app: &App, password: &str) -> Status {
    post(app, "/api/token/", json!({"username": "alice", "password": password})).status()
}

#[test]
fn a_log_in_renews_a_hash_of_another_cost() {
    let app = app();
    assert_eq!(log_in(&app, "alice-pass"), Status::Ok);
    let stored = select(&app, ALICE).remove(0);
    assert!(stored.starts_with("bcrypt_sha256$$2b$04$"), "stored is {stored}");
    assert_eq!(log_in(&app, "alice-pass"), Status::Ok, "the new hash must fit");
    assert_eq!(log_in(&app, "wrong"), Status::Unauthorized);
}

#[test]
fn a_hash_of_the_right_cost_stays() {
    let app = app();
    assert_eq!(log_in(&app, "alice-pass"), Status::Ok);
    let stored = select(&app, ALICE);
    assert_eq!(log_in(&app, "alice-pass"), Status::Ok);
    assert_eq!(select(&app, ALICE), stored);
}

#[test]
fn a_refused_log_in_changes_nothing() {
    let app = app();
    let stored = select(&app, ALICE);
    assert_eq!(log_in(&app, "wrong"), Status::Unauthorized);
    select(&app, "UPDATE users SET is_active = FALSE");
    assert_eq!(log_in(&app, "alice-pass"), Status::Unauthorized);
    assert_eq!(select(&app, ALICE), stored);
}
