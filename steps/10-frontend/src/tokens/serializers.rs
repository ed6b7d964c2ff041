//! What comes in to the token addresses.

use crate::errors::{ApiError, FieldErrors};
use crate::fields::char_field;
use crate::parsers::RequestData;

/// TokenObtainPairSerializer: who wants to log in.
pub struct Credentials {
    pub username: String,
    pub password: String,
}

impl Credentials {
    /// Only that both are there: a rule for names here would tell which names exist.
    ///
    /// It takes the body, so that nothing of it is left when the password is hashed.
    pub fn validate(data: RequestData) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let username = char_field(&data, "username", &[], &mut errors);
        let password = char_field(&data, "password", &[], &mut errors);
        match (username, password) {
            (Some(username), Some(password)) => Ok(Credentials { username, password }),
            _ => Err(errors.into()),
        }
    }
}

/// The one field of TokenRefreshSerializer and TokenVerifySerializer.
pub fn token_field(data: RequestData, name: &str) -> Result<String, ApiError> {
    let mut errors = FieldErrors::default();
    char_field(&data, name, &[], &mut errors).ok_or_else(|| errors.into())
}
