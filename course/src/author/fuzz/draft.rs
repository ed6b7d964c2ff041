//! A request in parts, and how it becomes bytes. Nothing keeps it from being wrong.

use std::collections::BTreeSet;

use serde_json::Value;

use super::random::Random;
use crate::contract::Contract;

/// What requests are made of.
pub struct Material {
    /// The methods and paths that the contract's cases are served at, each once, as
    /// `PUT /api/notes/{{number}}/`. From there, so that no new address is forgotten.
    pub served: Vec<(String, String)>,
    /// All its paths: also those without their last slash, and those that are not there.
    pub paths: Vec<String>,
    /// The names in the contract's bodies.
    pub fields: Vec<String>,
    /// `127.0.0.1:8000`
    pub host: String,
    pub seed: u64,
}

impl Material {
    /// What the contract asks up to this step.
    pub fn of(contract: &Contract, step: u32, host: String, seed: u64) -> Self {
        let groups = contract.groups.iter().chain(&contract.ours);
        let cases = groups.flat_map(|group| group.setup.iter().chain(&group.cases));
        let (mut served, mut paths) = (BTreeSet::new(), BTreeSet::new());
        let mut fields = BTreeSet::new();
        for case in cases.filter(|case| case.holds_at(step)) {
            let path = any_number(case.request.path.split('?').next().unwrap_or_default());
            // A GET that is not allowed has a page with a form.
            let method = case.request.method.clone();
            let is_page = method == "GET" && case.expect.status == 405;
            if is_page || !matches!(case.expect.status, 301 | 400 | 404 | 405) {
                served.insert((method, path.clone()));
            }
            paths.insert(path);
            let body = case.request.body.as_deref().map(serde_json::from_str);
            let Some(Ok(Value::Object(body))) = body else { continue };
            if let Some(Value::Object(user)) = body.get(ENVELOPE) {
                fields.extend(user.keys().cloned());
            }
            fields.extend(body.into_iter().map(|(name, _)| name));
        }
        let (served, paths) = (Vec::from_iter(served), Vec::from_iter(paths));
        Material { served, paths, fields: Vec::from_iter(fields), host, seed }
    }

    /// Mostly what is served, else any method at any path.
    pub fn address(&self, random: &mut Random) -> (&str, &str) {
        if !random.once_in(6)
            && let Some((method, path)) = self.served.get(random.below(self.served.len()))
        {
            return (method, path);
        }
        let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let path = self.paths.get(random.below(self.paths.len()));
        (random.pick(&methods), path.map_or("/", |path| path))
    }
}

/// What note 001's API sends is in an object of this name.
pub const ENVELOPE: &str = "user";

/// Where a path holds the number of a note.
pub const NUMBER: &str = "{{number}}";

/// `{{note_1}}` and `{{note_2}}` are the same path.
fn any_number(path: &str) -> String {
    match path
        .split_once("{{")
        .and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
    {
        Some((before, (_, after))) => format!("{before}{NUMBER}{after}"),
        None => path.into(),
    }
}

/// Who is logged in, and what they have.
#[derive(Clone, Default)]
pub struct Live {
    pub username: String,
    pub password: String,
    pub access: String,
    pub refresh: String,
    pub notes: Vec<i64>,
}

/// How the end of a body is told.
#[derive(Clone, Copy, PartialEq)]
pub enum Framing {
    Length,
    Chunked,
    /// It announces more than comes; then the connection ends.
    CutLength,
    /// The last chunk is missing.
    CutChunks,
    /// Its headers say it, whatever it is.
    AsWritten,
}

/// How long an Accept header is where Rocket 0.5.2 is known to parse it, and copies all of it for
/// each type: 35 kB take 300 MiB. That cannot be counted, for it hides what others take.
///
/// Rocket does so when a second Accept comes (`bust_header_cache`), before any code of ours. A
/// proxy sends one Accept; chapter 12 shows how.
pub const PARSED_ACCEPT: usize = 4000;

/// A request in parts.
#[derive(Clone)]
pub struct Draft {
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    pub version: &'static [u8],
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    pub framing: Framing,
    /// The line between headers and body; without it, the head is cut off.
    pub blank: bool,
}

/// What is written to the connection, and what may be expected.
pub struct Sent {
    pub bytes: Vec<u8>,
    pub method: Vec<u8>,
    /// What it announces has been sent: an answer must come.
    pub complete: bool,
    /// Where the next request begins is beyond doubt.
    pub clear: bool,
}

