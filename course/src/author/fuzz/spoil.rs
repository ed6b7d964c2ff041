//! What is wrong with a request: each way that a client, or someone who means harm, has been
//! seen to go, and some bytes at random.

use super::draft::{Draft, Framing};
use super::random::Random;

/// How long a header may become.
const HEADER: usize = 200_000;

/// The longest body that a step reads, in bytes.
const BODY: usize = 1 << 20;

/// Spoils a request in one way.
pub fn spoil(draft: &mut Draft, random: &mut Random) {
    match random.below(16) {
        0 => method(draft, random),
        1 | 2 => target(draft, random),
        3 => long_header(draft, random),
        4 | 5 => strange_header(draft, random),
        6 => twice(draft, random),
        7 => without(draft, random),
        8 => head(draft, random),
        9 => framing(draft, random),
        10 => json(draft, random),
        11 => form(draft, random),
        12 => multipart(draft, random),
        13 => content_type(draft, random),
        _ => bytes_of_body(draft, random),
    }
}

/// Pieces that a parser may stumble over.
const PIECES: [&[u8]; 39] = [
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"  ",
    b"%",
    b"%0",
    b"%zz",
    b"%00",
    b"%C0%AF",
    b"%E9",
    b"%F0%9F%98%80",
    b"%2F",
    b"%2e%2e/",
    b"..",
    b"//",
    b"\\",
    b"?",
    b"#",
    b"&",
    b"=",
    b"+",
    b";",
    b",",
    b"\"",
    b"'",
    b"<i>",
    b"{}",
    b"[0]",
    b"\xe9",
    b"\xff\xfe",
    b"\xc3",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"\xe2\x80\xa8",
];

/// Puts pieces somewhere into bytes.
fn insert(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let piece = random.pick(&PIECES);
        bytes.splice(at..at, piece.iter().copied());
    }
}

fn method(draft: &mut Draft, random: &mut Random) {
    let methods = [
        "PROPFIND", "get", "TRACE", "CONNECT", "LINK", "QUERY", "G\u{e9}T", "GET/1", "",
        "G E T", "DELETE", "HEAD", "POST", "PATCH", "PUT", "OPTIONS",
    ];
    draft.method = match random.below(methods.len() + 2) {
        0 => vec![b'M'; 1 + random.below(5000)],
        1 => random.bytes(3),
        _ => random.pick(&methods).into(),
    };
}

fn target(draft: &mut Draft, random: &mut Random) {
    let number = |text: &str, n: usize| text.repeat(n).into_bytes();
    match random.below(12) {
        0..=3 => insert(&mut draft.target, random),
        4 => drop(draft.target.pop()),
        5 => draft.target.insert(0, b'/'),
        6 => {
            let length = 1 + random.below(20_000);
            let unit = random.pick(&["a=b&", "%20", "?", "/", "é", "%", "a"]);
            draft.target.push(b'?');
            draft.target.extend(number(unit, length / unit.len() + 1));
        }
        7 => {
            let forms = [
                "http://evil.example/api/notes/",
                "*",
                "",
                "api/notes/",
                "//x@y/",
                "/.",
                "a:b",
            ];
            draft.target = random.pick(&forms).into();
        }
        8 => {
            let ids = [
                "99999999999999999999",
                "-1",
                "0",
                "٣",
                "1e3",
                "0x1",
                "1/2",
                "9223372036854775808",
            ];
            draft.target = format!("/api/notes/{}/", random.pick(&ids)).into();
        }
        9 => {
            // The same letters, written as their numbers.
            let at = random.below(draft.target.len());
            if let Some(byte) = draft.target.get(at).copied() {
                draft.target.splice(at..=at, format!("%{byte:02x}").into_bytes());
            }
        }
        10 => {
            let query = [
                "?é",
                "?a=%C3%A9",
                "?",
                "?a=%",
                "?access=x",
                "?_method=DELETE",
                "?format=json",
                "?\u{feff}",
            ];
            if random.once_in(2) && draft.target.ends_with(b"/") {
                draft.target.pop();
            }
            draft.target.extend(random.pick(&query).bytes());
        }
        _ => {
            let length = 1 + random.below(40);
            draft.target.extend(random.bytes(length));
        }
    }
}

