//! What only a real process shows of a hostile client: memory, a connection that breaks, bytes
//! in the environment.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{get, log_in, on_sqlite, post_note, production, register, titles};
use crate::http::{Address, block_on};
use crate::run::output;
use crate::run::place::Place;
use crate::run::server::Server;

const KIB_PER_MIB: u64 = 1_024;

/// A body of one MiB, not a byte more.
const MIB: usize = 1 << 20;

/// The most memory that the server has had, in KiB.
fn peak(server: &Server) -> Result<u64> {
    let pid = server.child.id().context("a server that runs")?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("VmHWM")?.parse()?)
}

/// Sends this request; what comes back until the end.
async fn ask(address: &Address, request: &str) -> Result<String> {
    exchange(address, request, false).await
}

/// Sends this, and then breaks the connection off.
async fn break_off(address: &Address, request: &str) -> Result<String> {
    exchange(address, request, true).await
}

async fn exchange(address: &Address, request: &str, break_off: bool) -> Result<String> {
    let mut stream = address.connect().await?;
    // The server may have hung up before all was sent.
    let _ = stream.write_all(request.as_bytes()).await;
    if break_off {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn a_long_header_takes_a_small_multiple_of_its_length() {
    let repeated = |piece: &str, length: usize| piece.repeat(length / piece.len());
    block_on(async {
        let server =
            Server::start(&on_sqlite(), production(&[]), 0, output::Output::Kept).await?;
        let page = |name: &str, value: &str| {
            let head = "GET /api/token/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
            format!("{head}{name}: {value}\r\n\r\n")
        };
        ask(&server.address, &page("Accept", "text/html")).await?;
        for (name, piece) in [
            ("Accept", "a/b,"),
            ("Accept-Language", "de,"),
            ("Authorization", "Bearer "),
            ("Content-Type", "a/b;a=b;"),
            ("Origin", "http://a."),
            ("X-Forwarded-For", "1.1.1.1,"),
        ] {
            for length in [64_000, 200_000] {
                let before = peak(&server)?;
                let answer =
                    ask(&server.address, &page(name, &repeated(piece, length))).await?;
                assert!(answer.starts_with("HTTP/1.1 431 "), "{name}: {answer}");
                let more = peak(&server)?.saturating_sub(before);
                let most = 20 * length as u64 / 1_024;
                assert!(more < most, "{name} of {length} bytes took {more} KiB more");
            }
        }
        // As long as we let through, thirty at once.
        let accept = repeated("a/b,", 8_190);
        let mut all = JoinSet::new();
        for _ in 0..30 {
            let (address, request) = (server.address.clone(), page("Accept", &accept));
            all.spawn(async move { ask(&address, &request).await });
        }
        while let Some(answer) = all.join_next().await {
            let answer = answer??;
            assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        }
        let mib = peak(&server)? / KIB_PER_MIB;
        assert!(mib < 60, "thirty requests with an Accept of 8190 bytes: {mib} MiB at peak");
        Ok(())
    })
    .expect("a drill");
}

/// Bodies of a MiB, with as many values in them as there is room for.
fn bodies() -> [(&'static str, String); 4] {
    let alice = r#""username":"alice","password""#;
    let fill = |before: String, piece: &str, after: &str| {
        let room = MIB - before.len() - after.len();
        before + &piece.repeat(room / piece.len()) + after
    };
    let names: String = (0..100_000).map(|number| format!(r#","{number:x}":0"#)).collect();
    let form: String = (0..120_000).map(|number| format!("&{number:x}=")).collect();
    [
        ("json", fill("[".into(), r#"{"":0},"#, "0]")),
        ("json", fill(format!(r#"{{{alice}:["#), r#"{"":0},"#, "0]}")),
        ("json", format!(r#"{{{alice}:"pw"{names}}}"#)),
        ("x-www-form-urlencoded", format!("username=alice&password=pw{form}")),
    ]
}

#[test]
fn large_bodies_are_not_held_while_a_password_is_hashed() {
    // One program for all, so that it is built once.
    let program = on_sqlite();
    for path in ["/api/token/", "/api/user/register/"] {
        for (number, (kind, body)) in bodies().into_iter().enumerate() {
            block_on(async {
                // A hash takes long, so that all wait for theirs at once.
                let settings = production(&[("BCRYPT_ROUNDS", "12")]);
                let server = Server::start(&program, settings, 0, output::Output::Kept).await?;
                let mut all = JoinSet::new();
                for _ in 0..30 {
                    let (address, length) = (server.address.clone(), body.len());
                    let head = format!(
                        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                         Content-Type: application/{kind}\r\nContent-Length: {length}\r\n\r\n"
                    );
                    let request = head + &body;
                    all.spawn(async move { ask(&address, &request).await });
                }
                while let Some(answer) = all.join_next().await {
                    let answer = answer??;
                    assert!(answer.starts_with("HTTP/1.1 "), "no answer: {answer:?}");
                }
                let mib = peak(&server)? / KIB_PER_MIB;
                assert!(mib < 200, "thirty of body {number} to {path}: {mib} MiB at peak");
                Ok(())
            })
            .expect("a drill");
        }
    }
}

#[test]
fn a_body_that_breaks_off_changes_nothing() {
    block_on(async {
        let server =
            Server::start(&on_sqlite(), production(&[]), 0, output::Output::Kept).await?;
        let address = &server.address;
        assert_eq!(register(address).await?.status, 201);
        let (access, refresh) = log_in(address).await?;
        post_note(address, &access, "kept", "whole").await?;
        let json = format!(r#"{{"refresh": "{refresh}"}}"#);
        let form = format!("refresh={refresh}");
        let parts =
            "--x\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nhell\r\n--x--";
        for (method, path, kind, body) in [
            ("PATCH", "/api/notes/1/", "application/x-www-form-urlencoded", "content=hell"),
            ("PATCH", "/api/notes/1/", "application/json", r#"{"title":""}"#),
            ("PATCH", "/api/notes/1/", "multipart/form-data; boundary=x", parts),
            ("PUT", "/api/notes/1/", "application/x-www-form-urlencoded", "title=a&content=b"),
            ("POST", "/api/notes/", "application/x-www-form-urlencoded", "title=a&content=b"),
            ("POST", "/api/notes/", "application/json", r#"{"title":"a","content":"b"}"#),
            ("POST", "/api/token/blacklist/", "application/json", &json),
            ("POST", "/api/token/blacklist/", "application/x-www-form-urlencoded", &form),
        ] {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Authorization: Bearer {access}\r\nContent-Type: {kind}\r\n"
            );
            for length in [0, 3, 12, 13, 14, 15, body.len()] {
                let came = &body[..length.min(body.len())];
                let announced = format!("{head}Content-Length: 1000\r\n\r\n{came}");
                let chunk = format!("{:x}\r\n{came}\r\n", came.len());
                let chunk = if came.is_empty() { "" } else { &chunk };
                let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}");
                for request in [announced, chunked.clone(), format!("{chunked}5\r\nab")] {
                    let answer = break_off(address, &request).await?;
                    let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 400 ");
                    assert!(refused, "{request}\n  must be refused, and came back\n{answer}");
                }
            }
        }
        assert_eq!(titles(address, &access).await?, ["kept"], "the notes are as they were");
        let note = get(address, "/api/notes/1/", &access).await?.json().unwrap_or_default();
        assert_eq!(note["content"], "whole", "the note is as it was");
        // A short body that ends as it should is taken.
        let head = format!(
            "PATCH /api/notes/1/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {access}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n"
        );
        let whole =
            format!("{head}Transfer-Encoding: chunked\r\n\r\n7\r\ntitle=b\r\n0\r\n\r\n");
        let answer = ask(address, &whole).await?;
        assert!(
            answer.starts_with("HTTP/1.1 200 "),
            "a whole chunked body of 7 bytes: {answer}"
        );
        let body = serde_json::json!({ "refresh": refresh });
        let still = super::post(address, "/api/token/refresh/", "", &body).await?;
        assert_eq!(still.status, 200, "a broken log-out ends nothing: {}", still.text());
        Ok(())
    })
    .expect("a drill");
}

/// How the program ends. One that serves instead is no end, and the drill fails.
async fn end(mut command: Command) -> Result<Output> {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    Ok(timeout(PATIENCE, output).await.context("it must not start, and it serves")??)
}

/// How long to wait for an end: only for a program that would never come to one.
const PATIENCE: Duration = Duration::from_secs(60);

/// A key of 33 bytes, of which one is no letter.
const BYTES: &[u8] = b"a-key-of-thirty-two-bytes-hunter\xff";

#[test]
fn a_variable_that_is_not_text_is_refused_and_not_printed() {
    let program = on_sqlite();
    block_on(async {
        let place = Place::new(&program)?;
        place.migrate(&program, &production(&[])).await?;
        for (name, args) in [
            ("SECRET_KEY", [].as_slice()),
            ("DATABASE_URL", &[]),
            ("ALLOWED_HOSTS", &[]),
            ("BCRYPT_ROUNDS", &[]),
            ("DEBUG", &["migrate"]),
            (
                "DJANGO_SUPERUSER_PASSWORD",
                &["createsuperuser", "--username", "root", "--email", "r@example.com"],
            ),
        ] {
            let mut command = place.command(&program, &production(&[("PORT", "0")]));
            command.env(name, OsStr::from_bytes(BYTES)).args(args);
            let done = end(command).await?;
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            let last = said.lines().last().unwrap_or_default();
            assert_eq!(last, format!("Error: {name} is not text in UTF-8."), "{said}");
            assert!(!said.contains("hunter"), "the value may be a secret: {said}");
            assert_eq!(done.status.code(), Some(1), "{name}: {said}");
        }
        Ok(())
    })
    .expect("a drill");
}

#[test]
fn a_dotenv_file_that_is_not_text_is_refused_and_not_printed() {
    let program = on_sqlite();
    block_on(async {
        let place = Place::new(&program)?;
        let mut settings = production(&[("PORT", "0")]);
        settings.remove("SECRET_KEY");
        let command = place.command(&program, &settings);
        let folder = command.as_std().get_current_dir().context("a folder")?;
        fs::write(folder.join(".env"), [b"SECRET_KEY=", BYTES, b"\n"].concat())?;
        let done = end(command).await?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
        assert!(said.contains(".env") && !said.contains("hunter"), "{said}");
        Ok(())
    })
    .expect("a drill");
}
