//! The database goes away while there is work, and comes back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    assert_unavailable, get, log_in, on_postgres, post_note, probe, production, register,
    titles,
};
use crate::http::{Address, Answer, block_on};
use crate::run::output::Output;
use crate::run::postgres::Postgres;
use crate::run::server::Server;

/// How many clients write at once.
const WRITERS: usize = 4;

/// Between two notes of a writer: alice may have 500.
const PAUSE: Duration = Duration::from_millis(100);

/// What a writer got for a note.
struct Written {
    writer: usize,
    title: String,
    answer: Answer,
}

#[test]
fn what_was_answered_with_201_survives_the_database() {
    let Some(program) = on_postgres() else { return };
    let postgres = program.postgres.clone().expect("PostgreSQL");
    block_on(async {
        let server = Server::start(&program, production(&[]), 0, Output::Kept).await?;
        let address = server.address.clone();
        assert_eq!(register(&address).await?.status, 201);
        let (access, _) = log_in(&address).await?;
        let (sender, mut receiver) = unbounded_channel();
        for number in 0..WRITERS {
            tokio::spawn(writer(number, address.clone(), access.clone(), sender.clone()));
        }
        let mut log = Vec::new();
        each_gets(&mut receiver, &mut log, 201).await?;

        pg_ctl(&postgres, &["stop", "-m", "immediate"]).await?;
        each_gets(&mut receiver, &mut log, 503).await?;
        assert_eq!(probe(&address, "/healthz").await?, 200);
        assert_eq!(probe(&address, "/readyz").await?, 503);
        assert_unavailable(&get(&address, "/api/notes/", &access).await?);

        // With the options that it had, which are in postmaster.opts.
        pg_ctl(&postgres, &["restart"]).await?;
        each_gets(&mut receiver, &mut log, 201).await?;
        assert_eq!(probe(&address, "/readyz").await?, 200);

        receiver.close();
        while let Some(written) = receiver.recv().await {
            log.push(written);
        }
        let there: BTreeSet<_> = titles(&address, &access).await?.into_iter().collect();
        for Written { title, answer, .. } in &log {
            if answer.status == 201 {
                assert!(there.contains(title), "{title} was answered with 201 and is gone");
            } else {
                assert_unavailable(answer);
            }
        }
        assert_eq!(server.stop().await?, Some(0), "it is the server that was started");
        Ok(())
    })
    .expect("a drill");
}

/// Writes one note after the other, until nobody listens.
async fn writer(
    writer: usize,
    server: Address,
    access: String,
    sender: UnboundedSender<Written>,
) {
    for number in 0.. {
        let title = format!("{writer}.{number}");
        let answer = post_note(&server, &access, &title, "text").await.expect("an answer");
        if sender.send(Written { writer, title, answer }).is_err() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until each writer has got this status once more.
async fn each_gets(
    receiver: &mut UnboundedReceiver<Written>,
    log: &mut Vec<Written>,
    status: u16,
) -> Result<()> {
    let mut who = BTreeSet::new();
    while who.len() < WRITERS {
        let written = receiver.recv().await.context("the writers have ended")?;
        let got = written.answer.status;
        // Else a server that answers 500 would be waited for without an end.
        ensure!(matches!(got, 201 | 503), "a note was answered with {got}, not 201 or 503");
        if got == status {
            who.insert(written.writer);
        }
        log.push(written);
    }
    Ok(())
}

/// In a thread of its own, so that the writers go on meanwhile.
async fn pg_ctl(postgres: &Arc<Postgres>, args: &'static [&'static str]) -> Result<()> {
    let postgres = postgres.clone();
    tokio::task::spawn_blocking(move || postgres.pg_ctl(args)).await?
}
