//! The wire contract: recorded requests, and what Django answered to them.
//!
//! The cases lie in `course/contract/`, one group per file; those in `ours/` beside them
//! are our own, for what Django was not asked.

pub mod changes;
pub mod checkpoints;
pub mod compare;
pub mod differences;
pub mod tokens;
pub mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::repo::Repo;

/// The order in which groups run: what a chapter builds on comes before it.
const ORDER: [&str; 15] = [
    "register",
    "token",
    "refresh",
    "verify",
    "account",
    "blacklist",
    "rotation_plain",
    "rotation",
    "notes",
    "cors",
    "protocol",
    "users",
    "profile",
    "password",
    "staff",
];

/// Everything a server is asked, and what it must hold before.
pub struct Contract {
    /// Users, key and variables.
    pub fixtures: Fixtures,
    /// Django's answers, in the order in which they are asked.
    pub groups: Vec<Group>,
    /// Our own cases, for what no request of the contract shows.
    pub ours: Vec<Group>,
    /// Our own commands: what a step says on the terminal.
    pub commands: Vec<CommandCase>,
}

impl Contract {
    /// Whether this is the name of a group.
    pub fn is_group(&self, name: &str) -> bool {
        let mut groups = self.groups.iter().chain(&self.ours);
        name == "commands" || groups.any(|group| group.name == name)
    }
}

/// The state a server starts with.
#[derive(Deserialize)]
pub struct Fixtures {
    /// In the order of their ids.
    pub users: Vec<User>,
    /// What `{{name}}` may name from the start.
    pub variables: Map<String, Value>,
}

/// A user that exists before the first case.
#[derive(Deserialize)]
pub struct User {
    pub id: i64,
    pub username: String,
    pub password: String,
    pub is_active: bool,
    #[serde(default)]
    pub is_staff: bool,
    #[serde(default)]
    pub email: String,
}

impl User {
    /// Whether registration alone makes this user: active, no staff, without an email.
    pub fn is_plain(&self) -> bool {
        self.is_active && !self.is_staff && self.email.is_empty()
    }
}

/// One file: cases that run in order, on one server.
#[derive(Deserialize)]
pub struct Group {
    #[serde(rename = "group")]
    pub name: String,
    pub profile: Profile,
    /// Settings of the server that only this group needs, over those of the profile.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Steps that must succeed first, and are not counted.
    #[serde(default)]
    pub setup: Vec<Case>,
    pub cases: Vec<Case>,
}

impl Group {
    /// How a case is called everywhere: `token/wrong password`.
    pub fn label(&self, case: &Case) -> String {
        format!("{}/{}", self.name, case.name)
    }
}

/// How the server treats refresh tokens; see `fixtures.json`.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Profile {
    Default,
    Rotate,
    RotateBlacklist,
}

impl fmt::Display for Profile {
    /// As the command line takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::Default => "default",
            Profile::Rotate => "rotate",
            Profile::RotateBlacklist => "rotate_blacklist",
        })
    }
}

/// A request and what must come back.
#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    /// The step from which it holds.
    pub step: u32,
    /// The step from which the headers of [`MANNERS`] are compared too, if that is a later one.
    pub headers_step: Option<u32>,
    /// The last step at which it holds, if a later one answers otherwise.
    pub until: Option<u32>,
    pub why: Option<String>,
    /// Tokens to make before sending.
    #[serde(default)]
    pub mint: Map<String, Value>,
    pub request: Request,
    pub expect: Expect,
    /// Variable -> place in the JSON answer.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
}

/// Headers that say how an address wants to be used, and not what was asked for: a later
/// lesson than the answers they come with.
const MANNERS: [&str; 9] = [
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Max-Age",
    "Allow",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "Vary",
    "X-Content-Type-Options",
    "X-Frame-Options",
];

impl Case {
    /// What is expected of a server that has come to this step.
    pub fn expected_at(&self, step: u32, mut expect: Expect) -> Expect {
        if self.headers_step.is_some_and(|first| step < first) {
            let waits = |name: &str| MANNERS.iter().any(|it| it.eq_ignore_ascii_case(name));
            expect.headers.retain(|name, _| !waits(name));
        }
        expect
    }

    /// Whether a server of this step is asked it.
    pub fn holds_at(&self, step: u32) -> bool {
        self.step <= step && self.until.is_none_or(|last| step <= last)
    }
}

/// What is sent, with `{{variables}}` still in it.
#[derive(Deserialize)]
pub struct Request {
    pub method: String,
    pub path: String,
    #[serde(default)]
    pub headers: Map<String, Value>,
    pub body: Option<String>,
    pub body_base64: Option<String>,
}

/// What must come back.
#[derive(Clone, Deserialize)]
pub struct Expect {
    pub status: u16,
    /// `null`: the header must be absent.
    #[serde(default)]
    pub headers: Map<String, Value>,
    pub json: Option<Value>,
    /// Place of a token -> what it must say.
    #[serde(default)]
    pub jwt: BTreeMap<String, JwtExpect>,
    /// Place -> a value it must not have.
    #[serde(default)]
    pub differs: BTreeMap<String, Value>,
    /// The exact body.
    pub text: Option<String>,
    #[serde(default)]
    pub text_contains: Vec<String>,
    /// There must be no body.
    #[serde(default)]
    pub empty: bool,
}

