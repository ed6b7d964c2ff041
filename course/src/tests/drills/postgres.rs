//! All that is known of step 8, on PostgreSQL.

use super::{on_postgres, programs};
use crate::learner::check::first_failure;
use crate::repo::{Repo, printed};
use crate::run::postgres::{Args, Postgres, command};

#[test]
fn the_tests_of_step_8_pass_on_postgresql() {
    let Some(programs) = programs() else { return };
    let repo = Repo::find().expect("the repository");
    let postgres = Postgres::start(programs).expect("PostgreSQL");
    let output = command(&repo, &Args::default(), &postgres).output().expect("cargo");
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn the_contract_holds_on_postgresql() {
    let Some(program) = on_postgres() else { return };
    let failure = first_failure(&program, 8).expect("a check that runs");
    assert!(failure.is_none(), "{}", failure.map(|(_, report)| report).unwrap_or_default());
}
