//! Reads an answer from a connection, and is strict about it: what a proxy could not read is
//! a fault. Not hyper, which is what the server is made of.

use std::io::ErrorKind;

use anyhow::{Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt};

/// What came back.
#[derive(Debug, Default)]
pub struct Reply {
    pub status: u16,
    /// The status line and the headers, as they came.
    pub head: String,
    pub body: Vec<u8>,
    /// The connection takes another request.
    pub stays: bool,
}

/// How reading ended.
pub enum Read {
    Reply(Reply),
    /// Not a byte came.
    Nothing,
    /// What came is no answer: why, and the bytes.
    Broken(String, Vec<u8>),
}

/// Reads one answer. `head_only`: it is one to HEAD, and has no body whatever it announces.
pub async fn read(stream: impl AsyncRead + Unpin, head_only: bool) -> Read {
    let mut source = Source { stream, bytes: Vec::new(), ended: false };
    match source.reply(head_only).await {
        Ok(reply) => Read::Reply(reply),
        Err(_) if source.bytes.is_empty() => Read::Nothing,
        Err(why) => Read::Broken(why.to_string(), source.bytes),
    }
}

/// A connection, and what was read of it.
struct Source<S> {
    stream: S,
    bytes: Vec<u8>,
    ended: bool,
}

impl<S: AsyncRead + Unpin> Source<S> {
    /// Reads some more; `false` at the end. A connection that is reset has ended too.
    async fn more(&mut self) -> Result<bool> {
        let read = self.stream.read_buf(&mut self.bytes).await;
        self.ended = match read {
            Ok(length) => length == 0,
            Err(why) if why.kind() == ErrorKind::ConnectionReset => true,
            Err(why) => return Err(why.into()),
        };
        Ok(!self.ended)
    }

    /// The bytes from here to before this end; the place behind it.
    async fn until(&mut self, start: usize, end: &[u8]) -> Result<(Vec<u8>, usize)> {
        let mut looked = start;
        loop {
            let rest = &self.bytes[looked.min(self.bytes.len())..];
            if let Some(found) = rest.windows(end.len()).position(|part| part == end) {
                let at = looked + found;
                return Ok((self.bytes[start..at].to_vec(), at + end.len()));
            }
            looked = self.bytes.len().saturating_sub(end.len() - 1).max(start);
            if !self.more().await? {
                bail!("the answer ends early");
            }
        }
    }

    /// So many bytes from here.
    async fn exactly(&mut self, start: usize, length: usize) -> Result<Vec<u8>> {
        while self.bytes.len() < start.saturating_add(length) {
            if !self.more().await? {
                bail!("the answer's body ends early");
            }
        }
        Ok(self.bytes[start..start + length].to_vec())
    }

    async fn reply(&mut self, head_only: bool) -> Result<Reply> {
        let mut start = 0;
        loop {
            let (head, body) = self.until(start, b"\r\n\r\n").await?;
            let Ok(head) = String::from_utf8(head) else { bail!("its head is not UTF-8") };
            let status = status(&head)?;
            // 100: the answer itself is still to come.
            if (100..200).contains(&status) {
                start = body;
                continue;
            }
            let headers = Headers::of(&head)?;
            let (body, framed) = self.body(&headers, body, status, head_only).await?;
            let closes = headers.last("connection").is_some_and(|it| it.contains("close"));
            let stays = framed && !closes && head.starts_with("HTTP/1.1");
            return Ok(Reply { status, head, body, stays });
        }
    }

    /// The body, and whether its end is told by something else than that of the connection.
    async fn body(
        &mut self,
        headers: &Headers,
        start: usize,
        status: u16,
        head_only: bool,
    ) -> Result<(Vec<u8>, bool)> {
        if head_only || matches!(status, 204 | 304) {
            return Ok((Vec::new(), true));
        }
        if headers.last("transfer-encoding").is_some_and(|it| it == "chunked") {
            return Ok((self.chunks(start).await?, true));
        }
        if let Some(length) = headers.last("content-length") {
            let Ok(length) = length.parse() else { bail!("its Content-Length is no number") };
            return Ok((self.exactly(start, length).await?, true));
        }
        while self.more().await? {}
        Ok((self.bytes[start..].to_vec(), false))
    }

    async fn chunks(&mut self, mut start: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let (line, data) = self.until(start, b"\r\n").await?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let Ok(length) = usize::from_str_radix(line.trim(), 16) else {
                bail!("the length of a chunk is {line:?}");
            };
            body.extend(self.exactly(data, length).await?);
            if self.exactly(data + length, 2).await? != b"\r\n" {
                bail!("a chunk is longer than it says");
            }
            if length == 0 {
                return Ok(body);
            }
            start = data + length + 2;
        }
    }
}

/// `HTTP/1.1 200 OK`
fn status(head: &str) -> Result<u16> {
    let line = head.lines().next().unwrap_or_default();
    let mut words = line.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().filter(|it| it.len() == 3).and_then(|it| it.parse().ok());
    match status {
        Some(status) if matches!(version, "HTTP/1.1" | "HTTP/1.0") => Ok(status),
        _ => bail!("its first line is {line:?}"),
    }
}

/// Names in lower case.
struct Headers(Vec<(String, String)>);

impl Headers {
    fn of(head: &str) -> Result<Self> {
        let lines = head.split("\r\n").skip(1);
        let header = |line: &str| match line.split_once(':') {
            Some((name, value)) if !name.is_empty() && !name.contains([' ', '\t']) => {
                Ok((name.to_ascii_lowercase(), value.trim().to_ascii_lowercase()))
            }
            _ => bail!("a header of it is {line:?}"),
        };
        Ok(Headers(lines.map(header).collect::<Result<_>>()?))
    }

    fn last(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().rev();
        named.find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::block_on;

    fn read_text(text: &str, head_only: bool) -> Read {
        block_on(async { Ok(read(text.as_bytes(), head_only).await) }).expect("a reader")
    }

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        for (text, head_only, body, stays) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1", false, "hi", true),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\nrest", false, "", true),
            ("HTTP/1.1 405 x\r\nContent-Length: 20\r\n\r\n", true, "", true),
            (
                "HTTP/1.1 400 x\r\nconnection: close\r\n\r\nto the end",
                false,
                "to the end",
                false,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
                false,
                "hi",
                true,
            ),
        ] {
            let Read::Reply(reply) = read_text(text, head_only) else { panic!("{text:?}") };
            let read = (String::from_utf8_lossy(&reply.body).into_owned(), reply.stays);
            assert_eq!(read, (body.to_string(), stays), "what is read of {text:?}");
        }
    }

    #[test]
    fn what_a_proxy_could_not_read_is_no_answer() {
        assert!(matches!(read_text("", false), Read::Nothing), "an end without a byte");
        for (text, want) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "the answer's body ends early"),
            ("HTTP/1.1 200 OK\r\nContent-", "the answer ends early"),
            ("<html>\r\n\r\n", "its first line is \"<html>\""),
            ("HTTP/1.1 20 OK\r\n\r\n", "its first line is \"HTTP/1.1 20 OK\""),
            ("HTTP/1.1 200 OK\r\nno header\r\n\r\n", "a header of it is \"no header\""),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "the length of a chunk is \"zz\"",
            ),
        ] {
            let Read::Broken(why, _) = read_text(text, false) else { panic!("{text:?}") };
            assert_eq!(why, want, "{text:?}");
        }
    }
}
