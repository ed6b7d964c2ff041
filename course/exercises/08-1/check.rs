use std::fs;

use super::{accepted, refusal};

const KEY: &str = "a key of thirty-two bytes or more";

/// A file with this text, and the folder that it goes with.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    fs::write(&path, text).expect("a file");
    let name = path.display().to_string();
    (folder, name)
}

#[test]
fn the_text_of_the_file_is_the_key() {
    for text in [KEY.to_string(), format!("{KEY}\n"), format!("{KEY}\r\n")] {
        let (_folder, name) = file(&text);
        let key = accepted(&[("SECRET_KEY_FILE", &name)]).secret_key.0;
        assert_eq!(key, KEY, "the file has {text:?}");
    }
}

#[test]
fn a_file_that_is_not_there_stops_the_start() {
    refusal(&[("SECRET_KEY_FILE", "/nowhere/key")], "SECRET_KEY_FILE");
}

#[test]
fn a_short_key_is_refused_from_a_file_too() {
    let (_folder, name) = file("short\n");
    let sentence = refusal(&[("SECRET_KEY_FILE", &name)], "SECRET_KEY is shorter");
    assert!(!sentence.contains("short\n"), "the key must not be printed: {sentence}");
}

#[test]
fn both_at_once_stop_the_start() {
    let (_folder, name) = file(KEY);
    let sentence = refusal(&[("SECRET_KEY", KEY), ("SECRET_KEY_FILE", &name)], "SECRET_KEY");
    assert!(!sentence.contains(KEY), "the key must not be printed: {sentence}");
}

#[test]
fn a_blank_name_is_none() {
    let key = accepted(&[("SECRET_KEY", KEY), ("SECRET_KEY_FILE", " ")]).secret_key.0;
    assert_eq!(key, KEY, "SECRET_KEY counts");
}
