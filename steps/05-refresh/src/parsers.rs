//! DRF's parsers: the body of a request, as named values.

use std::collections::HashMap;
use std::convert::Infallible;

use multer::Multipart;
use percent_encoding::percent_decode;
use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::futures::stream;
use rocket::http::Status;
use rocket::{Request, async_trait};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::errors::{ApiError, field_error};

/// The longest body we read, in mebibytes. A longer one is a 413.
const LIMIT: u64 = 1;

/// How many bytes of a body Rocket looks at by itself: `_method=delete`. When the connection
/// breaks within them, it passes over that, and what came until then looks like all.
pub const LOOKED_AT: usize = 14;

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
    let seen_to_its_end = data.peek_complete();
    let body = data.open(LIMIT.mebibytes()).into_bytes().await;
    let early = || ApiError::new(Status::BadRequest, "The body ended early.");
    let body = body.map_err(|_| early())?;
    if !body.is_complete() {
        return Err(ApiError::new(Status::PayloadTooLarge, "The body is longer than 1 MiB."));
    }
    if !is_announced(request, body.len()) || body.len() < LOOKED_AT && !seen_to_its_end {
        return Err(early());
    }
    if body.is_empty() {
        return Ok(Map::new());
    }
    let content_type = request.headers().get_one("Content-Type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let body = body.into_inner();
    match media_type.to_ascii_lowercase().as_str() {
        "application/json" => json(&Charset::of(content_type)?.text(body)?),
        "application/x-www-form-urlencoded" => urlencoded(&body, Charset::of(content_type)?),
        "multipart/form-data" => {
            multipart(content_type, body, Charset::of(content_type)?).await
        }
        _ => Err(unsupported(content_type)),
    }
}

/// Whether as much came as the client said.
fn is_announced(request: &Request<'_>, length: usize) -> bool {
    let announced = request.headers().get_one("Content-Length");
    announced.is_none_or(|announced| announced.parse() == Ok(length))
}

fn unsupported(content_type: &str) -> ApiError {
    let detail = format!("Unsupported media type \"{content_type}\" in request.");
    ApiError::new(Status::UnsupportedMediaType, &detail)
}

/// How the client wrote letters as bytes. What does not fit is refused, never replaced: two
/// passwords would become one.
#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Latin1,
}

impl Charset {
    /// The one that the Content-Type names; without a name, UTF-8.
    fn of(content_type: &str) -> Result<Self, ApiError> {
        let named = content_type.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            name.trim().eq_ignore_ascii_case("charset").then_some(value)
        });
        match named.as_deref() {
            None | Some("utf-8" | "utf8" | "us-ascii") => Ok(Charset::Utf8),
            Some("iso-8859-1" | "latin-1" | "latin1") => Ok(Charset::Latin1),
            Some(_) => Err(unsupported(content_type)),
        }
    }

    fn text(self, bytes: Vec<u8>) -> Result<String, ApiError> {
        match self {
            Charset::Utf8 => String::from_utf8(bytes).map_err(|_| {
                ApiError::new(Status::BadRequest, "The body is not text in UTF-8.")
            }),
            // Each byte is the letter with its number.
            Charset::Latin1 => Ok(bytes.into_iter().map(char::from).collect()),
        }
    }
}

/// Not `serde_json::from_str::<Value>`: of a hostile body, `[{"":0},…]`, that makes a hundred
/// times as much memory. A `RawValue` is a piece of the body.
fn json(body: &str) -> Result<Map<String, Value>, ApiError> {
    let body: &RawValue = serde_json::from_str(body).map_err(broken)?;
    let kind = match flat(body)? {
        Value::Object(_) => {
            let fields: HashMap<String, &RawValue> =
                serde_json::from_str(body.get()).map_err(broken)?;
            let mut values = Map::new();
            for (name, raw) in fields {
                values.insert(name, flat(raw)?);
            }
            return Ok(values);
        }
        Value::Null => return Err(field_error("non_field_errors", "No data provided")),
        Value::Array(_) => "list",
        Value::String(_) => "str",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
    };
    let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
    Err(field_error("non_field_errors", &message))
}

/// The value without what is in it: no field of ours takes a list or an object.
fn flat(raw: &RawValue) -> Result<Value, ApiError> {
    match raw.get().as_bytes().first() {
        Some(b'[') => Ok(Value::Array(Vec::new())),
        Some(b'{') => Ok(Value::Object(Map::new())),
        _ => serde_json::from_str(raw.get()).map_err(broken),
    }
}

fn broken(why: serde_json::Error) -> ApiError {
    ApiError::new(Status::BadRequest, &format!("JSON parse error - {why}"))
}

/// What a browser sends for a form. Not `form_urlencoded::parse`, which puts U+FFFD where
/// letters do not fit.
fn urlencoded(body: &[u8], charset: Charset) -> Result<Map<String, Value>, ApiError> {
    let text = |coded: &[u8]| {
        let spaces: Vec<u8> =
            coded.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
        charset.text(percent_decode(&spaces).collect())
    };
    // Not `collect`, which holds all pairs at once before it looks at their names.
    let mut fields = Map::new();
    for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let end = pair.iter().position(|b| *b == b'=');
        let (name, value) = pair.split_at(end.unwrap_or(pair.len()));
        fields.insert(text(name)?, text(value.get(1..).unwrap_or_default())?.into());
    }
    Ok(fields)
}

/// What Postman calls form-data: each field is a part with a header of its own.
async fn multipart(
    content_type: &str,
    body: Vec<u8>,
    charset: Charset,
) -> Result<Map<String, Value>, ApiError> {
    let wrong = |why: multer::Error| {
        let detail = format!("Multipart form parse error - {why}");
        ApiError::new(Status::BadRequest, &detail)
    };
    let boundary = multer::parse_boundary(content_type).map_err(wrong)?;
    let mut parts = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut fields = Map::new();
    while let Some(part) = parts.next_field().await.map_err(wrong)? {
        let Some(name) = part.name().map(String::from) else { continue };
        // A file is not a text: no field of ours takes this value.
        let file = part.file_name().is_some();
        // Not `part.text()`, which leaves out a first U+FEFF and replaces what does not fit.
        let bytes = part.bytes().await.map_err(wrong)?;
        let text = if file { Value::Array(vec![]) } else { charset.text(bytes.into())?.into() };
        fields.insert(name, text);
    }
    Ok(fields)
}
