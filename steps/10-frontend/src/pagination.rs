//! DRF's PageNumberPagination: a list, page by page.

use rocket::http::Status;
use serde::Serialize;

use crate::errors::ApiError;

/// How many rows a page has when nobody says, and how many at most.
const PAGE_SIZE: i64 = 20;
const MAX_PAGE_SIZE: i64 = 100;

/// One page, and the addresses of those beside it.
#[derive(Serialize)]
pub struct Page<T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

/// Which page of how many rows: `?page=2&page_size=50`.
pub struct Paginator {
    count: i64,
    pub size: i64,
    has_size: bool,
    page: i64,
    last: i64,
}

impl Paginator {
    /// A page that there is not is a 404; a size that is none is passed over.
    pub fn new(count: i64, page: Option<&str>, size: Option<&str>) -> Result<Self, ApiError> {
        let size = size.and_then(|size| size.parse().ok()).filter(|size: &i64| *size > 0);
        let (has_size, size) = (size.is_some(), size.unwrap_or(PAGE_SIZE).min(MAX_PAGE_SIZE));
        let last = ((count + size - 1) / size).max(1);
        let page = match page.unwrap_or_default() {
            "" => Some(1),
            "last" => Some(last),
            page => page.parse().ok().filter(|page| (1..=last).contains(page)),
        };
        let page = page.ok_or_else(|| ApiError::new(Status::NotFound, "Invalid page."))?;
        Ok(Paginator { count, size, has_size, page, last })
    }

    /// How many rows come before this page.
    pub fn offset(&self) -> i64 {
        (self.page - 1) * self.size
    }

    /// `address`: where the list is, without a query.
    pub fn answer<T>(&self, address: &str, results: Vec<T>) -> Page<T> {
        let link = |page: i64| {
            let page = (page > 1).then(|| format!("page={page}"));
            let size = self.has_size.then(|| format!("page_size={}", self.size));
            let query = page.into_iter().chain(size).collect::<Vec<_>>().join("&");
            format!("{address}?{query}").trim_end_matches('?').to_string()
        };
        Page {
            count: self.count,
            next: (self.page < self.last).then(|| link(self.page + 1)),
            previous: (self.page > 1).then(|| link(self.page - 1)),
            results,
        }
    }
}
