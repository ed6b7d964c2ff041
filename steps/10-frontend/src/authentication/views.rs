//! views.py: the handlers.

use rocket::http::Status;
use rocket::response::Responder;
use rocket::serde::json::Json;
use rocket::{Route, State, get, patch, post, put, routes};

use super::backends::{AllowAny, IsAuthenticated};
use super::serializers::{Envelope, validate};
use crate::accounts::{Hasher, User, UserChange};
use crate::db::Db;
use crate::errors::{ApiError, field_error};
use crate::fields::char_fields;
use crate::parsers::UserData;
use crate::settings::Settings;
use crate::tokens::TokenBackend;

/// To be mounted at `/api/users`.
pub fn register_routes() -> Vec<Route> {
    routes![register]
}

/// To be mounted at `/api/users` too.
pub fn log_in_routes() -> Vec<Route> {
    routes![log_in]
}

/// To be mounted at `/api/user`: one's own.
pub fn user_routes() -> Vec<Route> {
    routes![retrieve, update, partial_update]
}

/// An error in the form of this API. `?` makes it of an `ApiError`.
#[derive(Responder)]
pub struct Refusal(ApiError);

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal(error.into().in_errors())
    }
}

/// RegistrationAPIView.
#[post("/", data = "<data>")]
async fn register(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    _anyone: AllowAny,
    data: UserData,
) -> Result<(Status, Json<Envelope>), Refusal> {
    let UserChange { username, email, password, .. } = validate(data, false)?;
    let password = hasher.make_password(password.unwrap_or_default()).await?;
    let (username, email) = (username.unwrap_or_default(), email.unwrap_or_default());
    let mut connection = db.pool().acquire().await?;
    let user = User::create_user(&mut connection, &username, &email, &password).await?;
    Ok((Status::Created, Json(Envelope::new(user, tokens)?)))
}

/// LoginAPIView. It does not look at the header: who logs in may have an old token there.
#[post("/login", data = "<data>")]
async fn log_in(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    settings: &State<Settings>,
    data: UserData,
) -> Result<Json<Envelope>, Refusal> {
    let [email, password] = char_fields(data.0, ["email", "password"])?;
    let found = User::by_email(db, &email).await?;
    let user = User::authenticate(db, hasher, found, password).await?.ok_or_else(|| {
        let message = "A user with this email and password was not found.";
        field_error("non_field_errors", message)
    })?;
    if settings.update_last_login {
        user.update_last_login(db).await?;
    }
    Ok(Json(Envelope::new(user, tokens)?))
}

/// UserRetrieveUpdateAPIView.
#[get("/")]
fn retrieve(
    tokens: &State<TokenBackend>,
    user: IsAuthenticated,
) -> Result<Json<Envelope>, Refusal> {
    Ok(Json(Envelope::new(user.0, tokens)?))
}

#[put("/", data = "<data>")]
async fn update(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    user: IsAuthenticated,
    data: UserData,
) -> Result<Json<Envelope>, Refusal> {
    let mut change = validate(data, true)?;
    if let Some(password) = change.password {
        change.password = Some(hasher.make_password(password).await?);
    }
    let user = user.0.update(db, change).await?;
    Ok(Json(Envelope::new(user, tokens)?))
}

#[patch("/", data = "<data>")]
async fn partial_update(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    user: IsAuthenticated,
    data: UserData,
) -> Result<Json<Envelope>, Refusal> {
    update(db, hasher, tokens, user, data).await
}
