//! The addresses that give out tokens.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, get, post, routes};

use super::models::{TokenBackend, TokenPair};
use super::serializers::Credentials;
use crate::accounts::{Hasher, User};
use crate::db::Db;
use crate::errors::ApiError;
use crate::pages::FormPage;
use crate::parsers::RequestData;

/// To be mounted at `/api/token`.
pub fn routes() -> Vec<Route> {
    routes![obtain, obtain_page]
}

/// TokenObtainPairView: log in.
#[post("/", data = "<data>")]
async fn obtain(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    data: RequestData,
) -> Result<Json<TokenPair>, ApiError> {
    let Credentials { username, password } = Credentials::validate(data)?;
    // One answer, whatever was wrong: it tells nobody who has an account.
    let user = User::authenticate(db, hasher, &username, password).await?.ok_or_else(|| {
        let detail = "No active account found with the given credentials";
        ApiError::new(Status::Unauthorized, detail)
    })?;
    Ok(Json(tokens.pair_for(user.id)?))
}

/// Try it in a browser: http://127.0.0.1:8000/api/token/
#[get("/")]
fn obtain_page() -> FormPage {
    FormPage { title: "Token Obtain Pair", fields: &["username", "password"] }
}
