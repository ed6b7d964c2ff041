//! views.py: the handlers.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, post, routes};

use super::models::User;
use super::passwords::Hasher;
use super::serializers::{NewUser, PublicUser};
use crate::db::Db;
use crate::errors::ApiError;
use crate::parsers::RequestData;

/// To be mounted at `/api/user`.
pub fn routes() -> Vec<Route> {
    routes![register]
}

/// CreateUserView. Anyone may register: no guard asks who the client is.
#[post("/register", data = "<data>")]
async fn register(
    db: &Db,
    hasher: &State<Hasher>,
    data: RequestData,
) -> Result<(Status, Json<PublicUser>), ApiError> {
    let new = NewUser::validate(data)?;
    let password = hasher.make_password(new.password).await?;
    let user = User::create_user(db, &new.username, &password).await?;
    Ok((Status::Created, Json(user.into())))
}
