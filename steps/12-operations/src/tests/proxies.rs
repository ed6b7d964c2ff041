use rocket::http::Header;

use super::client;
use crate::middleware::client_address;

/// A request from this machine, with these lines of `X-Forwarded-For`, counts as from there.
#[track_caller]
fn comes_from(proxies: &str, peer: &str, forwarded: &[&str], expected: &str) {
    let app = client(&[("TRUSTED_PROXIES", proxies)]);
    let mut request = app.get("/").remote(format!("{peer}:4711").parse().expect("an address"));
    for line in forwarded {
        request.add_header(Header::new("X-Forwarded-For", line.to_string()));
    }
    let address = client_address(request.inner()).map(|address| address.to_string());
    assert_eq!(
        address.as_deref(),
        Some(expected),
        "with TRUSTED_PROXIES={proxies:?} a request from {peer} with X-Forwarded-For \
         {forwarded:?} must count as from {expected}"
    );
}

#[test]
fn a_stranger_is_not_believed() {
    comes_from("", "203.0.113.9", &["198.51.100.1"], "203.0.113.9");
    comes_from("10.0.0.0/8", "203.0.113.9", &["198.51.100.1"], "203.0.113.9");
}

#[test]
fn a_proxy_of_ours_says_who_asked() {
    comes_from("10.0.0.7", "10.0.0.7", &["198.51.100.1"], "198.51.100.1");
    comes_from("10.0.0.0/8", "10.1.2.3", &["198.51.100.1, 10.9.9.9"], "198.51.100.1");
    comes_from("10.0.0.0/8", "10.1.2.3", &["2001:db8::1"], "2001:db8::1");
    comes_from("10.0.0.0/8", "10.1.2.3", &[], "10.1.2.3");
}

#[test]
fn what_a_client_wrote_itself_is_not_believed() {
    let lines = ["127.0.0.1, 192.0.2.66", "198.51.100.1"];
    comes_from("10.0.0.0/8", "10.1.2.3", &lines, "198.51.100.1");
    comes_from("10.0.0.0/8", "10.1.2.3", &["192.0.2.66, unknown"], "10.1.2.3");
}

#[test]
fn an_ipv4_address_in_ipv6_clothes_is_the_same() {
    for proxies in ["10.0.0.0/8", "10.1.2.3,", "::ffff:10.1.2.3"] {
        comes_from(proxies, "[::ffff:10.1.2.3]", &["198.51.100.1"], "198.51.100.1");
    }
}
