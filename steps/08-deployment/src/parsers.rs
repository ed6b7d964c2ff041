//! DRF's parsers: the body of a request, as named values.

use std::convert::Infallible;

use multer::Multipart;
use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::futures::stream;
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
        "application/x-www-form-urlencoded" => Ok(urlencoded(&body)),
        "multipart/form-data" => {
            multipart(content_type, body.into_inner()).await.map_err(|why| {
                let detail = format!("Multipart form parse error - {why}");
                ApiError::new(Status::BadRequest, &detail)
            })
        }
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

/// What a browser sends for a form.
fn urlencoded(body: &[u8]) -> Map<String, Value> {
    let fields = form_urlencoded::parse(body);
    fields.map(|(name, text)| (name.into_owned(), text.into_owned().into())).collect()
}

/// What Postman calls form-data: each field is a part with a header of its own.
async fn multipart(
    content_type: &str,
    body: Vec<u8>,
) -> Result<Map<String, Value>, multer::Error> {
    let boundary = multer::parse_boundary(content_type)?;
    let mut parts = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut fields = Map::new();
    while let Some(part) = parts.next_field().await? {
        let Some(name) = part.name().map(String::from) else { continue };
        // A file is not a text: no field of ours takes this value.
        let file = part.file_name().is_some();
        let text = part.text().await?;
        fields.insert(name, if file { Value::Array(vec![]) } else { text.into() });
    }
    Ok(fields)
}
