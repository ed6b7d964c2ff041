//! DRF's parsers: the body of a request, as named values.

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::http::Status;
use rocket::serde::json::Value;
use rocket::serde::json::serde_json::{self, Map};
use rocket::{Request, async_trait};

use crate::errors::{ApiError, field_error};

/// The longest body we read, in mebibytes. A longer one is a 413.
const LIMIT: u64 = 1;

/// DRF's `request.data`: what the client sent, by name, not yet checked.
///
/// Not `Json<NewUser>`: serde stops at the first mistake, and DRF reports them all.
pub struct RequestData(pub Map<String, Value>);

#[async_trait]
impl<'r> FromData<'r> for RequestData {
    // Rocket logs a guard's error; this one would hold the body, and a password in it.
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match parse(request, data).await {
            Ok(fields) => Outcome::Success(RequestData(fields)),
            Err(error) => Outcome::Error((error.leave_with(request), ())),
        }
    }
}

async fn parse(request: &Request<'_>, data: Data<'_>) -> Result<Map<String, Value>, ApiError> {
    let body = data.open(LIMIT.mebibytes()).into_bytes().await;
    let body = body.map_err(|_| ApiError::new(Status::BadRequest, "The body ended early."))?;
    if !body.is_complete() {
        return Err(ApiError::new(Status::PayloadTooLarge, "The body is longer than 1 MiB."));
    }
    if body.is_empty() {
        return Ok(Map::new());
    }
    // What comes after the semicolon (charset=utf-8) does not matter to us.
    let content_type = request.headers().get_one("Content-Type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "application/json" => json(&body),
        _ => {
            let detail = format!("Unsupported media type \"{content_type}\" in request.");
            Err(ApiError::new(Status::UnsupportedMediaType, &detail))
        }
    }
}

fn json(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let kind = match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => return Ok(fields),
        Ok(Value::Null) => return Err(field_error("non_field_errors", "No data provided")),
        Ok(Value::Array(_)) => "list",
        Ok(Value::String(_)) => "str",
        Ok(Value::Bool(_)) => "bool",
        Ok(Value::Number(number)) if number.is_f64() => "float",
        Ok(Value::Number(_)) => "int",
        Err(why) => {
            let detail = format!("JSON parse error - {why}");
            return Err(ApiError::new(Status::BadRequest, &detail));
        }
    };
    let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
    Err(field_error("non_field_errors", &message))
}
