//! What a person reads when a case fails.

use serde_json::Value;
use textwrap::{Options, WordSplitter, fill as fill_words};

use super::hints::Hints;
use super::lessons::{self, Broken, Lesson};
use crate::contract::compare::{Difference, Kind, in_words};
use crate::contract::variables::{Variables, as_text, fill};
use crate::contract::{Contract, Expect, Profile};
use crate::http::{Address, Answer, Outgoing};

/// A case that failed.
#[derive(Clone)]
pub struct Failure {
    pub group: String,
    pub case: String,
    /// `group/case`
    pub label: String,
    pub step: u32,
    /// The remark that the contract has on it.
    pub why: Option<String>,
    /// The request that really failed, when it is an earlier one.
    pub earlier: Option<String>,
    /// An exercise that changes this answer too, in another way.
    pub exercise: Option<Attempt>,
    pub shown: Shown,
    pub found: Vec<Difference>,
    /// For a lesson, which is explained beside its code and not in hints.json.
    pub lesson: Option<(&'static Lesson, String)>,
}

/// An exercise, and whether the status that came back is the one it asks for.
#[derive(Clone)]
pub struct Attempt {
    pub exercise: String,
    pub begun: bool,
}

impl Failure {
    pub fn of_lesson(lesson: &'static Lesson, broken: Broken) -> Self {
        Failure {
            group: lessons::GROUP.into(),
            case: lesson.name.into(),
            label: lesson.label(),
            step: lesson.step,
            why: None,
            earlier: None,
            exercise: None,
            shown: broken.shown,
            found: broken.found,
            lesson: Some((lesson, broken.cause)),
        }
    }

    fn advice<'a>(&'a self, hints: &'a Hints) -> Advice<'a> {
        if let Some((lesson, cause)) = &self.lesson {
            return Advice {
                checks: lesson.checks.into(),
                matters: Some(lesson.matters),
                cause: Some(cause),
                read: Some((lesson.chapter, Some(lesson.heading))),
            };
        }
        let why = self.why.as_ref().map(|why| sentence(why)).unwrap_or_default();
        let purpose = hints.purpose(&self.group, &self.case);
        let cause = hints.cause(self);
        Advice {
            checks: purpose.map(|it| format!("{} {why}", it.checks)).unwrap_or(why),
            matters: purpose.map(|it| &*it.matters),
            cause: cause.map(|it| &*it.cause),
            read: cause.map(|it| (&*it.chapter, it.heading.as_deref())),
        }
    }
}

/// What is told beside what was seen.
struct Advice<'a> {
    checks: String,
    matters: Option<&'a str>,
    cause: Option<&'a str>,
    /// A chapter, and a heading in it.
    read: Option<(&'a str, Option<&'a str>)>,
}

/// A line of an answer, and whether it is one that differs.
type Line = (bool, String);

/// Question and answer, as they are printed.
#[derive(Clone)]
pub struct Shown {
    /// The request as curl, or the command.
    pub asked: String,
    pub came_back: Vec<Line>,
    pub expected: Vec<Line>,
}

impl Shown {
    pub fn exchange(
        request: &Outgoing,
        address: &Address,
        answer: &Answer,
        expect: &Expect,
        variables: &Variables,
        found: &[Difference],
    ) -> Self {
        Shown {
            asked: curl(request, address),
            came_back: answer_lines(answer, found),
            expected: expect_lines(expect, variables, found),
        }
    }

    pub fn no_answer(
        request: Option<&Outgoing>,
        address: &Address,
        why: &str,
        expect: &Expect,
        variables: &Variables,
    ) -> Self {
        let asked = request.map(|request| curl(request, address));
        Shown {
            asked: asked.unwrap_or_else(|| "(it could not be sent)".into()),
            came_back: vec![(true, why.into())],
            expected: expect_lines(expect, variables, &[]),
        }
    }
}

