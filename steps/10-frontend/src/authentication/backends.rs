//! backends.py: the user behind a header, which may say `Token` too.

use rocket::request::{FromRequest, Outcome};
use rocket::{Request, async_trait};

use crate::accounts::User;
use crate::tokens::{authenticate, outcome, user};

/// The words that may stand before the token.
const SCHEMES: [&str; 2] = ["Token", "Bearer"];

/// IsAuthenticated: as `tokens::CurrentUser`, by this backend.
pub struct IsAuthenticated(pub User);

/// AllowAny: as `tokens::AllowAny`, by this backend.
pub struct AllowAny;

#[async_trait]
impl<'r> FromRequest<'r> for IsAuthenticated {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        outcome(request, user(request, &SCHEMES).await.map(IsAuthenticated))
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for AllowAny {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        outcome(request, authenticate(request, &SCHEMES).await.map(|_| AllowAny))
    }
}
