//! The app that keeps notes. For a user only their own exist.

mod models;
mod serializers;
mod views;

pub use views::routes;
