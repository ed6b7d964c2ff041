//! What may not happen, whatever is asked; and what is known of it.

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

/// A fault that is written down already: it is counted, and does not fail the run.
pub struct Known {
    /// For the report.
    pub what: &'static str,
    is: fn(&Sent, &Fault) -> bool,
}

/// No more than these, and [`PARSED_ACCEPT`](super::draft::PARSED_ACCEPT), which is not sent. Each says exactly which requests and which fault, so that nothing else
/// hides behind it. They go with the lines of the issue 'No client slips past it'.
pub const KNOWN: [Known; 2] = [
    Known {
        what: "raw bytes in an address without its last slash: Rocket's 500",
        is: redirect,
    },
    Known { what: "`_method=head` in a form: an empty reply", is: method_override },
];

/// The redirect to the address with the slash would hold the bytes as they are.
fn redirect(sent: &Sent, fault: &Fault) -> bool {
    let path = sent.target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let raw = |byte: &u8| !byte.is_ascii();
    // An answer to HEAD does not show whose page it would be.
    let page = match *fault {
        Fault::RocketsOwn(500) => true,
        Fault::Status(500) => sent.method == b"HEAD",
        _ => false,
    };
    page && !path.ends_with(b"/") && sent.target.iter().any(raw)
}

/// Rocket takes the POST for a HEAD and sends no body; hyper, which has announced one, breaks
/// off. Most of its bytes are then still unsent.
fn method_override(sent: &Sent, fault: &Fault) -> bool {
    let said = sent.start.to_ascii_lowercase().starts_with(b"_method=head");
    let broken_off = match fault {
        Fault::Empty => true,
        Fault::NotHttp(why) => why.ends_with("ends early"),
        _ => false,
    };
    broken_off && sent.method == b"POST" && said
}

/// The known fault that this is.
pub fn known(sent: &Sent, fault: &Fault) -> Option<&'static str> {
    KNOWN.iter().find(|known| (known.is)(sent, fault)).map(|known| known.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(method: &str, target: &[u8], start: &[u8]) -> Sent {
        let (method, target, start) = (method.into(), target.into(), start.into());
        Sent { bytes: vec![], method, target, start, complete: true, clear: true }
    }

    fn reply(status: u16, body: &str) -> Read {
        Read::Reply(Reply { status, body: body.into(), ..Reply::default() })
    }

    #[test]
    fn a_fault_is_told_from_an_answer() {
        let whole = sent("GET", b"/", b"");
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
        let cut = Sent { complete: false, ..sent("POST", b"/", b"") };
        assert_eq!(judge(&cut, &Read::Nothing), None, "who sends half may be left alone");
        assert_eq!(judge(&cut, &reply(500, "")), Some(Fault::Status(500)), "but no 500");
    }

    #[test]
    fn nothing_else_hides_behind_what_is_known() {
        let raw = b"/api/notes?\xe9";
        assert!(known(&sent("GET", raw, b""), &Fault::RocketsOwn(500)).is_some());
        assert!(known(&sent("HEAD", raw, b""), &Fault::Status(500)).is_some());
        assert!(known(&sent("POST", b"/", b"_method=HEAD&a=b"), &Fault::Empty).is_some());
        let early = Fault::NotHttp("the answer's body ends early".into());
        assert!(known(&sent("POST", b"/", b"_method=head"), &early).is_some());
        for (request, fault, why) in [
            (sent("POST", b"/", b"_method=put"), early, "another method, broken off"),
            (sent("GET", raw, b""), Fault::Status(500), "a 500 of ours"),
            (sent("GET", raw, b""), Fault::RocketsOwn(404), "another status"),
            (sent("GET", b"/api/notes/?\xe9", b""), Fault::RocketsOwn(500), "with a slash"),
            (sent("GET", b"/api/notes?%E9", b""), Fault::RocketsOwn(500), "no raw byte"),
            (sent("POST", b"/", b"_method=get"), Fault::Empty, "another method"),
            (sent("PUT", b"/", b"_method=head"), Fault::Empty, "not in a POST"),
            (sent("POST", b"/", b"a=_method=head"), Fault::Empty, "not at the start"),
            (sent("POST", b"/", b"_method=head"), Fault::Late, "another fault"),
        ] {
            assert_eq!(known(&request, &fault), None, "this is not known: {why}");
        }
    }
}
