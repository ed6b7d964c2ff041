//! Note 001's app: the users of `accounts`, in the envelope and the words of another API.

mod backends;
mod serializers;
mod views;

pub use backends::IsAuthenticated;
pub use views::{log_in_routes, register_routes, user_routes};

/// Its addresses, which have no slash at the end.
pub const PATHS: [&str; 3] = ["/api/users", "/api/users/login", "/api/user"];
