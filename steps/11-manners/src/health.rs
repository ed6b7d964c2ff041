//! What the platform asks of a running program: is it alive, may it get requests.

use rocket::serde::json::{Value, json};
use rocket::{Request, Route, get, routes};

use crate::db::Db;
use crate::errors::ApiError;
use crate::migrations;

/// The addresses, as they are written in the files for the platforms.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// To be mounted at `/`.
pub fn routes() -> Vec<Route> {
    routes![alive, ready]
}

/// Whether this is a question of the platform. It comes by the machine's address, with no
/// name of ours as its `Host`, and to an address without a slash at the end.
pub fn is_probe(request: &Request<'_>) -> bool {
    PROBES.iter().any(|path| request.uri().path() == *path)
}

/// Alive: if not, a restart helps. So it does not look at the database, for whose failure a
/// restart of this program is no cure.
#[get("/healthz")]
fn alive() -> Value {
    json!({"status": "ok"})
}

/// Ready: the database answers and has all migrations. If not, requests go elsewhere.
#[get("/readyz")]
async fn ready(db: &Db) -> Result<Value, ApiError> {
    migrations::require(db).await.map_err(ApiError::unavailable)?;
    Ok(json!({"status": "ok"}))
}
