//! Sends a request exactly as a case gives it: no header of our own, no redirect followed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs asynchronous work from a command.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start tokio")?.block_on(work)
}

/// Where a server listens: `http://127.0.0.1:8000`.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    pub async fn connect(&self) -> Result<TcpStream> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await;
        stream.with_context(|| format!("nobody listens at {self}"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}:{}", self.host, self.port)
    }
}

impl FromStr for Address {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let example = "it takes the form http://127.0.0.1:8000";
        let url: Uri =
            text.parse().with_context(|| format!("{text:?} is no URL; {example}"))?;
        let (Some("http"), Some(authority)) = (url.scheme_str(), url.authority()) else {
            bail!("{text:?} is not a plain http address; {example}");
        };
        if url.path() != "/" || url.query().is_some() || text.contains('#') {
            bail!("{text:?} has a path, and the cases bring their own; {example}");
        }
        ensure!(!authority.as_str().contains('@'), "{text:?} names a user; {example}");
        let host = authority.host().to_string();
        let port = match authority.as_str().strip_prefix(&host).unwrap_or_default() {
            "" => 80,
            port => {
                let digits = port.strip_prefix(':').filter(|port| !port.starts_with('+'));
                let number = digits.and_then(|port| port.parse().ok());
                let wrong = || format!("{text:?} has no port from 1 to 65535; {example}");
                number.filter(|number| *number > 0).with_context(wrong)?
            }
        };
        ensure!(!host.is_empty(), "{text:?} names no host; {example}");
        Ok(Address { host, port })
    }
}

/// A request whose variables are filled in.
#[derive(Debug)]
pub struct Outgoing {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

impl Outgoing {
    /// POST, PUT and PATCH have a body, be it an empty one.
    fn length(&self) -> Option<usize> {
        let takes_body = matches!(&*self.method, "POST" | "PUT" | "PATCH");
        self.body.as_ref().map(Vec::len).or(takes_body.then_some(0))
    }

    /// What the case says, and `Host`, `Connection`, `Content-Length`.
    fn to_request(&self, address: &Address) -> Result<Request<Full<Bytes>>> {
        let body = Full::from(self.body.clone().unwrap_or_default());
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(self.method.as_bytes())?;
        *request.uri_mut() = self.path.parse()?;
        let headers = request.headers_mut();
        headers.insert(HOST, format!("{}:{}", address.host, address.port).parse()?);
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            headers.insert(name, HeaderValue::from_bytes(value.as_bytes())?);
        }
        if let Some(length) = self.length() {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        Ok(request)
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header; one that came several times is one list.
    pub fn header(&self, name: &str) -> Option<String> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let values: Vec<&str> = named.map(|(_, value)| &**value).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// One request on a connection of its own.
pub async fn send(address: &Address, request: &Outgoing) -> Result<Answer> {
    match timeout(PATIENCE, exchange(address, request)).await {
        Ok(result) => result,
        Err(_) => bail!("no answer within {} seconds", PATIENCE.as_secs()),
    }
}

async fn exchange(address: &Address, request: &Outgoing) -> Result<Answer> {
    let stream = address.connect().await?;
    let (mut sender, connection) =
        http1::Builder::new().title_case_headers(true).handshake(TokioIo::new(stream)).await?;
    let request = request.to_request(address).context("the case cannot be sent")?;
    let exchange = async move {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        anyhow::Ok((head, body.collect().await?.to_bytes()))
    };
    // Both at once: the connection moves the bytes, the exchange waits for them.
    let (exchange, _) = tokio::join!(exchange, connection);
    let (head, body) = exchange.context("the connection ended without an answer")?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    Ok(Answer { status: head.status.as_u16(), headers: headers.collect(), body: body.into() })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What a server reads when this is sent to it.
    fn on_the_wire(request: Outgoing) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let address = Address { host: "127.0.0.1".into(), port };
            let server = async {
                let (mut stream, _) = listener.accept().await.expect("a client");
                let mut read = vec![0; 10_000];
                let length = stream.read(&mut read).await.expect("a request");
                let answer = "HTTP/1.1 301 Moved\r\nLocation: /x/\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(answer.as_bytes()).await.expect("a reader");
                read.truncate(length);
                String::from_utf8_lossy(&read).replace(&address.port.to_string(), "PORT")
            };
            let (text, answer) = tokio::join!(server, send(&address, &request));
            assert_eq!(answer.expect("an answer").status, 301);
            text
        })
    }

    fn outgoing(method: &str, path: &str) -> Outgoing {
        Outgoing { method: method.into(), path: path.into(), headers: vec![], body: None }
    }

    #[test]
    fn nothing_is_added_and_the_path_is_left_alone() {
        let text = on_the_wire(outgoing("GET", "/api//notes/?a=%20&"));
        let want = "GET /api//notes/?a=%20& HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\
                    Connection: close\r\n\r\n";
        assert_eq!(text, want);
        let text = on_the_wire(outgoing("GET", "/api/notes/?"));
        assert!(text.starts_with("GET /api/notes/? HTTP"), "{text}");
    }

    #[test]
    fn an_empty_post_has_a_length() {
        let text = on_the_wire(outgoing("POST", "/"));
        let want = "POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 0\r\n\
                    Connection: close\r\n\r\n";
        assert_eq!(text, want);
    }

    #[test]
    fn a_case_may_name_its_host_and_any_bytes() {
        let headers = [("Host", "evil.example"), ("Authorization", ""), ("X-A", "ü")];
        let headers = headers.map(|(name, value)| (name.into(), value.into())).into();
        let body = Some(b"\x01ab".to_vec());
        let text = on_the_wire(Outgoing { headers, body, ..outgoing("DELETE", "/") });
        let want = "DELETE / HTTP/1.1\r\nHost: evil.example\r\nAuthorization: \r\nX-A: ü\r\n\
                    Content-Length: 3\r\nConnection: close\r\n\r\n\x01ab";
        assert_eq!(text, want);
    }

    #[test]
    fn an_address_is_plain() {
        for (text, address) in [
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
            ("http://localhost", "http://localhost:80"),
            ("http://[::1]:8000", "http://[::1]:8000"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            let read: Address = text.parse().expect(text);
            assert_eq!(read.to_string(), address);
        }
        for (wrong, why) in [
            ("127.0.0.1:8000", "not a plain http address"),
            ("https://x", "not a plain http address"),
            ("http://x/api", "has a path"),
            ("http://x?a=b", "has a path"),
            ("http://x#a", "has a path"),
            ("x y", "is no URL"),
            ("http://127.0.0.1:99999", "has no port from 1 to 65535"),
            ("http://127.0.0.1:0", "has no port from 1 to 65535"),
            ("http://127.0.0.1:", "has no port from 1 to 65535"),
            ("http://127.0.0.1:+80", "has no port from 1 to 65535"),
            ("http://[::1]:99999", "has no port from 1 to 65535"),
            ("http://alice@127.0.0.1:8000", "names a user"),
            ("http://alice:secret@127.0.0.1", "names a user"),
        ] {
            let said = wrong.parse::<Address>().expect_err(wrong).to_string();
            assert!(said.contains(why), "{wrong}: {said}");
            assert!(said.ends_with("it takes the form http://127.0.0.1:8000"), "{said}");
        }
    }
}