/// The names of headers that something reads.
const NAMES: [&str; 20] = [
    "Accept",
    "Accept",
    "Content-Type",
    "Cookie",
    "Authorization",
    "Host",
    "Origin",
    "X-Random",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-HTTP-Method-Override",
    "X-Real-IP",
    "Referer",
    "Range",
    "If-None-Match",
    "Accept-Encoding",
    "Forwarded",
    "Connection",
];

/// One piece over and over: what grows with the square of a length shows itself.
fn long_header(draft: &mut Draft, random: &mut Random) {
    let any = [
        ",",
        ";",
        "=",
        "\"",
        "é",
        "a=b; ",
        "Bearer ",
        "%",
        "127.0.0.1,",
        "a.",
        "[",
        "x",
        " ",
        "a/b,",
        "charset=utf-8;",
        "\\",
        ":1",
        "http://",
        "\u{feff}",
    ];
    let (name, unit) = match random.below(3) {
        // What a parser takes apart is right in itself.
        0 => (
            "Accept",
            random.pick(&["a/b,", "text/html;q=0.1,", "*/*,", "a/b;c=d,", "a/b;c=\"d\","]),
        ),
        1 => (
            random.pick(&NAMES),
            random.pick(&["a,", "a=b;", "a; b=\"c\";", "text/html, ", "a.b."]),
        ),
        _ => (random.pick(&NAMES), random.pick(&any)),
    };
    if name == "Accept" && random.once_in(2) {
        // Only what answers with pages looks at it.
        draft.method = b"GET".into();
    }
    let most = *random.pick(&[&100, &1000, &10_000, &60_000, &HEADER]);
    let mut value = match random.below(4) {
        0 => random
            .pick(&["Bearer ", "text/html;", "multipart/form-data; ", "http://", "a="])
            .into(),
        _ => String::new(),
    };
    value.push_str(&unit.repeat((most / 2 + random.below(most / 2)) / unit.len()));
    if random.once_in(2) {
        value.truncate(value.trim_end_matches([',', ';', ' ']).len());
    }
    draft.set(name, value);
}

fn strange_header(draft: &mut Draft, random: &mut Random) {
    let values: [&[u8]; 34] = [
        b"",
        b" ",
        b"*/*;q=",
        b"text/html",
        b"text/html;q=1.5;=",
        b"a/b/c",
        b"/",
        b"null",
        b"*",
        b"http://a b",
        b"http://\xe9.example",
        b"http://[::1",
        b"http://[::1]:99999",
        b"a@127.0.0.1",
        b"127.0.0.1:",
        b"127.0.0.1:99999999",
        b"[::1]",
        b"127.0.0.1.",
        b".",
        b":",
        b"Bearer",
        b"Bearer ",
        b"Bearer a.b.c",
        b"bearer e30.e30.",
        b"Basic !!",
        b"Bearer \xff",
        b"GET, PUT",
        b"TRACE",
        b"DELETE",
        b"close",
        b"keep-alive, x",
        b"bytes=0-18446744073709551616",
        b"1.2.3.4, ::1, \xf0\x9f\x98\x80",
        b"\xc3\xa9",
    ];
    let name = random.pick(&NAMES);
    let value = match random.below(3) {
        0 => {
            // What was right, with a few bytes too many.
            let known =
                draft.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name.as_bytes()));
            let mut value = known.map(|(_, value)| value.clone()).unwrap_or_default();
            insert(&mut value, random);
            value.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            value
        }
        _ => random.pick(&values).into(),
    };
    draft.set(name, value);
}

fn twice(draft: &mut Draft, random: &mut Random) {
    let Some((name, value)) = draft.headers.get(random.below(draft.headers.len())).cloned()
    else {
        return;
    };
    for _ in 0..=random.below(120) / 40 * 20 {
        let other: &[u8] = random.pick(&[&value, &b"evil.example"[..], &b""[..], &b"\xff"[..]]);
        draft.add(&name, other);
    }
}

fn without(draft: &mut Draft, random: &mut Random) {
    if !draft.headers.is_empty() {
        draft.headers.remove(random.below(draft.headers.len()));
    }
}

