//! DRF's exceptions: one error type, one shape of JSON, for every path.

use std::fmt::Display;

use rocket::http::{Method, Status};
use rocket::response::{self, Responder};
use rocket::serde::json::serde_json::Map;
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

    /// `{"detail": "…", "code": "…"}`: an error that a program may tell apart.
    pub fn with_code(status: Status, detail: &str, code: &str) -> Self {
        let body = json!({ "detail": detail, "code": code });
        ApiError { status, body }
    }

    /// SimpleJWT's answer to a bad access token, with what was wrong with it.
    pub fn bad_access_token(message: &str) -> Self {
        let detail = "Given token not valid for any token type";
        let messages = json!([
            {"token_class": "AccessToken", "token_type": "access", "message": message}
        ]);
        let body = json!({"detail": detail, "code": "token_not_valid", "messages": messages});
        ApiError { status: Status::Unauthorized, body }
    }

    /// Our own fault: the cause goes to the log, the client learns nothing of it.
    pub fn internal(cause: impl Display) -> Self {
        log::error!("Internal error: {cause}");
        ApiError::new(Status::InternalServerError, "A server error occurred.")
    }

    /// Note 001's form of what is wrong with fields: `{"errors": {…}}`, and a 422. An error
    /// of the whole request, which has a `detail`, stays as it is.
    pub fn in_errors(self) -> Self {
        if self.status != Status::BadRequest || self.body.get("detail").is_some() {
            return self;
        }
        let body = json!({ "errors": self.body });
        ApiError { status: Status::UnprocessableEntity, body }
    }

    /// Leaves the error with the request, where the catcher finds it. Rocket does not
    /// hand a guard's own error value to the catcher.
    pub fn leave_with(self, request: &Request<'_>) -> Status {
        let status = self.status;
        request.local_cache(|| Some(self));
        status
    }
}

/// What is wrong with each field, for one answer: `{"field": ["message", …], …}`.
#[derive(Default)]
pub struct FieldErrors(Map<String, Value>);

impl FieldErrors {
    pub fn add(&mut self, field: &str, messages: Vec<String>) {
        self.0.insert(field.into(), messages.into());
    }
}

impl FieldErrors {
    /// An error when there is any.
    pub fn into_result(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        ApiError { status: Status::BadRequest, body: Value::Object(errors.0) }
    }
}

/// A 400 for one field, or for none of them: `non_field_errors`.
pub fn field_error(field: &str, message: &str) -> ApiError {
    let mut errors = FieldErrors::default();
    errors.add(field, vec![message.into()]);
    errors.into()
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        ApiError::internal(error)
    }
}

/// For a terminal: `username: This field is required.`
impl From<ApiError> for String {
    fn from(error: ApiError) -> Self {
        let fields = error.body.as_object().into_iter().flatten();
        let lines = fields.flat_map(|(field, value)| {
            let messages = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            messages.iter().filter_map(move |text| Some(format!("{field}: {}", text.as_str()?)))
        });
        lines.collect::<Vec<_>>().join(" ")
    }
}

impl<'r> Responder<'r, 'static> for ApiError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = (self.status, self.body).respond_to(request)?;
        // RFC 9110, section 11.6.1: a 401 says how to do better.
        if self.status == Status::Unauthorized {
            response.set_raw_header("WWW-Authenticate", "Bearer realm=\"api\"");
        }
        Ok(response)
    }
}

/// Refuses the request from within a fairing, before any route sees it.
///
/// A fairing cannot answer. So it leaves the error with the request, and changes the
/// method to one that no route is mounted for; the catcher then finds the error.
pub fn refuse(request: &mut Request<'_>, error: ApiError) {
    error.leave_with(request);
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
