//! Building programs and running them: steps, the states between them, and a PostgreSQL.

pub mod postgres;
pub mod serve;
pub mod workspace;
