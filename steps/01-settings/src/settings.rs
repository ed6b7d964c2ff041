//! settings.py: every setting, read once, checked before the server starts.
//!
//! The names and the defaults are Django's and django-cors-headers'.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};

use rocket::Config;
use rocket::config::LogLevel;
use rocket_cors::headers::Origin;

/// The settings of the running server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// ADDRESS: where the server listens.
    pub address: IpAddr,
    /// PORT: the TCP port, 0 for any free one.
    pub port: u16,
    /// CORS_ALLOW_ALL_ORIGINS: pages from any site may read the answers.
    pub cors_allow_all_origins: bool,
    /// CORS_ALLOWED_ORIGINS: the sites whose pages may, as `scheme://host[:port]`.
    pub cors_allowed_origins: Vec<String>,
    /// CORS_ALLOW_CREDENTIALS: those pages may send cookies along.
    pub cors_allow_credentials: bool,
}

impl Settings {
    /// Reads the settings through `lookup`, which gives a variable's text, if it is set.
    ///
    /// The error is one sentence: the variable, what is wrong with it, an example.
    pub fn from_vars(
        lookup: impl Fn(&str) -> Result<Option<String>, String>,
    ) -> Result<Self, String> {
        let vars = Vars(lookup);
        let settings = Settings {
            address: vars
                .value("ADDRESS", "an IP address", "0.0.0.0", |s| s.parse().ok())?
                .unwrap_or(Ipv4Addr::LOCALHOST.into()),
            port: vars
                .value("PORT", "a number from 0 to 65535", "8000", |s| s.parse().ok())?
                .unwrap_or(8000),
            cors_allow_all_origins: vars.flag("CORS_ALLOW_ALL_ORIGINS", false)?,
            cors_allowed_origins: vars
                .list(
                    "CORS_ALLOWED_ORIGINS",
                    "a list of origins without a slash at the end",
                    "http://localhost:5173",
                    is_origin,
                )?
                .unwrap_or_default(),
            cors_allow_credentials: vars.flag("CORS_ALLOW_CREDENTIALS", false)?,
        };
        // Django would allow it, and let any site act with the visitor's cookies.
        if settings.cors_allow_all_origins && settings.cors_allow_credentials {
            return Err("CORS_ALLOW_CREDENTIALS cannot be on for every origin; name them, \
                        for example CORS_ALLOWED_ORIGINS=http://localhost:5173."
                .into());
        }
        Ok(settings)
    }

    /// What Rocket needs to know. Its own variables (ROCKET_PORT, …) are not read:
    /// a setting has one name.
    pub fn server(&self) -> Config {
        Config {
            address: self.address,
            port: self.port,
            log_level: LogLevel::Off,
            // By default Rocket believes whoever sends X-Real-IP.
            ip_header: None,
            ..Config::release_default()
        }
    }
}

/// A variable of the environment, if it is set.
pub fn variable(name: &str) -> Result<Option<String>, String> {
    std::env::var_os(name).map(|value| text(name, value)).transpose()
}

/// The value of a variable. Bytes that are no letters are refused: with U+FFFD in their place,
/// which `to_string_lossy` puts there, a key would be one that anyone can write down.
pub fn text(name: &str, value: OsString) -> Result<String, String> {
    value.into_string().map_err(|_| format!("{name} is not text in UTF-8."))
}

/// Reads `.env` into the environment; a variable that is set already wins.
///
/// The error never quotes the file: the line may hold a secret.
pub fn load_dotenv() -> Result<(), String> {
    match dotenvy::dotenv() {
        Ok(_) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        Err(dotenvy::Error::LineParse(..)) => Err("a line in .env is not of the form \
            NAME=value; put values with spaces in quotes, for example NAME=\"two words\"."
            .into()),
        Err(_) => Err(".env cannot be read; is it a text file in UTF-8, and yours?".into()),
    }
}

/// The variables, and how to turn their texts into values. A blank text counts as unset.
struct Vars<F>(F);

impl<F: Fn(&str) -> Result<Option<String>, String>> Vars<F> {
    /// The error never quotes the text: it may be a secret in the wrong place.
    fn value<T>(
        &self,
        name: &str,
        what: &str,
        example: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let text = (self.0)(name)?.unwrap_or_default();
        match text.trim() {
            "" => Ok(None),
            text => parse(text)
                .map(Some)
                .ok_or_else(|| format!("{name} is not {what}, for example {name}={example}.")),
        }
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        };
        Ok(self.value(name, "true or false", "true", parse)?.unwrap_or(default))
    }

    /// A list with commas between, in lower case; each item must pass `check`.
    fn list(
        &self,
        name: &str,
        what: &str,
        example: &str,
        check: fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, String> {
        let parse = |text: &str| {
            let items = text.split(',').map(|item| item.trim().to_ascii_lowercase());
            let items: Vec<_> = items.filter(|item| !item.is_empty()).collect();
            let good = !items.is_empty() && items.iter().all(|item| check(item));
            good.then_some(items)
        };
        self.value(name, what, example, parse)
    }
}

/// `scheme://host[:port]` exactly as a browser sends it: no path, no slash at the end.
fn is_origin(text: &str) -> bool {
    text.contains("://")
        && text.parse::<Origin>().is_ok_and(|origin| origin.to_string() == text)
}
