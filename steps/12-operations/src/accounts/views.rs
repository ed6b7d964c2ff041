//! views.py: the handlers.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, get, post, routes};

use super::models::User;
use super::passwords::Hasher;
use super::serializers::{Account, NewAccount, NewUser, PublicUser, Registered};
use crate::db::Db;
use crate::errors::ApiError;
use crate::pages::FormPage;
use crate::parsers::RequestData;
use crate::tokens::{AllowAny, CurrentUser, TokenBackend, give_pair};

/// To be mounted at `/api/user`.
pub fn routes() -> Vec<Route> {
    routes![register, register_page]
}

/// To be mounted at `/api/account`: one's own.
pub fn account_routes() -> Vec<Route> {
    routes![account]
}

/// To be mounted at `/api/account` too.
pub fn register_routes() -> Vec<Route> {
    routes![register_account, register_account_page]
}

/// CreateUserView. Anyone may register, but nobody with a bad token.
#[post("/register", data = "<data>")]
async fn register(
    db: &Db,
    hasher: &State<Hasher>,
    _anyone: AllowAny,
    data: RequestData,
) -> Result<(Status, Json<PublicUser>), ApiError> {
    let new = NewUser::validate(data)?;
    let password = hasher.make_password(new.password).await?;
    let user = User::create_user(db, &new.username, "", &password).await?;
    Ok((Status::Created, Json(user.into())))
}

/// Try it in a browser: http://127.0.0.1:8000/api/user/register/
#[get("/register")]
fn register_page() -> FormPage {
    FormPage { title: "Create User", fields: &["username", "password"] }
}

/// The user whose token came with the request. Without one, this is never called.
#[get("/")]
fn account(user: CurrentUser) -> Json<Account> {
    Json(user.0.into())
}

/// Note 004's registration: who registers is logged in at once.
#[post("/register", data = "<data>")]
async fn register_account(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    _anyone: AllowAny,
    data: RequestData,
) -> Result<(Status, Json<Registered>), ApiError> {
    let new = NewAccount::validate(data)?;
    let password = hasher.make_password(new.password).await?;
    let user = User::create_user(db, &new.username, &new.email, &password).await?;
    let pair = give_pair(db, tokens, user.id).await?;
    Ok((Status::Created, Json(Registered::new(user, pair))))
}

#[get("/register")]
fn register_account_page() -> FormPage {
    let fields = &["username", "email", "password", "password2"];
    FormPage { title: "Account Register", fields }
}
