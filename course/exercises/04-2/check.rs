use jsonwebtoken::dangerous::insecure_decode;
use rocket::serde::json::{Value, json};

use super::{client, post};

/// The claims of the two tokens that a server with these variables gives out.
fn claims(vars: &[(&str, &str)]) -> [Value; 2] {
    let app = client(vars);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    post(&app, "/api/user/register/", &alice).has_status(201);
    let pair = post(&app, "/api/token/", &alice);
    ["access", "refresh"].map(|name| {
        insecure_decode::<Value>(pair.text(name)).expect("three parts in base64").claims
    })
}

#[test]
fn with_an_issuer_both_tokens_name_it() {
    for claims in claims(&[("ISSUER", "https://notes.example.com")]) {
        assert_eq!(claims["iss"], "https://notes.example.com", "the iss in {claims}");
        assert_eq!(claims["user_id"], "1", "the user_id in {claims}, which must stay");
    }
}

#[test]
fn without_one_the_claim_is_not_there_at_all() {
    for vars in [vec![], vec![("ISSUER", " ")]] {
        for claims in claims(&vars) {
            assert!(claims.get("iss").is_none(), "with {vars:?} no iss must be in {claims}");
        }
    }
}
