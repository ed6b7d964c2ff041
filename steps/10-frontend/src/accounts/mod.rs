//! The app that knows users.

mod models;
mod passwords;
mod serializers;
mod views;

pub use models::{User, UserChange, normalize_email};
pub use passwords::Hasher;
pub use serializers::{NewUser, username_field};
pub use views::{account_routes, register_routes, routes, staff_routes};
