//! The settings of a server that is checked.

use std::collections::BTreeMap;

use crate::contract::variables::as_text;
use crate::contract::{Fixtures, Profile};

/// The settings of one server, over an environment without any. `None`: this one is not set.
pub type Settings = BTreeMap<String, Option<String>>;

/// All settings of a profile, each one given, with those of a group over them.
pub fn settings(
    fixtures: &Fixtures,
    profile: Profile,
    over: &BTreeMap<String, String>,
) -> Settings {
    let key = fixtures.variables.get("signing_key").map(as_text).unwrap_or_default();
    let (rotate, blacklist) = match profile {
        Profile::Default => ("false", "false"),
        Profile::Rotate => ("true", "false"),
        Profile::RotateBlacklist => ("true", "true"),
    };
    let own = [
        ("ACCESS_TOKEN_LIFETIME", "1800"),
        ("ADDRESS", "127.0.0.1"),
        // The names that requests to this machine have; step 8 refuses a `*` here.
        ("ALLOWED_HOSTS", "127.0.0.1,localhost"),
        ("BCRYPT_ROUNDS", "4"),
        ("BLACKLIST_AFTER_ROTATION", blacklist),
        ("CORS_ALLOW_ALL_ORIGINS", "true"),
        ("CORS_ALLOW_CREDENTIALS", "false"),
        ("DEBUG", "false"),
        ("REFRESH_TOKEN_LIFETIME", "86400"),
        ("REUSE_GRACE", "10"),
        ("REUSE_REVOKES_FAMILY", "false"),
        ("ROTATE_REFRESH_TOKENS", rotate),
        ("SECRET_KEY", &key),
        ("UPDATE_LAST_LOGIN", "false"),
    ];
    let mut settings: Settings =
        own.map(|(name, value)| (name.into(), Some(value.into()))).into();
    settings.extend(over.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
    settings
}
