//! The addresses that give out tokens.

use rocket::http::Status;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, State, get, post, routes};
use sqlx::{Executor, Transaction};

use super::blacklist;
use super::cookies::RefreshToken;
use super::models::{Claims, TokenBackend, TokenPair, TokenType, is_over, user_id};
use super::serializers::{Credentials, token_field};
use crate::accounts::{Hasher, User};
use crate::db::{Backend, Db};
use crate::errors::{ApiError, field_error};
use crate::pages::FormPage;
use crate::parsers::RequestData;
use crate::settings::Settings;

/// To be mounted at `/api/token`.
pub fn routes() -> Vec<Route> {
    routes![
        obtain,
        obtain_page,
        refresh,
        refresh_page,
        verify,
        verify_page,
        log_out,
        log_out_page
    ]
}

/// TokenObtainPairView: log in.
#[post("/", data = "<data>")]
async fn obtain(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    settings: &State<Settings>,
    token: RefreshToken<'_>,
    data: RequestData,
) -> Result<Json<TokenPair>, ApiError> {
    let Credentials { username, password } = Credentials::validate(data)?;
    // One answer, whatever was wrong: it tells nobody who has an account.
    let found = User::by_username(db, &username).await?;
    let user = User::authenticate(db, hasher, found, password).await?.ok_or_else(|| {
        let detail = "No active account found with the given credentials";
        ApiError::new(Status::Unauthorized, detail)
    })?;
    if settings.update_last_login {
        user.update_last_login(db).await?;
    }
    let pair = give_pair(db.pool(), tokens, &user).await?;
    Ok(Json(token.given(pair, settings)))
}

/// Try it in a browser: http://127.0.0.1:8000/api/token/
#[get("/")]
fn obtain_page() -> FormPage {
    FormPage { title: "Token Obtain Pair", fields: &["username", "password"] }
}

/// TokenRefreshView: a new access token and, with rotation, a new refresh token.
///
/// A deleted user is refused as an inactive one is. SimpleJWT 5.5.1 answers 500 there; its
/// next version does as we do.
#[post("/refresh", data = "<data>")]
async fn refresh(
    db: &Db,
    tokens: &State<TokenBackend>,
    settings: &State<Settings>,
    token: RefreshToken<'_>,
    data: RequestData,
) -> Result<Json<TokenPair>, ApiError> {
    let old = token.received(data)?;
    let old = tokens.decode(&old, Some(TokenType::Refresh)).map_err(bad_token)?;
    let pair = exchange(db, tokens, settings, &old).await?;
    Ok(Json(token.given(pair, settings)))
}

/// TokenRefreshSerializer.validate: takes a refresh token in, and gives out what it brings.
async fn exchange(
    db: &Db,
    tokens: &TokenBackend,
    settings: &Settings,
    old: &Claims,
) -> Result<TokenPair, ApiError> {
    let use_up = settings.rotate_refresh_tokens && settings.blacklist_after_rotation;
    let new = settings.rotate_refresh_tokens.then(|| tokens.rotated(old));

    // One transaction: if anything fails after the claim, the claim is undone, and the old
    // token is as good as before. Writing comes first: SQLite refuses a transaction that
    // has read and then wants to write, when another writes or wrote meanwhile.
    let mut transaction = db.pool().begin().await?;
    if use_up && !blacklist::claim(&mut *transaction, old).await? {
        if settings.reuse_revokes_family {
            revoke_if_reused(transaction, old, settings.reuse_grace).await?;
        }
        return Err(bad_token(BLACKLISTED));
    }
    if let Some(new) = &new {
        blacklist::outstand(&mut *transaction, new, Some(old)).await?;
    }
    if !use_up && blacklist::contains(&mut *transaction, old).await? {
        return Err(bad_token(BLACKLISTED));
    }
    if blacklist::family_is_revoked(&mut *transaction, old).await? {
        return Err(bad_token(BLACKLISTED));
    }
    if old.contains_key("user_id") {
        let user = match user_id(old) {
            Some(id) => User::by_id(&mut *transaction, id).await?,
            None => None,
        };
        let Some(user) = user.filter(|user| user.is_active) else {
            let detail = "No active account found for the given token.";
            return Err(ApiError::new(Status::Unauthorized, detail));
        };
        if is_over(old, &user) {
            return Err(bad_token(BLACKLISTED));
        }
    }
    let refresh = new.map(|new| tokens.sign(&new)).transpose()?;
    let pair = TokenPair { refresh, access: tokens.access_for(old)? };
    transaction.commit().await?;
    Ok(pair)
}

