//! No room for SQLite's files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{
    assert_unavailable, log_in, on_sqlite, post_note, probe, production, register, titles,
};
use crate::http::block_on;
use crate::run::output::Output;
use crate::run::program::Built;
use crate::run::server::Server;

/// How large a file may become, in KiB: room for the schema and some notes.
const ROOM: usize = 400;

#[test]
fn a_full_disk_is_a_503_and_reading_goes_on() {
    let program = on_sqlite();
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("limited");
    // Without the trap a write beyond the limit would end the process.
    let path = program.executable.display();
    let text = format!("#!/bin/bash\ntrap '' XFSZ\nulimit -f {ROOM}\nexec '{path}' \"$@\"\n");
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a script");
    let limited = Built::at(script, "limited", true);
    block_on(async {
        let server = Server::start(&limited, production(&[]), 0, Output::Kept).await?;
        let address = &server.address;
        assert_eq!(register(address).await?.status, 201);
        let (access, _) = log_in(address).await?;
        // Four times as much as there is room for, without what SQLite adds.
        let content = "x".repeat(4_000);
        let (mut written, mut refused) = (Vec::new(), 0);
        for number in 0..ROOM {
            let title = number.to_string();
            let answer = post_note(address, &access, &title, &content).await?;
            if answer.status == 201 {
                written.push(title);
            } else {
                assert_unavailable(&answer);
                refused += 1;
            }
        }
        let there = titles(address, &access).await?;
        assert_eq!(there, written, "what was answered with 201, and nothing else, is there");
        assert!(!there.is_empty() && refused > 0, "{} written", there.len());
        assert_eq!(probe(address, "/healthz").await?, 200);
        assert_eq!(server.stop().await?, Some(0), "it has not crashed");
        Ok(())
    })
    .expect("a drill");
}
