//! The addresses that give out tokens.

use rocket::http::Status;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, State, get, post, routes};

use super::models::{TokenBackend, TokenPair, TokenType, user_id};
use super::serializers::{AccessToken, Credentials, token_field};
use crate::accounts::{Hasher, User};
use crate::db::Db;
use crate::errors::ApiError;
use crate::pages::FormPage;
use crate::parsers::RequestData;

/// To be mounted at `/api/token`.
pub fn routes() -> Vec<Route> {
    routes![obtain, obtain_page, refresh, refresh_page, verify, verify_page]
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

/// TokenRefreshView: a new access token.
///
/// A deleted user is refused as an inactive one is. SimpleJWT 5.5.1 answers 500 there; its
/// next version does as we do.
#[post("/refresh", data = "<data>")]
async fn refresh(
    db: &Db,
    tokens: &State<TokenBackend>,
    data: RequestData,
) -> Result<Json<AccessToken>, ApiError> {
    let token = token_field(data, "refresh")?;
    let claims = tokens.decode(&token, Some(TokenType::Refresh)).map_err(bad_token)?;
    if claims.contains_key("user_id") {
        let user = match user_id(&claims) {
            Some(id) => User::by_id(db, id).await?,
            None => None,
        };
        if !user.is_some_and(|user| user.is_active) {
            let detail = "No active account found for the given token.";
            return Err(ApiError::new(Status::Unauthorized, detail));
        }
    }
    Ok(Json(AccessToken { access: tokens.access_for(claims)? }))
}

/// Try it in a browser: http://127.0.0.1:8000/api/token/refresh/
#[get("/refresh")]
fn refresh_page() -> FormPage {
    FormPage { title: "Token Refresh", fields: &["refresh"] }
}

/// TokenVerifyView: whether a token is good, of either type. It does not look at the user.
#[post("/verify", data = "<data>")]
async fn verify(tokens: &State<TokenBackend>, data: RequestData) -> Result<Value, ApiError> {
    let token = token_field(data, "token")?;
    tokens.decode(&token, None).map_err(bad_token)?;
    Ok(json!({}))
}

#[get("/verify")]
fn verify_page() -> FormPage {
    FormPage { title: "Token Verify", fields: &["token"] }
}

/// SimpleJWT's answer to a bad token in a body.
fn bad_token(message: &str) -> ApiError {
    ApiError::with_code(Status::Unauthorized, message, "token_not_valid")
}
