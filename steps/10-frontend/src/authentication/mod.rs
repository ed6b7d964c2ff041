//! Note 001's app: the users of `accounts`, in the envelope and the words of another API.

mod backends;
mod serializers;
mod views;

pub use views::{log_in_routes, register_routes, user_routes};
