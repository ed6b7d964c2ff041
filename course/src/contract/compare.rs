//! Compares an answer with what the contract expects.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::tokens::{never_saved, now, read, signing_key};
use super::variables::{Variables, as_text, fill, fill_text};
use super::{Expect, JwtExpect, dig};
use crate::http::Answer;

/// Where an answer is not as expected.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Status,
    Header,
    /// A member of the JSON body, or the body as a whole.
    Field,
    /// What a token in the body says.
    Claim,
}

/// One place where the answer is not as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub kind: Kind,
    /// A header's name, or a place in the body: `username.0`. `""` is the body itself.
    pub place: String,
    pub got: String,
    pub want: String,
}

/// Headers whose value is a list in which neither order nor case count.
const SETS: [&str; 5] = [
    "allow",
    "vary",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
];

/// How far two times may be apart, in seconds: a refreshed access token keeps the `iat` of
/// its refresh token, which a busy machine has made a while ago.
const TOLERANCE: i64 = 10;

/// Everything in which the answer differs, the most telling first.
pub fn compare(expect: &Expect, answer: &Answer, variables: &Variables) -> Vec<Difference> {
    let mut comparison = Comparison { variables, found: Vec::new() };
    if answer.status != expect.status {
        comparison.add(Kind::Status, "", answer.status, expect.status);
    }
    for (name, want) in &expect.headers {
        comparison.header(name, want, answer.header(name).as_deref());
    }
    if let Some(want) = &expect.json {
        comparison.json(expect, want, answer);
    }
    comparison.text(expect, &answer.text());
    comparison.found
}

