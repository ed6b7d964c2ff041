use rocket::http::Header;
use rocket::local::blocking::Client;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::{client, get, host, send};

/// A request of a client that has something already.
fn ask(app: &Client, path: &str, known: &str) -> Answer {
    let request = host(app.get(path.to_string()), "localhost");
    send(request.header(Header::new("If-None-Match", known.to_string())), "")
}

#[test]
fn every_file_has_the_hash_of_its_content() {
    let app = client(&[]);
    for path in ::client::files() {
        let bytes = ::client::file(&path).expect("a file of the client");
        let hash = format!("\"{}\"", &format!("{:x}", Sha256::digest(&bytes))[..16]);
        get(&app, &format!("/{path}")).has_status(200).has_header("ETag", &hash);
    }
}

#[test]
fn the_page_is_the_same_at_all_its_addresses() {
    let app = client(&[]);
    let page = get(&app, "/").header("ETag").to_string();
    get(&app, "/login").has_status(200).has_header("ETag", &page);
}

#[test]
fn who_has_it_already_gets_no_body() {
    let app = client(&[]);
    for path in ["/", "/login", "/favicon.svg"] {
        let first = get(&app, path);
        let (etag, cache) = (first.header("ETag"), first.header("Cache-Control"));
        let again = ask(&app, path, etag).because(path);
        again.has_status(304).has_header("ETag", etag).has_header("Cache-Control", cache);
        again.must(again.body.is_empty(), "no body");
    }
}

#[test]
fn who_has_an_older_one_gets_it_whole() {
    let app = client(&[]);
    let answer = ask(&app, "/", "\"0123456789abcdef\"");
    answer.has_status(200);
    answer.must(!answer.header("ETag").is_empty(), "an ETag");
    answer.must(answer.body.contains("<div id=\"root\">"), "the page");
}

#[test]
fn what_is_not_there_has_none() {
    let app = client(&[]);
    get(&app, "/assets/nothing.js").has_status(404).has_header("ETag", "");
}
