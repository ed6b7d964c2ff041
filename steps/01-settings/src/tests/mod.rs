//! The step's tests: through HTTP, as a client sees it.

mod answer;
mod cors;
mod headers;
mod settings;

use rocket::http::Header;
use rocket::http::uri::Host;
use rocket::local::blocking::{Client, LocalRequest};

use answer::{Answer, send};

use crate::settings::Settings;

/// The settings of a program started with these variables and no others.
fn settings(vars: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::from_vars(|name| {
        let variable = vars.iter().find(|(known, _)| *known == name);
        Ok(variable.map(|(_, text)| text.to_string()))
    })
}

/// The settings that these variables must make.
#[track_caller]
fn accepted(vars: &[(&str, &str)]) -> Settings {
    match settings(vars) {
        Ok(settings) => settings,
        Err(why) => panic!("a server must start with {vars:?}, and it is refused:\n  {why}"),
    }
}

/// The sentence that refuses a start with these variables. It begins so.
#[track_caller]
fn refusal(vars: &[(&str, &str)], begin: &str) -> String {
    must_refuse(&format!("a start with {vars:?}"), settings(vars), begin)
}

/// The sentence that refuses something. It begins so.
#[track_caller]
fn must_refuse<T>(what: &str, result: Result<T, String>, begin: &str) -> String {
    let rule = format!("{what} must be refused:\n  {begin}…");
    match result {
        Ok(_) => panic!("{rule}\nand it is not refused"),
        Err(why) if why.starts_with(begin) => why,
        Err(why) => panic!("{rule}\nand the refusal says\n  {why}"),
    }
}

/// A server with these variables, and a client that speaks to it.
fn client(vars: &[(&str, &str)]) -> Client {
    Client::tracked(crate::rocket(accepted(vars))).expect("the server must start")
}

/// `GET path` from this machine.
fn get(client: &Client, path: &str) -> Answer {
    send(host(client.get(path.to_string()), "localhost"), "")
}

/// Rocket's test client sends no `Host`; every real client does.
fn host<'c>(mut request: LocalRequest<'c>, name: &'static str) -> LocalRequest<'c> {
    request.inner_mut().set_host(Host::parse(name).expect("a host"));
    request
}

fn origin<'c>(request: LocalRequest<'c>, origin: &'static str) -> LocalRequest<'c> {
    host(request, "localhost").header(Header::new("Origin", origin))
}
