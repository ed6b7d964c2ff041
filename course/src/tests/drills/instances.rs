//! More than one instance over one database.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::{log_in, on_postgres, post, probe, production, register, start};
use crate::http::block_on;
use crate::run::place::Place;

/// How often what a race could break is tried.
const ROUNDS: usize = 5;

/// How many refreshes of one token are sent at once.
const AT_ONCE: usize = 32;

#[test]
fn three_instances_are_one_server() {
    let Some(program) = on_postgres() else { return };
    let settings = production(&[("REUSE_REVOKES_FAMILY", "true")]);
    block_on(async {
        let place = Arc::new(Place::new(&program)?);
        place.migrate(&program, &settings).await?;
        let mut servers = Vec::new();
        for _ in 0..3 {
            servers.push(start(&program, &place, &settings).await?);
        }

        assert_eq!(register(&servers[0].address).await?.status, 201);
        let (_, refresh) = log_in(&servers[1].address).await?;
        let body = json!({ "refresh": refresh });
        let answer = post(&servers[2].address, "/api/token/refresh/", "", &body).await?;
        assert_eq!(answer.status, 200, "{}", answer.text());

        let (_, refresh) = log_in(&servers[0].address).await?;
        let mut refreshes = JoinSet::new();
        for number in 0..AT_ONCE {
            let address = servers[number % servers.len()].address.clone();
            let body = json!({ "refresh": refresh });
            refreshes.spawn(async move {
                let answer = post(&address, "/api/token/refresh/", "", &body).await;
                answer.expect("an answer").status
            });
        }
        let statuses = refreshes.join_all().await;
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!((count(200), count(401)), (1, AT_ONCE - 1), "{statuses:?}");

        for server in servers {
            assert_eq!(server.stop().await?, Some(0));
        }
        Ok(())
    })
    .expect("a drill");
}

#[test]
fn two_migrate_at_once() {
    let Some(program) = on_postgres() else { return };
    let settings = production(&[]);
    block_on(async {
        for _ in 0..ROUNDS {
            let place = Arc::new(Place::new(&program)?);
            let (one, other) = tokio::join!(
                place.migrate(&program, &settings),
                place.migrate(&program, &settings)
            );
            one.and(other)?;
            for _ in 0..2 {
                let server = start(&program, &place, &settings).await?;
                assert_eq!(probe(&server.address, "/readyz").await?, 200);
                server.stop().await?;
            }
        }
        Ok(())
    })
    .expect("a drill");
}

/// With DEBUG on, each migrates when it starts.
#[test]
fn two_that_start_at_once_on_an_empty_database_both_serve() {
    let Some(program) = on_postgres() else { return };
    let settings = production(&[("DEBUG", "true")]);
    block_on(async {
        for _ in 0..ROUNDS {
            let place = Arc::new(Place::new(&program)?);
            let (one, other) = tokio::join!(
                start(&program, &place, &settings),
                start(&program, &place, &settings)
            );
            for server in [one?, other?] {
                assert_eq!(probe(&server.address, "/readyz").await?, 200);
                server.stop().await?;
            }
        }
        Ok(())
    })
    .expect("a drill");
}