/// The whole text.
pub fn render(failure: &Failure, hints: &Hints) -> String {
    let mut text = format!("FAILED  {}  (step {})\n", failure.label, failure.step);
    if let Some(earlier) = &failure.earlier {
        let note = format!("It needs what \"{earlier}\" should give. That one failed:");
        text += &paragraph("Before that", &note);
    }
    let advice = failure.advice(hints);
    if !advice.checks.is_empty() {
        text += &paragraph("What it checks", &advice.checks);
    }
    text += &advice.matters.map(|it| paragraph("Why it matters", it)).unwrap_or_default();
    let title = if failure.group == "commands" { "The command" } else { "The request" };
    text += &format!("\n  {title}\n{}", indented(&failure.shown.asked));
    text += &format!("\n  What came back\n{}", marked(&failure.shown.came_back));
    text += &format!("\n  What was expected\n{}", marked(&failure.shown.expected));
    text += "\n  Where they differ\n";
    failure.found.iter().take(SHOWN).for_each(|found| text += &difference(found));
    if failure.found.len() > SHOWN {
        text += &format!("    and in {} more places\n", failure.found.len() - SHOWN);
    }
    if let Some(Attempt { exercise, .. }) = &failure.exercise {
        let note = format!(
            "Exercise {exercise} changes this answer, and this is neither the answer before \
             nor the one it asks for. `just exercise {exercise}` tests it."
        );
        text += &paragraph("The exercise", &note);
    }
    // Who is at the exercise made none of the chapter's mistakes here.
    let begun = failure.exercise.as_ref().is_some_and(|attempt| attempt.begun);
    let cause = advice.cause.filter(|_| !begun);
    text += &cause.map(|it| paragraph("The usual cause", it)).unwrap_or_default();
    if let Some((chapter, heading)) = advice.read {
        let heading = heading.map(|heading| format!(", \"{heading}\"")).unwrap_or_default();
        text += &format!("\n  To read\n    notes/{chapter}.md{heading}\n");
    }
    text
}

/// What a server under `--url` must hold.
pub fn needs(contract: &Contract, step: u32, profile: Profile) -> String {
    let users = contract.fixtures.users.iter().map(|user| {
        let inactive = if user.is_active { "" } else { ", not active (is_active = FALSE)" };
        let staff = if user.is_staff { ", staff (is_staff = TRUE)" } else { "" };
        let email = match &*user.email {
            "" => String::new(),
            email => format!(", with the email {email}"),
        };
        let more = format!("{inactive}{staff}{email}");
        format!("    id {}: {} / {}{more}\n", user.id, user.username, user.password)
    });
    let key = contract.fixtures.variables.get("signing_key").map(as_text).unwrap_or_default();
    let (rotate, blacklist) = match profile {
        Profile::Default => (false, false),
        Profile::Rotate => (true, false),
        Profile::RotateBlacklist => (true, true),
    };
    let mut text = format!(
        "The server must start with a fresh database that holds these users and no notes:\n{}\
         and with these settings, whatever it calls them:\n    \
         DEBUG off, the name in --url allowed as Host, CORS for every origin without credentials\n",
        users.collect::<String>()
    );
    if step >= 4 {
        text += &format!(
            "    tokens signed with HS256 and the key {key}\n    \
             access tokens good for 1800 seconds, refresh tokens for 86400, leeway 0\n"
        );
    }
    if step >= 6 {
        text += &format!(
            "    ROTATE_REFRESH_TOKENS={rotate}, BLACKLIST_AFTER_ROTATION={blacklist} \
             (--profile names another way; each is a run of its own)\n"
        );
    }
    text + "Commands and settings of the program itself are not checked this way.\n"
}

/// The request for a shell. curl adds `Accept` and a content type; the cases do not.
pub fn curl(request: &Outgoing, address: &Address) -> String {
    let mut words = vec!["curl -i --path-as-is".to_string()];
    match &*request.method {
        "HEAD" => words.push("--head".into()),
        "GET" if request.body.is_none() => {}
        method => words.push(format!("-X {method}")),
    }
    words.push(quoted(&format!("{address}{}", request.path)));
    let mut lines = vec![words.join(" ")];
    let named =
        |name: &str| request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if !named("Accept") {
        lines.push("-H 'Accept:'".into());
    }
    for (name, value) in &request.headers {
        let header =
            if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        lines.push(format!("-H {}", quoted(&header)));
    }
    let posts = matches!(&*request.method, "POST" | "PUT" | "PATCH");
    if let Some(body) = request.body.as_deref().or(posts.then_some(b"")) {
        if !named("Content-Type") {
            lines.push("-H 'Content-Type:'".into());
        }
        lines.push(format!("--data-raw {}", quoted(&String::from_utf8_lossy(body))));
    }
    lines.join(" \\\n  ")
}

