//! DATABASES: the pool of connections, to SQLite or to PostgreSQL.
//!
//! rocket_db_pools brings a pool for sqlx 0.7, which has a known flaw
//! (RUSTSEC-2024-0363). So we connect sqlx 0.9 to it ourselves.

// One program speaks to one kind of database. To ask each time which it is would bring a
// second type to every query, and an error that only a running server shows.
#[cfg_attr(feature = "postgres", path = "db/postgres.rs")]
#[cfg_attr(not(feature = "postgres"), path = "db/sqlite.rs")]
pub mod backend;

use std::time::Duration;

use rocket::async_trait;
use rocket::figment::Figment;
use rocket_db_pools::{Config, Database, Error};
use sqlx::pool::PoolConnection;

pub use backend::Backend;

/// A connection to the database that this program was built for.
pub type Connection = <Backend as sqlx::Database>::Connection;

/// The database. As a guard, `db: &Db`, it holds no connection: each query takes one
/// and gives it back, so none is idle while a password is hashed.
#[derive(Database)]
#[database("default")]
pub struct Db(Pool);

impl Db {
    /// A database for a command, which runs without a server. The error is a sentence.
    pub async fn open(url: &str) -> Result<Self, String> {
        let pool = backend::open(url, 1).await.map_err(|why| explain(url, &why))?;
        Ok(Db(Pool(pool)))
    }

    /// What sqlx's queries run on.
    pub fn pool(&self) -> &sqlx::Pool<Backend> {
        &self.0.0
    }
}

/// sqlx's pool, in the form rocket_db_pools asks for.
pub struct Pool(sqlx::Pool<Backend>);

#[async_trait]
impl rocket_db_pools::Pool for Pool {
    type Connection = PoolConnection<Backend>;
    type Error = Error<sqlx::Error>;

    async fn init(figment: &Figment) -> Result<Self, Self::Error> {
        let config: Config = figment.extract()?;
        let pool = backend::open(&config.url, config.max_connections as u32).await;
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
    format!("cannot open the database {} ({why}).", backend::place(url))
}
