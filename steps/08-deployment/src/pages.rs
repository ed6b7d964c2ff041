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
        Ok(response)
    }
}

/// DRF's choice: a page for a client that names HTML and does not name JSON.
fn wants_html(request: &Request<'_>) -> bool {
    request.accept().is_some_and(|accept| {
        accept.iter().any(|kind| kind.is_html()) && !accept.iter().any(|kind| kind.is_json())
    })
}