/// One word for a shell.
fn quoted(text: &str) -> String {
    if !text.contains(|c: char| c.is_control()) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let escaped = text.chars().map(|c| match c {
        '\n' => r"\n".into(),
        '\r' => r"\r".into(),
        '\t' => r"\t".into(),
        '\'' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("$'{}'", escaped.collect::<String>())
}

fn answer_lines(answer: &Answer, found: &[Difference]) -> Vec<Line> {
    let differs = |kind, place: &str| {
        found.iter().any(|found| found.kind == kind && found.place.eq_ignore_ascii_case(place))
    };
    let mut lines = vec![(differs(Kind::Status, ""), format!("status {}", answer.status))];
    for (name, value) in &answer.headers {
        lines.push((differs(Kind::Header, name), format!("{name}: {value}")));
    }
    match answer.json() {
        Some(body) => lines.extend(json_lines(&body, found, false)),
        None if answer.body.is_empty() => {
            lines.push((differs(Kind::Field, ""), "no body".into()))
        }
        None => {
            let text = answer.text();
            let mark = differs(Kind::Field, "");
            lines.extend(text.lines().take(30).map(|line| (mark, shortened(line))));
        }
    }
    lines
}

fn expect_lines(expect: &Expect, variables: &Variables, found: &[Difference]) -> Vec<Line> {
    let differs = |kind, place: &str| {
        found.iter().any(|found| found.kind == kind && found.place.eq_ignore_ascii_case(place))
    };
    let filled = |value: &Value| fill(value, variables).unwrap_or_else(|_| value.clone());
    let mut lines = vec![(differs(Kind::Status, ""), format!("status {}", expect.status))];
    for (name, value) in &expect.headers {
        let text = match value {
            Value::Null => format!("no header {name}"),
            value => format!("{name}: {}", as_text(&filled(value))),
        };
        lines.push((differs(Kind::Header, name), text));
    }
    let body = differs(Kind::Field, "");
    if let Some(json) = &expect.json {
        lines.extend(json_lines(&filled(json), found, true));
    }
    if let Some(text) = &expect.text {
        lines.push((body, as_text(&filled(&Value::String(text.clone())))));
    }
    let pieces = expect.text_contains.iter();
    lines.extend(pieces.map(|piece| (body, format!("a page that contains {piece}"))));
    if expect.empty {
        lines.push((body, "no body".into()));
    }
    lines
}

/// JSON on several lines, with those marked where a difference lies.
struct JsonLines<'f> {
    /// The places in the body that differ.
    places: Vec<&'f str>,
    /// A placeholder is printed in words.
    words: bool,
    lines: Vec<Line>,
}

fn json_lines(value: &Value, found: &[Difference], words: bool) -> Vec<Line> {
    let places = found.iter().filter(|it| matches!(it.kind, Kind::Field | Kind::Claim));
    let places = places.map(|found| &*found.place).collect();
    let mut json = JsonLines { places, words, lines: Vec::new() };
    json.value(value, "", "", "");
    json.lines
}

impl JsonLines<'_> {
    /// `before`: what stands before the value on its line; `after`: the comma.
    fn value(&mut self, value: &Value, place: &str, before: &str, after: &str) {
        let members = members(value);
        if members.is_empty() {
            let text = format!("{before}{}{after}", self.scalar(value));
            let differs = self.places.iter().any(|it| it.is_empty() || lies_in(it, place));
            return self.lines.push((differs, text));
        }
        let (open, close) = if value.is_object() { ("{", "}") } else { ("[", "]") };
        self.lines.push((self.places.contains(&place), format!("{before}{open}")));
        let spaces = before.len() - before.trim_start().len();
        let indent = " ".repeat(spaces);
        let count = members.len();
        for (index, (member, value)) in members.into_iter().enumerate() {
            let inner =
                if place.is_empty() { member.clone() } else { format!("{place}.{member}") };
            let name = if open == "{" { format!("{member:?}: ") } else { String::new() };
            let after = if index + 1 < count { "," } else { "" };
            self.value(value, &inner, &format!("{indent}  {name}"), after);
        }
        self.lines.push((false, format!("{indent}{close}{after}")));
    }

    fn scalar(&self, value: &Value) -> String {
        let words = value.as_str().filter(|_| self.words).and_then(in_words);
        words.map_or_else(|| shortened(&value.to_string()), |words| format!("({words})"))
    }
}

/// What gets lines of its own: not a list of plain values, which fits on one.
fn members(value: &Value) -> Vec<(String, &Value)> {
    let nested = |value: &Value| value.is_object() || value.is_array();
    match value {
        Value::Object(members) => members.iter().map(|(n, value)| (n.clone(), value)).collect(),
        Value::Array(items) if items.iter().any(nested) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => vec![],
    }
}

/// Whether one place is another, or within it: `username.0` lies in `username`.
fn lies_in(place: &str, outer: &str) -> bool {
    place.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// One difference, with a mark under the first character that is not as expected.
fn difference(found: &Difference) -> String {
    let place = match (found.kind, &*found.place) {
        (Kind::Status, "") => "status".into(),
        (Kind::Status, place) => place.into(),
        (Kind::Header, name) => format!("header {name}"),
        (Kind::Field, "") => "the body".into(),
        (Kind::Field, place) => place.into(),
        (Kind::Claim, place) => format!("token {place}"),
    };
    let want = in_words(found.want.trim_matches('"')).unwrap_or_else(|| found.want.clone());
    let (got, want) = (one_line(&found.got), one_line(&want));
    let mut text = format!(
        "    {place}\n      came back  {}\n      expected   {}\n",
        shortened(&got),
        shortened(&want)
    );
    let same = got.chars().zip(want.chars()).take_while(|(a, b)| a == b).count();
    if (8..LONG).contains(&same) {
        text += &format!("                 {}^ from here on\n", " ".repeat(same));
    }
    text
}

/// How many differences are explained. With a wrong status, all the rest is wrong too.
const SHOWN: usize = 3;

/// The longest text that is printed in full.
const LONG: usize = 400;

fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONG {
        return text.into();
    }
    let start: String = text.chars().take(LONG).collect();
    format!("{start}… ({count} characters)")
}

