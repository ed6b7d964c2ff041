//! DATABASES: the pool of connections.
//!
//! rocket_db_pools brings a pool for sqlx 0.7, which has a known flaw
//! (RUSTSEC-2024-0363). So we connect sqlx 0.9 to it ourselves.

use std::str::FromStr;
use std::time::Duration;

use rocket::async_trait;
use rocket::figment::Figment;
use rocket_db_pools::{Config, Database, Error};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, SqlitePool};

/// The database. As a guard, `db: &Db`, it holds no connection: each query takes one
/// and gives it back, so none is idle while a password is hashed.
#[derive(Database)]
#[database("default")]
pub struct Db(Pool);

impl Db {
    /// What sqlx's queries run on.
    pub fn pool(&self) -> &SqlitePool {
        &self.0.0
    }
}

/// sqlx's pool, in the form rocket_db_pools asks for.
pub struct Pool(SqlitePool);

#[async_trait]
impl rocket_db_pools::Pool for Pool {
    type Connection = PoolConnection<Sqlite>;
    type Error = Error<sqlx::Error>;

    async fn init(figment: &Figment) -> Result<Self, Self::Error> {
        let config: Config = figment.extract()?;
        let pool = open(&config.url, config.max_connections as u32).await;
        pool.map(Pool).map_err(|why| {
            log::error!("Error: {}", explain(&config.url, &why));
            Error::Init(why)
        })
    }

    async fn get(&self) -> Result<Self::Connection, Self::Error> {
        self.0.acquire().await.map_err(Error::Get)
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

/// How long a query may wait for a connection, or for another writer to finish.
const WAIT: Duration = Duration::from_secs(5);

fn explain(url: &str, why: &sqlx::Error) -> String {
    format!("cannot open the database {url} ({why}).")
}

async fn open(url: &str, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        // Readers do not wait for a writer; writers wait for each other.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(WAIT);
    let file = options.get_filename().display().to_string();
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT)
        // A connection to a file does not go stale: no ping before each query.
        .test_before_acquire(false);
    let pool = pool.connect_with(options).await?;
    log::info!("Using database {file}");
    Ok(pool)
}
