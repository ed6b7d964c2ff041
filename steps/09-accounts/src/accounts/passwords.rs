//! PASSWORD_HASHERS: Django's BCryptSHA256PasswordHasher.

#[cfg(test)]
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::pbkdf2;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bcrypt::{BcryptResult, HashParts};
use rocket::tokio::task::spawn_blocking;
use sha2::{Digest, Sha256};

use super::models::User;
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
        hash.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }

    /// Django's `check_password`. One hash is computed even when there is nothing stored,
    /// or nothing that could ever fit.
    pub async fn check_password(
        &self,
        raw: String,
        stored: Option<String>,
    ) -> Result<Verdict, ApiError> {
        let hasher = self.clone();
        let stored = stored.unwrap_or_default();
        let check = spawn_blocking(move || hasher.check(&raw, &stored));
        check.await.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }

    fn check(&self, raw: &str, stored: &str) -> BcryptResult<Verdict> {
        if let Some((hash, cost)) = bcrypt_parts(stored) {
            return match (self.verify(raw, hash)?, cost == self.rounds) {
                (true, true) => Ok(Verdict::Good),
                (true, false) => self.hash(raw).map(Verdict::Outdated),
                (false, _) => {
                    // What a cheaper hash has not cost. Each cost is twice the one before:
                    // all of these, and the first once more, make one of today's.
                    for missing in cost..self.rounds {
                        bcrypt::hash(prehash(raw), missing)?;
                    }
                    Ok(Verdict::Wrong)
                }
            };
        }
        match pbkdf2(raw, stored) {
            Some(true) => self.hash(raw).map(Verdict::Outdated),
            Some(false) => Ok(Verdict::Wrong),
            None => self.hash(raw).map(|_| Verdict::Wrong),
        }
    }

    fn verify(&self, raw: &str, hash: &str) -> BcryptResult<bool> {
        let good = bcrypt::verify(prehash(raw), hash)?;
        #[cfg(test)]
        self.hashes.fetch_add(1, Ordering::Relaxed);
        Ok(good)
    }

    fn hash(&self, raw: &str) -> BcryptResult<String> {
        let hash = bcrypt::hash(prehash(raw), self.rounds)?;
        #[cfg(test)]
        self.hashes.fetch_add(1, Ordering::Relaxed);
        Ok(format!("{PREFIX}{hash}"))
    }
}

/// What came of a check.
pub enum Verdict {
    Wrong,
    Good,
    /// Good, and stored in a way or at a cost that is not ours any more: the new hash.
    Outdated(String),
}

/// bcrypt's own part of a hash of ours, and its cost.
fn bcrypt_parts(stored: &str) -> Option<(&str, u32)> {
    let hash = stored.strip_prefix(PREFIX)?;
    Some((hash, hash.parse::<HashParts>().ok()?.get_cost()))
}

/// PBKDF2PasswordHasher, Django's default: `pbkdf2_sha256$ITERATIONS$SALT$HASH`, and whether
/// the password fits. `None` for what is no such hash.
fn pbkdf2(raw: &str, stored: &str) -> Option<bool> {
    let mut parts = stored.strip_prefix("pbkdf2_sha256$")?.split('$');
    let (iterations, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let (iterations, hash) = (iterations.parse().ok()?, BASE64_STANDARD.decode(hash).ok()?);
    let (method, salt, raw) = (pbkdf2::PBKDF2_HMAC_SHA256, salt.as_bytes(), raw.as_bytes());
    Some(pbkdf2::verify(method, iterations, salt, raw, &hash).is_ok())
}

/// What Django puts before a hash of this kind.
const PREFIX: &str = "bcrypt_sha256$";

/// bcrypt reads 72 bytes and ignores the rest. Its input is therefore the password's
/// SHA-256 in hexadecimal: always 64 bytes, and each byte of the password counts.
fn prehash(raw: &str) -> String {
    format!("{:x}", Sha256::digest(raw))
}

/// AUTH_PASSWORD_VALIDATORS: what is wrong with a new password, in Django's order.
pub fn password_problems(password: &str, user: &User) -> Vec<String> {
    let lower = password.to_lowercase();
    let about = [
        ("username", &user.username),
        ("first name", &user.first_name),
        ("last name", &user.last_name),
        ("email address", &user.email),
    ];
    let similar = about.into_iter().find(|(_, text)| is_similar(&lower, text));
    let similar =
        similar.map(|(name, _)| format!("The password is too similar to the {name}."));
    let length = password.chars().count();
    let common = COMMON.split_ascii_whitespace().any(|common| common == lower);
    let rules = [
        (length < 8, "This password is too short. It must contain at least 8 characters."),
        (length > 128, "Ensure this field has no more than 128 characters."),
        (common, "This password is too common."),
        (password.chars().all(char::is_numeric), "This password is entirely numeric."),
    ];
    let broken = rules.into_iter().filter(|(broken, _)| *broken);
    similar.into_iter().chain(broken.map(|(_, message)| message.into())).collect()
}

/// Whether seven tenths of the letters, whatever their order, are those of the text or of
/// one of its words.
fn is_similar(password: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words = text.split(|c| !is_part(c)).chain([text.as_str()]);
    words.filter(|word| !word.is_empty()).any(|word| {
        let mut left: Vec<char> = word.chars().collect();
        let all = left.len() + password.chars().count();
        let mut shared = 0;
        for letter in password.chars() {
            if let Some(place) = left.iter().position(|other| *other == letter) {
                left.swap_remove(place);
                shared += 1;
            }
        }
        // 2 * shared / all >= 0.7, Django's max_similarity.
        20 * shared >= 7 * all
    })
}

/// The passwords that are tried first, without those that another rule refuses already.
const COMMON: &str = "
    password password1 password123 passw0rd p@ssw0rd p@ssword qwertyuiop qwerty123 1q2w3e4r
    1q2w3e4r5t 1qaz2wsx q1w2e3r4 asdfghjkl zaq12wsx iloveyou iloveyou1 sunshine princess
    football baseball superman letmein1 welcome1 trustno1";
