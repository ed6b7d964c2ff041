//! views.py: the handlers.

use rocket::http::Status;
use rocket::http::uri::Host;
use rocket::serde::json::Json;
use rocket::{Route, State, delete, get, patch, post, routes};

use super::models::{User, UserRow};
use super::passwords::{Hasher, password_problems};
use super::serializers::{
    Account, NewAccount, NewUser, PublicUser, Registered, validate_account_change,
};
use crate::db::Db;
use crate::errors::{ApiError, FieldErrors, field_error};
use crate::fields::char_fields;
use crate::pages::FormPage;
use crate::pagination::{Page, Paginator};
use crate::parsers::RequestData;
use crate::tokens::{AllowAny, CurrentUser, IsAdmin, TokenBackend, TokenPair, give_pair};

/// To be mounted at `/api/user`.
pub fn routes() -> Vec<Route> {
    routes![register, register_page]
}

/// To be mounted at `/api/account`: one's own.
pub fn account_routes() -> Vec<Route> {
    routes![account, change_account, change_password, end_sessions]
}

/// To be mounted at `/api/account` too.
pub fn register_routes() -> Vec<Route> {
    routes![register_account, register_account_page]
}

/// To be mounted at `/api/accounts`.
pub fn staff_routes() -> Vec<Route> {
    routes![list]
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
    let mut connection = db.pool().acquire().await?;
    let user = User::create_user(&mut connection, &new.username, "", &password).await?;
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

/// Changes what is sent, except the name.
#[patch("/", data = "<data>")]
async fn change_account(
    db: &Db,
    user: CurrentUser,
    data: RequestData,
) -> Result<Json<Account>, ApiError> {
    let change = validate_account_change(data)?;
    Ok(Json(user.0.update(db, change).await?.into()))
}

/// A new password ends what was open, here too: so the answer is a new pair.
#[post("/password", data = "<data>")]
async fn change_password(
    db: &Db,
    hasher: &State<Hasher>,
    tokens: &State<TokenBackend>,
    user: CurrentUser,
    data: RequestData,
) -> Result<Json<TokenPair>, ApiError> {
    let CurrentUser(user) = user;
    let [old, new] = char_fields(data, ["old_password", "new_password"])?;
    let mut errors = FieldErrors::default();
    // The token alone does not prove who asks: it may be a stolen one.
    if !user.check_password(hasher, old).await? {
        errors.add("old_password", vec![WRONG_PASSWORD.into()]);
    }
    let problems = password_problems(&new, &user);
    if !problems.is_empty() {
        errors.add("new_password", problems);
    }
    errors.into_result()?;
    let password = hasher.make_password(new).await?;
    // `None`: another request was first, and the old password is another one now.
    let user = user.set_password(db, &password).await?;
    let user = user.ok_or_else(|| field_error("old_password", WRONG_PASSWORD))?;
    Ok(Json(give_pair(db.pool(), tokens, &user).await?))
}

const WRONG_PASSWORD: &str =
    "Your old password was entered incorrectly. Please enter it again.";

/// Logs out everywhere.
#[delete("/sessions")]
async fn end_sessions(db: &Db, user: CurrentUser) -> Result<Status, ApiError> {
    user.0.end_sessions(db).await?;
    Ok(Status::NoContent)
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
    // Both or nothing: an account whose owner was told that it failed must not exist.
    let mut transaction = db.pool().begin().await?;
    let user =
        User::create_user(&mut transaction, &new.username, &new.email, &password).await?;
    let pair = give_pair(&mut *transaction, tokens, &user).await?;
    transaction.commit().await?;
    Ok((Status::Created, Json(Registered::new(user, pair))))
}

#[get("/register")]
fn register_account_page() -> FormPage {
    let fields = &["username", "email", "password", "password2"];
    FormPage { title: "Account Register", fields }
}

/// All users, page by page. Django's admin shows as much; here it is what a superuser is
/// good for.
#[get("/?<page>&<page_size>")]
async fn list(
    db: &Db,
    host: &Host<'_>,
    _admin: IsAdmin,
    page: Option<&str>,
    page_size: Option<&str>,
) -> Result<Json<Page<UserRow>>, ApiError> {
    let paginator = Paginator::new(UserRow::count(db).await?, page, page_size)?;
    let users = UserRow::list(db, paginator.offset(), paginator.size).await?;
    Ok(Json(paginator.answer(&format!("http://{host}/api/accounts/"), users)))
}
