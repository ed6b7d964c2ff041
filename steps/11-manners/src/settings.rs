//! settings.py: every setting, read once, checked before the server starts.
//!
//! The names and the defaults are Django's and django-cors-headers'.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use rocket::Config;
use rocket::config::LogLevel;
use rocket::figment::Figment;
use rocket_cors::headers::Origin;

use crate::db::backend;

/// The settings of the running server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// DEBUG: convenience for one developer on one machine. Off in production.
    pub debug: bool,
    /// ADDRESS: where the server listens.
    pub address: IpAddr,
    /// PORT: the TCP port, 0 for any free one.
    pub port: u16,
    /// ALLOWED_HOSTS: names this server answers to, lower case; `.example.com`
    /// includes subdomains, `*` is every name.
    pub allowed_hosts: Vec<String>,
    /// CORS_ALLOW_ALL_ORIGINS: pages from any site may read the answers.
    pub cors_allow_all_origins: bool,
    /// CORS_ALLOWED_ORIGINS: the sites whose pages may, as `scheme://host[:port]`.
    pub cors_allowed_origins: Vec<String>,
    /// CORS_ALLOW_CREDENTIALS: those pages may send cookies along.
    pub cors_allow_credentials: bool,
    /// DATABASE_URL: where the data is. Secret, since it may hold a password.
    pub database_url: Secret,
    /// DB_MAX_CONNECTIONS: how many connections this instance may hold.
    pub db_max_connections: Option<usize>,
    /// BCRYPT_ROUNDS: the cost of a password hash. One more doubles the work.
    pub bcrypt_rounds: u32,
    /// SECRET_KEY: signs the tokens. Who has it can be anyone.
    pub secret_key: Secret,
    /// ACCESS_TOKEN_LIFETIME, in seconds.
    pub access_token_lifetime: i64,
    /// REFRESH_TOKEN_LIFETIME, in seconds.
    pub refresh_token_lifetime: i64,
    /// ROTATE_REFRESH_TOKENS: a refresh brings a new refresh token too.
    pub rotate_refresh_tokens: bool,
    /// BLACKLIST_AFTER_ROTATION: the old one then works no more.
    pub blacklist_after_rotation: bool,
    /// REUSE_REVOKES_FAMILY: a used token that comes back ends the whole log-in, and so does
    /// a log-out.
    pub reuse_revokes_family: bool,
    /// REUSE_GRACE: for so many seconds after its use, it does not.
    pub reuse_grace: i64,
    /// UPDATE_LAST_LOGIN: a log-in is written to the user's `last_login`.
    pub update_last_login: bool,
    /// REFRESH_COOKIE_SECURE: browsers send the cookie with the refresh token over TLS alone.
    pub refresh_cookie_secure: bool,
    /// STATIC_ROOT: the folder of a built client, in place of the one inside the program.
    pub static_root: Option<PathBuf>,
}

/// A text that does not show in a log: not even `{:?}` prints it.
#[derive(Clone)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// The key when DEBUG is on and SECRET_KEY is empty. All who read this know it.
const SAMPLE_KEY: &str = "insecure-sample-key-from-the-course-do-not-use-in-production";

const KEY_EXAMPLE: &str = "$(openssl rand -hex 32)";

/// Django's list when DEBUG is on and ALLOWED_HOSTS is empty.
const THIS_MACHINE: [&str; 3] = [".localhost", "127.0.0.1", "[::1]"];

impl Settings {
    /// Settings that a server may start with.
    ///
    /// The error is one sentence: the variable, what is wrong with it, an example.
    pub fn from_vars(
        lookup: impl Fn(&str) -> Result<Option<String>, String>,
    ) -> Result<Self, String> {
        let settings = Self::read(lookup)?;
        match settings.problems(!settings.debug).into_iter().next() {
            Some(sentence) => Err(sentence),
            None => Ok(settings),
        }
    }

