//! What HTTP asks of an address: to say which methods it has, and to refuse the others.

use rocket::http::{Method, Status};
use rocket::route::{self, Handler};
use rocket::{Data, Request, Route, async_trait};

use crate::authentication::IsAuthenticated;
use crate::errors::ApiError;
use crate::tokens::{AllowAny, CurrentUser, IsAdmin};

/// The methods that routes may have, in the order in which DRF lists them.
const METHODS: [Method; 5] =
    [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

/// Who may ask an address, as far as it matters for a method it does not have.
#[derive(Clone, Copy)]
pub enum Access {
    /// It does not look at the `Authorization` header.
    Open,
    /// AllowAny.
    Anyone,
    /// IsAuthenticated: a 401 comes before the 405.
    Users,
    /// IsAdminUser.
    Staff,
    /// As Users, by the backend of note 001.
    TokenUsers,
}

/// These routes, and for each of their addresses a 405 for every method that is missing.
///
/// Rocket answers 404 there, as if the address did not exist.
pub fn complete(mut routes: Vec<Route>, access: Access) -> Vec<Route> {
    let addresses: Vec<_> = routes.iter().map(|route| route.uri.path().to_string()).collect();
    for address in addresses {
        for method in METHODS {
            let has = |route: &Route| route.uri.path() == address && route.method == method;
            if !routes.iter().any(has) {
                let mut route = Route::new(method, &address, NotAllowed(access));
                route.name = Some(NOT_ALLOWED.into());
                routes.push(route);
            }
        }
    }
    routes
}

const NOT_ALLOWED: &str = "not allowed";

/// The value of `Allow`: the methods of the address that this request was routed to.
pub fn allow(request: &Request<'_>) -> Option<String> {
    let route = request.route()?;
    // A page on a GET says itself that GET is not allowed.
    let real = |route: &Route| {
        let name = route.name.as_deref().unwrap_or_default();
        name != NOT_ALLOWED && !name.ends_with("_page")
    };
    let here = |other: &&Route| other.uri.path() == route.uri.path() && real(other);
    let found: Vec<_> =
        request.rocket().routes().filter(here).map(|route| route.method).collect();
    let mut names: Vec<_> =
        METHODS.iter().filter(|method| found.contains(method)).map(|m| m.as_str()).collect();
    if found.contains(&Method::Get) {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    Some(names.join(", "))
}

/// The handler for a method that an address does not have.
#[derive(Clone)]
struct NotAllowed(Access);

#[async_trait]
impl Handler for NotAllowed {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> route::Outcome<'r> {
        let refused = match self.0 {
            Access::Open => None,
            Access::Anyone => request.guard::<AllowAny>().await.failed(),
            Access::Users => request.guard::<CurrentUser>().await.failed(),
            Access::Staff => request.guard::<IsAdmin>().await.failed(),
            Access::TokenUsers => request.guard::<IsAuthenticated>().await.failed(),
        };
        if let Some((status, ())) = refused {
            return route::Outcome::error(status);
        }
        let detail = format!("Method \"{}\" not allowed.", request.method());
        let error = ApiError::new(Status::MethodNotAllowed, &detail);
        route::Outcome::from(request, error)
    }
}
