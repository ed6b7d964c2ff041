//! The message that a learner reads, without what differs between two runs.

use std::sync::LazyLock;

use regex::Regex;

/// What two runs do not share, beyond what differs in a chapter's outputs.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        // The system's number of the thread that failed.
        (r"(?m)^(thread '[^']*') \(\d+\) panicked", "$1 panicked"),
        // A test that is edited moves its lines.
        (r"(\.rs):\d+:\d+", "$1:<line>"),
        // Advice and backtrace depend on how the person has set up the terminal.
        (r"(?m)^note: run with `RUST_BACKTRACE=.*\n?", ""),
        (r"(?ms)^stack backtrace:\n.*?(\n\n|\z)", ""),
        (r"(127\.0\.0\.1|localhost):\d{4,5}\b", "$1:<port>"),
        (r#"[^\s"':]*[/\\]\.tmp\w+"#, "<temp>"),
        // The time now, where a bug counts it so.
        (r"\b1[6-9]\d{11}\b", "<milliseconds>"),
        // Who wins a race is a matter of luck; that more than one wins is the bug.
        (r"\[\d{3}(, \d{3}){2,}\]", "[<statuses>]"),
        (r"and \d+ did \(round \d+\)", "and <n> did (round <n>)"),
    ];
    rules.map(|(rule, to)| (Regex::new(rule).expect("a regular expression"), to)).into()
});

/// The text in the form in which it is stored and compared.
pub fn mask(text: &str) -> String {
    let replace =
        |text: String, (rule, to): &(Regex, &str)| rule.replace_all(&text, *to).into_owned();
    let text = RULES.iter().fold(text.replace("\r\n", "\n"), replace);
    let text = crate::author::mask::mask(&text);
    let mut lines: Vec<_> = text.lines().map(str::trim_end).collect();
    // Rocket sends the headers of its shield in another order each time.
    lines.chunk_by_mut(|a, b| is_header(a) && is_header(b)).for_each(<[&str]>::sort);
    lines.join("\n")
}

/// A line of an answer's head: `    content-type: application/json`, or `  > vary: Origin`.
fn is_header(line: &str) -> bool {
    let name = line.get(4..).and_then(|line| line.split_once(": "));
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    name.is_some_and(|(name, _)| plain(name))
}

/// The first of the failing tests by its name, and what it says, out of what `cargo test`
/// printed. libtest prints them in the order in which they end, which varies.
pub fn failing_test(output: &str) -> Option<(String, String)> {
    let sections = output.split("\n---- ").skip(1);
    let section = |text: &str| {
        let (name, rest) = text.split_once(" stdout ----\n")?;
        let end = rest.find("\nfailures:\n").unwrap_or(rest.len());
        // What the server logged comes first, in no certain order.
        let start = rest.find("thread '").unwrap_or(0).min(end);
        Some((name.to_string(), format!("FAILED  {name}\n\n{}", rest[start..end].trim())))
    };
    sections.filter_map(section).min()
}

/// What a report takes for the cause, and where it sends the reader.
pub fn usual_cause(report: &str) -> Option<String> {
    let (_, rest) = report.split_once("\n  The usual cause\n")?;
    Some(one_line(&rest.replace("\n  To read\n", " To read:")))
}

/// The same words on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_cause_is_told_with_its_chapter() {
        let report = "FAILED  a/b\n\n  The usual cause\n    The list is\n    asked first.\n\n  \
                      To read\n    notes/06-rotation.md, \"One use\"\n";
        let want = "The list is asked first. To read: notes/06-rotation.md, \"One use\"";
        assert_eq!(usual_cause(report).as_deref(), Some(want));
        assert_eq!(usual_cause("FAILED  tests::a\n"), None);
    }

    const OUTPUT: &str = "
running 3 tests
test tests::b::late ... FAILED
test tests::a::early ... FAILED
test tests::a::fine ... ok

failures:

---- tests::b::late stdout ----

thread 'tests::b::late' (77) panicked at steps/04-token-pair/src/tests/b.rs:9:5:
it failed
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- tests::a::early stdout ----
POST /api/token/ 200 3 ms

thread 'tests::a::early' (78) panicked at steps/04-token-pair/src/tests/a.rs:7:5:
assertion `left == right` failed
  left: [201, 201, 400]
 right: [201, 400, 400]


failures:
    tests::a::early
    tests::b::late

test result: FAILED. 1 passed; 2 failed
";

    #[test]
    fn of_several_tests_the_first_by_name_speaks() {
        let (name, message) = failing_test(OUTPUT).expect("a failure");
        assert_eq!(name, "tests::a::early");
        let want = "FAILED  tests::a::early\n\n\
                    thread 'tests::a::early' panicked at \
                    steps/04-token-pair/src/tests/a.rs:<line>:\n\
                    assertion `left == right` failed\n  left: [<statuses>]\n right: [<statuses>]";
        assert_eq!(mask(&message), want);
    }

    #[test]
    fn a_run_without_failures_has_no_message() {
        assert_eq!(failing_test("test tests::a::fine ... ok\n\ntest result: ok."), None);
    }

    #[test]
    fn what_differs_between_two_runs_is_masked() {
        let text = "Using database /tmp/.tmpAb12/check.sqlite3\nat http://127.0.0.1:41234/\n\
                    stack backtrace:\n   0: core\n   1: std\n\nend";
        let want = "Using database <temp>/check.sqlite3\nat http://127.0.0.1:<port>/\nend";
        assert_eq!(mask(text), want);
    }
}