impl Draft {
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Puts a header in the place of those with its name.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name.as_bytes()));
        self.add(name, value);
    }

    pub fn add(&mut self, name: impl AsRef<[u8]>, value: impl Into<Vec<u8>>) {
        self.headers.push((name.as_ref().into(), value.into()));
    }

    /// One within a part, which may end the head before its end.
    fn has_line_end(&self) -> bool {
        let headers = self.headers.iter().flat_map(|(name, value)| [name, value]);
        let mut parts = [&self.method, &self.target].into_iter().chain(headers);
        parts.any(|part| part.iter().any(|byte| matches!(byte, b'\r' | b'\n')))
    }

    /// Of two Accept headers neither is longer than [`PARSED_ACCEPT`].
    fn shorten_accepts(&mut self) {
        let is_accept = |name: &[u8]| name.eq_ignore_ascii_case(b"Accept");
        let two = self.headers.iter().filter(|(name, _)| is_accept(name)).count() > 1;
        if two {
            let accepts = self.headers.iter_mut().filter(|(name, _)| is_accept(name));
            accepts.for_each(|(_, value)| value.truncate(PARSED_ACCEPT));
        }
    }

    pub fn sent(mut self, random: &mut Random) -> Sent {
        self.shorten_accepts();
        let tells = self.has("Content-Length") || self.has("Transfer-Encoding");
        let body = self.body.take();
        let framing = if tells { Framing::AsWritten } else { self.framing };
        let body = match (body, framing) {
            (None, _) => Vec::new(),
            (Some(body), Framing::AsWritten) => body,
            (Some(body), Framing::Length) => {
                self.add("Content-Length", body.len().to_string());
                body
            }
            (Some(body), Framing::CutLength) => {
                let more = 1 + random.below(2000);
                self.add("Content-Length", (body.len() + more).to_string());
                body
            }
            (Some(body), Framing::Chunked | Framing::CutChunks) => {
                self.add("Transfer-Encoding", "chunked");
                chunked(&body, framing == Framing::Chunked, random)
            }
        };
        let mut bytes = [&self.method, &b" "[..], &self.target, self.version, b"\r\n"].concat();
        for (name, value) in &self.headers {
            bytes.extend([name, &b": "[..], value, b"\r\n"].concat());
        }
        if self.blank {
            bytes.extend(b"\r\n");
            bytes.extend(body);
        }
        let whole = matches!(framing, Framing::Length | Framing::Chunked);
        let complete = whole && self.blank && !self.has_line_end();
        let clear = complete && self.version == b" HTTP/1.1";
        Sent { bytes, method: self.method, complete, clear }
    }
}

/// In pieces, each after its length.
fn chunked(mut body: &[u8], ended: bool, random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 100);
    while !body.is_empty() {
        let most = body.len().min(1 << random.below(20));
        let (piece, rest) = body.split_at(1 + random.below(most));
        bytes.extend(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
        body = rest;
    }
    if ended {
        bytes.extend(b"0\r\n\r\n");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[test]
    fn every_address_and_field_of_the_contract_is_asked() {
        let contract = contract::load().expect("the contract");
        let material = Material::of(&contract, u32::MAX, "h".into(), 1);
        let served = |line: &str| {
            let mut served = material.served.iter();
            served.any(|(method, path)| format!("{method} {path}") == line)
        };
        for line in [
            "GET /healthz",
            "POST /api/token/blacklist/",
            "POST /api/account/register/",
            "PATCH /api/notes/{{number}}/",
            "DELETE /api/notes/delete/{{number}}/",
        ] {
            assert!(served(line), "{line} is served: {:?}", material.served);
        }
        let has = |names: &[String], name: &str| names.iter().any(|known| known == name);
        assert!(has(&material.paths, "/api/notes"), "no redirect: {:?}", material.paths);
        for field in ["username", "password2", "refresh", "token", "title", "content"] {
            assert!(has(&material.fields, field), "{field}: {:?}", material.fields);
        }
    }

    fn draft(framing: Framing) -> Draft {
        let headers = vec![(b"Host".to_vec(), b"h".to_vec())];
        let (method, target, version) = (b"POST".to_vec(), b"/".to_vec(), &b" HTTP/1.1"[..]);
        Draft {
            method,
            target,
            version,
            headers,
            body: Some(b"abc".into()),
            framing,
            blank: true,
        }
    }

    #[test]
    fn only_two_accepts_are_shortened() {
        let mut one = draft(Framing::Length);
        one.add("Accept", vec![b'a'; 9000]);
        one.add("Cookie", vec![b'a'; 9000]);
        let mut two = one.clone();
        two.add("accept", "*/*");
        let [one, two] = [one, two].map(|draft| draft.sent(&mut Random::of(1, 1)).bytes.len());
        let want = one + "accept: */*\r\n".len() - (9000 - PARSED_ACCEPT);
        assert_eq!(two, want, "one of two is shortened, and no other header");
    }

    /// An answer is demanded of a whole request alone, and only after one is a connection kept.
    #[test]
    fn what_is_cut_off_is_not_called_whole() {
        let sent = |draft: Draft| draft.sent(&mut Random::of(1, 1));
        let whole = sent(draft(Framing::Length));
        assert_eq!(whole.bytes, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        assert!(whole.complete && whole.clear);
        let chunked = sent(draft(Framing::Chunked));
        assert!(chunked.bytes.ends_with(b"\r\n0\r\n\r\n") && chunked.complete);
        for framing in [Framing::CutLength, Framing::CutChunks, Framing::AsWritten] {
            let cut = sent(draft(framing));
            assert!(!cut.complete && !cut.clear, "{}", cut.bytes.escape_ascii());
        }
        let line_end = sent(Draft { target: b"/\r\n\r\n".into(), ..draft(Framing::Length) });
        assert!(!line_end.complete, "who ends the head in the address has ended the request");
        let cut_head = sent(Draft { blank: false, ..draft(Framing::Length) });
        assert!(!cut_head.complete && cut_head.bytes.ends_with(b"Content-Length: 3\r\n"));
    }
}