fn one_line(text: &str) -> String {
    text.replace('\r', r"\r").replace('\n', r"\n")
}

/// With a capital, unless it starts with a name from the code, and a full stop.
fn sentence(text: &str) -> String {
    let name = text.split(' ').next().is_some_and(|word| word.contains('_'));
    let mut chars = text.chars();
    let first = match chars.next() {
        Some(c) if !name => c.to_uppercase().to_string(),
        first => first.map(String::from).unwrap_or_default(),
    };
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

fn paragraph(title: &str, text: &str) -> String {
    let options = Options::new(80).initial_indent("    ").subsequent_indent("    ");
    // A name from the code, such as `rotation-plain`, stays on one line.
    let options = options.word_splitter(WordSplitter::NoHyphenation).break_words(false);
    format!("\n  {title}\n{}\n", fill_words(text.trim(), options))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn marked(lines: &[Line]) -> String {
    let line =
        |(differs, text): &Line| format!("  {} {text}\n", if *differs { ">" } else { " " });
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::contract::compare::compare;

    fn request(method: &str, headers: &[(&str, &str)], body: Option<&str>) -> Outgoing {
        let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        Outgoing {
            method: method.into(),
            path: "/api/?a=1&b=2".into(),
            headers: headers.iter().map(own).collect(),
            body: body.map(|body| body.as_bytes().to_vec()),
        }
    }

    fn address() -> Address {
        "http://127.0.0.1:8000".parse().expect("an address")
    }

    #[test]
    fn curl_sends_what_the_case_sends() {
        let text = curl(&request("GET", &[("Authorization", "")], None), &address());
        let want = "curl -i --path-as-is 'http://127.0.0.1:8000/api/?a=1&b=2' \\\n  \
                    -H 'Accept:' \\\n  -H 'Authorization;'";
        assert_eq!(text, want);
        let text = curl(&request("POST", &[("Accept", "*/*")], Some("it's\r\n")), &address());
        let want = "curl -i --path-as-is -X POST 'http://127.0.0.1:8000/api/?a=1&b=2' \\\n  \
                    -H 'Accept: */*' \\\n  -H 'Content-Type:' \\\n  --data-raw $'it\\'s\\r\\n'";
        assert_eq!(text, want);
        assert!(curl(&request("PUT", &[], None), &address()).ends_with("--data-raw ''"));
        assert!(curl(&request("HEAD", &[], None), &address()).contains(" --head "));
    }

    #[test]
    fn a_failure_shows_request_answer_difference_cause_and_chapter() {
        let expect = json!({"status": 400, "json": {"username": ["This field is required."]}});
        let expect: Expect = serde_json::from_value(expect).expect("an expectation");
        let body = br#"{"username":["This field may not be blank."]}"#.to_vec();
        let answer = Answer { status: 400, headers: vec![], body };
        let found = compare(&expect, &answer, &Map::new());
        let json = [("Content-Type", "application/json")];
        let request = request("POST", &json, Some("{}"));
        let shown =
            Shown::exchange(&request, &address(), &answer, &expect, &Map::new(), &found);
        let failure = Failure {
            group: "register".into(),
            case: "missing username".into(),
            label: "register/missing username".into(),
            step: 2,
            why: None,
            earlier: None,
            exercise: None,
            shown,
            found,
            lesson: None,
        };
        let text = render(&failure, &Hints::load().expect("the hints"));
        let want = r#"
  What came back
    status 400
    {
  >   "username": ["This field may not be blank."]
    }

  What was expected
    status 400
    {
  >   "username": ["This field is required."]
    }

  Where they differ
    username.0
      came back  "This field may not be blank."
      expected   "This field is required."
                             ^ from here on
"#;
        assert!(text.contains(want), "{text}");
        assert!(text.starts_with("FAILED  register/missing username  (step 2)\n"), "{text}");
        for part in ["What it checks", "Why it matters", "The usual cause", "curl -i"] {
            assert!(text.contains(part), "{text}");
        }
        let chapter = "notes/02-registration.md, \"The serializer: what comes in\"";
        assert!(text.contains(chapter), "{text}");
    }
}
