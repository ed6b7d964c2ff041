//! Django's app `staticfiles`: the files of the built React client.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use rocket::http::uri::Origin;
use rocket::http::{ContentType, Header, Status};
use rocket::tokio::fs;
use rocket::{Responder, Route, State, get, routes};

use crate::errors::ApiError;
use crate::settings::Settings;

/// To be mounted at `/`.
pub fn routes() -> Vec<Route> {
    routes![page]
}

/// Whether a path is the client's: everything that is not below `/api`.
pub fn is_clients(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    !first.eq_ignore_ascii_case("api")
}

/// The client's page.
const PAGE: &str = "index.html";

/// The folder of the files that the page loads. Each has a hash of its content in its name.
const ASSETS: &str = "assets";

/// A file of the client or, when there is none of this name, its page: `/login` is an address
/// that the client's own router knows. The rank is the last: every other route comes first.
#[get("/<path..>", rank = 20)]
async fn page(
    path: Option<PathBuf>,
    address: &Origin<'_>,
    settings: &State<Settings>,
) -> Result<ClientFile, ApiError> {
    let not_found = || ApiError::new(Status::NotFound, "Not found.");
    // Rocket makes no path of `.env`, nor of a `..%2F` that would lead out of the folder. And
    // a note's address with a number that is too long for one comes here.
    let path = path.filter(|_| is_clients(address.path().as_str())).ok_or_else(not_found)?;
    let root = settings.static_root.as_deref();
    if let Some(bytes) = read(root, &path).await {
        return Ok(ClientFile::new(&path, bytes));
    }
    // A page from before the last build asks for a file that is gone. The page in its place
    // would be read as a script.
    if path.starts_with(ASSETS) {
        return Err(not_found());
    }
    let bytes = read(root, Path::new(PAGE)).await.ok_or_else(not_found)?;
    Ok(ClientFile::new(Path::new(PAGE), bytes))
}

/// A file of STATIC_ROOT, or of the client that is inside this program.
async fn read(root: Option<&Path>, path: &Path) -> Option<Cow<'static, [u8]>> {
    match root {
        Some(root) => fs::read(root.join(path)).await.ok().map(Cow::Owned),
        None => client::file(path.to_str()?),
    }
}

/// A file, and what a browser may do with it.
#[derive(Responder)]
struct ClientFile {
    bytes: Cow<'static, [u8]>,
    kind: ContentType,
    cache: Header<'static>,
    policy: Header<'static>,
}

impl ClientFile {
    fn new(path: &Path, bytes: Cow<'static, [u8]>) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let kind = extension.and_then(ContentType::from_extension);
        // Other content would have another name, so nobody need ask again, for a year. The page
        // keeps its name: a browser asks each time whether there is a new one.
        let cache = match path.starts_with(ASSETS) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        ClientFile {
            bytes,
            kind: kind.unwrap_or(ContentType::Binary),
            cache: Header::new("Cache-Control", cache),
            policy: Header::new("Content-Security-Policy", POLICY),
        }
    }
}

/// Scripts, styles and answers come from this server alone, and no script stands in the page.
/// So a text that someone smuggles into the page as HTML is not run.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; object-src 'none'";