struct Comparison<'v> {
    variables: &'v Variables,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn add(&mut self, kind: Kind, place: &str, got: impl ToString, want: impl ToString) {
        let (got, want) = (got.to_string(), want.to_string());
        self.found.push(Difference { kind, place: place.into(), got, want });
    }

    fn header(&mut self, name: &str, want: &Value, got: Option<&str>) {
        let want = match want {
            Value::Null => None,
            value => match fill(value, self.variables) {
                Ok(value) => Some(as_text(&value)),
                Err(missing) => return self.missing(Kind::Header, name, missing),
            },
        };
        let same = match (&want, got) {
            (Some(want), Some(got)) => same_header(name, want, got),
            (want, got) => want.is_none() && got.is_none(),
        };
        if !same {
            let (got, want) = (got.unwrap_or("no such header"), want.as_deref());
            self.add(Kind::Header, name, got, want.unwrap_or("no such header"));
        }
    }

    fn json(&mut self, expect: &Expect, want: &Value, answer: &Answer) {
        let Some(got) = answer.json() else {
            let got = if answer.body.is_empty() { "no body".into() } else { answer.text() };
            let want = fill(want, self.variables).unwrap_or_default();
            return self.add(Kind::Field, "", got, want);
        };
        self.value("", want, &got);
        for (place, recipe) in &expect.jwt {
            self.token(place, recipe, &got);
        }
        for (place, old) in &expect.differs {
            let old = fill(old, self.variables);
            if let (Ok(old), Some(new)) = (old, dig(&got, place))
                && *new == old
            {
                self.add(Kind::Field, place, new, "another value than in the earlier answer");
            }
        }
    }

    fn value(&mut self, place: &str, want: &Value, got: &Value) {
        if let Some(kind) = want.as_str().and_then(placeholder) {
            return self.placeholder(place, &kind, got);
        }
        let want = match want {
            Value::String(_) => match fill(want, self.variables) {
                Ok(value) => value,
                Err(missing) => return self.missing(Kind::Field, place, missing),
            },
            other => other.clone(),
        };
        match (&want, got) {
            (Value::Object(want), Value::Object(got)) => self.members(place, want, got),
            (Value::Array(want), Value::Array(got)) if want.len() == got.len() => {
                for (index, (want, got)) in want.iter().zip(got).enumerate() {
                    self.value(&join(place, &index.to_string()), want, got);
                }
            }
            (want, got) if want == got => {}
            (want, got) => self.add(Kind::Field, place, got, want),
        }
    }

    fn members(&mut self, place: &str, want: &Map<String, Value>, got: &Map<String, Value>) {
        for (name, want) in want {
            match got.get(name) {
                Some(got) => self.value(&join(place, name), want, got),
                None => self.add(Kind::Field, &join(place, name), "missing", want),
            }
        }
        for (name, got) in got.iter().filter(|(name, _)| !want.contains_key(*name)) {
            self.add(Kind::Field, &join(place, name), got, "no such member");
        }
    }

    fn placeholder(&mut self, place: &str, kind: &Placeholder, got: &Value) {
        if let Placeholder::Jwt(token_type) = kind {
            return self.fresh_token(place, token_type, got);
        }
        if !kind.matches(got) {
            self.add(Kind::Field, place, got, kind.in_words());
        }
    }

    /// `<jwt:access>`, `<jwt:refresh>`: a token as SimpleJWT makes it, made now.
    fn fresh_token(&mut self, place: &str, token_type: &str, got: &Value) {
        let Some((header, claims)) = self.read_token(place, got) else { return };
        let mut claim = |name: &str, good: bool, got: &Value, want: &str| {
            if !good {
                self.add(Kind::Claim, &join(place, name), as_text(got), want);
            }
        };
        let want = json!({"alg": "HS256", "typ": "JWT"});
        claim("header", header == want, &header, &want.to_string());
        let want = format!("{token_type:?}");
        let own = &claims["token_type"];
        claim("token_type", own == token_type, &own.to_string().into(), &want);
        let iat = claims["iat"].as_i64();
        let issued_now = iat.is_some_and(|iat| (iat - now()).abs() <= TOLERANCE);
        claim("iat", issued_now, &claims["iat"], "now, in whole seconds since 1970");
        let lifetime = if token_type == "access" { 1800 } else { 86_400 };
        let life = claims["exp"].as_i64().zip(iat).map(|(exp, iat)| exp - iat);
        let good = life.is_some_and(|life| (life - lifetime).abs() <= TOLERANCE);
        let want = format!("iat + {lifetime}: the lifetime of the settings, in whole seconds");
        let exp = life.map_or(claims["exp"].clone(), |life| format!("iat + {life}").into());
        claim("exp", good, &exp, &want);
        let hex = Placeholder::Hex32;
        claim("jti", hex.matches(&claims["jti"]), &claims["jti"], &hex.in_words());
        let id = claims["user_id"].as_str();
        let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let want = "the user's id as a string of digits, in quotes";
        claim("user_id", id.is_some_and(digits), &claims["user_id"].to_string().into(), want);
    }

    fn token(&mut self, place: &str, recipe: &JwtExpect, answer: &Value) {
        let token = dig(answer, place).cloned().unwrap_or_default();
        let Some((header, claims)) = self.read_token(place, &token) else { return };
        let before = self.found.len();
        if let Some(want) = &recipe.header {
            self.value(&join(place, "header"), want, &header);
        }
        if let Some(want) = &recipe.claims {
            self.value(place, want, &claims);
        }
        if let Some(want) = recipe.lifetime {
            let number = |name: &str| claims[name].as_i64().unwrap_or_default();
            let life = number("exp") - number("iat");
            if (life - want).abs() > TOLERANCE {
                self.add(Kind::Claim, &join(place, "exp"), format!("iat + {life}"), want);
            }
        }
        self.found[before..].iter_mut().for_each(|found| found.kind = Kind::Claim);
    }

    fn read_token(&mut self, place: &str, got: &Value) -> Option<(Value, Value)> {
        let result = match got.as_str() {
            Some(token) => read(token, &signing_key(self.variables)),
            None => Err("not a string".into()),
        };
        let want = "a token that is signed with the signing key";
        result.map_err(|why| self.add(Kind::Claim, place, format!("{got} ({why})"), want)).ok()
    }

    fn text(&mut self, expect: &Expect, got: &str) {
        if let Some(want) = &expect.text {
            match fill_text(want, self.variables) {
                Ok(want) if want == got => {}
                Ok(want) => self.add(Kind::Field, "", got, want),
                Err(missing) => self.missing(Kind::Field, "", missing),
            }
        }
        for piece in expect.text_contains.iter().filter(|piece| !got.contains(&**piece)) {
            self.add(Kind::Field, "", got, format!("a page that contains {piece}"));
        }
        if expect.empty && !got.is_empty() {
            self.add(Kind::Field, "", got, "no body");
        }
    }

    fn missing(&mut self, kind: Kind, place: &str, name: String) {
        self.add(kind, place, never_saved(name), "a value to compare with");
    }
}

