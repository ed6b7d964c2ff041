//! SimpleJWT's part: tokens, and the addresses that give them out.

mod authentication;
mod blacklist;
mod cookies;
mod models;
mod serializers;
mod views;

pub use authentication::{AllowAny, CurrentUser, IsAdmin, authenticate, outcome, user};
pub use blacklist::flush_expired;
pub use models::{TokenBackend, TokenPair};
pub use views::{give_pair, routes};
