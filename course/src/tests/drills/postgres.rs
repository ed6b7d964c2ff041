//! All that is known of the finished server, on PostgreSQL; and how that one ends.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{on_postgres, programs};
use crate::learner::check::{Choice, first_failure};
use crate::repo::{Repo, printed};
use crate::run::postgres::{Args, Postgres, command};

#[test]
fn the_tests_of_the_steps_that_know_postgresql_pass_on_it() {
    let Some(programs) = programs() else { return };
    let repo = Repo::find().expect("the repository");
    let postgres = Postgres::start(programs).expect("PostgreSQL");
    let output = command(&repo, &Args::default(), &postgres).output().expect("cargo");
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn the_contract_holds_on_postgresql() {
    let Some(program) = on_postgres() else { return };
    let step = Repo::find().and_then(|repo| repo.last()).expect("the last step").number;
    let failure = first_failure(&program, &Choice::up_to(step)).expect("a check that runs");
    assert!(failure.is_none(), "{}", failure.map(|(_, report)| report).unwrap_or_default());
}

#[test]
fn a_postgresql_ends_with_the_tool_that_is_killed() {
    if programs().is_none() {
        return;
    }
    let repo = Repo::find().expect("the repository");
    let says = "echo $PPID $DATABASE_URL; read -r _";
    let mut tool = Command::new("cargo")
        .args(["run", "-q", "-p", "course", "--", "postgres", "sh", "-c", says])
        .current_dir(&repo.root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo");
    let mut line = String::new();
    let mut said = BufReader::new(tool.stdout.take().expect("its output"));
    said.read_line(&mut line).expect("a line");
    let (pid, url) = line.trim().split_once(' ').expect("a process and an address");
    let address = url.rsplit('@').next().and_then(|rest| rest.split('/').next());
    let address = address.expect("a host and a port");
    TcpStream::connect(address).expect("it runs");

    // No destructor sees this.
    let pid = pid.parse().ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::KILL).expect("a signal");
    tool.wait().expect("an end");

    let runs = |_: &u32| {
        thread::sleep(Duration::from_millis(50));
        TcpStream::connect(address).is_ok()
    };
    assert!((0..600).take_while(runs).count() < 600, "PostgreSQL goes on at {address}");
}
