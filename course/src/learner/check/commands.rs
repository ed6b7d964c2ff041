//! Runs the commands of a program, as `manage.py` would be run.

use anyhow::Result;
use regex::Regex;

use super::cases::Outcome;
use super::failure::{Failure, Shown};
use crate::contract::compare::{Difference, Kind};
use crate::contract::{CommandCase, CommandExpect};
use crate::run::place::{Finished, Place};
use crate::run::program::Built;
use crate::run::settings::Settings;

/// A terminal: one folder, one database, one command after the other.
pub struct Terminal<'p> {
    program: &'p Built,
    settings: Settings,
    place: Place,
}

impl<'p> Terminal<'p> {
    pub fn new(program: &'p Built, settings: Settings) -> Result<Self> {
        Ok(Terminal { program, settings, place: Place::new(program)? })
    }

    /// Runs a command and looks at what it did.
    pub async fn case(&self, case: &CommandCase) -> Result<Outcome> {
        let mut settings = self.settings.clone();
        settings.extend(case.settings.clone());
        let empty = if case.empty { Some(Place::new(self.program)?) } else { None };
        let place = empty.as_ref().unwrap_or(&self.place);
        let finished = place.run(self.program, &settings, &case.args).await?;
        let found = differences(&case.expect, &finished);
        if found.is_empty() {
            return Ok(Outcome::Passed);
        }
        let command = command(self.program, &self.settings, case);
        Ok(Outcome::Failed(Box::new(Failure {
            group: "commands".into(),
            case: case.name.clone(),
            label: format!("commands/{}", case.name),
            step: case.step,
            why: case.why.clone(),
            earlier: None,
            exercise: None,
            shown: shown(command, &case.expect, &finished, &found),
            found,
            lesson: None,
        })))
    }
}

fn differences(expect: &CommandExpect, finished: &Finished) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut add = |kind, place: &str, got: String, want: String| {
        found.push(Difference { kind, place: place.into(), got, want });
    };
    if finished.exit != Some(expect.exit) {
        let got = exit(finished.exit);
        add(Kind::Status, "exit status", got, expect.exit.to_string());
    }
    for (place, want, got) in [
        ("stdout", &expect.stdout, &finished.stdout),
        ("stderr", &expect.stderr, &finished.stderr),
    ] {
        let Some(want) = want else { continue };
        let good = Regex::new(&format!("^(?:{want})$")).is_ok_and(|re| re.is_match(got.trim()));
        if !good {
            let got = if got.trim().is_empty() { "nothing" } else { got.trim() };
            add(Kind::Field, place, got.into(), expect.says.clone());
        }
    }
    found
}

fn exit(status: Option<i32>) -> String {
    status.map_or_else(|| "still running: it serves".into(), |status| status.to_string())
}

fn shown(
    command: String,
    expect: &CommandExpect,
    finished: &Finished,
    found: &[Difference],
) -> Shown {
    let differs = |place: &str| found.iter().any(|found| found.place == place);
    let status = differs("exit status");
    let mut came_back = vec![(status, format!("exit status {}", exit(finished.exit)))];
    for (place, text) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
        let lines = text.trim().lines();
        came_back.extend(lines.map(|line| (differs(place), format!("{place}: {line}"))));
    }
    let output = differs("stdout") || differs("stderr");
    let expected =
        vec![(status, format!("exit status {}", expect.exit)), (output, expect.says.clone())];
    Shown { asked: command, came_back, expected }
}

/// The command for a shell, with the settings it needs while DEBUG is off.
fn command(program: &Built, settings: &Settings, case: &CommandCase) -> String {
    let database = if case.empty { "empty" } else { "check" };
    let needed = ["ALLOWED_HOSTS", "DEBUG", "SECRET_KEY"]
        .map(|name| (name.to_string(), settings.get(name).cloned().flatten()));
    let mut vars: Settings = needed.into();
    vars.insert("DATABASE_URL".into(), Some(program.example(database)));
    vars.extend(case.settings.clone());
    let vars = vars.iter().map(|(name, value)| {
        let value = value.as_deref().unwrap_or_default();
        format!("{name}='{value}' \\\n")
    });
    let args: String = case.args.iter().map(|arg| format!(" {arg}")).collect();
    let dashes = if args.is_empty() { "" } else { " --" };
    format!("{}cargo run {}{dashes}{args}", vars.collect::<String>(), program.choice())
}
