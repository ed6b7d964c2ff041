use rocket::serde::json::json;
use rocket_db_pools::Database as _;

use super::{Answer, App, app_with_users, bearer, client, host, log_in, post, rows, send};
use crate::db::Db;

/// As a platform asks: by the machine's address.
fn ask(app: &App, path: &str) -> Answer {
    send(host(app.get(path.to_string()), "10.2.3.4"), "")
}

/// The database of this server is gone.
fn lose(app: &App) {
    let db = Db::fetch(app.rocket()).expect("the server must attach Db");
    super::async_run(db.pool().close());
}

#[test]
fn a_server_is_alive_and_ready() {
    let app = client(&[]);
    for path in ["/healthz", "/readyz"] {
        ask(&app, path).is(200, json!({"status": "ok"}));
        send(app.get(path), "").because("no Host is needed").has_status(200);
    }
}

#[test]
fn a_probe_is_a_get() {
    let app = client(&[]);
    let answer = send(host(app.post("/readyz"), "10.2.3.4"), "");
    answer.has_status(405).has_header("Allow", "GET, HEAD, OPTIONS");
}

#[test]
fn only_the_probes_are_for_every_name() {
    let app = client(&[]);
    for path in ["/healthz/", "/healthz/x", "/api/token/", "/"] {
        ask(&app, path).has_status(400);
    }
}

#[test]
fn without_its_database_a_server_is_alive_and_not_ready() {
    let app = client(&[]);
    lose(&app);
    ask(&app, "/healthz").because("it is alive").has_status(200);
    let detail = "Service temporarily unavailable, try again later.";
    ask(&app, "/readyz").because("it is not ready").is(503, json!({ "detail": detail }));
}

#[test]
fn with_a_migration_missing_a_server_is_not_ready() {
    let app = client(&[]);
    rows(&app.database, "DELETE FROM _sqlx_migrations WHERE version = 4");
    ask(&app, "/readyz").has_status(503);
}

#[test]
fn without_its_database_every_address_answers_503() {
    let app = app_with_users();
    let (access, refresh) = log_in(&app);
    lose(&app);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    for (path, body) in [
        ("/api/user/register/", json!({"username": "new", "password": "pw"})),
        ("/api/token/", alice),
        ("/api/token/refresh/", json!({ "refresh": refresh })),
        ("/api/token/verify/", json!({ "token": refresh })),
        ("/api/token/blacklist/", json!({ "refresh": refresh })),
    ] {
        post(&app, path, body).has_status(503);
    }
    for path in ["/api/notes/", "/api/account/"] {
        let answer = send(bearer(app.get(path), &access), "");
        answer.has_status(503).has_header("Retry-After", "5");
    }
}
