//! PostgreSQL: a server of its own, for more than one instance of this program. The
//! backend when it is built with the feature `postgres`.

use std::str::FromStr;

use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::WAIT;
use crate::settings::{Secret, Vars};

/// sqlx's name for the kind of database.
pub type Backend = sqlx::Postgres;

/// The schema, in PostgreSQL's SQL. The files are built into the program: a server needs
/// no folder beside it.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

/// Begins a transaction in which nobody else changes the schema. The lock is a number that
/// all instances of this program agree on; it ends with the transaction. Each statement must
/// see what was committed while it waited: a database may be set to something stricter.
pub const BEGIN_MIGRATION: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
    SELECT pg_advisory_xact_lock(20261121)";

const EXAMPLE: &str = "postgres://USER:PASSWORD@HOST:5432/NAME";

/// The kinds of TLS, in the words of libpq. Its `allow` is left out: sqlx takes it for
/// `disable`.
const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// DATABASE_URL, or what the notes set: DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PWD;
/// and for TLS DB_SSLMODE and DB_SSLROOTCERT.
pub fn url<F>(vars: &Vars<F>, _debug: bool) -> Result<Secret, String>
where
    F: Fn(&str) -> Result<Option<String>, String>,
{
    let what = "an address of PostgreSQL (in a password, %40 stands for @ and %2F for /)";
    let whole = vars.value("DATABASE_URL", what, EXAMPLE, address)?;
    if let Some(url) = whole {
        return Ok(Secret(url));
    }
    let text = |name, example| {
        let text = vars.value(name, "a text", example, |text| Some(text.to_string()))?;
        text.ok_or_else(|| {
            format!(
                "{name} must be set, for example {name}={example}; or all in one, \
                 DATABASE_URL={EXAMPLE}."
            )
        })
    };
    let port = vars.value("DB_PORT", "a number from 1 to 65535", "5432", |text| {
        text.parse::<u16>().ok().filter(|port| *port > 0)
    })?;
    let modes = format!("one of {}", MODES.join(", "));
    let mode = vars.value("DB_SSLMODE", &modes, "verify-full", |text| {
        MODES.contains(&text).then(|| text.to_string())
    })?;
    let certificate =
        vars.value("DB_SSLROOTCERT", "a file", "/etc/ssl/database.pem", |text| {
            Some(text.to_string())
        })?;

    // The parts as a query: there each of them can have any letter.
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("host", &text("DB_HOST", "db.example.com")?);
    query.append_pair("port", &port.unwrap_or(5432).to_string());
    query.append_pair("dbname", &text("DB_NAME", "notes")?);
    query.append_pair("user", &text("DB_USER", "notes")?);
    query.append_pair("password", &text("DB_PWD", "$(openssl rand -hex 32)")?);
    query.append_pair("sslmode", mode.as_deref().unwrap_or("prefer"));
    if let Some(file) = certificate {
        query.append_pair("sslrootcert", &file);
    }
    Ok(Secret(format!("postgres:///?{}", query.finish())))
}

/// An address with no `@` but the one before the host. A password with an `@` or a `/` as
/// it is would be cut there, and its rest taken for a name, which may be printed.
fn address(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let before_the_path = rest.split(['/', '?', '#']).next()?;
    let good = matches!(scheme, "postgres" | "postgresql")
        && before_the_path.find('@') == rest.rfind('@')
        && PgConnectOptions::from_str(url).is_ok();
    good.then(|| url.into())
}

/// What of the address may be printed: not the password.
pub fn place(url: &str) -> String {
    let Ok(options) = PgConnectOptions::from_str(url) else { return "PostgreSQL".into() };
    let (host, port) = (options.get_host(), options.get_port());
    format!("{} at {host}:{port}", options.get_database().unwrap_or_default())
}

/// Connections of one instance: PostgreSQL gives out 100 to all together, if nothing else
/// is set, and a small one at a provider fewer.
pub fn connections(_threads: usize) -> usize {
    10
}

/// Connects. sqlx looks at a connection before it lends it, so one that a restart of the
/// database has closed is replaced and not used.
pub async fn open(url: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(WAIT);
    let pool = pool.connect_with(options).await?;
    log::info!("Using database {}", place(url));
    Ok(pool)
}
