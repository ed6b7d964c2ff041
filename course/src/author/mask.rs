//! What may differ between two runs of the same command, and what may not.

use std::sync::LazyLock;

use regex::Regex;
use similar::{DiffOp, capture_diff_slices};

/// Each rule: what it finds, and what stands in its place when two texts are compared.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        // A JWT, or what is left of it when a chapter shortens it with an ellipsis.
        (r"eyJ[\w.…-]+", "<token>"),
        // Its cost is compared, salt and hash are not.
        (r"(\$2[aby]\$\d\d\$)[./0-9A-Za-z…]+", "$1<hash>"),
        (r"\b[0-9a-f]{32}\b", "<id>"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\b", "<time>"),
        (r"\b\d{4}-\d\d-\d\d\b", "<date>"),
        // Seconds since 1970, from 2020 to 2033: `exp` and `iat` of a decoded token.
        (r"\b1[6-9]\d{8}\b", "<seconds>"),
        (r"\b\d+ ms\b", "<n> ms"),
        (r"finished in \d+\.\d+s", "finished in <n>s"),
        // The path of the machine before the repository's own.
        (r#"(…|/[^\s"']*)/steps/"#, "…/steps/"),
    ];
    rules.map(|(rule, to)| (Regex::new(rule).expect("a regular expression"), to)).into()
});

/// The text with everything that differs between two runs replaced by its kind.
pub fn mask(text: &str) -> String {
    let replace =
        |text: String, (rule, to): &(Regex, &str)| rule.replace_all(&text, *to).into_owned();
    RULES.iter().fold(text.trim_end().to_string(), replace)
}

/// What cargo prints of a test run that another run prints too.
fn result_lines(lines: &[String]) -> Vec<String> {
    lines.iter().filter(|line| is_result(line)).cloned().collect()
}

/// Whether a line is the summary of a test run.
pub fn is_result(line: &str) -> bool {
    line.starts_with("test result: ")
}

/// Whether only the summaries in a command's output are compared.
pub fn is_test_run(command: &str) -> bool {
    command.contains("cargo test")
}

/// A line of two outputs that were laid side by side.
#[derive(Debug, PartialEq)]
pub enum Side {
    /// The old text: the same, but for what is masked.
    Both(String),
    /// Only the chapter has it.
    Old(String),
    /// Only the run has it.
    New(String),
}

/// Compares what a chapter shows with what a command printed. Of `cargo test` only the
/// results are compared.
pub fn compare(command: &str, old: &[String], new: &[String]) -> Vec<Side> {
    let (mut old, mut new) = (old.to_vec(), new.to_vec());
    if is_test_run(command) {
        (old, new) = (result_lines(&old), result_lines(&new));
    }
    let masked = |lines: &[String]| lines.iter().map(|line| mask(line)).collect::<Vec<_>>();
    let mut sides = Vec::new();
    for op in capture_diff_slices(similar::Algorithm::Myers, &masked(&old), &masked(&new)) {
        let (was, is) = (old[op.old_range()].iter(), new[op.new_range()].iter());
        if let DiffOp::Equal { .. } = op {
            sides.extend(was.cloned().map(Side::Both));
        } else {
            sides.extend(was.cloned().map(Side::Old));
            sides.extend(is.cloned().map(Side::New));
        }
    }
    sides
}

/// Whether the two outputs were the same.
pub fn same(sides: &[Side]) -> bool {
    sides.iter().all(|side| matches!(side, Side::Both(_)))
}
