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

use std::collections::BTreeMap;
use std::io::IsTerminal;

use anyhow::{Result, bail};

use crate::contract::changes::Changes;
use crate::contract::differences::{self, Differences};
use crate::contract::{self, Profile, checkpoints};
use crate::http::{Address, block_on};
use crate::modules;
use crate::repo::{Repo, WORK, step_number, work};
use crate::run::program::{Built, Program};
use crate::run::signals::interrupted;
use crate::terminal::Out;
use ask::{ask_address, ask_program};
use plan::{Plan, nothing};
use report::{Report, Tally};

pub use plan::{Choice, Until};

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
    /// In the middle of a chapter: only what is typed up to its checkpoint with this number. The
    /// lessons are looked at when the chapter is done
    #[arg(long, value_name = "CHECKPOINT")]
    until: Option<usize>,
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

impl Args {
    /// Whether a learner's own server is asked, and no step of the course.
    fn own(&self) -> bool {
        self.from.as_deref().is_none_or(|from| from == WORK)
    }

    fn choice(&self, repo: &Repo) -> Result<Choice> {
        let step = self.step(repo)?;
        let until = self.until.map(|checkpoint| until(repo, step, checkpoint)).transpose()?;
        Ok(Choice { step, only: self.only.clone(), until })
    }
}

/// The cases that hold at a checkpoint of a chapter.
pub fn until(repo: &Repo, chapter: u32, checkpoint: usize) -> Result<Until> {
    let checkpoints = checkpoints::load(&repo.root)?;
    let record = checkpoints::find(&checkpoints, chapter, checkpoint)?;
    let cases = cases_up_to(chapter)?.into_iter();
    let holds = |(label, of): &(String, u32)| record.holds(checkpoint, label, *of < chapter);
    let cases = cases.filter(holds).map(|(label, _)| label).collect();
    Ok(Until { checkpoint, cases })
}

/// Every case and command up to a step, with its step.
pub fn cases_up_to(step: u32) -> Result<Vec<(String, u32)>> {
    Ok(plan::cases_up_to(&contract::load()?, step))
}

/// What is right besides Django's answers: ours, and on a learner's server what the exercises
/// ask for.
fn right_too(repo: &Repo, args: &Args) -> Result<Differences> {
    let mut differences = differences::load()?;
    if args.own() {
        differences.exercises = Changes::load(&repo.root)?;
    }
    Ok(differences)
}

