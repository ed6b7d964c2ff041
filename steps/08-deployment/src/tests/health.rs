use rocket::local::blocking::LocalResponse;
use rocket::serde::json::json;
use rocket_db_pools::Database as _;

use super::{App, app_with_users, client, host, json as body_of, log_in, post, rows};
use crate::db::Db;

/// As a platform asks: by the machine's address.
fn ask<'c>(app: &'c App, path: &'c str) -> LocalResponse<'c> {
    host(app.get(path), "10.2.3.4").dispatch()
}

/// The database of this server is gone.
fn lose(app: &App) {
    let db = Db::fetch(app.rocket()).expect("a database");
    super::async_run(db.pool().close());
}

#[test]
fn a_server_is_alive_and_ready() {
    let app = client(&[]);
    for path in ["/healthz", "/readyz"] {
        let response = ask(&app, path);
        assert_eq!(response.status().code, 200, "{path}");
        assert_eq!(body_of(response), json!({"status": "ok"}));
        assert_eq!(app.get(path).dispatch().status().code, 200, "{path} without a Host");
    }
}

#[test]
fn a_probe_is_a_get() {
    let app = client(&[]);
    let response = host(app.post("/readyz"), "10.2.3.4").dispatch();
    assert_eq!(response.status().code, 405);
    assert_eq!(super::header(&response, "Allow"), "GET, HEAD, OPTIONS");
}

#[test]
fn only_the_probes_are_for_every_name() {
    let app = client(&[]);
    for path in ["/healthz/", "/healthz/x", "/api/token/", "/"] {
        assert_eq!(ask(&app, path).status().code, 400, "{path}");
    }
}

#[test]
fn without_its_database_a_server_is_alive_and_not_ready() {
    let app = client(&[]);
    lose(&app);
    assert_eq!(ask(&app, "/healthz").status().code, 200);
    let response = ask(&app, "/readyz");
    assert_eq!(response.status().code, 503);
    let detail = "Service temporarily unavailable, try again later.";
    assert_eq!(body_of(response), json!({ "detail": detail }));
}

#[test]
fn with_a_migration_missing_a_server_is_not_ready() {
    let app = client(&[]);
    rows(&app.database, "DELETE FROM _sqlx_migrations WHERE version = 4");
    assert_eq!(ask(&app, "/readyz").status().code, 503);
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
        assert_eq!(post(&app, path, body).status().code, 503, "{path}");
    }
    for path in ["/api/notes/", "/api/account/"] {
        let token = rocket::http::Header::new("Authorization", format!("Bearer {access}"));
        let response = host(app.get(path), "localhost").header(token).dispatch();
        assert_eq!(response.status().code, 503, "{path}");
        assert_eq!(super::header(&response, "Retry-After"), "5");
    }
}
