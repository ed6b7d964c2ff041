//! The app that knows users.

mod models;
mod passwords;
mod serializers;
mod views;

pub use models::User;
pub use passwords::Hasher;
pub use serializers::NewUser;
pub use views::{account_routes, register_routes, routes};
