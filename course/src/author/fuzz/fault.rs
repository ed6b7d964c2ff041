//! What may not happen, whatever is asked.

use std::fmt;

use super::answer::{Read, Reply};
use super::draft::Sent;

/// How many mebibytes the server may take at its peak.
pub const MEMORY: u64 = 150;

/// How many seconds an answer may take.
pub const PATIENCE: u64 = 10;

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 500 and above: the server says itself that it is its fault.
    Status(u16),
    /// A page, or a JSON, of Rocket's: no catcher of ours has seen the error.
    RocketsOwn(u16),
    NotHttp(String),
    /// Not a byte, to a request that was whole.
    Empty,
    Late,
    /// The process has ended, with this status.
    Gone(String),
    /// The peak, in mebibytes, and which requests were on their way. One of those may need it,
    /// and be answered much later.
    Memory(u64, Vec<u64>),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Status(status) => write!(f, "an answer {status}"),
            Fault::RocketsOwn(status) => {
                write!(
                    f,
                    "an error of Rocket's own ({status}), which no catcher of ours has seen"
                )
            }
            Fault::NotHttp(why) => write!(f, "no HTTP: {why}"),
            Fault::Empty => f.write_str("an empty reply to a whole request"),
            Fault::Late => write!(f, "no answer within {PATIENCE} seconds"),
            Fault::Gone(status) => write!(f, "the server is gone ({status})"),
            Fault::Memory(peak, flying) => {
                write!(f, "{peak} MiB of memory, by one of the requests {flying:?}")
            }
        }
    }
}

impl Fault {
    #[cfg(test)]
    pub const KINDS: [&str; 7] =
        ["status", "rocket's own", "no http", "empty reply", "late", "gone", "memory"];

    /// In a word, for expected.txt.
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::Status(_) => "status",
            Fault::RocketsOwn(_) => "rocket's own",
            Fault::NotHttp(_) => "no http",
            Fault::Empty => "empty reply",
            Fault::Late => "late",
            Fault::Gone(_) => "gone",
            Fault::Memory(..) => "memory",
        }
    }
}

/// What is wrong with what came back.
pub fn judge(sent: &Sent, read: &Read) -> Option<Fault> {
    match read {
        Read::Reply(reply) if is_rockets_own(reply) => Some(Fault::RocketsOwn(reply.status)),
        Read::Reply(reply) if reply.status >= 500 => Some(Fault::Status(reply.status)),
        Read::Reply(_) => None,
        Read::Nothing => sent.complete.then_some(Fault::Empty),
        Read::Broken(why, _) => Some(Fault::NotHttp(why.clone())),
    }
}

/// What its default catcher writes, as a page and as JSON.
fn is_rockets_own(reply: &Reply) -> bool {
    let body = String::from_utf8_lossy(&reply.body);
    let json = body.contains("\"error\":") && body.contains("\"description\":");
    reply.status >= 400 && (body.contains("<small>Rocket</small>") || json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Read {
        Read::Reply(Reply { status, body: body.into(), ..Reply::default() })
    }

    #[test]
    fn a_fault_is_told_from_an_answer() {
        let sent =
            |complete| Sent { bytes: vec![], method: b"GET".into(), complete, clear: true };
        let whole = sent(true);
        let page = "<h1>500</h1><hr /><small>Rocket</small>";
        let json = r#"{"error":{"code":404,"reason":"Not Found","description":"…"}}"#;
        for (read, fault) in [
            (reply(200, ""), None),
            (reply(404, r#"{"detail":"Not found."}"#), None),
            (reply(405, "<h1>Log in</h1>"), None),
            (reply(503, ""), Some(Fault::Status(503))),
            (reply(500, page), Some(Fault::RocketsOwn(500))),
            (reply(404, page), Some(Fault::RocketsOwn(404))),
            (reply(404, json), Some(Fault::RocketsOwn(404))),
            (Read::Nothing, Some(Fault::Empty)),
            (Read::Broken("x".into(), vec![]), Some(Fault::NotHttp("x".into()))),
        ] {
            assert_eq!(judge(&whole, &read), fault);
        }
        let cut = sent(false);
        assert_eq!(judge(&cut, &Read::Nothing), None, "who sends half may be left alone");
        assert_eq!(judge(&cut, &reply(500, "")), Some(Fault::Status(500)), "but no 500");
    }
}
