//! `course dev compare`: sends the contract's requests to a step and to Django, and prints where
//! their answers differ. `check` compares with what Django answered once; this asks it again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::contract::compare::{Difference, Kind};
use crate::contract::differences::{self, Differences};
use crate::contract::{self, Contract, Group, Profile};
use crate::http::{Address, block_on};
use crate::learner::check::cases::{Outcome, Session};
use crate::learner::start::current_step;
use crate::repo::{Repo, WORK, step_number};
use crate::run::output::Output;
use crate::run::program::{Built, Program};
use crate::run::server::Server;
use crate::run::settings::settings;
use crate::run::signals::{interrupted, terminate};
use crate::run::{environment, free_port, skip};
use crate::terminal::say;

/// `course dev compare`
#[derive(clap::Args)]
pub struct Args {
    /// A step, as `4` or `step-4`, or `work`
    what: String,
    /// Compare with a server that runs already, in place of reference/django
    #[arg(long)]
    url: Option<String>,
    /// How that server treats refresh tokens
    #[arg(long, requires = "url", value_enum)]
    profile: Option<Profile>,
}

/// Compares; `false` when an answer differs that is not listed in differences.json.
pub fn run(repo: &Repo, args: &Args) -> Result<bool> {
    let step = match &*args.what {
        WORK => current_step(repo)?,
        what => step_number(what).map_err(anyhow::Error::msg)?,
    };
    let program = Program::find(repo, &args.what)?.build(false)?;
    let (contract, list) = (contract::load()?, differences::load()?);
    let (repo, tally) = (repo.clone(), Tally::default());
    let mut both = Both { repo, step, program, contract, list, tally };
    block_on(async {
        tokio::select! {
            result = both.all(args) => result,
            () = interrupted() => bail!("stopped."),
        }
    })
}

/// What has been counted.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    same: usize,
    listed: usize,
    differ: usize,
    /// Answered by both as it stands in the contract no longer.
    outdated: usize,
}

/// Two servers, and what they are asked.
struct Both {
    repo: Repo,
    step: u32,
    program: Built,
    contract: Contract,
    list: Differences,
    tally: Tally,
}

impl Both {
    async fn all(&mut self, args: &Args) -> Result<bool> {
        let name = &self.program.name;
        match &args.url {
            Some(url) => {
                say(format!("Comparing {name} with {url}, up to step {}.", self.step))?;
                self.profile(args.profile.unwrap_or(Profile::Default), &url.parse()?).await?;
            }
            None => {
                say(format!("Comparing {name} with Django, up to step {}.", self.step))?;
                for profile in [Profile::Default, Profile::Rotate, Profile::RotateBlacklist] {
                    if self.groups(profile).is_empty() {
                        continue;
                    }
                    let django = match Django::start(&self.repo, profile).await? {
                        Started::Runs(django) => django,
                        Started::Missing(what) => {
                            skip(anyhow!(what))?;
                            return Ok(true);
                        }
                    };
                    let result = self.profile(profile, &django.address).await;
                    django.stop().await?;
                    result?;
                }
            }
        }
        let Tally { same, listed, differ, outdated } = &self.tally;
        say(format!("\n{listed} differ as course/differences.md says."))?;
        if *outdated > 0 {
            say(format!("{outdated} are not answered as recorded, by both in the same way."))?;
        }
        say(format!("{same} the same, {differ} differ"))?;
        Ok(*differ == 0)
    }

    /// The groups with something to ask, for one profile.
    fn groups(&self, profile: Profile) -> Vec<usize> {
        let asks = |group: &Group| group.cases.iter().any(|case| case.holds_at(self.step));
        let groups = self.contract.groups.iter().enumerate();
        let groups = groups.filter(|(_, group)| group.profile == profile && asks(group));
        groups.map(|(index, _)| index).collect()
    }

