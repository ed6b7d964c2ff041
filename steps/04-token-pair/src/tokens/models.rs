//! What a token says, and how it is signed: SimpleJWT's `tokens.py` and `backends.py`.

use chrono::Utc;
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use uuid::Uuid;

use crate::errors::ApiError;
use crate::settings::Settings;

/// The claims of a token. All who hold the token can read them: nothing secret goes in.
#[derive(Serialize)]
struct Claims {
    /// `access` or `refresh`. Without it a refresh token would open every route.
    token_type: &'static str,
    /// When it ends, in seconds since 1970.
    exp: i64,
    /// When it was issued, in seconds since 1970.
    iat: i64,
    /// The token's own id, never the same twice.
    jti: String,
    /// Whose it is. A text since SimpleJWT 5.5.1; older tokens carry a number.
    user_id: String,
}

/// What a client gets when it logs in.
#[derive(Serialize)]
pub struct TokenPair {
    refresh: String,
    access: String,
}

/// Signs tokens, with the key and the lifetimes of the settings.
pub struct TokenBackend {
    key: EncodingKey,
    access_lifetime: i64,
    refresh_lifetime: i64,
}

impl TokenBackend {
    pub fn new(settings: &Settings) -> Self {
        TokenBackend {
            key: EncodingKey::from_secret(settings.secret_key.0.as_bytes()),
            access_lifetime: settings.access_token_lifetime,
            refresh_lifetime: settings.refresh_token_lifetime,
        }
    }

    /// RefreshToken.for_user: a new pair.
    pub fn pair_for(&self, user_id: i64) -> Result<TokenPair, ApiError> {
        Ok(TokenPair {
            refresh: self.mint("refresh", self.refresh_lifetime, user_id)?,
            access: self.mint("access", self.access_lifetime, user_id)?,
        })
    }

    fn mint(
        &self,
        token_type: &'static str,
        lifetime: i64,
        user_id: i64,
    ) -> Result<String, ApiError> {
        let iat = Utc::now().timestamp();
        let jti = Uuid::new_v4().simple().to_string();
        let claims =
            Claims { token_type, exp: iat + lifetime, iat, jti, user_id: user_id.to_string() };
        // The default header says HS256: the server that signs is the one that checks.
        let token = jsonwebtoken::encode(&Header::default(), &claims, &self.key);
        token.map_err(ApiError::internal)
    }
}
