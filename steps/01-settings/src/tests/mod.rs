//! The step's tests: through HTTP, as a client sees it.

mod cors;
mod hosts;
mod settings;

use rocket::http::Header;
use rocket::http::uri::Host;
use rocket::local::blocking::{Client, LocalRequest, LocalResponse};
use rocket::serde::json::Value;

use crate::settings::Settings;

/// The settings of a program started with these variables and no others.
fn settings(vars: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::from_vars(|name| {
        let (_, text) = vars.iter().find(|(known, _)| *known == name)?;
        Some(text.to_string())
    })
}

/// A server with these variables, and a client that speaks to it.
fn client(vars: &[(&str, &str)]) -> Client {
    let settings = settings(vars).expect("settings");
    Client::tracked(crate::rocket(settings)).expect("a server")
}

/// Rocket's test client sends no `Host`; every real client does.
fn host<'c>(mut request: LocalRequest<'c>, name: &'static str) -> LocalRequest<'c> {
    request.inner_mut().set_host(Host::parse(name).expect("a host"));
    request
}

fn origin<'c>(request: LocalRequest<'c>, origin: &'static str) -> LocalRequest<'c> {
    host(request, "localhost").header(Header::new("Origin", origin))
}

/// One header of the answer, `""` when it is missing.
fn header<'r>(response: &'r LocalResponse<'_>, name: &str) -> &'r str {
    response.headers().get_one(name).unwrap_or_default()
}

fn json(response: LocalResponse<'_>) -> Value {
    response.into_json().expect("a JSON body")
}
