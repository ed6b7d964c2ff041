//! SimpleJWT's authentication.py: from the `Authorization` header to a user.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, State, async_trait};

use super::models::{TokenBackend, TokenType, is_over, user_id};
use super::views::BLACKLISTED;
use crate::accounts::User;
use crate::db::Db;
use crate::errors::ApiError;

/// IsAuthenticated: the user who asks. A handler that names it in its signature cannot be
/// called without one, and a handler that does not name it does not know who asks.
pub struct CurrentUser(pub User);

/// IsAdminUser: somebody of the staff. A user who is none gets a 403: it is known who asks,
/// and to ask again with another token of the same user would not help.
pub struct IsAdmin;

/// AllowAny: whoever asks, but nobody with a bad token.
///
/// Not `Option<CurrentUser>`: Rocket would turn every failure into `None`, and a bad token
/// into a visitor without one.
pub struct AllowAny;

#[async_trait]
impl<'r> FromRequest<'r> for CurrentUser {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        outcome(request, user(request, &SCHEMES).await.map(CurrentUser))
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for IsAdmin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let admin = user(request, &SCHEMES).await.and_then(|user| {
            let detail = "You do not have permission to perform this action.";
            let refusal = ApiError::new(Status::Forbidden, detail);
            if user.is_staff { Ok(IsAdmin) } else { Err(refusal) }
        });
        outcome(request, admin)
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for AllowAny {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        outcome(request, authenticate(request, &SCHEMES).await.map(|_| AllowAny))
    }
}

/// AUTH_HEADER_TYPES, SimpleJWT's.
const SCHEMES: [&str; 1] = ["Bearer"];

/// What a guard says. An error stays with the request, for the catcher.
pub fn outcome<T>(request: &Request<'_>, result: Result<T, ApiError>) -> Outcome<T, ()> {
    match result {
        Ok(value) => Outcome::Success(value),
        Err(error) => Outcome::Error((error.leave_with(request), ())),
    }
}

/// The user whom a token after one of these words names.
pub async fn user(request: &Request<'_>, schemes: &[&str]) -> Result<User, ApiError> {
    let detail = "Authentication credentials were not provided.";
    let user = authenticate(request, schemes).await?;
    user.ok_or_else(|| ApiError::new(Status::Unauthorized, detail))
}

/// JWTAuthentication.authenticate: `None` when the request brings no token after one of
/// these words.
///
/// The row is read for every request. The token alone would do, and would go on opening
/// doors for a user who was switched off.
pub async fn authenticate(
    request: &Request<'_>,
    schemes: &[&str],
) -> Result<Option<User>, ApiError> {
    let Some(token) = bearer(request, schemes)? else { return Ok(None) };
    let tokens = request.guard::<&State<TokenBackend>>().await.succeeded();
    let db = request.guard::<&Db>().await.succeeded();
    let (Some(tokens), Some(db)) = (tokens, db) else {
        return Err(ApiError::internal("no token backend or no database is mounted"));
    };
    let claims = tokens.decode(&token, Some(TokenType::Access));
    let claims = claims.map_err(ApiError::bad_access_token)?;
    let refuse = |detail, code| ApiError::with_code(Status::Unauthorized, detail, code);
    if !claims.contains_key("user_id") {
        let detail = "Token contained no recognizable user identification";
        return Err(refuse(detail, "token_not_valid"));
    }
    let user = match user_id(&claims) {
        Some(id) => User::by_id(db.pool(), id).await?,
        None => None,
    };
    match user {
        None => Err(refuse("User not found", "user_not_found")),
        Some(user) if !user.is_active => Err(refuse("User is inactive", "user_inactive")),
        Some(user) if is_over(&claims, &user) => Err(ApiError::bad_access_token(BLACKLISTED)),
        Some(user) => Ok(Some(user)),
    }
}

/// The token after one of these words. Another, or no header, is no token and no mistake.
///
/// Of two headers neither counts. Django sees them as one, with a comma between.
fn bearer(request: &Request<'_>, schemes: &[&str]) -> Result<Option<String>, ApiError> {
    let header = request.headers().get("Authorization").collect::<Vec<_>>().join(",");
    let mut parts = header.split_ascii_whitespace();
    if !parts.next().is_some_and(|scheme| schemes.contains(&scheme)) {
        return Ok(None);
    }
    match (parts.next(), parts.next()) {
        (Some(token), None) => Ok(Some(token.into())),
        _ => Err(ApiError::with_code(
            Status::Unauthorized,
            "Authorization header must contain two space-delimited values",
            "bad_authorization_header",
        )),
    }
}