/// A used token came back: someone else may have used it first, or uses it now. Which of
/// the two is the thief nobody can tell, so neither goes on without the password.
async fn revoke_if_reused(
    mut transaction: Transaction<'_, Backend>,
    token: &Claims,
    grace: i64,
) -> Result<(), ApiError> {
    if blacklist::revoke_family_of_reused(&mut transaction, token, grace).await? {
        let user = user_id(token).unwrap_or_default();
        log::warn!(
            "Warning: a used refresh token of user {user} came back; its family is revoked."
        );
    }
    Ok(transaction.commit().await?)
}

/// Try it in a browser: http://127.0.0.1:8000/api/token/refresh/
#[get("/refresh")]
fn refresh_page() -> FormPage {
    FormPage { title: "Token Refresh", fields: &["refresh"] }
}

/// TokenVerifyView: whether a token is good, of either type. It does not look at the user,
/// and at the blacklist only with BLACKLIST_AFTER_ROTATION; the answer is then a 400.
#[post("/verify", data = "<data>")]
async fn verify(
    db: &Db,
    tokens: &State<TokenBackend>,
    settings: &State<Settings>,
    data: RequestData,
) -> Result<Value, ApiError> {
    let token = token_field(data, "token")?;
    let claims = tokens.decode(&token, None).map_err(bad_token)?;
    if settings.blacklist_after_rotation && is_blacklisted(db, &claims).await? {
        return Err(field_error("non_field_errors", BLACKLISTED));
    }
    Ok(json!({}))
}

#[get("/verify")]
fn verify_page() -> FormPage {
    FormPage { title: "Token Verify", fields: &["token"] }
}

/// TokenBlacklistView: log out. The token's whole family ends; access tokens that were made
/// with it live on until they end.
///
/// A used token is refused, as SimpleJWT does it, and ends its family all the same: whoever
/// has refreshed in between does not go on. That may be a thief.
#[post("/blacklist", data = "<data>")]
async fn log_out(
    db: &Db,
    tokens: &State<TokenBackend>,
    settings: &State<Settings>,
    token: RefreshToken<'_>,
    data: RequestData,
) -> Result<Value, ApiError> {
    // First: whoever wants out is out of this browser, also with a token that is no good.
    token.forget(settings);
    let token = token.received(data)?;
    let claims = tokens.decode(&token, Some(TokenType::Refresh)).map_err(bad_token)?;
    let mut transaction = db.pool().begin().await?;
    let unused = blacklist::claim(&mut *transaction, &claims).await?;
    let ended = blacklist::family_is_revoked(&mut *transaction, &claims).await?;
    if settings.reuse_revokes_family {
        blacklist::revoke_family(&mut *transaction, &claims).await?;
    }
    transaction.commit().await?;
    if ended || !unused {
        return Err(bad_token(BLACKLISTED));
    }
    Ok(json!({}))
}

#[get("/blacklist")]
fn log_out_page() -> FormPage {
    FormPage { title: "Token Blacklist", fields: &["refresh"] }
}

/// Signs a new pair for a user, and writes the refresh token down.
pub async fn give_pair(
    executor: impl Executor<'_, Database = Backend>,
    tokens: &TokenBackend,
    user: &User,
) -> Result<TokenPair, ApiError> {
    let refresh = tokens.refresh_for(user);
    blacklist::outstand(executor, &refresh, None).await?;
    let access = tokens.access_for(&refresh)?;
    Ok(TokenPair { refresh: Some(tokens.sign(&refresh)?), access })
}

async fn is_blacklisted(db: &Db, claims: &Claims) -> Result<bool, ApiError> {
    let used = blacklist::contains(db.pool(), claims).await?;
    Ok(used || blacklist::family_is_revoked(db.pool(), claims).await?)
}

pub const BLACKLISTED: &str = "Token is blacklisted";

/// SimpleJWT's answer to a bad token in a body.
fn bad_token(message: &str) -> ApiError {
    ApiError::with_code(Status::Unauthorized, message, "token_not_valid")
}
