//! The app that knows users.

mod models;
mod passwords;
mod serializers;
mod views;

pub use models::create_tables;
pub use passwords::Hasher;
pub use views::routes;
