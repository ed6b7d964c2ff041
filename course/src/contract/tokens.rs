//! Tokens, made and read by hand: a checker must be able to make wrong ones, too.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use regex::Regex;
use serde_json::{Map, Value, json};
use sha2::{Sha256, Sha384, Sha512};
use uuid::Uuid;

use super::variables::{Variables, as_text, fill, fill_text};

/// Makes a token after its recipe; see "mint" in the contract's README. The error is a
/// sentence.
pub fn mint(recipe: &Value, variables: &Variables) -> Result<String, String> {
    if let Some(token) = recipe["edit"].as_str() {
        let how = recipe["how"].as_str().unwrap_or_default();
        return edit(&fill_text(token, variables).map_err(never_saved)?, how);
    }
    let alg = recipe["sign"].as_str().unwrap_or("HS256");
    let default = json!({"alg": alg, "typ": "JWT"});
    let header = encode(recipe.get("header").unwrap_or(&default));
    let signed = format!("{header}.{}", encode(&claims(&recipe["claims"], variables)?));
    if alg == "none" {
        return Ok(format!("{signed}."));
    }
    let key = recipe["key"].as_str().unwrap_or("{{signing_key}}");
    let key = fill_text(key, variables).map_err(never_saved)?;
    let signature = sign(alg, &key, &signed)?;
    match recipe.get("swap_claims") {
        None => Ok(format!("{signed}.{signature}")),
        Some(other) => {
            Ok(format!("{header}.{}.{signature}", encode(&claims(other, variables)?)))
        }
    }
}

/// Header and claims of a token that is signed with the key. The error is what is wrong.
pub fn read(token: &str, key: &str) -> Result<(Value, Value), String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err("not a token: it does not have three parts".into());
    };
    let mac: Hmac<Sha256> = hmac(key, &format!("{header}.{payload}"));
    let signature = BASE64.decode(signature).unwrap_or_default();
    if mac.verify_slice(&signature).is_err() {
        return Err("its signature (HS256) does not fit the signing key".into());
    }
    Ok((decode(header)?, decode(payload)?))
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// What to say when a case uses a variable that no earlier answer gave.
pub fn never_saved(name: String) -> String {
    format!("it needs {{{{{name}}}}}, which an earlier answer should have given")
}

fn edit(token: &str, how: &str) -> Result<String, String> {
    let (signed, signature) = token.rsplit_once('.').ok_or("it needs a token to alter")?;
    match how {
        "flip_signature" => {
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            let rest: String = signature.chars().skip(1).collect();
            Ok(format!("{signed}.{first}{rest}"))
        }
        "drop_signature" => Ok(format!("{signed}.")),
        other => Err(format!("the contract knows no edit {other:?}")),
    }
}

/// Claim values may be `<now+60>`, `<hex32>`, `<int:TEXT>`, `<str:TEXT>`.
fn claims(recipe: &Value, variables: &Variables) -> Result<Value, String> {
    let filled = fill(recipe, variables).map_err(never_saved)?;
    let members = filled.as_object().cloned().unwrap_or_default();
    let members = members.into_iter().map(|(name, value)| (name, claim(value)));
    Ok(Value::Object(members.collect::<Map<_, _>>()))
}

static CLAIM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^<(?:now([+-]\d+)?|(hex32)|int:(\d+)|str:(.*))>$").expect("a pattern")
});

fn claim(value: Value) -> Value {
    let Some(found) = value.as_str().and_then(|text| CLAIM.captures(text)) else {
        return value;
    };
    let group = |n| found.get(n).map(|part| part.as_str());
    if group(2).is_some() {
        return Uuid::new_v4().simple().to_string().into();
    }
    if let Some(number) = group(3) {
        return number.parse::<u64>().map_or(Value::Null, Value::from);
    }
    if let Some(text) = group(4) {
        return text.into();
    }
    (now() + group(1).map_or(0, |offset| offset.parse().unwrap_or(0))).into()
}

fn sign(alg: &str, key: &str, text: &str) -> Result<String, String> {
    let signature = match alg {
        "HS256" => hmac::<Hmac<Sha256>>(key, text).finalize().into_bytes().to_vec(),
        "HS384" => hmac::<Hmac<Sha384>>(key, text).finalize().into_bytes().to_vec(),
        "HS512" => hmac::<Hmac<Sha512>>(key, text).finalize().into_bytes().to_vec(),
        other => return Err(format!("the contract knows no algorithm {other:?}")),
    };
    Ok(BASE64.encode(signature))
}

fn hmac<M: Mac + KeyInit>(key: &str, text: &str) -> M {
    let mut mac =
        <M as Mac>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac
}

fn encode(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn decode(part: &str) -> Result<Value, String> {
    let bytes = BASE64.decode(part).map_err(|_| "a part of it is not base64url")?;
    serde_json::from_slice(&bytes).map_err(|_| "a part of it is not JSON".into())
}

/// The signing key of the contract, or the one the person named.
pub fn signing_key(variables: &Variables) -> String {
    variables.get("signing_key").map(as_text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a key that is long enough for HS256, at least 32 bytes";

    fn variables() -> Variables {
        json!({"signing_key": KEY, "id": 3}).as_object().cloned().expect("an object")
    }

    fn minted(recipe: Value) -> String {
        mint(&recipe, &variables()).expect("a token")
    }

    #[test]
    fn a_minted_token_can_be_read() {
        let claims = json!({"exp": "<now+60>", "jti": "<hex32>", "user_id": "<int:{{id}}>"});
        let token = minted(json!({"sign": "HS256", "claims": claims}));
        let (header, claims) = read(&token, KEY).expect("a good token");
        assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
        assert_eq!(claims["user_id"], json!(3));
        assert!((claims["exp"].as_i64().expect("a number") - now() - 60).abs() <= 1);
        assert_eq!(claims["jti"].as_str().map(str::len), Some(32));
    }

    /// The example of RFC 7515, appendix A.1: header, payload and key are given there.
    #[test]
    fn the_signature_is_that_of_the_rfc() {
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOj\
                      EzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr\
                   1Z9CAow";
        let key = BASE64.decode(key).expect("base64");
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&key).expect("a key");
        mac.update(signed.as_bytes());
        let signature = BASE64.encode(mac.finalize().into_bytes());
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn wrong_tokens_are_wrong() {
        let claims = json!({"exp": 1});
        let good = minted(json!({"claims": claims}));
        assert!(read(&good, KEY).is_ok());
        assert!(read(&good, "another key").is_err());
        for recipe in [
            json!({"claims": claims, "key": "another key"}),
            json!({"claims": claims, "sign": "none"}),
            json!({"claims": claims, "sign": "HS512"}),
            json!({"claims": claims, "swap_claims": {"exp": 2}}),
            json!({"edit": good, "how": "flip_signature"}),
            json!({"edit": good, "how": "drop_signature"}),
        ] {
            assert!(read(&minted(recipe.clone()), KEY).is_err(), "{recipe}");
        }
    }
}
