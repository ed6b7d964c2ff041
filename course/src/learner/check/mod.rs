//! `check`: asks a server over HTTP whether it behaves, and says what is wrong when it
//! does not.
//!
//! - [`plan`]: what is asked of which server, in which order
//! - [`ask`]: does that
//! - [`cases`], [`commands`]: one request, one command
//! - [`lessons`]: what no single answer shows
//! - [`report`], [`failure`], [`hints`]: what the person reads

mod ask;
pub mod cases;
mod commands;
mod failure;
mod hints;
pub mod lessons;
mod plan;
mod report;

use std::io::IsTerminal;

use anyhow::{Result, bail};

use crate::contract::differences;
use crate::contract::{self, Profile};
use crate::http::{Address, block_on};
use crate::repo::{Repo, WORK, step_number};
use crate::run::program::{Built, Program};
use crate::run::signals::interrupted;
use crate::terminal::Out;
use ask::{ask_address, ask_program};
use plan::{Choice, Plan, nothing};
use report::Report;

/// `course check`
#[derive(clap::Args)]
pub struct Args {
    /// Up to which step, as `4` or `step-4`; without it, the one that work/ is at
    #[arg(value_parser = step_number)]
    step: Option<u32>,
    /// Check this instead of work/: a step, as `step-4`
    #[arg(long, conflicts_with = "url")]
    from: Option<String>,
    /// Check a server that runs already, in any language: http://127.0.0.1:8000
    #[arg(long)]
    url: Option<String>,
    /// The key that server signs with, when it is not the contract's
    #[arg(long, requires = "url")]
    key: Option<String>,
    /// How that server treats refresh tokens
    #[arg(long, requires = "url", value_enum)]
    profile: Option<Profile>,
    /// With a PostgreSQL of its own in place of SQLite
    #[arg(long, conflicts_with = "url")]
    postgres: bool,
    /// Only one group, or one case: `token`, `lessons`, `token/wrong password`, or a part of it
    #[arg(long)]
    only: Option<String>,
    /// Do not stop at the first failure
    #[arg(long)]
    all: bool,
}

impl Args {
    /// What the person said, or else the step that is checked, or the one work/ is at.
    fn step(&self, repo: &Repo) -> Result<u32> {
        let from = self.from.as_deref().filter(|from| *from != WORK);
        let step = match (self.step, from) {
            (Some(step), _) => step,
            (None, Some(from)) => step_number(from).map_err(anyhow::Error::msg)?,
            (None, None) => crate::learner::start::current_step(repo)?,
        };
        Ok(repo.step(step)?.number)
    }
}

/// Runs the check; `false` when something failed.
pub fn run(args: &Args) -> Result<bool> {
    let repo = Repo::find()?;
    let choice = Choice { step: args.step(&repo)?, only: args.only.clone() };
    let mut out = Out;
    let mut report = Report::new(&mut out)?;
    (report.all, report.terminal) = (args.all, std::io::stdout().is_terminal());
    block_on(async {
        let check = async {
            match &args.url {
                Some(url) => check_address(args, &url.parse()?, &choice, &mut report).await,
                None => check_program(&repo, args, &choice, &mut report).await,
            }
        };
        tokio::select! {
            result = check => result,
            () = interrupted() => bail!("stopped."),
        }
    })?;
    report.close()
}

/// work/, or what `--from` names.
async fn check_program(
    repo: &Repo,
    args: &Args,
    choice: &Choice,
    report: &mut Report<'_>,
) -> Result<()> {
    let (contract, differences) = (contract::load()?, differences::load()?);
    let plan = Plan::new(&contract, &differences, choice);
    if plan.is_empty() {
        return Err(nothing(&contract, choice, None));
    }
    let program = Program::find(repo, args.from.as_deref().unwrap_or(WORK))?;
    ask_program(&plan, &program.build(args.postgres)?, report).await
}

/// What `--url` names.
async fn check_address(
    args: &Args,
    address: &Address,
    choice: &Choice,
    report: &mut Report<'_>,
) -> Result<()> {
    let (mut contract, differences) = (contract::load()?, differences::load()?);
    if let Some(key) = &args.key {
        contract.fixtures.variables.insert("signing_key".into(), key.clone().into());
    }
    let profile = args.profile.unwrap_or(Profile::Default);
    let plan = Plan::new(&contract, &differences, choice);
    if plan.of_profile(profile).is_empty() && plan.lessons_of_profile(profile).0.is_empty() {
        return Err(nothing(&contract, choice, Some(profile)));
    }
    let needs = failure::needs(&contract, choice.step, profile);
    report.say(format_args!("Checking {address} up to step {}.\n\n{needs}", choice.step))?;
    ask_address(&plan, address, profile, report).await
}

