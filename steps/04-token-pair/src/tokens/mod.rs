//! SimpleJWT's part: tokens, and the addresses that give them out.

mod models;
mod serializers;
mod views;

pub use models::TokenBackend;
pub use views::routes;
