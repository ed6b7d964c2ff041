//! serializers.py: what comes in, checked, and what goes out.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use super::models::{User, UserChange};
use crate::errors::{ApiError, FieldErrors, field_error};
use crate::fields::{blank_field, char_field, email_field, max_length};
use crate::parsers::RequestData;
use crate::tokens::TokenPair;

/// A new user, as the client asks for it.
pub struct NewUser {
    pub username: String,
    pub password: String,
}

impl NewUser {
    /// Django sets no rules for a password here: AUTH_PASSWORD_VALIDATORS work in its
    /// forms, and the REST API does not ask them.
    ///
    /// It takes the body: nothing of it is left when the password is hashed.
    pub fn validate(data: RequestData) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let username = username_field(&data, &mut errors);
        let password = char_field(&data, "password", &[&max_length(128)], &mut errors);
        match (username, password) {
            (Some(username), Some(password)) => Ok(NewUser { username, password }),
            _ => Err(errors.into()),
        }
    }
}

/// A new account, as note 004 asks for it: with an email, and the password twice.
pub struct NewAccount {
    pub username: String,
    pub email: String,
    pub password: String,
}

impl NewAccount {
    pub fn validate(data: RequestData) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let username = username_field(&data, &mut errors);
        let email = email_field(&data, "email", true, &mut errors);
        let password = char_field(&data, "password", &[&max_length(128)], &mut errors);
        let again = char_field(&data, "password2", &[], &mut errors);
        match (username, email, password, again) {
            (Some(username), Some(email), Some(password), Some(again)) => {
                if password != again {
                    let message = "The two password fields didn't match.";
                    return Err(field_error("password2", message));
                }
                Ok(NewAccount { username, email, password })
            }
            _ => Err(errors.into()),
        }
    }
}

/// What `PATCH /api/account/` changes.
pub fn validate_account_change(data: RequestData) -> Result<UserChange, ApiError> {
    let mut errors = FieldErrors::default();
    let sent = |name: &str| data.0.contains_key(name);
    let mut change = UserChange::default();
    if sent("email") {
        change.email = email_field(&data, "email", true, &mut errors);
    }
    if sent("first_name") {
        change.first_name = blank_field(&data, "first_name", &[&max_length(150)], &mut errors);
    }
    if sent("last_name") {
        change.last_name = blank_field(&data, "last_name", &[&max_length(150)], &mut errors);
    }
    errors.into_result()?;
    Ok(change)
}

/// Note 004's answer to it.
#[derive(Serialize)]
pub struct Registered {
    response: &'static str,
    username: String,
    email: String,
    token: TokenPair,
}

impl Registered {
    pub fn new(user: User, token: TokenPair) -> Self {
        let User { username, email, .. } = user;
        Registered { response: "Registration Successfully !!!", username, email, token }
    }
}

/// What the client gets to see of a user: `write_only` in Django, no field at all here.
#[derive(Serialize)]
pub struct PublicUser {
    id: i64,
    username: String,
}

impl From<User> for PublicUser {
    fn from(user: User) -> Self {
        PublicUser { id: user.id, username: user.username }
    }
}

/// What users get to see of their own account.
#[derive(Serialize)]
pub struct Account {
    id: i64,
    username: String,
    email: String,
    first_name: String,
    last_name: String,
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        let User { id, username, email, first_name, last_name, .. } = user;
        Account { id, username, email, first_name, last_name }
    }
}

/// The name of a user, in each of our APIs.
pub fn username_field(data: &RequestData, errors: &mut FieldErrors) -> Option<String> {
    char_field(data, "username", &[&username_characters, &max_length(150)], errors)
}

/// Letters and digits of any language. Django writes `^[\w.@+-]+\Z`; Python's `\w` is
/// `[\p{L}\p{N}_]`, and Rust's is another set.
static USERNAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}_.@+-]+$").expect("a regular expression"));

/// UnicodeUsernameValidator.
fn username_characters(text: &str) -> Option<String> {
    (!USERNAME.is_match(text)).then(|| {
        "Enter a valid username. This value may contain only letters, numbers, \
         and @/./+/-/_ characters."
            .into()
    })
}