/// What is no HTTP, or an old one.
fn head(draft: &mut Draft, random: &mut Random) {
    match random.below(8) {
        // Not `PRI * HTTP/2.0`: it asks for another protocol, and may get it.
        0 => draft.version = b" HTTP/1.0",
        1 => draft.version = b" HTTP/9.9",
        2 => draft.version = b"",
        3 => draft.version = b" HTTP/1.1 x",
        4 => draft.blank = false,
        5 => draft.add("X Space", "a"),
        6 => draft.add(random.bytes(3), "a"),
        _ => draft.add("X-Piece", random.pick(&[&b"a\0b"[..], b"a\r\n b", b"a\nb", b"a\rb"])),
    }
}

/// How long the body is, said wrongly.
fn framing(draft: &mut Draft, random: &mut Random) {
    let body = draft.body.get_or_insert_default();
    let (start, length) = (random.below(body.len() + 1), body.len());
    match random.below(8) {
        0 | 1 => {
            body.truncate(start);
            draft.framing = Framing::CutLength;
        }
        2 => {
            body.truncate(random.below(20));
            draft.framing = Framing::CutLength;
        }
        3 => draft.framing = Framing::CutChunks,
        4 => draft.add("Content-Length", start.to_string()),
        5 => {
            let lengths =
                ["-1", "+5", "abc", "", "18446744073709551616", "5, 5", "0x10", " 3 ", "٣"];
            draft.add("Content-Length", random.pick(&lengths));
        }
        6 => {
            draft.add("Content-Length", length.to_string());
            draft.add(
                "Transfer-Encoding",
                random.pick(&["chunked", "gzip, chunked", "identity", "x"]),
            );
        }
        _ => draft.add("Expect", random.pick(&["100-continue", "200-ok"])),
    }
}

/// A length for something that grows: often short, now and then the longest, and longer.
fn length(random: &mut Random) -> usize {
    match random.below(40) {
        0 | 1 => BODY - 100,
        2 => BODY + random.below(5000),
        3..=6 => random.below(200_000),
        _ => random.below(3000),
    }
}

/// A name that a serializer asks for, or none.
fn name(random: &mut Random) -> &'static str {
    random.pick(&[
        "username", "password", "title", "content", "refresh", "token", "email", "", "x",
    ])
}

fn json(draft: &mut Draft, random: &mut Random) {
    let length = length(random);
    let units = [
        "{\"\":0},",
        "[",
        "{\"a\":",
        "0,",
        "\"\",",
        "[],",
        "\"\\u0000\",",
        "\"\\ud800\",",
        "1e400,",
        "9",
        "\\\"",
        "é",
        "-",
        "null,",
        "\u{feff}",
        " ",
        "\\u00e9",
    ];
    // Now and then what becomes the largest: an object of its own for every seven bytes.
    let unit = if random.once_in(3) { units[0] } else { random.pick(&units) };
    let long = unit.repeat(length / unit.len());
    let inner = long.trim_end_matches(',');
    let (one, two) = (name(random), name(random));
    let body = match random.below(8) {
        0 => format!("[{inner}]"),
        1 => format!("{{\"{one}\":[{inner}],\"{two}\":\"a\"}}"),
        2 => format!("{{\"{one}\":\"{inner}\",\"{two}\":\"b\"}}"),
        3 => long,
        4 => {
            // Many names, or one name many times.
            let count = length / 12;
            let same = random.once_in(2);
            let pair = |n: usize| format!("\"{one}{}\":{n}", if same { 0 } else { n });
            let pairs: Vec<_> = (0..count).map(pair).collect();
            format!("{{{}}}", pairs.join(","))
        }
        5 => {
            let values = [
                "1e400",
                "-0",
                "00",
                "1E+99999",
                "null",
                "true",
                "[]",
                "{}",
                "\"\\ud83d\"",
                "nan",
            ];
            format!("{{\"{one}\":{},\"{one}\":{}}}", random.pick(&values), random.pick(&values))
        }
        6 => format!("\u{feff}{{\"{one}\":\"a\"}}"),
        // Nested all the way and back.
        _ => format!("{}{}", "[".repeat(length / 2), "]".repeat(length / 2)),
    };
    put(draft, random, "application/json", body.into());
}

