//! The React client of chapter 10, built: its files are inside of every program that serves it.
//!
//! `dist/` is what `npm run build` makes of `steps/10-frontend/frontend/`, and it is committed:
//! a machine with nothing but Rust shows the client.
#![forbid(unsafe_code)]

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "dist/"]
struct Dist;

/// The bytes of a file of the client, by its path: `index.html`, `assets/index-BpX3kQ2a.js`, with
/// `/` between the parts. `None` when the client has no such file.
pub fn file(path: &str) -> Option<Cow<'static, [u8]>> {
    Dist::get(path).map(|file| file.data)
}

/// The paths of all files of the client.
pub fn files() -> impl Iterator<Item = Cow<'static, str>> {
    Dist::iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_inside_and_so_is_all_that_it_loads() {
        let page = file("index.html").expect("the client has a page");
        let page = String::from_utf8_lossy(&page);
        let loaded: Vec<_> = page
            .split(['"', '\''])
            .filter_map(|text| text.strip_prefix('/'))
            .filter(|path| path.starts_with("assets/"))
            .collect();
        assert!(!loaded.is_empty(), "{page}");
        for path in loaded {
            assert!(file(path).is_some(), "index.html loads {path}, which is not in dist/");
        }
    }

    #[test]
    fn what_is_no_file_is_none() {
        for path in ["", "assets", "nothing.js", "../Cargo.toml", "/index.html"] {
            assert!(file(path).is_none(), "{path}");
        }
    }
}
