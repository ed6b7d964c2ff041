//! What a server answered, and what it was asked. A test that fails shows the rule that it
//! holds, the request, the answer and what was expected: a bare `404` beside a `400` tells
//! nobody what to mend.

use std::thread;

use rocket::local::blocking::LocalRequest;
use rocket::serde::json::{Value, from_str};

pub struct Answer {
    sent: String,
    because: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

/// Sends a request with this body.
pub fn send(request: LocalRequest<'_>, body: impl AsRef<[u8]>) -> Answer {
    let (inner, body) = (request.inner(), body.as_ref());
    let mut sent = vec![format!("{} {}", inner.method(), inner.uri())];
    sent.extend(inner.host().map(|host| format!("Host: {host}")));
    sent.extend(inner.headers().iter().map(|header| shown(&header.to_string(), 400)));
    sent.push(shown(&String::from_utf8_lossy(body), 4000));
    let response = request.body(body).dispatch();
    let headers = response.headers().iter();
    let headers = headers.map(|header| (header.name.to_string(), header.value.to_string()));
    Answer {
        sent: sent.join("\n             ").trim_end().into(),
        because: String::new(),
        status: response.status().code,
        headers: headers.collect(),
        body: response.into_string().unwrap_or_default(),
    }
}

impl Answer {
    /// Says why the answer must be so, where the test's name does not.
    pub fn because(mut self, reason: impl ToString) -> Self {
        self.because = format!(": {}", reason.to_string());
        self
    }

    /// It has this status and this body; `null` stands for none.
    #[track_caller]
    pub fn is(&self, status: u16, body: Value) -> &Self {
        let same = self.json() == body && self.body.is_empty() == body.is_null();
        self.must(self.status == status && same, &format!("{status} {body}"))
    }

    #[track_caller]
    pub fn has_status(&self, status: u16) -> &Self {
        self.must(self.status == status, &status.to_string())
    }

    /// It has this header; with `""`, it has none of this name.
    #[track_caller]
    pub fn has_header(&self, name: &str, value: &str) -> &Self {
        let found = self.header(name);
        let told = |value: &str| match value {
            "" => format!("no header {name}"),
            value => format!("{name}: {value}"),
        };
        self.must(found == value, &format!("{}; there is {}", told(value), told(found)))
    }

    /// The body; `null` when there is none or it is no JSON.
    pub fn json(&self) -> Value {
        from_str(&self.body).unwrap_or_default()
    }

    /// A text in the body, for example a token.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        let body = self.json();
        let text = body[name].as_str();
        self.must(text.is_some(), &format!("a text {name:?} in the body"));
        text.unwrap_or_default().into()
    }

    /// One header, `""` when it is missing.
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Fails with all that is known, unless this holds.
    #[track_caller]
    pub fn must(&self, holds: bool, expected: &str) -> &Self {
        let Answer { sent, because, status, body, .. } = self;
        assert!(
            holds,
            "{}{because}\n  sent       {sent}\n  came back  {status} {}\n  expected   {expected}",
            rule(),
            shown(body, 4000)
        );
        self
    }
}

/// The rule that the running test holds: its name in words.
fn rule() -> String {
    let test = thread::current();
    let name = test.name().unwrap_or_default();
    name.rsplit("::").next().unwrap_or_default().replace('_', " ")
}

/// No more letters of a text than a person reads.
fn shown(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text.into(),
    }
}
