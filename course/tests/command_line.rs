//! The program itself, as a person runs it: from which folder, into which pipe, with which
//! mistake in an argument.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The tool, run in a folder. It is built in this repository, as one that was moved since.
fn course(folder: &Path, args: &[&str]) -> Command {
    let mut course = Command::new(env!("CARGO_BIN_EXE_course"));
    course.current_dir(folder).args(args).env_remove("CARGO_MANIFEST_DIR");
    course.env_remove("CARGO_TARGET_DIR");
    course
}

/// This repository.
fn here() -> PathBuf {
    let course = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs this");
    Path::new(&course).parent().expect("a parent").into()
}

fn text(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn a_reader_who_has_left_is_no_reason_to_panic() {
    for args in [
        &["--help"][..],
        &["diff", "3"],
        &["dev", "differences"],
        &["dev", "replay", "1"],
        &["dev", "sizes"],
        &["dev", "mutants", "--coverage"],
        &["check", "1", "--from", "step-1", "--only", "settings"],
    ] {
        let mut command = course(&here(), args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the tool");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("an end");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "course {}", args.join(" "));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_in_one_sentence() {
    for (args, sentence) in [
        (&["check", "99"][..], "there is no step 99; the last one is "),
        (&["check", "1", "--from", "99"], "there is no step 99; the last one is "),
        (&["serve", "99"], "there is no step 99; the last one is "),
        (&["serve", "four"], "\"four\" is no step; a step is 4, or step-4, or work\n"),
        (
            &["check", "1", "--url", "http://127.0.0.1:99999"],
            "\"http://127.0.0.1:99999\" has no port from 1 to 65535; it takes the form \
             http://127.0.0.1:8000\n",
        ),
    ] {
        let output = course(&here(), args).output().expect("the tool");
        let (said, args) = (text(&output), args.join(" "));
        assert!(
            said.starts_with(sentence) && said.lines().count() == 1,
            "course {args}: {said}"
        );
        assert_eq!(output.status.code(), Some(1), "course {args}");
    }
}

/// A program that needs no crate, and is no server: the check shows what it prints.
const PROGRAM: &str = "fn main() {\n    eprintln!(\"WORD\");\n}\n";

/// A repository of one step, in a folder whose name a URL would read otherwise.
fn repository(word: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("where it was");
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"steps/*\"]\n");
    write("course/Cargo.toml", "");
    let package = "[package]\nname = \"step-1\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    write("steps/01-settings/Cargo.toml", package);
    write("steps/01-settings/src/main.rs", &PROGRAM.replace("WORD", word));
    for part in ["contract", "contract/ours"] {
        for file in fs::read_dir(here().join("course").join(part)).expect("the contract") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|end| end == "json") {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).expect("a text");
                write(&format!("course/{part}/{name}"), &text);
            }
        }
    }
    let list = fs::read_to_string(here().join("course/differences.json")).expect("the list");
    write("course/differences.json", &list.replacen("\"title\": \"", "\"title\": \"Moved ", 1));
    (folder, root)
}

/// What a learner does who renames the folder: all is found at its new place, and nothing is
/// written to the old one, nor to the one where the tool was built.
#[test]
fn a_repository_that_was_moved_is_found_where_it_is() {
    let (folder, old) = repository("early");
    let output = course(&old, &["check", "1", "--from", "step-1"]).output().expect("the tool");
    assert!(text(&output).contains("stderr: early"), "{}", text(&output));

    let name = if cfg!(windows) { "a #ü" } else { "a ?#ü" };
    let new = folder.path().join(name);
    fs::rename(&old, &new).expect("a move");
    let main = new.join("steps/01-settings/src/main.rs");
    fs::write(&main, PROGRAM.replace("WORD", "later")).expect("a file");
    let inside = new.join("steps/01-settings/src");
    let output = course(&inside, &["check", "1", "--from", "step-1"]).output().expect("a run");
    assert!(text(&output).contains("stderr: later"), "{}", text(&output));
    let output = course(&new, &["dev", "differences"]).output().expect("the tool");
    assert!(text(&output).contains("### Moved "), "{}", text(&output));
    assert!(!old.exists(), "something was written to the old place");
}

/// `cargo run` from elsewhere tells the tool where its package is now.
#[test]
fn outside_of_it_cargo_says_where_the_repository_is() {
    let (_folder, root) = repository("early");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = course(elsewhere.path(), &["dev", "differences"]);
    let output = command.output().expect("the tool");
    assert_eq!(
        text(&output),
        "no repository of the course around this folder; cd into it\n",
        "the folder of the build is none"
    );
    let output = command.env("CARGO_MANIFEST_DIR", root.join("course")).output();
    let output = text(&output.expect("the tool"));
    assert!(output.contains("### Moved "), "{output}");
}
