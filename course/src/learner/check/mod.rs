//! `check`: asks a server over HTTP whether it behaves, and says what is wrong when it
//! does not.

pub mod cases;
mod commands;
mod first;
mod hints;
mod report;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};

use crate::contract::differences::{self, Differences};
use crate::contract::{self, Case, CommandCase, Contract, Group, Profile};
use crate::http::{Address, block_on};
use crate::repo::{Repo, WORK, step_number};
use crate::run::output::Output;
use crate::run::program::{Built, Program};
use crate::run::server::Server;
use crate::run::settings::settings;
use crate::run::signals::interrupted;
use crate::terminal::Out;
use cases::{Outcome, Session};
use commands::Terminal;
use hints::Hints;
use report::{Failure, render};

pub use first::first_failure;

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
    /// Only one group, or one case: `token`, `token/wrong password`, or a part of it
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
    let step = args.step(&repo)?;
    let terminal = std::io::stdout().is_terminal();
    let mut out = Out;
    let check = async {
        let mut check = Check::new(step, &mut out)?;
        check.only = args.only.clone();
        check.all = args.all;
        check.terminal = terminal;
        match &args.url {
            Some(url) => {
                if let Some(key) = &args.key {
                    check.set_key(key);
                }
                let address = url.parse()?;
                check.server(&address, args.profile.unwrap_or(Profile::Default)).await?;
            }
            None => {
                let program = Program::find(&repo, args.from.as_deref().unwrap_or(WORK))?;
                check.program(&program.build(args.postgres)?).await?;
            }
        }
        check.close()
    };
    block_on(async {
        tokio::select! {
            result = check => result,
            () = interrupted() => bail!("stopped."),
        }
    })
}

/// What has been counted.
#[derive(Default)]
struct Tally {
    passed: usize,
    /// The labels of what failed, in order.
    failed: Vec<String>,
    /// Answered otherwise than Django does, as differences.json says.
    ours: usize,
    /// Listed there without an answer to compare with.
    not_compared: usize,
}

/// One run of the check.
struct Check<'o> {
    step: u32,
    only: Option<String>,
    all: bool,
    terminal: bool,
    contract: Contract,
    differences: Differences,
    hints: Hints,
    out: &'o mut dyn Write,
    tally: Tally,
}

impl<'o> Check<'o> {
    fn new(step: u32, out: &'o mut dyn Write) -> Result<Self> {
        Ok(Check {
            step,
            only: None,
            all: false,
            terminal: false,
            contract: contract::load()?,
            differences: differences::load()?,
            hints: Hints::load()?,
            out,
            tally: Tally::default(),
        })
    }

    fn set_key(&mut self, key: &str) {
        self.contract.fixtures.variables.insert("signing_key".into(), key.into());
    }

    /// Whether to go on: nothing failed yet, or all failures are wanted.
    fn goes_on(&self) -> bool {
        self.all || self.tally.failed.is_empty()
    }

    fn wants(&self, group: &str, name: &str, step: u32) -> bool {
        let fits = |only: &String| match self.contract.is_group(only) {
            true => only == group,
            false => format!("{group}/{name}").contains(only),
        };
        step <= self.step && self.only.as_ref().is_none_or(fits)
    }

    /// A program of ours: its commands, and a server for each way to set it up.
    async fn program(&mut self, program: &Built) -> Result<()> {
        writeln!(self.out, "Checking {} up to step {}.", program.name, self.step)?;
        self.commands(program).await?;
        for setup in self.setups() {
            if !self.goes_on() {
                break;
            }
            let settings = settings(&self.contract.fixtures, setup.profile, &setup.over);
            match Server::start(program, settings, 0, Output::Kept).await {
                Ok(server) => self.groups(&setup, server).await?,
                Err(why) => {
                    writeln!(self.out, "\nFAILED  the start of the server\n\n{why:#}")?;
                    self.tally.failed.push("start".into());
                }
            }
        }
        Ok(())
    }

    /// The groups of one server, which is stopped afterwards.
    async fn groups(&mut self, setup: &Setup, server: Server) -> Result<()> {
        if !setup.ours && self.step > 1 {
            let missing = server.prepare(&self.contract.fixtures.users).await?;
            if let Some(missing) = missing {
                writeln!(self.out, "  {missing}")?;
            }
        }
        // The address to print: this server is gone when the person reads it.
        let shown = "http://127.0.0.1:8000".parse()?;
        for index in &setup.groups {
            if self.goes_on() {
                self.group(setup.ours, *index, &server.address, &shown).await?;
            }
        }
        server.stop().await.map(drop)
    }