    /// All groups of a profile, on a fresh server of ours and on the other one.
    async fn profile(&mut self, profile: Profile, other: &Address) -> Result<()> {
        let fixtures = &self.contract.fixtures;
        let settings = settings(fixtures, profile, &BTreeMap::new());
        let server = Server::start(&self.program, settings, 0, Output::Kept).await?;
        if self.step > 1
            && let Some(missing) = server.prepare(&fixtures.users).await?
        {
            say(format!("  {missing}"))?;
        }
        for index in self.groups(profile) {
            self.group(index, &server.address, other).await?;
        }
        server.stop().await.map(drop)
    }

    /// One group: each request goes to both, with the values that each gave before.
    async fn group(&mut self, index: usize, ours: &Address, theirs: &Address) -> Result<()> {
        let Both { step, contract, list, tally, .. } = self;
        let group = &contract.groups[index];
        let mut ours = Session::new(&contract.fixtures, group, ours, ours, *step);
        let mut theirs = Session::new(&contract.fixtures, group, theirs, theirs, *step);
        for case in group.setup.iter().filter(|case| case.holds_at(*step)) {
            ours.setup(case).await;
            theirs.setup(case).await;
        }
        let none = Differences::default();
        let mut lines = Vec::new();
        let mut count = 0;
        for case in group.cases.iter().filter(|case| case.holds_at(*step)) {
            let verdict = judge(ours.case(case, list).await, theirs.case(case, &none).await);
            count += 1;
            match verdict {
                Verdict::Same => tally.same += 1,
                Verdict::Listed => tally.listed += 1,
                Verdict::Outdated => {
                    tally.same += 1;
                    tally.outdated += 1;
                }
                Verdict::Differs(report) => {
                    tally.differ += 1;
                    lines.push(format!("    {}\n{report}", group.label(case)));
                }
            }
        }
        let differ = match lines.len() {
            0 => "none differs".into(),
            n => format!("{n} differ"),
        };
        lines.insert(0, format!("  {:<16} {count} asked, {differ}\n", group.name));
        say(lines.concat().trim_end())
    }
}

/// What two answers to one request come to.
#[derive(Debug, PartialEq)]
enum Verdict {
    Same,
    Listed,
    /// The same, and not what the contract has.
    Outdated,
    /// What to print.
    Differs(String),
}

/// Both answers have been compared with the contract. So they differ where one of them is
/// not as recorded, or where both are not, in other ways.
fn judge(ours: Outcome, theirs: Outcome) -> Verdict {
    let listed = matches!(ours, Outcome::Ours | Outcome::NotCompared);
    match (ours.failure(), theirs.failure()) {
        _ if listed => Verdict::Listed,
        (None, None) => Verdict::Same,
        (Some(ours), Some(theirs)) if ours.found == theirs.found => Verdict::Outdated,
        (ours, theirs) => {
            let ours = ours.map(|it| lines("ours", it.earlier, &it.found));
            let theirs = theirs.map(|it| lines("the other", it.earlier, &it.found));
            Verdict::Differs(ours.unwrap_or_default() + &theirs.unwrap_or_default())
        }
    }
}

/// How many differences of one answer are printed.
const SHOWN: usize = 3;

/// What one of the two says otherwise than recorded; when it could not be asked, why.
fn lines(who: &str, earlier: Option<String>, found: &[Difference]) -> String {
    match earlier {
        Some(label) => format!("      {who}: needs what \"{label}\" did not give\n"),
        None => found.iter().take(SHOWN).map(|found| line(who, found)).collect(),
    }
}

/// `      ours: status is 422, recorded is 400`
fn line(who: &str, found: &Difference) -> String {
    let place = match (found.kind, &*found.place) {
        (Kind::Status, _) => "status".into(),
        (Kind::Header, name) => format!("header {name}"),
        (Kind::Field, "") => "the body".into(),
        (Kind::Field | Kind::Claim, place) => place.to_string(),
    };
    let short = |text: &str| text.chars().take(200).collect::<String>();
    format!(
        "      {who}: {place} is {}, recorded is {}\n",
        short(&found.got),
        short(&found.want)
    )
}

