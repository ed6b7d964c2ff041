//! `course dev try`, on a made-up server that needs no crates.

use super::{Made, assert_has, made, manifest};
use crate::author::mask::{compare, mask, same};
use crate::author::{replay, try_chapter};

/// Answers every request with how many there were, and fails when told to.
const SERVER: &str = r#"use std::io::{Read, Write};

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    if let Some(word) = std::env::args().nth(1) {
        return println!("ran {word} {folder}");
    }
    if std::env::var("BAD").is_ok() {
        eprintln!("Error: it is bad.");
        std::process::exit(3);
    }
    let address = format!("127.0.0.1:{}", std::env::var("PORT").unwrap());
    let Ok(listener) = std::net::TcpListener::bind(&address) else {
        return println!("Error: cannot listen on {address}");
    };
    println!("Using database {folder}/db.sqlite3");
    println!("Starting server at http://{address}/");
    println!("Warning: a sample");
    for (n, stream) in listener.incoming().enumerate() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 4096]);
        println!("request {n}");
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nVERSION {n}");
    }
}
"#;

/// A first step with the server, whose only chapter makes it in two pieces, then shows this.
fn server(at_checkpoint: &str, console: &str) -> Made {
    let (early, final_) =
        (SERVER.replace("VERSION", "early"), SERVER.replace("VERSION", "final"));
    let link = |file: &str| format!("[{file}](../steps/01-one/{file})\n");
    let (cargo, main) = (link("Cargo.toml"), link("src/main.rs"));
    let change = |sign: char, text: &str| {
        let line = text.lines().find(|line| line.contains("200 OK")).expect("a line");
        format!("{sign}{line}\n")
    };
    let chapter = format!(
        "{cargo}```toml\n{}```\n\n{main}```rust\n{early}```\n\n**Checkpoint**\n\n{at_checkpoint}\n\n\
         {main}```diff\n{}{}```\n\n{console}\n",
        manifest(1, ""),
        change('-', &early),
        change('+', &final_),
    );
    let made = made(&[("steps/01-one/Cargo.toml", &manifest(1, "")), ("Cargo.lock", "")]);
    made.write("steps/01-one/src/main.rs", &final_);
    made.write("notes/01-one.md", &chapter);
    replay::check(&made.repo, &made.repo.step(1).expect("a step")).expect("a right chapter");
    made
}

fn console(text: &str) -> String {
    format!("```console\n{text}```\n")
}

fn said(made: &Made) -> String {
    let step = made.repo.step(1).expect("a step");
    try_chapter::check(&made.repo, &step)
        .err()
        .map(|why| format!("{why:#}"))
        .unwrap_or_default()
}

const START: &str = "$ cargo run -q --bin step-1
Using database …/steps/01-one/db.sqlite3
Starting server at http://127.0.0.1:8000/
";

#[test]
fn commands_run_as_the_chapter_says() {
    let blocks = [
        START,
        "$ NAME='a b'; curl -s http://127.0.0.1:8000/\nfinal 0\n$ curl -s localhost:8000\nfinal 1\n",
        // Variables stay, a command goes on after a backslash, both outputs are shown.
        "$ echo \"$NAME\" \\\n    two\na b two\n$ false\n$ echo $?; echo >&2 error\n1\nerror\n",
        // One that ends shows all it prints, and leaves the server alone.
        "$ BAD=1 cargo run -q --bin step-1\nError: it is bad.\n$ echo $?\n3\n",
        "$ cargo run -q --bin step-1\nError: cannot listen on 127.0.0.1:8000\n",
        "$ cargo run -q --bin step-1 -- migrate\nran migrate …/steps/01-one\n",
        "$ curl -s http://127.0.0.1:8000/\nfinal 2\n",
        // A new one takes its place; a warning after its line may be shown.
        &format!("{START}Warning: a sample\n$ curl -s http://127.0.0.1:8000/\nfinal 0\n"),
        // Variables before it, on another line too; a port that the chapter chooses.
        &START
            .replace("$ ", "$ A='b c' D=\"$(echo e)\" PORT=8001 \\\n    ")
            .replace(":8000", ":8001"),
        "$ curl -s http://127.0.0.1:8001/\nfinal 0\n",
        "$ nonesuch 2>&1 | sed 's/.*: nonesuch/nonesuch/'\nnonesuch: command not found\n",
    ];
    let blocks: String = blocks.iter().map(|block| console(block)).collect();
    let early = console("$ curl -s http://127.0.0.1:8000/\nearly 0\n$ echo \"<$NAME>\"\n<>\n");
    assert_eq!(said(&server(&early, &blocks)), "");
}