/// A kind of value, where no exact one can be expected.
enum Placeholder {
    Id,
    Int,
    String,
    Datetime,
    Hex32,
    Jwt(String),
    Starts(String),
}

fn placeholder(text: &str) -> Option<Placeholder> {
    let name = text.strip_prefix('<')?.strip_suffix('>')?;
    Some(match name {
        "id" => Placeholder::Id,
        "int" => Placeholder::Int,
        "string" => Placeholder::String,
        "datetime" => Placeholder::Datetime,
        "hex32" => Placeholder::Hex32,
        "jwt:access" | "jwt:refresh" => Placeholder::Jwt(name[4..].into()),
        _ => Placeholder::Starts(name.strip_prefix("starts:")?.into()),
    })
}

static DATETIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$").expect("a pattern")
});

impl Placeholder {
    fn matches(&self, got: &Value) -> bool {
        let text = || got.as_str().unwrap_or_default();
        match self {
            Placeholder::Id => got.as_i64().is_some_and(|id| id > 0),
            Placeholder::Int => got.is_i64() || got.is_u64(),
            Placeholder::String => got.is_string(),
            Placeholder::Datetime => DATETIME.is_match(text()),
            Placeholder::Hex32 => {
                let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                text().len() == 32 && text().bytes().all(hex)
            }
            // It takes more than a yes or no; see `fresh_token`.
            Placeholder::Jwt(_) => false,
            Placeholder::Starts(start) => got.is_string() && text().starts_with(start),
        }
    }

    fn in_words(&self) -> String {
        match self {
            Placeholder::Id => "a positive whole number".into(),
            Placeholder::Int => "a whole number".into(),
            Placeholder::String => "a string".into(),
            Placeholder::Datetime => {
                "a time in UTC, as \"2026-11-21T01:00:13.729749Z\" with six digits".into()
            }
            Placeholder::Hex32 => "32 hexadecimal digits in lower case".into(),
            Placeholder::Jwt(token_type) => format!("a token of the type {token_type}"),
            Placeholder::Starts(start) => format!("a string that starts with {start:?}"),
        }
    }
}

/// What a placeholder stands for, in words; `None` when the text is none.
pub fn in_words(text: &str) -> Option<String> {
    placeholder(text).map(|kind| kind.in_words())
}

fn same_header(name: &str, want: &str, got: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if SETS.contains(&&*name) {
        return set(want) == set(got);
    }
    if name == "content-type" {
        return media_type(want) == media_type(got);
    }
    if name == "set-cookie" {
        return same_cookie(want, got);
    }
    want == got
}

fn set(value: &str) -> BTreeSet<String> {
    value.split(',').map(|part| part.trim().to_ascii_lowercase()).collect()
}

/// The attributes in any order. `name=<token>` is any token under this name. Where there is a
/// `Max-Age`, nobody reads `Expires` (RFC 6265, section 5.3).
fn same_cookie(want: &str, got: &str) -> bool {
    let split = |cookie: &str| {
        let mut parts = cookie.split(';').map(|part| part.trim().to_string());
        let pair = parts.next().unwrap_or_default();
        let attributes = parts.map(|part| part.to_ascii_lowercase());
        (pair, attributes.filter(|part| !part.starts_with("expires=")).collect::<BTreeSet<_>>())
    };
    let ((want, wanted), (got, given)) = (split(want), split(got));
    let same = match want.strip_suffix("<token>") {
        Some(name) => got.strip_prefix(name).is_some_and(|token| token.split('.').count() == 3),
        None => want == got,
    };
    same && wanted == given
}

