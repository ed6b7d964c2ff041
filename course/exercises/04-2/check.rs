use jsonwebtoken::dangerous::insecure_decode;
use rocket::http::Status;
use rocket::serde::json::{Value, json};

use super::{client, json, post};

/// The claims of the two tokens that a server with these variables gives out.
fn claims(vars: &[(&str, &str)]) -> [Value; 2] {
    let app = client(vars);
    let alice = json!({"username": "alice", "password": "alice-pass"});
    assert_eq!(post(&app, "/api/user/register/", &alice).status(), Status::Created);
    let pair = json(post(&app, "/api/token/", &alice));
    ["access", "refresh"].map(|name| {
        let token = pair[name].as_str().expect("a token");
        insecure_decode::<Value>(token).expect("a token").claims
    })
}

#[test]
fn with_an_issuer_both_tokens_name_it() {
    for claims in claims(&[("ISSUER", "https://notes.example.com")]) {
        assert_eq!(claims["iss"], "https://notes.example.com", "{claims}");
        assert_eq!(claims["user_id"], "1", "{claims}");
    }
}

#[test]
fn without_one_the_claim_is_not_there_at_all() {
    for vars in [vec![], vec![("ISSUER", " ")]] {
        for claims in claims(&vars) {
            assert!(claims.get("iss").is_none(), "{claims}");
        }
    }
}