#[test]
fn a_wrong_output_is_shown_as_a_diff_with_its_line() {
    let made = server("", &console("$ printf 'a\\nb\\n'\na\nc\n"));
    let text = made.read("notes/01-one.md");
    let line = 1 + text.lines().position(|l| l.starts_with("$ printf")).expect("a line");
    let line = format!("notes/01-one.md:{line}: prints");
    let parts = [line.as_str(), "     a\n", "    -c\n", "    +b\n"];
    assert_has(&said(&made), &parts);
}

#[test]
fn a_server_that_does_not_start_is_shown() {
    let made = server("", &console(&START.replace("cargo run", "BAD=1 cargo run")));
    assert_has(&said(&made), &["+Error: it is bad.", "-Starting server at"]);
}

#[test]
fn a_block_without_a_command_is_told() {
    let made = server("", &console("no command\n"));
    assert_has(&said(&made), &["a ```console block begins with a command"]);
}

#[test]
fn writing_changes_only_what_has_changed() {
    let id = "0123456789abcdef0123456789abcdef";
    let good = console(&format!("$ echo {id} 12 ms\n{} 7 ms\n", id.replace('0', "f")));
    let made = server("", &good);
    let (step, path) = (made.repo.step(1).expect("a step"), "notes/01-one.md");
    let before = made.read(path);
    assert!(try_chapter::run(&made.repo, Some(step.number), true).expect("a run"));
    assert_eq!(made.read(path), before);
    made.write(path, &before.replace("7 ms\n", "7 ms\nwrong\n"));
    assert!(try_chapter::run(&made.repo, Some(step.number), true).expect("a run"));
    assert_eq!(made.read(path), before);
    let windows = before.replace("7 ms\n", "7 ms\nwrong\n").replace('\n', "\r\n");
    made.write(path, &windows);
    assert!(try_chapter::run(&made.repo, Some(step.number), true).expect("a run"));
    assert_eq!(made.read(path), before.replace('\n', "\r\n"));
}

#[test]
fn a_checkpoint_that_warns_is_told() {
    let made = server("", "");
    let text = made.read("notes/01-one.md").replacen("fn main", "fn unused() {}\n\nfn main", 1);
    made.write("notes/01-one.md", &text);
    let step = made.repo.step(1).expect("a step");
    let why = replay::check_checkpoints(&made.repo, &step, false).expect_err("a warning");
    let line = 1 + text.lines().position(|l| l == "**Checkpoint**").expect("a line");
    let place = format!("notes/01-one.md:{line}: at this checkpoint it compiles with warnings");
    assert_has(&why.to_string(), &[&place, "`unused`"]);
}

#[test]
fn what_may_differ_is_masked_and_nothing_else() {
    let pairs = [
        ("{\"access\":\"eyJh.eyJl.x-_1\"}", "{\"access\":\"eyJh.eyJm.y\"}", true),
        ("{\"access\":\"eyJh…\"}", "{\"access\":\"eyJh.eyJm.y\"}", true),
        ("$2b$12$abc./D", "$2b$12$xyzA", true),
        ("$2b$12$abc./D", "$2b$04$xyzA", false),
        ("date: Fri, 21 Nov 2025 02:56:00 GMT", "date: Sat, 22 Nov 2025 02:56:01 GMT", true),
        ("2025-11-21T02:56:00.123Z", "2026-01-01T00:00:00Z", true),
        ("2025-11-21 02:56:00", "2026-01-01 00:00:00", true),
        ("{\"exp\":1763693760}", "{\"exp\":1763694000}", true),
        ("GET / 200 1 ms", "GET / 200 12 ms", true),
        ("GET / 200 1 ms", "GET / 404 1 ms", false),
        ("0123456789abcdef0123456789abcdef", "ffff456789abcdef0123456789abcdef", true),
        ("0123456789abcdef", "ffff456789abcdef", false),
        ("Using …/steps/02-x/db.sqlite3", "Using /home/a/b/steps/02-x/db.sqlite3", true),
        ("Using …/steps/02-x/db.sqlite3", "Using /home/a/steps/03-x/db.sqlite3", false),
        ("{\"id\":1}", "{\"id\":2}", false),
    ];
    for (one, other, equal) in pairs {
        assert_eq!(mask(one) == mask(other), equal, "{one}\n{other}");
    }
}

#[test]
fn of_cargo_test_only_the_result_is_compared() {
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    let old = lines("running 2 tests\ntest result: ok. 2 passed; 0 failed; finished in 0.10s");
    let new =
        "   Compiling x\ntest a ... ok\ntest result: ok. 2 passed; 0 failed; finished in 9.99s";
    assert!(same(&compare("cargo test --bin step-1", &old, &lines(new))));
    let failed = lines(&new.replace("2 passed; 0 failed", "1 passed; 1 failed"));
    assert!(!same(&compare("cargo test --bin step-1", &old, &failed)));
    assert!(!same(&compare("echo", &old, &lines(new))));
}