/// What a token must say.
#[derive(Clone, Deserialize)]
pub struct JwtExpect {
    pub header: Option<Value>,
    pub claims: Option<Value>,
    /// `exp - iat`, in seconds.
    pub lifetime: Option<i64>,
}

/// A command of the server's program, and what it must say.
#[derive(Deserialize)]
pub struct CommandCase {
    pub name: String,
    pub step: u32,
    pub why: Option<String>,
    /// Arguments: `["migrate"]`; none starts the server.
    #[serde(default)]
    pub args: Vec<String>,
    /// Settings of this run, over those of the contract; `null` takes one away.
    #[serde(default)]
    pub settings: BTreeMap<String, Option<String>>,
    /// On an empty database, and not on the one of the commands before.
    #[serde(default)]
    pub empty: bool,
    pub expect: CommandExpect,
}

/// What a command must say.
#[derive(Deserialize)]
pub struct CommandExpect {
    /// The exit status.
    pub exit: i32,
    /// The two patterns below, for people.
    pub says: String,
    /// A regular expression for the whole output.
    pub stdout: Option<String>,
    /// The same for errors and for the log.
    pub stderr: Option<String>,
}

/// The folder that holds the contract, in the repository that the command runs in.
pub fn folder() -> Result<PathBuf> {
    Ok(Repo::find()?.root.join("course/contract"))
}

/// Reads all of it.
pub fn load() -> Result<Contract> {
    let folder = folder()?;
    let groups: Result<Vec<Group>> =
        ORDER.iter().map(|name| read(&folder.join(format!("{name}.json")))).collect();
    Ok(Contract {
        fixtures: read(&folder.join("fixtures.json"))?,
        groups: groups?,
        ours: vec![
            read(&folder.join("ours/settings.json"))?,
            read(&folder.join("ours/health.json"))?,
            read(&folder.join("ours/frontend.json"))?,
            read(&folder.join("ours/cookies.json"))?,
        ],
        commands: read(&folder.join("ours/commands.json"))?,
    })
}

/// One file of JSON.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} does not have the right form", path.display()))
}

/// A value of an answer by its place: `token.access`, `0.id`.
pub fn dig<'v>(value: &'v Value, place: &str) -> Option<&'v Value> {
    place.split('.').try_fold(value, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => value.get(part),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::json;

    use super::variables::names;
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_run() {
        let files = fs::read_dir(folder().expect("a folder")).expect("the contract");
        let files: BTreeSet<String> = files
            .filter_map(|file| {
                Some(file.ok()?.file_name().to_str()?.strip_suffix(".json")?.into())
            })
            .collect();
        let others = ["fixtures", "hints"];
        let known: BTreeSet<String> =
            ORDER.iter().chain(&others).map(|s| s.to_string()).collect();
        assert_eq!(files, known);
    }

    #[test]
    fn no_case_has_the_name_of_another() {
        let contract = load().expect("the contract");
        for group in contract.groups.iter().chain(&contract.ours) {
            let names: BTreeSet<&str> = group.cases.iter().map(|case| &*case.name).collect();
            assert_eq!(names.len(), group.cases.len(), "{}", group.name);
        }
    }

    /// A case whose step leaves out the step that saves its variable could never run.
    #[test]
    fn each_variable_is_saved_in_time() {
        let contract = load().expect("the contract");
        for group in contract.groups.iter().chain(&contract.ours) {
            let mut saved: BTreeMap<&str, u32> =
                contract.fixtures.variables.keys().map(|name| (&**name, 1)).collect();
            for case in group.setup.iter().chain(&group.cases) {
                for name in names(case).iter().filter(|name| !case.mint.contains_key(*name)) {
                    let step = saved.get(&**name).copied();
                    let label = group.label(case);
                    assert!(step.is_some_and(|step| step <= case.step), "{label}: {name}");
                }
                saved.extend(case.save.keys().map(|name| (&**name, case.step)));
            }
        }
    }

    #[test]
    fn the_headers_of_a_later_lesson_are_not_compared_before_it() {
        let case = json!({
            "name": "get", "step": 4, "headers_step": 11,
            "request": {"method": "GET", "path": "/"},
            "expect": {"status": 405, "headers": {"allow": "POST", "Content-Type": "text/html"}},
        });
        let case: Case = serde_json::from_value(case).expect("a case");
        let names = |step| {
            let expect = case.expected_at(step, case.expect.clone());
            expect.headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(10), ["Content-Type"]);
        assert_eq!(names(11).len(), 2);
    }

    #[test]
    fn a_place_leads_through_objects_and_lists() {
        let value = json!({"token": {"access": "x"}, "list": [{"id": 3}]});
        assert_eq!(dig(&value, "token.access"), Some(&json!("x")));
        assert_eq!(dig(&value, "list.0.id"), Some(&json!(3)));
        assert_eq!(dig(&value, "list.1.id"), None);
    }
}