    /// Reads the settings through `lookup`, which gives a variable's text, if it is set.
    pub fn read(
        lookup: impl Fn(&str) -> Result<Option<String>, String>,
    ) -> Result<Self, String> {
        let vars = Vars(lookup);
        let debug = vars.flag("DEBUG", true)?;
        // Behind DEBUG is a developer at this machine; a container is reached from outside.
        let address = if debug { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        Ok(Settings {
            debug,
            address: vars
                .value("ADDRESS", "an IP address", "0.0.0.0", |s| s.parse().ok())?
                .unwrap_or(address.into()),
            port: vars
                .value("PORT", "a number from 0 to 65535", "8000", |s| s.parse().ok())?
                .unwrap_or(8000),
            allowed_hosts: vars
                .list(
                    "ALLOWED_HOSTS",
                    "a list of names without port",
                    "api.example.com",
                    is_host,
                )?
                .or_else(|| debug.then(|| THIS_MACHINE.map(String::from).into()))
                .unwrap_or_default(),
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
            database_url: backend::url(&vars, debug)?,
            db_max_connections: vars.value(
                "DB_MAX_CONNECTIONS",
                "a number from 1 to 1000",
                "10",
                |s| s.parse().ok().filter(|count| (1..=1000).contains(count)),
            )?,
            bcrypt_rounds: vars
                .value("BCRYPT_ROUNDS", "a number from 4 to 20", "12", |s| {
                    s.parse().ok().filter(|rounds| (4..=20).contains(rounds))
                })?
                .unwrap_or(12),
            secret_key: vars.secret_key()?,
            access_token_lifetime: vars.seconds("ACCESS_TOKEN_LIFETIME", "300")?.unwrap_or(300),
            refresh_token_lifetime: vars
                .seconds("REFRESH_TOKEN_LIFETIME", "86400")?
                .unwrap_or(86_400),
            rotate_refresh_tokens: vars.flag("ROTATE_REFRESH_TOKENS", true)?,
            blacklist_after_rotation: vars.flag("BLACKLIST_AFTER_ROTATION", true)?,
            reuse_revokes_family: vars.flag("REUSE_REVOKES_FAMILY", true)?,
            reuse_grace: vars
                .value("REUSE_GRACE", "a number of seconds from 0 to 3600", "10", |s| {
                    s.parse().ok().filter(|seconds| (0..=3600).contains(seconds))
                })?
                .unwrap_or(10),
            update_last_login: vars.flag("UPDATE_LAST_LOGIN", false)?,
            refresh_cookie_secure: vars.flag("REFRESH_COOKIE_SECURE", true)?,
            static_root: vars.value(
                "STATIC_ROOT",
                "a folder with an index.html",
                "work/frontend/dist",
                |s| Some(PathBuf::from(s)).filter(|root| root.join("index.html").is_file()),
            )?,
        })
    }

    /// Everything that is wrong with settings that can be read, a sentence each. With
    /// `deploy`, also what only one developer on one machine may do.
    pub fn problems(&self, deploy: bool) -> Vec<String> {
        let mut found = Vec::new();
        if deploy && self.debug {
            found.push("DEBUG is on; production needs DEBUG=false.".into());
        }
        if deploy && self.allowed_hosts.is_empty() {
            found.push(missing("ALLOWED_HOSTS", "api.example.com"));
        }
        if deploy && self.allowed_hosts.iter().any(|host| host == "*") {
            found.push(
                "ALLOWED_HOSTS allows every name; give the server's own, for example \
                 ALLOWED_HOSTS=api.example.com."
                    .into(),
            );
        }
        // RFC 7518, section 3.2: a key for HS256 has 32 bytes or more. Shorter ones can be
        // found by trying, from a single token.
        if self.secret_key.0.len() < 32 {
            found.push(format!(
                "SECRET_KEY is shorter than 32 bytes; make a long one, for example \
                 SECRET_KEY={KEY_EXAMPLE}."
            ));
        }
        if deploy && self.secret_key.0 == SAMPLE_KEY {
            found.push(format!(
                "SECRET_KEY is missing, or it is the sample of the course, which everyone \
                 knows; make your own, for example SECRET_KEY={KEY_EXAMPLE}."
            ));
        }
        if deploy && !self.refresh_cookie_secure {
            found.push(
                "REFRESH_COOKIE_SECURE is off; production needs REFRESH_COOKIE_SECURE=true."
                    .into(),
            );
        }
        // Django would allow it, and let any site act with the visitor's cookies.
        if self.cors_allow_all_origins && self.cors_allow_credentials {
            found.push(
                "CORS_ALLOW_CREDENTIALS cannot be on for every origin; name them, for example \
                 CORS_ALLOWED_ORIGINS=http://localhost:5173."
                    .into(),
            );
        }
        found
    }

    /// A warning to print at the start, while the key is the one from the course.
    pub fn warning(&self) -> Option<&'static str> {
        (self.secret_key.0 == SAMPLE_KEY).then_some(
            "Warning: SECRET_KEY is the sample of the course, and anyone can make tokens with \
             it. Set your own before others can reach this server.",
        )
    }