    /// A server that runs already.
    async fn server(&mut self, address: &Address, profile: Profile) -> Result<()> {
        let needs = report::needs(&self.contract, self.step, profile);
        writeln!(self.out, "Checking {address} up to step {}.\n\n{needs}", self.step)?;
        for index in self.groups_of(profile) {
            if self.goes_on() {
                self.group(false, index, address, address).await?;
            }
        }
        Ok(())
    }

    /// The groups with something to ask, for one profile.
    fn groups_of(&self, profile: Profile) -> Vec<usize> {
        let groups = self.contract.groups.iter().enumerate();
        let groups = groups.filter(|(_, group)| group.profile == profile);
        groups.filter(|(_, group)| self.any_case(group)).map(|(index, _)| index).collect()
    }

    fn any_case(&self, group: &Group) -> bool {
        group.cases.iter().any(|case| self.wants(&group.name, &case.name, case.step))
    }

    /// The servers that are needed, one after the other.
    fn setups(&self) -> Vec<Setup> {
        let mut setups = Vec::new();
        for (index, group) in self.contract.ours.iter().enumerate() {
            let (profile, over) = (group.profile, group.settings.clone());
            let groups = if self.any_case(group) { vec![index] } else { vec![] };
            setups.push(Setup { profile, over, ours: true, groups });
        }
        for profile in [Profile::Default, Profile::Rotate, Profile::RotateBlacklist] {
            let groups = self.groups_of(profile);
            setups.push(Setup { profile, over: BTreeMap::new(), ours: false, groups });
        }
        setups.retain(|setup| !setup.groups.is_empty());
        setups
    }

    /// One group, on a server that is ready for it. `shown` is the address to print.
    async fn group(
        &mut self,
        ours: bool,
        index: usize,
        address: &Address,
        shown: &Address,
    ) -> Result<()> {
        let contract = if ours { &self.contract.ours } else { &self.contract.groups };
        let group = &contract[index];
        let wanted = |case: &Case| self.wants(&group.name, &case.name, case.step);
        let chosen: Vec<bool> = group.cases.iter().map(wanted).collect();
        let Some(last) = chosen.iter().rposition(|chosen| *chosen) else { return Ok(()) };
        let mut section = Section::new(&group.name, &chosen, self.terminal);
        let mut session = Session::new(&self.contract.fixtures, group, address, shown);
        for case in group.setup.iter().filter(|case| case.step <= self.step) {
            session.setup(case).await;
        }
        // A case may need what an earlier one did, so that runs too, chosen or not.
        for (case, chosen) in group.cases.iter().zip(&chosen).take(last + 1) {
            if case.step > self.step {
                continue;
            }
            let outcome = session.case(case, &self.differences).await;
            if *chosen {
                outcome.count(&group.label(case), &mut self.tally);
                section.add(outcome, self.out)?;
            }
            if !self.all && section.failed() {
                break;
            }
        }
        section.end(self.out, &self.hints)
    }

    /// The commands of a program, in order, on one database.
    async fn commands(&mut self, program: &Built) -> Result<()> {
        let cases = &self.contract.commands;
        let wanted = |case: &CommandCase| self.wants("commands", &case.name, case.step);
        let chosen: Vec<bool> = cases.iter().map(wanted).collect();
        let Some(last) = chosen.iter().rposition(|chosen| *chosen) else { return Ok(()) };
        let mut section = Section::new("commands", &chosen, self.terminal);
        let settings = settings(&self.contract.fixtures, Profile::Default, &BTreeMap::new());
        let terminal = Terminal::new(program, settings)?;
        for (case, chosen) in cases.iter().zip(&chosen).take(last + 1) {
            if case.step > self.step {
                continue;
            }
            let outcome = terminal.case(case).await?;
            if *chosen {
                outcome.count(&format!("commands/{}", case.name), &mut self.tally);
                section.add(outcome, self.out)?;
            }
            if !self.all && section.failed() {
                break;
            }
        }
        section.end(self.out, &self.hints)
    }

    /// The last lines.
    fn close(self) -> Result<bool> {
        let Tally { passed, failed, ours, not_compared } = &self.tally;
        if *passed == 0 && failed.is_empty() {
            bail!("nothing to check: no case up to step {} has such a name.", self.step);
        }
        writeln!(self.out)?;
        let list = "see course/differences.md";
        if *ours > 0 {
            writeln!(self.out, "{ours} of these answer otherwise than Django, {list}.")?;
        }
        if *not_compared > 0 {
            let what = "more answer otherwise, in a way that is not compared";
            writeln!(self.out, "{not_compared} {what}, {list}.")?;
        }
        if !self.goes_on() {
            writeln!(self.out, "It stopped at the first failure; --all shows every one.")?;
        }
        writeln!(self.out, "{passed} passed, {} failed", failed.len())?;
        Ok(failed.is_empty())
    }
}

