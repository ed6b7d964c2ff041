//! MIDDLEWARE: what touches every request and every answer.

use std::time::Instant;

use rocket::fairing::{AdHoc, Fairing, Info, Kind};
use rocket::form::Form;
use rocket::http::{Method, Status};
use rocket::{Data, Request, Response, async_trait};
use rocket_cors::CorsOptions;
use rocket_cors::headers::Origin;

use crate::errors::{self, ApiError};
use crate::parsers::LOOKED_AT;
use crate::settings::Settings;

/// What a request was when it came in; a fairing may rewrite it later.
struct Arrival {
    start: Instant,
    method: Method,
    path: String,
}

impl Arrival {
    /// The path without the query: a query may carry a token.
    fn of(request: &Request<'_>) -> Self {
        let path = request.uri().path().to_string();
        Arrival { start: Instant::now(), method: request.method(), path }
    }
}

/// A POST stays a POST.
///
/// Of one whose form begins with `_method=delete`, Rocket makes a DELETE before it asks any
/// fairing. This one puts the POST back. To be attached first. What it cannot tell from such
/// a POST is a PUT whose form begins with `_method=put`.
pub struct NoMethodOverride;

#[async_trait]
impl Fairing for NoMethodOverride {
    fn info(&self) -> Info {
        Info { name: "no method override", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        let is_form = request.content_type().is_some_and(|kind| kind.is_form());
        if !is_form || request.method() == Method::Post {
            return;
        }
        // The same bytes that Rocket has looked at, read as Rocket reads them. Fewer of them and
        // no end is a body that broke off; to look once more would hide that.
        let seen_to_its_end = data.peek_complete();
        let start = data.peek(LOOKED_AT).await;
        if start.len() < LOOKED_AT && !seen_to_its_end {
            let error = ApiError::new(Status::BadRequest, "The body ended early.");
            return errors::refuse(request, error);
        }
        let first = str::from_utf8(start).ok().and_then(|form| Form::values(form).next());
        let named = first.filter(|field| field.name == "_method");
        let named: Option<Method> = named.and_then(|field| field.value.parse().ok());
        if named == Some(request.method()) {
            request.set_method(Method::Post);
        }
    }
}

/// Keeps what came in, for the log. To be attached before a fairing rewrites it.
pub fn arrival() -> AdHoc {
    AdHoc::on_request("arrival", |request, _| {
        let arrival = Arrival::of(request);
        request.local_cache(|| arrival);
        Box::pin(async {})
    })
}

/// One line per request: method, path, status, milliseconds. To be attached last, when
/// the status is final.
pub fn request_log() -> AdHoc {
    AdHoc::on_response("request log", |request, response| {
        let Arrival { start, method, path } = request.local_cache(|| Arrival::of(request));
        let (status, ms) = (response.status().code, start.elapsed().as_millis());
        log::info!("{method} {path} {status} {ms} ms");
        Box::pin(async {})
    })
}

/// The longest value of a header, in bytes: gunicorn's limit_request_field_size.
const LONGEST_HEADER: usize = 8190;

/// Refuses a request with a longer header before any code of ours has read one.
pub fn header_limit() -> AdHoc {
    AdHoc::on_request("header limit", |request, _| {
        if request.headers().iter().any(|header| header.value().len() > LONGEST_HEADER) {
            let detail = format!("A header is longer than {LONGEST_HEADER} bytes.");
            let error = ApiError::new(Status::RequestHeaderFieldsTooLarge, &detail);
            errors::refuse(request, error);
        }
        Box::pin(async {})
    })
}

/// What a request has once. Of two, a proxy in front may have read the other.
const ONCE: [&str; 3] = ["Host", "Content-Type", "Content-Length"];

/// Refuses a request that has one of them twice, as gunicorn does. For `Host`, RFC 9112 asks
/// for it, in section 3.2.
pub fn single_headers() -> AdHoc {
    AdHoc::on_request("single headers", |request, _| {
        let headers = request.headers();
        if let Some(name) = ONCE.iter().find(|name| headers.get(name).nth(1).is_some()) {
            let detail = format!("The header {name} came twice.");
            errors::refuse(request, ApiError::new(Status::BadRequest, &detail));
        }
        Box::pin(async {})
    })
}

/// CORS: tells browsers which sites' pages may read our answers.
///
/// rocket_cors does the work. We ask it only about origins that are allowed: it answers
/// the others with a 403, and so refuses even our own pages, whose forms send an
/// `Origin` too. Without the headers the browser keeps the answer from the page, as
/// with django-cors-headers.
pub struct Cors {
    inner: rocket_cors::Cors,
    all: bool,
    origins: Vec<String>,
}

impl Cors {
    pub fn new(settings: &Settings) -> Self {
        let (all, credentials) =
            (settings.cors_allow_all_origins, settings.cors_allow_credentials);
        let options = CorsOptions {
            allow_credentials: credentials,
            max_age: Some(86_400), // seconds: a day, as django-cors-headers
            send_wildcard: all && !credentials,
            ..CorsOptions::default()
        };
        // It fails on a bad origin and on `*` with credentials; we give it neither.
        let inner = options.to_cors().expect("options without origins");
        Cors { inner, all, origins: settings.cors_allowed_origins.clone() }
    }

    fn allows(&self, request: &Request<'_>) -> bool {
        request.headers().get_one("Origin").is_some_and(|origin| {
            if self.all {
                origin.parse::<Origin>().is_ok()
            } else {
                self.origins.iter().any(|allowed| allowed == origin)
            }
        })
    }
}

#[async_trait]
impl Fairing for Cors {
    fn info(&self) -> Info {
        Info { name: "CORS", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        if self.allows(request) {
            self.inner.on_request(request, data).await;
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if self.allows(request) {
            self.inner.on_response(request, response).await;
        }
    }
}