/// Runs the check; `false` when something failed.
pub fn run(args: &Args) -> Result<bool> {
    let repo = Repo::find()?;
    let choice = args.choice(&repo)?;
    let mut out = Out;
    let mut report = Report::new(&mut out)?;
    (report.all, report.terminal) = (args.all, std::io::stdout().is_terminal());
    block_on(async {
        let check = async {
            match &args.url {
                Some(url) => {
                    check_address(&repo, args, &url.parse()?, &choice, &mut report).await
                }
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
    let (contract, differences) = (contract::load()?, right_too(repo, args)?);
    let plan = Plan::new(&contract, &differences, choice);
    if args.own()
        && let Some(warning) = modules::warning(&work(repo)?)
    {
        report.say(warning)?;
    }
    if plan.is_empty() {
        return Err(nothing(&contract, choice, None));
    }
    let program = Program::find(repo, args.from.as_deref().unwrap_or(WORK))?;
    ask_program(&plan, &program.build(args.postgres)?, report).await
}

/// What `--url` names.
async fn check_address(
    repo: &Repo,
    args: &Args,
    address: &Address,
    choice: &Choice,
    report: &mut Report<'_>,
) -> Result<()> {
    let (mut contract, differences) = (contract::load()?, right_too(repo, args)?);
    if let Some(key) = &args.key {
        contract.fixtures.variables.insert("signing_key".into(), key.clone().into());
    }
    let profile = args.profile.unwrap_or(Profile::Default);
    let plan = Plan::new(&contract, &differences, choice);
    if plan.of_profile(profile).is_empty() && plan.lessons_of_profile(profile).0.is_empty() {
        return Err(nothing(&contract, choice, Some(profile)));
    }
    let needs = failure::needs(&contract, choice.step, profile);
    report.say(format_args!("Checking {address} up to {}.\n\n{needs}", choice.goal()))?;
    ask_address(&plan, address, profile, report).await
}

/// The first of the chosen cases that fails, as `token/wrong password`, and what a learner
/// reads then. `None` when all pass.
pub fn first_failure(program: &Built, choice: &Choice) -> Result<Option<(String, String)>> {
    let (contract, differences) = (contract::load()?, differences::load()?);
    let plan = Plan::new(&contract, &differences, choice);
    let mut out = Vec::new();
    let mut report = Report::new(&mut out)?;
    block_on(ask_program(&plan, program, &mut report))?;
    let failed = report.tally.failed;
    let text = String::from_utf8_lossy(&out);
    let shown = text.find("\nFAILED  ").map_or("", |start| &text[start + 1..]);
    Ok(failed.into_iter().next().map(|label| (label, shown.trim_end().into())))
}

/// What a program answers up to a step, by the labels of the cases.
#[derive(Default)]
pub struct Answers {
    /// As it must be.
    pub held: Vec<String>,
    pub failed: Vec<String>,
    /// Exercise -> what is answered as it asks.
    pub exercises: BTreeMap<String, Vec<String>>,
}

/// Asks a program all that is chosen. `changes`: what it may answer as an exercise asks.
pub fn answers(program: &Built, choice: &Choice, changes: Changes) -> Result<Answers> {
    let (contract, mut differences) = (contract::load()?, differences::load()?);
    differences.exercises = changes;
    let plan = Plan::new(&contract, &differences, choice);
    let mut out = Vec::new();
    let mut report = Report::new(&mut out)?;
    report.all = true;
    block_on(ask_program(&plan, program, &mut report))?;
    let Tally { held, failed, exercises, .. } = report.tally;
    Ok(Answers { held, failed, exercises })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::contract::changes::Change;
    use crate::run::output::Output;
    use crate::run::server::Server;

    /// Everything up to a step.
    fn up_to(step: u32) -> Choice {
        Choice::up_to(step)
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

    /// Whether a server of this step is asked this case.
    fn holds_at(label: &str, step: u32) -> bool {
        let contract = contract::load().expect("the contract");
        let groups = contract.groups.iter().chain(&contract.ours);
        let ended = groups
            .flat_map(|group| group.cases.iter().map(|case| (group.label(case), case)))
            .any(|(known, case)| known == label && !case.holds_at(step));
        !ended && step_of(label).is_some_and(|of| of <= step)
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
        let listed = listed.filter(|case| holds_at(case, step));
        assert_eq!(found, listed.cloned().collect());
    }

    #[test]
    fn one_case_can_be_chosen_and_still_has_what_it_needs() {
        let only = Some("register/with a valid access".into());
        let choice = Choice { step: 4, only, until: None };
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
        let choice = Choice { only: Some("lessons".into()), ..Choice::up_to(2) };
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

    /// A learner who has solved exercise 2.1 was told that a number is not a text.
    #[test]
    fn an_answer_that_an_exercise_asks_for_is_right_and_another_names_the_exercise() {
        let case = "register/weak password is accepted";
        let only = Some(case.to_string());
        let choice = Choice { only, ..Choice::up_to(2) };
        let mut contract = contract::load().expect("the contract");
        let register = contract.groups.iter_mut().find(|group| group.name == "register");
        let cases = &mut register.expect("a group").cases;
        let wanted = cases.iter_mut().find(|it| case.ends_with(&it.name)).expect("a case");
        // As if Django answered so: step 2 answers 201.
        wanted.expect.status = 400;
        let told = |answer: serde_json::Value| {
            let answer = serde_json::from_value(answer).expect("an answer");
            let change = Change { cases: vec![case.into()], answer, exercise: "2.1".into() };
            let mut differences = differences::load().expect("the list");
            differences.exercises = Changes(vec![change]);
            let plan = Plan::new(&contract, &differences, &choice);
            let mut out = Vec::new();
            let mut report = Report::new(&mut out).expect("a report");
            block_on(async {
                let program = Program::find(&Repo::find()?, "2")?.build(false)?;
                ask_program(&plan, &program, &mut report).await
            })
            .expect("a check");
            let good = report.close().expect("an end");
            (good, String::from_utf8_lossy(&out).into_owned())
        };
        let (good, text) = told(json!({"status": 201}));
        assert!(
            good && text.contains("As exercise 2.1 asks, and so right, is: register/"),
            "{text}"
        );
        let (good, text) = told(json!({"status": 204}));
        assert!(!good && text.contains("Exercise 2.1 changes this answer"), "{text}");
        assert!(text.contains("The usual cause"), "the exercise may not be begun:\n{text}");
        let (good, text) = told(json!({"status": 201, "json": {}}));
        assert!(!good && text.contains("Exercise 2.1 changes this answer"), "{text}");
        assert!(!text.contains("The usual cause"), "it is the exercise that fails:\n{text}");
    }

    #[test]
    fn a_running_server_is_told_what_it_must_hold() {
        let text = failure::needs(&contract::load().expect("cases"), 6, Profile::Rotate);
        for part in [
            "id 2: bob / bob-pass-456, staff",
            "id 3: carol / carol-pass-789, not active (is_active = FALSE), with the email carol@",
            "contract-signing-key",
            "=true,",
        ] {
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
