//! PASSWORD_HASHERS: Django's BCryptSHA256PasswordHasher.

use rocket::tokio::task::spawn_blocking;
use sha2::{Digest, Sha256};

use crate::errors::ApiError;

/// Hashes passwords at the cost of the settings.
pub struct Hasher {
    rounds: u32,
}

impl Hasher {
    /// `rounds`: BCRYPT_ROUNDS.
    pub fn new(rounds: u32) -> Self {
        Hasher { rounds }
    }

    /// Django's `make_password`: `bcrypt_sha256$$2b$12$…`, 74 characters.
    pub async fn make_password(&self, raw: String) -> Result<String, ApiError> {
        let rounds = self.rounds;
        // A fifth of a second of computing: on an async thread, every other request
        // of that thread would wait.
        let hash = spawn_blocking(move || bcrypt::hash(prehash(&raw), rounds)).await;
        let hash = hash.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
        Ok(format!("bcrypt_sha256${hash}"))
    }
}

/// bcrypt reads 72 bytes and ignores the rest. Its input is therefore the password's
/// SHA-256 in hexadecimal: always 64 bytes, and each byte of the password counts.
fn prehash(raw: &str) -> String {
    format!("{:x}", Sha256::digest(raw))
}