/// The first case that fails up to a step, as `token/wrong password`, and what a learner
/// reads then. `None` when all pass.
pub fn first_failure(program: &Built, step: u32) -> Result<Option<(String, String)>> {
    let (contract, differences) = (contract::load()?, differences::load()?);
    let plan = Plan::new(&contract, &differences, &Choice { step, only: None });
    let mut out = Vec::new();
    let mut report = Report::new(&mut out)?;
    block_on(ask_program(&plan, program, &mut report))?;
    let failed = report.tally.failed;
    let text = String::from_utf8_lossy(&out);
    let shown = text.find("\nFAILED  ").map_or("", |start| &text[start + 1..]);
    Ok(failed.into_iter().next().map(|label| (label, shown.trim_end().into())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::report::Tally;
    use super::*;
    use crate::contract::differences::Differences;
    use crate::run::output::Output;
    use crate::run::server::Server;

    /// Everything up to a step.
    fn up_to(step: u32) -> Choice {
        Choice { step, only: None }
    }

    /// What a check of step `from` prints, and its count.
    fn check(from: u32, choice: &Choice, all: bool) -> (String, Tally) {
        let differences = differences::load().expect("the list");
        check_with(from, choice, all, &differences)
    }

    fn check_with(
        from: u32,
        choice: &Choice,
        all: bool,
        differences: &Differences,
    ) -> (String, Tally) {
        let contract = contract::load().expect("the contract");
        let plan = Plan::new(&contract, differences, choice);
        let mut out = Vec::new();
        let mut report = Report::new(&mut out).expect("a report");
        report.all = all;
        let tally = block_on(async {
            let repo = Repo::find()?;
            let program = Program::find(&repo, &from.to_string())?.build(false)?;
            ask_program(&plan, &program, &mut report).await?;
            Ok(report.tally)
        });
        let text = String::from_utf8_lossy(&out).into_owned();
        (text, tally.expect("a check that runs"))
    }

    fn numbers() -> Vec<u32> {
        let steps = Repo::find().and_then(|repo| repo.steps()).expect("steps");
        steps.into_iter().map(|step| step.number).collect()
    }

    /// The step of a case or a command, by its label.
    fn step_of(label: &str) -> Option<u32> {
        let contract = contract::load().expect("the contract");
        let groups = contract.groups.iter().chain(&contract.ours);
        let cases = groups
            .flat_map(|group| group.cases.iter().map(|case| (group.label(case), case.step)));
        let commands =
            contract.commands.iter().map(|case| (format!("commands/{}", case.name), case.step));
        let mut all: Vec<(String, u32)> = cases.collect();
        all.extend(commands);
        all.into_iter().find(|(known, _)| known == label).map(|(_, step)| step)
    }

    #[test]
    fn every_step_passes_its_own_check() {
        for step in numbers() {
            let (text, tally) = check(step, &up_to(step), true);
            assert!(tally.failed.is_empty() && tally.passed > 0, "step {step}:\n{text}");
        }
    }

    #[test]
    fn no_step_passes_the_check_of_the_next() {
        for step in numbers().into_iter().filter(|step| *step > 1) {
            let (text, tally) = check(step - 1, &up_to(step), false);
            let first = tally.failed.first().and_then(|label| step_of(label));
            assert_eq!(first, Some(step), "step {step}:\n{text}");
            assert_eq!(tally.failed.len(), 1, "it stops at the first failure");
            assert!(text.contains("To read\n    notes/"), "step {step}:\n{text}");
        }
    }

    /// Compared with Django alone, exactly the listed cases fail.
    #[test]
    fn the_list_of_differences_is_true() {
        let Some(step) = numbers().pop() else { return };
        let (_, tally) = check_with(step, &up_to(step), true, &Differences::default());
        let found: BTreeSet<String> = tally.failed.into_iter().collect();
        let list = differences::load().expect("the list");
        let listed = list.entries().flat_map(differences::Entry::cases);
        let listed = listed.filter(|case| step_of(case).is_some_and(|of| of <= step));
        assert_eq!(found, listed.cloned().collect());
    }

    #[test]
    fn one_case_can_be_chosen_and_still_has_what_it_needs() {
        let only = Some("register/with a valid access".into());
        let choice = Choice { step: 4, only };
        let (text, tally) = check(4, &choice, false);
        assert_eq!((tally.passed, tally.failed.len()), (1, 0), "{text}");
        let (text, tally) = check(3, &choice, false);
        assert_eq!(tally.failed, ["register/with a valid access token"]);
        assert!(text.contains("\"register/log in alice\" should give"), "{text}");
    }

    /// What requests cannot show is named, and not passed over.
    #[test]
    fn over_a_url_the_lessons_that_are_not_looked_at_are_named() {
        let (contract, differences) =
            (contract::load().expect("cases"), differences::load().expect("the list"));
        let choice = Choice { step: 2, only: Some("lessons".into()) };
        let plan = Plan::new(&contract, &differences, &choice);
        let mut out = Vec::new();
        let mut report = Report::new(&mut out).expect("a report");
        let passed = block_on(async {
            let program = Program::find(&Repo::find()?, "2")?.build(false)?;
            let settings = plan.lessons[0].settings.clone();
            let server = Server::start(&program, settings, 0, Output::Kept).await?;
            ask_address(&plan, &server.address, Profile::Default, &mut report).await?;
            server.stop().await?;
            Ok(report.tally.passed)
        });
        let text = String::from_utf8_lossy(&out);
        assert_eq!(passed.expect("a check"), 1, "one name, one user:\n{text}");
        let named = "lessons/no password is stored: it looks into the database";
        assert!(text.contains(named), "{text}");
    }

    #[test]
    fn a_running_server_is_told_what_it_must_hold() {
        let text = failure::needs(&contract::load().expect("cases"), 6, Profile::Rotate);
        for part in
            ["id 3: carol / carol-pass-789, not active", "contract-signing-key", "=true,"]
        {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn the_last_line_counts() {
        let mut out = Vec::new();
        let mut report = Report::new(&mut out).expect("a report");
        report.tally = Tally { passed: 12, failed: vec!["x".into()], ..Tally::default() };
        assert!(!report.close().expect("an end"));
        assert!(String::from_utf8_lossy(&out).ends_with("\n12 passed, 1 failed\n"));
    }

    #[test]
    fn a_step_has_two_names() {
        assert_eq!((step_number("4"), step_number("step-4")), (Ok(4), Ok(4)));
        assert!(step_number("four").is_err());
    }
}
