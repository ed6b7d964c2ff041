//! serializers.py and renderers.py: what is in the envelope, on its way in and out.

use rocket::serde::json::Value;
use serde::Serialize;

use crate::accounts::{User, UserChange, username_field};
use crate::errors::{ApiError, FieldErrors};
use crate::fields::{Validator, blank_field, char_field, email_field, max_length, min_length};
use crate::parsers::{RequestData, UserData};
use crate::tokens::TokenBackend;

/// RegistrationSerializer, which asks for name, e-mail and password; and with `partial` what
/// changes a user, where a field that is missing is no mistake.
///
/// The password is not hashed yet.
pub fn validate(UserData(data): UserData, partial: bool) -> Result<UserChange, ApiError> {
    let mut errors = FieldErrors::default();
    let wanted = |name: &str| !partial || data.0.contains_key(name);
    let mut change = UserChange::default();
    if wanted("username") {
        change.username = username_field(&data, &mut errors);
    }
    if wanted("email") {
        change.email = email_field(&data, "email", false, &mut errors);
    }
    if wanted("password") {
        let rules: [Validator<'_>; 2] = [&min_length(8), &max_length(128)];
        change.password = char_field(&data, "password", &rules, &mut errors);
    }
    change.bio = profile_field(&data, "bio", 1000, &mut errors);
    change.image = profile_field(&data, "image", 500, &mut errors);
    errors.into_result()?;
    Ok(change)
}

/// A text that `null` takes away.
fn profile_field(
    data: &RequestData,
    name: &str,
    max: usize,
    errors: &mut FieldErrors,
) -> Option<String> {
    match data.0.get(name)? {
        Value::Null => Some(String::new()),
        _ => blank_field(data, name, &[&max_length(max)], errors),
    }
}

/// UserJSONRenderer's envelope.
#[derive(Serialize)]
pub struct Envelope {
    user: UserWithToken,
}

#[derive(Serialize)]
struct UserWithToken {
    email: String,
    username: String,
    bio: Option<String>,
    image: Option<String>,
    token: String,
}

impl Envelope {
    pub fn new(user: User, tokens: &TokenBackend) -> Result<Self, ApiError> {
        let token = user.token(tokens)?;
        let User { email, username, bio, image, .. } = user;
        let some = |text: String| (!text.is_empty()).then_some(text);
        let (bio, image) = (some(bio), some(image));
        Ok(Envelope { user: UserWithToken { email, username, bio, image, token } })
    }
}
