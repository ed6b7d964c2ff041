//! The refresh token in a cookie, for a client that runs in a browser: no script can read it
//! there, also none that someone got into the page.

use std::convert::Infallible;

use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::request::{FromRequest, Outcome};
use rocket::time::Duration;
use rocket::{Request, async_trait};

use super::models::TokenPair;
use super::serializers::token_field;
use crate::errors::ApiError;
use crate::parsers::RequestData;
use crate::settings::Settings;

/// With this header a client asks for the cookie. A page of another site cannot send it: the
/// browser first asks us whether that site may, in a preflight, and we say no.
const HEADER: &str = "X-Refresh-Cookie";

const NAME: &str = "refresh";

/// The browser sends the cookie to the addresses that take a refresh token, and to no others.
const PATH: &str = "/api/token/";

/// Where this client keeps its refresh token.
pub enum RefreshToken<'r> {
    /// It comes and goes in bodies, as SimpleJWT has it.
    InBody,
    /// The browser keeps it, and the client never sees it.
    InCookie(&'r CookieJar<'r>),
}

#[async_trait]
impl<'r> FromRequest<'r> for RefreshToken<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(match request.headers().get_one(HEADER) {
            Some("1") => RefreshToken::InCookie(request.cookies()),
            _ => RefreshToken::InBody,
        })
    }
}

impl RefreshToken<'_> {
    /// The token that came. Where no cookie came, the body must have it.
    pub fn received(&self, data: RequestData) -> Result<String, ApiError> {
        let cookie = match self {
            RefreshToken::InCookie(jar) => jar.get(NAME),
            RefreshToken::InBody => None,
        };
        match cookie {
            Some(cookie) => Ok(cookie.value().into()),
            None => token_field(data, "refresh"),
        }
    }

    /// Puts a new token where the client keeps it, and gives what is left for the body.
    pub fn given(&self, pair: TokenPair, settings: &Settings) -> TokenPair {
        match (self, pair) {
            (RefreshToken::InCookie(jar), TokenPair { access, refresh: Some(token) }) => {
                let mut cookie = cookie(token, settings);
                cookie.set_max_age(Duration::seconds(settings.refresh_token_lifetime));
                jar.add(cookie);
                TokenPair { access, refresh: None }
            }
            (_, pair) => pair,
        }
    }

    /// Takes the token from the browser.
    pub fn forget(&self, settings: &Settings) {
        if let RefreshToken::InCookie(jar) = self {
            jar.remove(cookie(String::new(), settings));
        }
    }
}

/// `HttpOnly`: no script reads it. `Secure`: it does not travel in the clear. `SameSite`: no
/// other site's page makes the browser send it.
fn cookie(token: String, settings: &Settings) -> Cookie<'static> {
    let cookie = Cookie::build((NAME, token)).path(PATH).http_only(true);
    cookie.secure(settings.refresh_cookie_secure).same_site(SameSite::Strict).build()
}