    /// What Rocket needs to know. Its own variables (ROCKET_PORT, …) are not read:
    /// a setting has one name.
    pub fn server(&self) -> Figment {
        let config = Config {
            address: self.address,
            port: self.port,
            log_level: LogLevel::Off,
            // By default Rocket believes whoever sends X-Real-IP.
            ip_header: None,
            ..Config::release_default()
        };
        let connections = self.db_max_connections;
        let connections = connections.unwrap_or_else(|| backend::connections(config.workers));
        Figment::from(config)
            .merge(("databases.default.url", &self.database_url.0))
            .merge(("databases.default.max_connections", connections))
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
pub struct Vars<F>(pub F);

impl<F: Fn(&str) -> Result<Option<String>, String>> Vars<F> {
    /// The error never quotes the text: it may be a secret in the wrong place.
    pub fn value<T>(
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

    /// A time, at most ten years.
    fn seconds(&self, name: &str, example: &str) -> Result<Option<i64>, String> {
        self.value(name, "a number of seconds from 1 to 315360000", example, |s| {
            s.parse().ok().filter(|seconds| (1..=315_360_000).contains(seconds))
        })
    }

    fn secret_key(&self) -> Result<Secret, String> {
        let key = (self.0)("SECRET_KEY")?.filter(|key| !key.trim().is_empty());
        Ok(Secret(key.unwrap_or_else(|| SAMPLE_KEY.into())))
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

pub fn missing(name: &str, example: &str) -> String {
    format!("{name} must be set when DEBUG is off, for example {name}={example}.")
}

/// What a `Host` can be, without its port: labels of letters, digits, `-` and `_` with a dot
/// between each two, or an IPv6 address in brackets. For the list, a dot in front, or `*`.
fn is_host(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('[') {
        let address = rest.strip_suffix(']').map(str::parse::<Ipv6Addr>);
        return address.is_some_and(|address| address.is_ok());
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut labels = text.strip_prefix('.').unwrap_or(text).split('.');
    text == "*" || labels.all(|label| !label.is_empty() && label.chars().all(fits))
}

/// `scheme://host[:port]` exactly as a browser sends it: no path, no slash at the end.
fn is_origin(text: &str) -> bool {
    text.contains("://")
        && text.parse::<Origin>().is_ok_and(|origin| origin.to_string() == text)
}

/// The step's folder, of which `cargo run` tells the program. One that is started without
/// cargo takes the current folder for it.
pub fn this_folder(
    lookup: impl Fn(&str) -> Result<Option<String>, String>,
) -> Result<String, String> {
    Ok(lookup("CARGO_MANIFEST_DIR")?.unwrap_or_else(|| ".".into()))
}
