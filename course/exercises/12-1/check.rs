use std::process::Command;

use log::{LevelFilter, Log, Metadata, Record};
use rocket_db_pools::Database as _;

use super::{App, client, get};
use crate::db::Db;

/// Prints what the program would write to its log.
struct Print;

impl Log for Print {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let target = record.target();
        if target.starts_with(env!("CARGO_CRATE_NAME")) && !target.ends_with("::_") {
            println!("LOG {}", record.args());
        }
    }

    fn flush(&self) {}
}

fn ask(app: &App, path: &str, status: u16) {
    get(app, path).because("it is answered as before").has_status(status);
}

/// A program has one logger, and Rocket takes the place when nobody was there before. So
/// the other tests start this one alone, in a process of its own, and read what it prints.
#[test]
#[ignore = "the other tests start it"]
fn requests() {
    log::set_logger(&Print).expect("the first logger");
    let app = client(&[]);
    log::set_max_level(LevelFilter::Info);
    ask(&app, "/healthz", 200);
    ask(&app, "/readyz", 200);
    ask(&app, "/api/notes/?a=b", 401);
    ask(&app, "/api/nowhere/", 404);
    let db = Db::fetch(app.rocket()).expect("the server must attach Db");
    super::async_run(db.pool().close());
    ask(&app, "/readyz", 503);
}

/// The log of those requests.
fn log_lines() -> Vec<String> {
    let mut tests = Command::new(std::env::current_exe().expect("this program"));
    tests.args(["tests::exercise::requests", "--exact", "--ignored", "--nocapture"]);
    let output = tests.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the requests are answered as before\n{text}\n{why}");
    text.lines().filter_map(|line| Some(line.split_once("LOG ")?.1.to_string())).collect()
}

/// Whether the log has a line that begins like this.
#[track_caller]
fn assert_told(start: &str, expected: bool) {
    let lines = log_lines();
    let told = lines.iter().any(|line| line.starts_with(start));
    let how = if expected { "must be told" } else { "must not be told" };
    assert_eq!(told, expected, "{start} {how}:\n{}", lines.join("\n"));
}

#[test]
fn a_probe_that_went_well_is_not_told() {
    assert_told("GET /healthz 200 ", false);
    assert_told("GET /readyz 200 ", false);
}

#[test]
fn a_probe_that_went_wrong_is_told() {
    assert_told("GET /readyz 503 ", true);
}

#[test]
fn other_requests_are_told_as_before() {
    assert_told("GET /api/notes/ 401 ", true);
    assert_told("GET /api/nowhere/ 404 ", true);
}