/// How long Django may take to start; the first time, pip gets its packages.
const PATIENCE: Duration = Duration::from_secs(300);

/// reference/django, on a database of its own.
struct Django {
    address: Address,
    child: Child,
    _folder: TempDir,
}

/// What came of the attempt.
enum Started {
    Runs(Box<Django>),
    /// What the machine does not have.
    Missing(String),
}

impl Django {
    async fn start(repo: &Repo, profile: Profile) -> Result<Started> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let log = folder.path().join("log");
        let port = free_port()?;
        let child = Self::command(repo, profile, port, &folder, &log)?.spawn();
        let child = match child {
            Err(why) if why.kind() == ErrorKind::NotFound => {
                return Ok(Started::Missing(
                    "bash, which starts Django, is not on this machine.".into(),
                ));
            }
            child => child.context("cannot run reference/django/start.sh")?,
        };
        let address = format!("http://127.0.0.1:{port}").parse()?;
        let mut django = Django { address, child, _folder: folder };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = django.child.try_wait()? {
                let said = fs::read_to_string(&log).unwrap_or_default();
                // The script's own word for it.
                if status.code() == Some(3) {
                    return Ok(Started::Missing(said.trim().into()));
                }
                bail!("reference/django/start.sh failed:\n{}", said.trim());
            }
            if begin.elapsed() > PATIENCE {
                bail!("Django did not start within {} seconds.", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Started::Runs(Box::new(django)))
    }

    fn command(
        repo: &Repo,
        profile: Profile,
        port: u16,
        folder: &TempDir,
        log: &PathBuf,
    ) -> Result<Command> {
        let mut command = Command::from(environment::command("bash"));
        command
            .arg(repo.root.join("reference/django/start.sh"))
            .args([profile.to_string(), port.to_string()])
            .env("DB_PATH", folder.path().join("django.sqlite3"))
            .stdin(Stdio::null())
            .stderr(File::create(log).context("cannot write a temporary file")?)
            .kill_on_drop(true);
        Ok(command)
    }

    /// The script has become gunicorn by now, which ends its workers with it.
    async fn stop(mut self) -> Result<()> {
        if !terminate(&self.child) {
            self.child.start_kill().context("cannot stop Django")?;
        }
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        if ended.is_err() {
            self.child.kill().await.context("cannot stop Django")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares step 2 with the server of another step.
    fn compared_with(other: &str) -> Tally {
        let (contract, list) = (contract::load().expect("cases"), differences::load());
        let repo = Repo::find().expect("the repository");
        let built = |what| Program::find(&repo, what).and_then(|program| program.build(false));
        let program = built("2").expect("step 2");
        let list = list.expect("the list");
        let (other, tally) = (built(other).expect("a program"), Tally::default());
        let mut ours = Both { repo: repo.clone(), step: 2, program, contract, list, tally };
        block_on(async {
            let fixtures = contract::load()?.fixtures;
            let settings = settings(&fixtures, Profile::Default, &BTreeMap::new());
            let server = Server::start(&other, settings, 0, Output::Kept).await?;
            server.prepare(&fixtures.users).await?;
            ours.profile(Profile::Default, &server.address).await?;
            server.stop().await.map(drop)
        })
        .expect("a comparison");
        ours.tally
    }

    #[test]
    fn a_step_does_not_differ_from_itself() {
        let tally = compared_with("2");
        assert!(tally.same > 40 && tally.listed > 0, "{tally:?}");
        assert_eq!((tally.differ, tally.outdated), (0, 0));
    }

    #[test]
    fn a_server_that_cannot_register_differs() {
        let tally = compared_with("1");
        assert!(tally.differ > 40, "{tally:?}");
    }

    #[test]
    fn of_an_answer_that_could_not_be_asked_for_the_reason_is_told() {
        let text = lines("ours", Some("token/json".into()), &[]);
        assert_eq!(text, "      ours: needs what \"token/json\" did not give\n");
    }
}
