use rocket::serde::json::json;
use sha2::{Digest, Sha256};

use super::{Answer, App, client, post, select};

const ALICE: &str = "SELECT password FROM users WHERE username = 'alice'";

/// A server that hashes at cost 4 (all tests do) and has alice's password at cost 5.
fn app() -> App {
    let app = client(&[]);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    post(&app, "/api/user/register/", alice).has_status(201);
    let hash = bcrypt::hash(format!("{:x}", Sha256::digest("alice-pass")), 5).expect("a hash");
    let update = format!("UPDATE users SET password = 'bcrypt_sha256${hash}'");
    select(&app, update.leak());
    app
}

fn log_in(app: &App, password: &str) -> Answer {
    post(app, "/api/token/", json!({"username": "alice", "password": password}))
}

#[test]
fn a_log_in_renews_a_hash_of_another_cost() {
    let app = app();
    log_in(&app, "alice-pass").has_status(200);
    let stored = select(&app, ALICE).remove(0);
    let renewed = stored.starts_with("bcrypt_sha256$$2b$04$");
    assert!(renewed, "after a log-in a hash of cost 04 must be stored, and it is {stored}");
    log_in(&app, "alice-pass").because("the new hash must fit").has_status(200);
    log_in(&app, "wrong").has_status(401);
}

#[test]
fn a_hash_of_the_right_cost_stays() {
    let app = app();
    log_in(&app, "alice-pass").has_status(200);
    let stored = select(&app, ALICE);
    log_in(&app, "alice-pass").has_status(200);
    assert_eq!(select(&app, ALICE), stored, "a hash of the right cost must stay as it is");
}

#[test]
fn a_refused_log_in_changes_nothing() {
    let app = app();
    let stored = select(&app, ALICE);
    log_in(&app, "wrong").has_status(401);
    select(&app, "UPDATE users SET is_active = FALSE");
    log_in(&app, "alice-pass").because("alice is switched off").has_status(401);
    assert_eq!(select(&app, ALICE), stored, "a refused log-in must not store another hash");
}
