//! DRF's browsable API, as far as the notes use it: a form on addresses that take a POST.

use rocket::Request;
use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder};

use crate::errors::ApiError;

/// The answer to a GET where only POST is allowed: 405, and for a browser a page with
/// the form that posts.
pub struct FormPage {
    pub title: &'static str,
    pub fields: &'static [&'static str],
}

impl FormPage {
    /// No text from outside goes in, so nothing has to be escaped.
    fn html(&self) -> String {
        let inputs = self.fields.iter().map(|name| {
            let kind = if name.starts_with("password") { "password" } else { "text" };
            format!("<p><label>{name} <input name=\"{name}\" type=\"{kind}\"></label></p>\n")
        });
        let inputs: String = inputs.collect();
        format!(include_str!("form.html"), title = self.title, inputs = inputs)
    }
}

impl<'r> Responder<'r, 'static> for FormPage {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = if wants_html(request) {
            (ContentType::HTML, self.html()).respond_to(request)?
        } else {
            let detail = format!("Method \"{}\" not allowed.", request.method());
            ApiError::new(Status::MethodNotAllowed, &detail).respond_to(request)?
        };
        response.set_status(Status::MethodNotAllowed);
        response.set_raw_header("Allow", "POST, OPTIONS");
        Ok(response)
    }
}

/// DRF's choice: a page for a client that names HTML and does not name JSON.
///
/// Not `request.accept()`: for each type that the header names, Rocket copies the whole header.
/// One of 64 kB can take a gigabyte.
fn wants_html(request: &Request<'_>) -> bool {
    let named = |wanted: &str| {
        let kinds = request.headers().get("Accept").flat_map(|accept| accept.split(','));
        let mut kinds = kinds.filter_map(|kind| kind.split(';').next());
        kinds.any(|kind| kind.trim().eq_ignore_ascii_case(wanted))
    };
    named("text/html") && !named("application/json")
}
