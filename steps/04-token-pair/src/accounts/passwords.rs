//! PASSWORD_HASHERS: Django's BCryptSHA256PasswordHasher.

#[cfg(test)]
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};

use bcrypt::BcryptResult;
use rocket::tokio::task::spawn_blocking;
use sha2::{Digest, Sha256};

use crate::errors::ApiError;

/// Hashes passwords at the cost of the settings.
#[derive(Clone)]
pub struct Hasher {
    rounds: u32,
    /// How many hashes were computed. A test counts them; time would be a bad witness.
    #[cfg(test)]
    pub hashes: Arc<AtomicU64>,
}

impl Hasher {
    /// `rounds`: BCRYPT_ROUNDS.
    pub fn new(rounds: u32) -> Self {
        Hasher {
            rounds,
            #[cfg(test)]
            hashes: Arc::default(),
        }
    }

    /// Django's `make_password`: `bcrypt_sha256$$2b$12$…`, 74 characters.
    pub async fn make_password(&self, raw: String) -> Result<String, ApiError> {
        let hasher = self.clone();
        // A fifth of a second of computing: on an async thread, every other request
        // of that thread would wait.
        let hash = spawn_blocking(move || hasher.hash(&raw)).await;
        let hash = hash.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
        Ok(format!("{PREFIX}{hash}"))
    }

    /// Django's `check_password`. One hash is computed even when there is nothing stored,
    /// or nothing that could ever fit.
    pub async fn check_password(
        &self,
        raw: String,
        stored: Option<String>,
    ) -> Result<bool, ApiError> {
        let hasher = self.clone();
        let check = spawn_blocking(move || {
            let stored = stored.as_deref().and_then(|stored| stored.strip_prefix(PREFIX));
            match stored.and_then(|stored| hasher.verify(&raw, stored).ok()) {
                Some(good) => Ok(good),
                None => hasher.hash(&raw).map(|_| false),
            }
        });
        check.await.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }

    fn hash(&self, raw: &str) -> BcryptResult<String> {
        let hash = bcrypt::hash(prehash(raw), self.rounds)?;
        #[cfg(test)]
        self.hashes.fetch_add(1, Ordering::Relaxed);
        Ok(hash)
    }

    /// An error means that `stored` is no hash of bcrypt, and that none was computed.
    fn verify(&self, raw: &str, stored: &str) -> BcryptResult<bool> {
        let good = bcrypt::verify(prehash(raw), stored)?;
        #[cfg(test)]
        self.hashes.fetch_add(1, Ordering::Relaxed);
        Ok(good)
    }
}

/// What Django puts before a hash of this kind.
const PREFIX: &str = "bcrypt_sha256$";

/// bcrypt reads 72 bytes and ignores the rest. Its input is therefore the password's
/// SHA-256 in hexadecimal: always 64 bytes, and each byte of the password counts.
fn prehash(raw: &str) -> String {
    format!("{:x}", Sha256::digest(raw))
}
