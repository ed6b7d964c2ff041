//! Building: the step's own program, and a state of it that the tool makes.

use std::path::Path;
use std::process::Command;

use super::{Made, made, manifest};
use crate::run::program::Program;
use crate::run::workspace::Workspace;

fn says(program: &Path) -> String {
    let output = Command::new(program).output().expect("a program");
    String::from_utf8_lossy(&output.stdout).trim().into()
}

fn one_step() -> Made {
    let made = made(&[("steps/01-one/Cargo.toml", &manifest(1, "")), ("Cargo.lock", "")]);
    made.write("steps/01-one/src/main.rs", "fn main() {\n    println!(\"the step\");\n}\n");
    made.write("course/Cargo.toml", &manifest(0, "").replace("step-0", "course"));
    made.write("course/src/main.rs", "fn main() {}\n");
    made
}

/// What the step's own build says.
fn step_says(made: &Made) -> String {
    let built = Program::find(&made.repo, "1").and_then(|program| program.build(false));
    says(&built.expect("a build").executable)
}

#[test]
fn a_state_shares_the_target_folder_and_is_never_taken_for_the_step() {
    let made = one_step();
    assert_eq!(step_says(&made), "the step");

    let step = made.repo.step(1).expect("a step");
    let mut files = made.repo.files(&step.folder()).expect("files");
    files.insert("src/main.rs".into(), "fn main() {\n    println!(\"a bug\");\n}\n".into());
    let state = Workspace::new(&made.repo, "state", &step, &files).expect("a state");
    assert_eq!(says(&state.binary().expect("a build")), "a bug");
    assert_eq!(state.target, made.repo.target, "one target folder");
    let left =
        made.repo.target.join("debug").join(format!("step-1{}", std::env::consts::EXE_SUFFIX));
    assert!(!left.exists() || says(&left) == "the step", "who runs it by hand meets the bug");

    assert_eq!(step_says(&made), "the step");
}

/// A program that is asked for its environment: only what it is given, and what a machine has.
#[cfg(unix)]
#[test]
fn a_server_of_the_check_sees_its_settings_and_no_others() {
    use crate::http::block_on;
    use crate::run::place::Place;
    use crate::run::settings::Settings;

    let made = one_step();
    let main = "fn main() {\n    for (name, _) in std::env::vars() {\n        println!(\"{name}\");\n    }\n}\n";
    made.write("steps/01-one/src/main.rs", main);
    let program = Program::find(&made.repo, "1").and_then(|program| program.build(false));
    let program = program.expect("a build");
    let settings: Settings = [("DEBUG", Some("true".into())), ("SECRET_KEY", None)]
        .map(|(n, v)| (n.into(), v))
        .into();
    let ended = block_on(async { Place::new(&program)?.run(&program, &settings, &[]).await });
    let names = ended.expect("a run").stdout;
    let has = |name: &str| names.lines().any(|line| line == name);
    assert!(has("DEBUG") && has("DATABASE_URL") && has("PATH"), "{names}");
    assert!(!has("SECRET_KEY"), "{names}");
    // cargo has set this one for us, as a person may have set any.
    assert!(!has("CARGO_MANIFEST_DIR"), "{names}");
}
