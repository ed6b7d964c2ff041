//! DRF's exceptions: one error type, one shape of JSON, for every path.

use rocket::http::{Method, Status};
use rocket::response::{self, Responder};
use rocket::serde::json::{Value, json};
use rocket::{Catcher, Request, catch, catchers};

/// An answer that is an error: a status, and a body in the shape DRF gives it.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: Status,
    body: Value,
}

impl ApiError {
    /// `{"detail": "…"}`, DRF's shape for an error of the whole request.
    pub fn new(status: Status, detail: &str) -> Self {
        let body = json!({ "detail": detail });
        ApiError { status, body }
    }
}

impl<'r> Responder<'r, 'static> for ApiError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        (self.status, self.body).respond_to(request)
    }
}

/// Refuses the request from within a fairing, before any route sees it.
///
/// A fairing cannot answer. So it leaves the error with the request, and changes the
/// method to one that no route is mounted for; the catcher then finds the error.
pub fn refuse(request: &mut Request<'_>, error: ApiError) {
    request.local_cache(|| Some(error));
    request.set_method(Method::Trace);
}

/// The catchers, to be mounted at `/`: anywhere deeper, Rocket's own HTML would
/// answer for the paths beside it.
pub fn catchers() -> Vec<Catcher> {
    catchers![default]
}

#[catch(default)]
fn default(status: Status, request: &Request<'_>) -> ApiError {
    if let Some(error) = request.local_cache(|| None::<ApiError>) {
        return error.clone();
    }
    let detail = match status.code {
        404 => "Not found.".to_string(),
        500 => "A server error occurred.".to_string(),
        _ => format!("{}.", status.reason_lossy()),
    };
    ApiError::new(status, &detail)
}
