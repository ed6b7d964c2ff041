//! What a token says, how it is signed and how it is checked: SimpleJWT's `tokens.py` and
//! `backends.py`.

use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use rocket::serde::json::serde_json::Map;
use rocket::serde::json::{Value, json};
use serde::Serialize;
use uuid::Uuid;

use crate::accounts::User;
use crate::errors::ApiError;
use crate::settings::Settings;

/// The claims of a token. All who hold the token can read them: nothing secret goes in.
///
/// - `token_type`: `access` or `refresh`; without it a refresh token would open every route
/// - `exp`, `iat`: when it ends and when it was issued, in seconds since 1970
/// - `jti`: the token's own id, never the same twice
/// - `user_id`: whose it is, a text since SimpleJWT 5.5.1; older tokens carry a number
/// - `stamp`: that of the user; a token with another one, or with none, is over
///
/// A map and not a struct: what another program put in must survive a refresh.
pub type Claims = Map<String, Value>;

/// The two kinds of token.
#[derive(Clone, Copy)]
pub enum TokenType {
    Access,
    Refresh,
}

impl TokenType {
    fn name(self) -> &'static str {
        match self {
            TokenType::Access => "access",
            TokenType::Refresh => "refresh",
        }
    }
}

/// What a client gets when it logs in, and when it refreshes; without rotation, a refresh
/// brings no new refresh token.
#[derive(Serialize)]
pub struct TokenPair {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    pub access: String,
}

/// Signs and checks tokens, with the key and the lifetimes of the settings.
pub struct TokenBackend {
    signing_key: EncodingKey,
    verifying_key: DecodingKey,
    access_lifetime: i64,
    refresh_lifetime: i64,
}

impl TokenBackend {
    pub fn new(settings: &Settings) -> Self {
        let key = settings.secret_key.0.as_bytes();
        TokenBackend {
            signing_key: EncodingKey::from_secret(key),
            verifying_key: DecodingKey::from_secret(key),
            access_lifetime: settings.access_token_lifetime,
            refresh_lifetime: settings.refresh_token_lifetime,
        }
    }

    /// RefreshToken.for_user: what the refresh token of a new log-in says.
    pub fn refresh_for(&self, user: &User) -> Claims {
        let mut claims = Claims::new();
        claims.insert("user_id".into(), json!(user.id.to_string()));
        if let Some(stamp) = &user.stamp {
            claims.insert("stamp".into(), json!(stamp));
        }
        self.rotated(&claims)
    }

    /// The successor of a refresh token: all claims go over, but times and id are new.
    pub fn rotated(&self, refresh: &Claims) -> Claims {
        self.renewed(TokenType::Refresh, refresh)
    }

    /// RefreshToken.access_token: all claims go over, but type, times and id are new.
    pub fn access_for(&self, refresh: &Claims) -> Result<String, ApiError> {
        self.sign(&self.renewed(TokenType::Access, refresh))
    }

    /// Note 001's token: an access token that lives for LONG.
    pub fn long_access_for(&self, refresh: &Claims) -> Result<String, ApiError> {
        let mut claims = self.renewed(TokenType::Access, refresh);
        claims.insert("exp".into(), json!(Utc::now().timestamp() + LONG));
        self.sign(&claims)
    }

    fn renewed(&self, token_type: TokenType, claims: &Claims) -> Claims {
        let mut claims = claims.clone();
        let lifetime = match token_type {
            TokenType::Access => self.access_lifetime,
            TokenType::Refresh => self.refresh_lifetime,
        };
        let now = Utc::now().timestamp();
        claims.insert("token_type".into(), json!(token_type.name()));
        claims.insert("iat".into(), json!(now));
        claims.insert("exp".into(), json!(now + lifetime));
        claims.insert("jti".into(), json!(Uuid::new_v4().simple().to_string()));
        claims
    }

    pub fn sign(&self, claims: &Claims) -> Result<String, ApiError> {
        // The default header says HS256: the server that signs is the one that checks.
        let token = jsonwebtoken::encode(&Header::default(), claims, &self.signing_key);
        token.map_err(ApiError::internal)
    }

    /// The claims of a good token, or what is wrong with it, in SimpleJWT's words.
    ///
    /// `token_type`: what it must be; `None` takes either.
    pub fn decode(
        &self,
        token: &str,
        token_type: Option<TokenType>,
    ) -> Result<Claims, &'static str> {
        // Only the signature, and only by HS256: a token may not choose its own method. The
        // times we check ourselves: the crate allows 60 seconds after the end.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        rules.validate_aud = false;
        let token = jsonwebtoken::decode::<Claims>(token, &self.verifying_key, &rules);
        let TokenData { header, claims } = token.map_err(|_| INVALID)?;
        // What `crit` names must be understood, and `b64` says how the rest is to be read.
        let b64 = header.extras.inner().get("b64");
        if header.crit.is_some() || b64.is_some_and(|b64| *b64 != json!(true)) {
            return Err(INVALID);
        }
        check_times(&claims, Utc::now().timestamp())?;
        if ["sub", "jti"].iter().any(|name| claims.get(*name).is_some_and(|v| !v.is_string())) {
            return Err(INVALID);
        }
        if !claims.contains_key("exp") {
            return Err("Token has no 'exp' claim");
        }
        if !claims.contains_key("jti") {
            return Err("Token has no id");
        }
        // What SimpleJWT's column takes, and PostgreSQL's texts.
        if jti(&claims).len() > 255 || jti(&claims).contains('\0') {
            return Err(INVALID);
        }
        match (token_type, claims.get("token_type")) {
            (None, _) => Ok(claims),
            (Some(_), None) => Err("Token has no type"),
            (Some(wanted), Some(found)) if found == wanted.name() => Ok(claims),
            _ => Err("Token has wrong type"),
        }
    }
}

/// Sixty days, in seconds, as in the project of note 001.
const LONG: i64 = 60 * 86_400;

const INVALID: &str = "Token is invalid";

/// Whose token it is; `None` when it does not say, or says something that is no id.
pub fn user_id(claims: &Claims) -> Option<i64> {
    match claims.get("user_id")? {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    }
}

/// Whether the user has ended what was open since this token was given out.
pub fn is_over(claims: &Claims, user: &User) -> bool {
    claims.get("stamp").and_then(Value::as_str) != user.stamp.as_deref()
}

/// The id of a checked token.
pub fn jti(claims: &Claims) -> &str {
    claims.get("jti").and_then(Value::as_str).unwrap_or_default()
}

/// When a checked token ends, in seconds since 1970.
pub fn exp(claims: &Claims) -> i64 {
    claims.get("exp").and_then(seconds).unwrap_or_default()
}

/// PyJWT's order: issued in the future, not yet valid, ended. `now` in seconds since 1970;
/// a token that ends now has ended.
fn check_times(claims: &Claims, now: i64) -> Result<(), &'static str> {
    for name in ["iat", "nbf"] {
        if let Some(value) = claims.get(name)
            && seconds(value).is_none_or(|time| time > now)
        {
            return Err(INVALID);
        }
    }
    match claims.get("exp").map(seconds) {
        Some(None) => Err(INVALID),
        Some(Some(exp)) if exp <= now => Err("Token is expired"),
        _ => Ok(()),
    }
}

/// A time, as Python's `int` reads it: a number, its fraction cut off, or a text of one.
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)),
    }
}
