use rocket::fairing::AdHoc;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpStream;
use rocket::tokio::spawn;
use rocket::tokio::sync::mpsc::unbounded_channel;

use super::{Database, accepted, async_run};

const BODY: &str = r#"{"username": "late", "password": "late-pass"}"#;

#[test]
fn a_request_that_is_at_work_is_finished_after_the_server_was_told_to_stop() {
    let database = Database::empty();
    // The hash takes a while, and only then does the request need the database.
    let vars = [("PORT", "0"), ("BCRYPT_ROUNDS", "10"), ("DATABASE_URL", &database.url)];
    let rocket = crate::rocket(accepted(&vars));
    let answer = async_run(async {
        let (sender, mut port) = unbounded_channel();
        let listens = AdHoc::on_liftoff("it listens", move |rocket| {
            sender.send(rocket.config().port).expect("the test waits for it");
            Box::pin(async {})
        });
        let arrives = AdHoc::on_request("a request arrives", |request, _| {
            request.rocket().shutdown().notify();
            Box::pin(async {})
        });
        let rocket = rocket
            .attach(listens)
            .attach(arrives)
            .ignite()
            .await
            .expect("the server must start");
        let server = spawn(rocket.launch());
        let port = port.recv().await.expect("a port");

        let mut client = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        let request = format!(
            "POST /api/user/register/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        client.write_all(request.as_bytes()).await.expect("it listens");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an answer");
        let stopped = server.await.expect("no panic");
        assert!(stopped.is_ok(), "the stop must be an orderly one: {stopped:?}");
        answer
    });
    let rule = "the server was told to stop while it hashed a password, and must still answer";
    let finished = answer.starts_with("HTTP/1.1 201 Created");
    assert!(finished, "{rule}\n  expected   HTTP/1.1 201 Created\n  came back  {answer}");
}
