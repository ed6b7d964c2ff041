//! Makes the request with a number: every second one is well-formed and has a live token, the
//! others are spoilt in one to three ways.

use serde_json::{Map, Value};

use super::draft::{Draft, ENVELOPE, Framing, Live, Material, NUMBER, Sent};
use super::random::Random;
use super::spoil::spoil;

/// The same for the same seed and number, but for tokens and the numbers of notes, which the
/// server gives out, and the name of who is logged in.
pub fn make(material: &Material, live: &Live, number: u64) -> Sent {
    let mut random = Random::of(material.seed, number);
    let mut draft = good(material, live, number, &mut random);
    if random.once_in(2) {
        for _ in 0..=random.below(3) {
            spoil(&mut draft, &mut random);
        }
    }
    draft.sent(&mut random)
}

/// A request as a client of ours sends it.
fn good(material: &Material, live: &Live, number: u64, random: &mut Random) -> Draft {
    let (method, path) = material.address(random);
    let note = match random.below(live.notes.len() + 2) {
        0 => random.below(100) as i64,
        1 => i64::MAX,
        some => live.notes.get(some - 2).copied().unwrap_or_default(),
    };
    let mut draft = Draft {
        method: method.into(),
        target: path.replace(NUMBER, &note.to_string()).into(),
        version: b" HTTP/1.1",
        headers: vec![],
        body: None,
        framing: if random.once_in(8) { Framing::Chunked } else { Framing::Length },
        blank: true,
    };
    draft.add("Host", &*material.host);
    draft.add("Authorization", format!("Bearer {}", live.access));
    let accept = ["application/json", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8"];
    draft.add("Accept", random.pick(&accept));
    if random.once_in(4) {
        draft.add("Origin", "http://localhost:5173");
    }
    if method == "OPTIONS" {
        draft.add("Access-Control-Request-Method", random.pick(&["GET", "PUT", "TRACE"]));
        draft.add("Access-Control-Request-Headers", "content-type, authorization");
    }
    if matches!(method, "POST" | "PUT" | "PATCH") {
        let fields = fields(material, live, number, random);
        let (kind, body) = match random.below(4) {
            0 => ("application/x-www-form-urlencoded".into(), form(&fields)),
            1 => ("multipart/form-data; boundary=fuzz".into(), multipart(&fields)),
            _ => (String::from("application/json"), json(&fields)),
        };
        draft.add("Content-Type", kind);
        draft.body = Some(body);
    }
    draft
}

/// The names that the contract uses, nearly all, each with a value that can be right.
fn fields(
    material: &Material,
    live: &Live,
    number: u64,
    random: &mut Random,
) -> Vec<(String, String)> {
    let own = random.once_in(2);
    let mut fields = Vec::new();
    for name in &material.fields {
        if random.once_in(10) {
            continue;
        }
        let value = match &**name {
            "username" if own => live.username.clone(),
            "username" => format!("f{}-{number}", material.seed),
            name if name.contains("password") && own => live.password.clone(),
            name if name.contains("password") => "Fuzz-pass-1 ü".into(),
            "refresh" => live.refresh.clone(),
            "token" | "access" => live.access.clone(),
            "email" => format!("f{number}@example.com"),
            _ => random.pick(&["a title", "ü€😀", "", " ", "<b>&\"'</b>", "0"]).into(),
        };
        fields.push((name.clone(), value));
    }
    fields
}

/// What there is lies in the envelope too: half of the addresses look there, the others beside.
pub fn json(fields: &[(String, String)]) -> Vec<u8> {
    let pairs = fields.iter().map(|(name, value)| (name.clone(), value.clone().into()));
    let mut body: Map<String, Value> = pairs.collect();
    if body.remove(ENVELOPE).is_some() {
        body.insert(ENVELOPE.into(), body.clone().into());
    }
    Value::Object(body).to_string().into()
}

pub fn form(fields: &[(String, String)]) -> Vec<u8> {
    let coded = |text: &str| {
        let code = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            b' ' => "+".into(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(code).collect::<String>()
    };
    let pair = |(name, value): &(String, String)| format!("{}={}", coded(name), coded(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&").into()
}

/// With the boundary `fuzz`.
pub fn multipart(fields: &[(String, String)]) -> Vec<u8> {
    let part = |(name, value): &(String, String)| {
        format!("--fuzz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts: String = fields.iter().map(part).collect();
    format!("{parts}--fuzz--\r\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    /// The first requests of a seed, with a token that can be found again.
    fn requests(seed: u64, count: u64) -> Vec<Sent> {
        let contract = contract::load().expect("the contract");
        let material = Material::of(&contract, u32::MAX, "127.0.0.1:1".into(), seed);
        let live = Live { access: "LIVE".into(), notes: vec![7], ..Live::default() };
        (0..count).map(|number| make(&material, &live, number)).collect()
    }

    #[test]
    fn a_number_means_the_same_request() {
        let all = |seed| requests(seed, 200).into_iter().map(|sent| sent.bytes);
        assert!(all(1).eq(all(1)), "a fault could not be repeated");
        assert!(!all(1).eq(all(2)), "another seed must bring other requests");
    }

    #[test]
    fn a_few_thousand_requests_have_all_that_is_promised() {
        let sent = requests(1, 6000);
        let some = |what: &str, is: &dyn Fn(&Sent) -> bool| {
            assert!(sent.iter().any(is), "no request has {what}");
        };
        let header = |sent: &Sent| {
            let mut lines = sent.bytes.split(|byte| *byte == b'\n');
            lines.any(|line| line.len() > 150_000 && line.contains(&b':'))
        };
        some("a header of more than 150 kB", &header);
        some("a body of more than a mebibyte", &|sent| sent.bytes.len() > 1 << 20);
        let first_line =
            |sent: &Sent| sent.bytes.split(|byte| *byte == b'\n').next().map(<[u8]>::is_ascii);
        some("raw bytes in its address", &|sent| first_line(sent) == Some(false));
        some("a body that is cut off", &|sent| !sent.complete);
        let names = |sent: &Sent| sent.bytes.windows(9).any(|part| part == b"\n_method=");
        some("`_method` in a form", &names);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
            some(method, &|sent| sent.method == method.as_bytes());
        }
        let token = b"Authorization: Bearer LIVE\r\n";
        let good = |sent: &&Sent| {
            sent.complete && sent.bytes.windows(token.len()).any(|part| part == token)
        };
        let good = sent.iter().filter(good).count();
        assert!(good * 2 >= sent.len(), "only {good} of {} can succeed", sent.len());
    }
}