fn form(draft: &mut Draft, random: &mut Random) {
    let length = length(random);
    let methods =
        ["DELETE", "delete", "head", "HEAD", "PUT", "TRACE", "get", "x", "", "CONNECT"];
    let units = [
        "&", "=", "a=b&", "%", "%41", "%ff", "+", "é", "a[b]=c&", "a.b=c&", "&=", "%u0041", ";",
    ];
    let long = |unit: &str| unit.repeat(length / unit.len());
    let body = match random.below(4) {
        0 => {
            let fields = draft.body.take().unwrap_or_default();
            [b"_method=", random.pick(&methods).as_bytes(), b"&", &fields].concat()
        }
        1 => long(random.pick(&units)).into(),
        2 => {
            format!("{}={}&{}=b", name(random), long(random.pick(&units)), name(random)).into()
        }
        _ => [name(random).as_bytes(), b"=", random.pick(&PIECES), b"&", random.pick(&PIECES)]
            .concat(),
    };
    put(draft, random, "application/x-www-form-urlencoded", body);
}

fn multipart(draft: &mut Draft, random: &mut Random) {
    let length = length(random);
    let disposition = format!("Content-Disposition: form-data; name=\"{}\"", name(random));
    let part = match random.below(7) {
        0 => format!("--b\r\n{disposition}\r\n\r\n\u{feff}text\r\n"),
        1 => format!("--b\r\n{disposition}; filename=\"a\"\r\n\r\ntext\r\n"),
        2 => format!(
            "--b\r\n{disposition}\r\nContent-Type: text/plain; charset=x\r\n\r\ntext\r\n"
        ),
        3 => "--b\r\n\r\ntext\r\n".into(),
        4 => format!("--b\r\nX: {}\r\n\r\n", "h".repeat(length)),
        5 => format!("--b\r\n{disposition}; x=\"\r\n\r\n--b-\r\n--bb\r\n"),
        _ => format!("--b\r\n{disposition}\r\n\r\n{}\r\n", "t".repeat(length)),
    };
    let most = if part.len() < 200 { length / part.len() } else { 0 };
    let times = 1 + if random.once_in(2) { most } else { 0 };
    let mut body = part.repeat(times).into_bytes();
    if random.once_in(3) {
        insert(&mut body, random);
    }
    body.extend(random.pick(&[&b"--b--\r\n"[..], b"--b--", b"--b", b""]));
    put(draft, random, "multipart/form-data; boundary=b", body);
}

/// A body of this kind, mostly where one is read.
fn put(draft: &mut Draft, random: &mut Random, kind: &str, body: Vec<u8>) {
    draft.body = Some(body);
    draft.set("Content-Type", kind);
    if !random.once_in(8) {
        let method = random.pick(&["POST", "POST", "POST", "PUT", "PATCH"]);
        draft.method = method.into();
    }
}

fn content_type(draft: &mut Draft, random: &mut Random) {
    let kinds = [
        "application/json; charset=utf-16",
        "application/json; charset=\"",
        "application/json;;;=",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "APPLICATION/JSON",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"",
        "multipart/form-data; boundary=\u{e9}",
        "application/json; charset=latin1",
        "/",
        "",
        "a",
        "application/x-www-form-urlencoded; charset=utf-7",
        "multipart/form-data; boundary=\t",
        "multipart/form-data; charset=latin1; boundary=fuzz",
        "application/json\0",
    ];
    draft.set("Content-Type", random.pick(&kinds));
}

/// Bytes of the body: others, more, fewer.
fn bytes_of_body(draft: &mut Draft, random: &mut Random) {
    let Some(body) = draft.body.as_mut().filter(|body| !body.is_empty()) else { return };
    for _ in 0..=random.below(4) {
        let at = random.below(body.len());
        match random.below(4) {
            0 => insert(body, random),
            1 => body[at] = random.next() as u8,
            2 => body[at] ^= 1 << random.below(8),
            _ => body.truncate(at.max(1)),
        }
    }
}