/// A server to start, and the groups to ask it.
struct Setup {
    profile: Profile,
    over: BTreeMap<String, String>,
    ours: bool,
    groups: Vec<usize>,
}

/// One line per group, which counts while it runs when someone looks on, and then what
/// failed.
struct Section {
    name: String,
    total: usize,
    done: usize,
    terminal: bool,
    failures: Vec<Failure>,
}

impl Section {
    fn new(name: &str, chosen: &[bool], terminal: bool) -> Self {
        let total = chosen.iter().filter(|chosen| **chosen).count();
        Section { name: name.into(), total, done: 0, terminal, failures: Vec::new() }
    }

    fn failed(&self) -> bool {
        !self.failures.is_empty()
    }

    fn add(&mut self, outcome: Outcome, out: &mut dyn Write) -> Result<()> {
        self.failures.extend(outcome.failure());
        self.done += 1;
        if self.terminal {
            write!(out, "\r  {:<16} {}/{}", self.name, self.done, self.total)?;
            out.flush().context("cannot print")?;
        }
        Ok(())
    }

    fn end(self, out: &mut dyn Write, hints: &Hints) -> Result<()> {
        let start = if self.terminal { "\r" } else { "" };
        let verdict = match self.failures.len() {
            0 => "ok".into(),
            failed => format!("{failed} failed"),
        };
        let Section { name, total, done, failures, .. } = self;
        writeln!(out, "{start}  {name:<16} {done}/{total} {verdict}")?;
        for failure in &failures {
            write!(out, "\n{}", render(failure, hints))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A check of `step` on the program of step `from`: what it printed, and its count.
    fn check(step: u32, from: u32, set_up: impl Fn(&mut Check)) -> (String, Tally) {
        let mut out = Vec::new();
        let tally = block_on(async {
            let mut check = Check::new(step, &mut out)?;
            set_up(&mut check);
            let repo = Repo::find()?;
            check.program(&Program::find(&repo, &from.to_string())?.build(false)?).await?;
            Ok(check.tally)
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
            let (text, tally) = check(step, step, |check| check.all = true);
            assert!(tally.failed.is_empty() && tally.passed > 0, "step {step}:\n{text}");
        }
    }

    #[test]
    fn no_step_passes_the_check_of_the_next() {
        for step in numbers().into_iter().filter(|step| *step > 1) {
            let (text, tally) = check(step, step - 1, |_| {});
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
        let (_, tally) = check(step, step, |check| {
            check.all = true;
            check.differences = Differences::default();
        });
        let found: BTreeSet<String> = tally.failed.into_iter().collect();
        let list = differences::load().expect("the list");
        let listed = list.entries().flat_map(differences::Entry::cases);
        let listed = listed.filter(|case| step_of(case).is_some_and(|of| of <= step));
        assert_eq!(found, listed.cloned().collect());
    }

    #[test]
    fn one_case_can_be_chosen_and_still_has_what_it_needs() {
        let (text, tally) =
            check(4, 4, |check| check.only = Some("register/with a valid access".into()));
        assert_eq!((tally.passed, tally.failed.len()), (1, 0), "{text}");
        let (text, tally) = check(4, 3, |check| {
            check.only = Some("register/with a valid access".into());
        });
        assert_eq!(tally.failed, ["register/with a valid access token"]);
        assert!(text.contains("\"register/log in alice\" should give"), "{text}");
    }

    #[test]
    fn a_running_server_is_told_what_it_must_hold() {
        let text = report::needs(&contract::load().expect("cases"), 6, Profile::Rotate);
        for part in
            ["id 3: carol / carol-pass-789, not active", "contract-signing-key", "=true,"]
        {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn the_last_line_counts() {
        let mut out = Vec::new();
        let mut check = Check::new(4, &mut out).expect("a check");
        check.tally = Tally { passed: 12, failed: vec!["x".into()], ..Tally::default() };
        assert!(!check.close().expect("an end"));
        assert!(String::from_utf8_lossy(&out).ends_with("\n12 passed, 1 failed\n"));
    }

    #[test]
    fn a_step_has_two_names() {
        assert_eq!((step_number("4"), step_number("step-4")), (Ok(4), Ok(4)));
        assert!(step_number("four").is_err());
    }
}