/// Case and the spaces around `;` do not count.
fn media_type(value: &str) -> String {
    let parts: Vec<&str> = value.split(';').map(str::trim).collect();
    parts.join(";").to_ascii_lowercase()
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.into() } else { format!("{place}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::tokens::mint;

    const KEY: &str = "a key that is long enough for HS256, at least 32 bytes";

    fn variables() -> Variables {
        let variables = json!({"signing_key": KEY, "id": 7, "old": "before"});
        variables.as_object().cloned().expect("an object")
    }

    /// The places where this answer differs from this expectation.
    fn places(expect: Value, status: u16, headers: &[(&str, &str)], body: &str) -> Vec<String> {
        let expect: Expect = serde_json::from_value(expect).expect("an expectation");
        let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let headers = headers.iter().map(own).collect();
        let answer = Answer { status, headers, body: body.into() };
        let found = compare(&expect, &answer, &variables());
        found.iter().map(|found| format!("{:?} {}", found.kind, found.place)).collect()
    }

    /// The same for a body alone.
    fn json_places(want: Value, got: Value) -> Vec<String> {
        places(json!({"status": 200, "json": want}), 200, &[], &got.to_string())
    }

    fn fits(want: &str, got: Value) -> bool {
        json_places(json!({"x": want}), json!({"x": got})).is_empty()
    }

    fn token(claims: Value) -> Value {
        mint(&json!({"claims": claims}), &variables()).expect("a token").into()
    }

    #[test]
    fn equal_answers_do_not_differ() {
        let want = json!({"a": [1, "1", true, null], "id": "{{id}}"});
        let got = json!({"id": 7, "a": [1, "1", true, null]});
        assert!(json_places(want, got).is_empty());
    }

    #[test]
    fn types_count_and_members_are_exact() {
        assert_eq!(json_places(json!({"a": 1}), json!({"a": "1"})), ["Field a"]);
        assert_eq!(json_places(json!({"a": 1}), json!({"a": true})), ["Field a"]);
        assert_eq!(json_places(json!({"a": 1}), json!({"a": 1.0})), ["Field a"]);
        assert_eq!(json_places(json!({"a": 1}), json!({"b": 1})), ["Field a", "Field b"]);
        assert_eq!(json_places(json!([1, 2]), json!([1, 2, 3])), ["Field "]);
        assert_eq!(json_places(json!([1, [2]]), json!([1, [3]])), ["Field 1.0"]);
        assert_eq!(json_places(json!({"a": "{{id}}"}), json!({"a": "7"})), ["Field a"]);
    }

    #[test]
    fn the_status_comes_first() {
        let expect = json!({"status": 200, "headers": {"X-A": "1"}, "json": {}});
        assert_eq!(places(expect, 500, &[], "oops"), ["Status ", "Header X-A", "Field "]);
    }

    #[test]
    fn headers_are_exact_or_absent() {
        let expect = json!({"status": 200, "headers": {"X-A": "1", "X-B": null}});
        assert!(places(expect.clone(), 200, &[("x-a", "1")], "").is_empty());
        let found = places(expect, 200, &[("x-a", "2"), ("x-b", "")], "");
        assert_eq!(found, ["Header X-A", "Header X-B"]);
    }

    #[test]
    fn some_headers_are_sets_and_a_media_type_ignores_case() {
        let expect = json!({"status": 200, "headers": {
            "Allow": "GET, POST", "Vary": "Accept, origin",
            "Content-Type": "text/html; charset=utf-8"
        }});
        let headers = [
            ("allow", "post,GET"),
            ("vary", "Origin"),
            ("content-type", "Text/HTML;charset=UTF-8"),
        ];
        assert_eq!(places(expect, 200, &headers, ""), ["Header Vary"]);
    }

    #[test]
    fn a_header_sent_twice_counts_as_one_list() {
        let expect = json!({"status": 200, "headers": {"Vary": "Accept, origin"}});
        assert!(places(expect, 200, &[("vary", "Origin"), ("vary", "Accept")], "").is_empty());
    }

    #[test]
    fn id_and_int() {
        assert!(fits("<id>", json!(1)));
        assert!(
            !fits("<id>", json!(0)) && !fits("<id>", json!("1")) && !fits("<id>", json!(1.0))
        );
        assert!(fits("<int>", json!(-1)));
        assert!(!fits("<int>", json!(1.5)) && !fits("<int>", json!(true)));
    }

    #[test]
    fn string_and_starts() {
        assert!(fits("<string>", json!("")) && !fits("<string>", json!(1)));
        assert!(fits("<starts:JSON parse error - >", json!("JSON parse error - what")));
        assert!(!fits("<starts:JSON>", json!("no JSON")) && !fits("<starts:>", json!(1)));
        assert!(!fits("<not a placeholder>", json!("x")));
    }

    #[test]
    fn datetime() {
        assert!(fits("<datetime>", json!("2026-11-21T01:00:13.729749Z")));
        assert!(fits("<datetime>", json!("2026-11-21T01:00:13Z")));
        for wrong in ["2026-11-21T01:00:13.7Z", "2026-11-21T01:00:13+00:00", "2026-11-21"] {
            assert!(!fits("<datetime>", json!(wrong)), "{wrong}");
        }
    }

    #[test]
    fn hex32() {
        assert!(fits("<hex32>", json!("0123456789abcdef0123456789abcdef")));
        assert!(!fits("<hex32>", json!("0123456789ABCDEF0123456789ABCDEF")));
        assert!(!fits("<hex32>", json!("0123456789abcdef")));
    }

    /// An access token as SimpleJWT makes it.
    fn claims() -> Value {
        json!({"token_type": "access", "exp": now() + 1800, "iat": now(),
               "jti": "0123456789abcdef0123456789abcdef", "user_id": "1"})
    }

    fn token_places(claim: &str, value: Value) -> Vec<String> {
        let mut claims = claims();
        claims[claim] = value;
        json_places(json!({"t": "<jwt:access>"}), json!({"t": token(claims)}))
    }

    #[test]
    fn a_fresh_token_fits() {
        assert!(fits("<jwt:access>", token(claims())));
        let mut refresh = claims();
        refresh["token_type"] = json!("refresh");
        refresh["exp"] = json!(now() + 86_400);
        assert!(fits("<jwt:refresh>", token(refresh)));
    }

    #[test]
    fn each_claim_of_a_fresh_token_is_looked_at() {
        for (claim, wrong) in [
            ("token_type", json!("refresh")),
            ("exp", json!(now() + 300)),
            ("exp", json!(now() as f64 + 1800.5)),
            ("jti", json!("short")),
            ("user_id", json!(1)),
            ("user_id", json!("one")),
        ] {
            assert_eq!(token_places(claim, wrong), [format!("Claim t.{claim}")]);
        }
        let long_ago = token_places("iat", json!(now() - 100));
        assert_eq!(long_ago, ["Claim t.iat", "Claim t.exp"]);
    }

    #[test]
    fn a_token_must_be_signed_with_the_key() {
        assert!(!fits("<jwt:access>", json!("a.b.c")) && !fits("<jwt:access>", json!(1)));
        let recipe = json!({"claims": claims(), "key": "another key"});
        assert!(!fits("<jwt:access>", mint(&recipe, &variables()).expect("a token").into()));
    }

    #[test]
    fn the_claims_of_a_token_can_be_exact() {
        let expect = json!({"status": 200, "json": {"t": "<string>"}, "jwt": {"t": {
            "header": {"alg": "HS256", "typ": "JWT"},
            "claims": {"token_type": "access", "exp": "<int>", "iat": "<int>", "user_id": "2"},
            "lifetime": 60,
        }}});
        let mut claims = claims();
        claims["role"] = json!("admin");
        let body = json!({"t": token(claims)}).to_string();
        let found = places(expect, 200, &[], &body);
        assert_eq!(found, ["Claim t.user_id", "Claim t.jti", "Claim t.role", "Claim t.exp"]);
    }

    #[test]
    fn a_value_can_be_told_to_change() {
        let expect =
            json!({"status": 200, "json": {"t": "<string>"}, "differs": {"t": "{{old}}"}});
        assert!(places(expect.clone(), 200, &[], r#"{"t": "after"}"#).is_empty());
        assert_eq!(places(expect, 200, &[], r#"{"t": "before"}"#), ["Field t"]);
    }

    #[test]
    fn bodies_that_are_not_json() {
        let text =
            |body: &str| places(json!({"status": 200, "text": "[{{id}}]"}), 200, &[], body);
        assert!(text("[7]").is_empty());
        assert_eq!(text("[ 7 ]"), ["Field "]);
        let page = json!({"status": 200, "text_contains": ["<form", "POST"]});
        assert_eq!(places(page, 200, &[], "<form>"), ["Field "]);
        let empty = json!({"status": 200, "empty": true});
        assert!(places(empty.clone(), 200, &[], "").is_empty());
        assert_eq!(places(empty, 200, &[], " "), ["Field "]);
    }

    #[test]
    fn a_variable_that_is_missing_is_a_difference() {
        assert_eq!(json_places(json!({"a": "{{gone}}"}), json!({"a": 1})), ["Field a"]);
    }
}
