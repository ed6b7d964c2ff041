//! A platform stops an instance: it sends SIGTERM, waits, and then kills.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{on_postgres, on_sqlite, production};
use crate::http::block_on;
use crate::run::output::Output;
use crate::run::program::Built;
use crate::run::server::Server;

/// How long to wait for the end. No limit of the server's: only for a test that would hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many servers are stopped at once: what happens at the same moment is luck.
const SERVERS: usize = 4;

const BODY: &str = r#"{"username": "late", "password": "late-pass-123"}"#;

#[test]
fn a_request_at_work_is_answered_after_sigterm() {
    answer_after_sigterm(&on_sqlite());
}

#[test]
fn a_request_at_work_is_answered_after_sigterm_on_postgresql() {
    let Some(program) = on_postgres() else { return };
    answer_after_sigterm(&program);
}

fn answer_after_sigterm(program: &Built) {
    thread::scope(|scope| {
        for _ in 0..SERVERS {
            scope.spawn(|| block_on(answers_after_sigterm(program)).expect("a drill"));
        }
    });
}

async fn answers_after_sigterm(program: &Built) -> Result<()> {
    let settings = production(&[("BCRYPT_ROUNDS", "10")]);
    let server = Server::start(program, settings, 0, Output::Kept).await?;
    let mut idle = idle(&server).await?;
    let mut at_work = server.address.connect().await?;
    let head = format!(
        "POST /api/user/register/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        BODY.len()
    );
    at_work.write_all(head.as_bytes()).await?;
    // The server asks for the body: a handler is at work.
    read_until(&mut at_work, "HTTP/1.1 100 Continue\r\n\r\n").await?;

    // Others come at this moment, until nobody is let in.
    let address = server.address.clone();
    thread::spawn(move || {
        block_on(async {
            while address.connect().await.is_ok() {}
            Ok(())
        })
    });
    assert!(server.terminate());
    // It has heard: a connection without a request is closed.
    assert_eq!(idle.read(&mut [0]).await?, 0);
    at_work.write_all(BODY.as_bytes()).await?;
    let answer = read_until(&mut at_work, r#""username":"late"}"#).await?;
    ensure!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(server.end(PATIENCE).await?, Some(0));
    Ok(())
}

/// One has had its answer and stays; one never finishes its request.
#[test]
fn connections_that_clients_keep_open_do_not_keep_the_server() {
    block_on(async {
        let server = Server::start(&on_sqlite(), production(&[]), 0, Output::Kept).await?;
        let _idle = idle(&server).await?;
        let mut half = idle(&server).await?;
        half.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").await?;

        assert!(server.terminate());
        assert_eq!(server.end(PATIENCE).await?, Some(0));
        Ok(())
    })
    .expect("a drill");
}

/// A connection that has had an answer, and is kept for the next.
async fn idle(server: &Server) -> Result<TcpStream> {
    let mut stream = server.address.connect().await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    read_until(&mut stream, r#"{"status":"ok"}"#).await?;
    Ok(stream)
}

/// Reads as far as this.
async fn read_until(stream: &mut TcpStream, end: &str) -> Result<String> {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).await?;
        ensure!(length > 0, "the connection ended after {text:?}");
        text += &String::from_utf8_lossy(&buffer[..length]);
    }
    Ok(text)
}
