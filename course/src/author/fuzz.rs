//! `course dev fuzz`: requests that nobody thought of, to a step that this starts itself.
//!
//! - [`make`]: the request with a number, from [`draft`] and what [`spoil`] does to it
//! - [`random`]: the numbers behind it, the same for the same seed
//! - [`answer`]: reads what comes back
//! - [`fault`]: what may not happen
//! - [`bugs`]: deliberate bugs, which it must find
//!
//! It sends to 127.0.0.1 alone, and ends by itself.

mod answer;
mod bugs;
mod draft;
mod fault;
mod make;
mod random;
mod spoil;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, split};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::contract::{self, Contract, Profile};
use crate::http::{Address, Outgoing, block_on, send};
use crate::repo::{Repo, step_number};
use crate::run::output::Output;
use crate::run::program::{Built, Program};
use crate::run::server::Server;
use crate::run::settings::settings;
use crate::run::signals::interrupted;
use crate::terminal::{note, say};
use answer::{Read, read};
use draft::{Live, Material, Sent};
use fault::{Fault, MEMORY, PATIENCE, judge};

/// After so many requests one logs in again, and deletes the notes that were made. So a run
/// measures what a request takes, and not what a million notes take.
const RENEWAL: u64 = 100;

/// The password of whoever is logged in.
const PASSWORD: &str = "live-pass-1";

/// A request with more bytes is sent again, by two clients at once: what one of them takes may
/// be bearable.
const LARGE: usize = 500_000;

/// How many faults are told before a run gives up.
const MANY: usize = 20;

/// `course dev fuzz`
#[derive(clap::Args)]
pub struct Args {
    /// The step, as `8` or `step-8`; without it, the last one
    #[arg(value_parser = step_number)]
    step: Option<u32>,
    /// How many requests
    #[arg(long, default_value_t = 20_000)]
    requests: u64,
    /// The same seed makes the same requests
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first one
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Stop after so many minutes, if there are requests left
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// Prove that the deliberate bugs of course/fuzz-bugs/ are found, and do nothing else
    #[arg(long, conflicts_with_all = ["step", "requests", "from", "minutes"])]
    bugs: bool,
}

/// Fuzzes a step; `false` when something is wrong with it.
pub fn run(repo: &Repo, args: &Args) -> Result<bool> {
    if args.bugs {
        return bugs::run(repo, args.seed);
    }
    let step = match args.step {
        Some(number) => repo.step(number)?,
        None => repo.steps()?.pop().context("there is no step")?,
    };
    let number = step.number;
    let program = Program::find(repo, &number.to_string())?.build(false)?;
    let plan = Plan {
        seed: args.seed,
        from: args.from,
        requests: args.requests,
        time: Duration::from_secs(args.minutes.saturating_mul(60)),
        enough: MANY,
    };
    let report = fuzz(&program, number, &plan)?;
    say(report.text(&format!("course dev fuzz {number}"), &plan))?;
    Ok(report.findings.is_empty())
}

/// What is to be done.
struct Plan {
    seed: u64,
    from: u64,
    requests: u64,
    time: Duration,
    /// It stops after so many faults.
    enough: usize,
}

/// What came of it.
#[derive(Default)]
struct Report {
    /// Those that are sent again count again.
    sent: u64,
    time: Duration,
    /// Status -> how many answers had it.
    statuses: BTreeMap<u16, u64>,
    /// Requests that were cut off, and got no answer.
    unanswered: u64,
    findings: Vec<Finding>,
    /// The largest resident set so far, in mebibytes; `None` where it cannot be read.
    peak: Option<u64>,
}

/// A fault, and the request that shows it.
struct Finding {
    number: u64,
    fault: Fault,
    request: String,
    answer: String,
}

impl Report {
    fn text(&self, command: &str, plan: &Plan) -> String {
        let mut lines = Vec::new();
        for Finding { number, fault, request, answer } in &self.findings {
            let seed = plan.seed;
            lines.push(format!("FAILED  request {number} of seed {seed}: {fault}"));
            lines.push(format!(
                "  again:    {command} --seed {seed} --from {number} --requests 1"
            ));
            lines.push(format!("  request:  {request}"));
            lines.push(format!("  answer:   {answer}\n"));
        }
        let statuses = self.statuses.iter().map(|(status, n)| format!("{status}: {n}"));
        let statuses = statuses.collect::<Vec<_>>().join(", ");
        let seconds = self.time.as_secs();
        lines.push(format!("{} requests of seed {} in {seconds} s", self.sent, plan.seed));
        lines.push(format!(
            "answers   {statuses}; cut off and not answered: {}",
            self.unanswered
        ));
        lines.push(match self.peak {
            Some(peak) => format!("memory    {peak} MiB at the peak, of {MEMORY}"),
            None => "memory    not measured: only Linux tells a program's peak".into(),
        });
        if plan.requests > self.sent && self.findings.is_empty() {
            lines.push("The time was over before the last request.".into());
        }
        lines.push(match self.findings.len() {
            0 => "Nothing new was found.".into(),
            some => format!("{some} faults were found."),
        });
        lines.join("\n")
    }
}

/// Starts the program as the check does, and fuzzes it.
fn fuzz(program: &Built, step: u32, plan: &Plan) -> Result<Report> {
    ensure!(plan.requests > 0, "0 requests prove nothing");
    let contract = contract::load()?;
    let over = [("REUSE_REVOKES_FAMILY".into(), "true".into())].into();
    let settings = settings(&contract.fixtures, Profile::RotateBlacklist, &over);
    block_on(async {
        let server = Server::start(program, settings, 0, Output::Kept).await?;
        if let Some(missing) = server.prepare(&contract.fixtures.users).await? {
            bail!("{missing}");
        }
        let run = Run::new(&contract, step, server, plan)?;
        run.renew().await?;
        let start = Instant::now();
        let lanes = async {
            let (one, two) = (run.lane(), run.lane());
            let (three, four) = (run.lane(), run.lane());
            tokio::try_join!(one, two, three, four).map(drop)
        };
        tokio::select! {
            done = lanes => done?,
            () = interrupted() => bail!("stopped."),
        }
        run.finish(start.elapsed()).await
    })
}

/// A run, as its connections share it.
struct Run<'a> {
    plan: &'a Plan,
    material: Material,
    address: Address,
    process: Option<u32>,
    server: RefCell<Server>,
    live: RefCell<Live>,
    renewals: Cell<u64>,
    /// Whether a request has ended what was open: the live token opens nothing any more.
    over: Cell<bool>,
    next: Cell<u64>,
    /// The requests that are on their way.
    flying: RefCell<BTreeSet<u64>>,
    end: Instant,
    report: RefCell<Report>,
}

impl<'a> Run<'a> {
    fn new(contract: &'a Contract, step: u32, server: Server, plan: &'a Plan) -> Result<Self> {
        bound(&server)?;
        let address = server.address.clone();
        let url = address.to_string();
        let host = url.trim_start_matches("http://");
        ensure!(host.starts_with("127.0.0.1:"), "{url} is not on this machine");
        Ok(Run {
            plan,
            material: Material::of(contract, step, host.into(), plan.seed),
            process: server.child.id(),
            address,
            server: RefCell::new(server),
            live: RefCell::default(),
            renewals: Cell::default(),
            over: Cell::default(),
            next: Cell::new(0),
            flying: RefCell::default(),
            end: Instant::now() + plan.time,
            report: RefCell::default(),
        })
    }

    /// The number of the next request, as long as there is one.
    fn number(&self) -> Option<u64> {
        let count = self.next.get();
        let enough = self.report.borrow().findings.len() >= self.plan.enough;
        let over = enough || self.is_gone() || Instant::now() > self.end;
        (count < self.plan.requests && !over).then(|| {
            self.next.set(count + 1);
            if count > 0 && count.is_multiple_of(20_000) {
                note(format!("{count} requests"));
            }
            self.plan.from + count
        })
    }

    fn is_gone(&self) -> bool {
        matches!(self.server.borrow_mut().child.try_wait(), Ok(Some(_)))
    }

    /// One connection after the other, each for as long as the server keeps it.
    async fn lane(&self) -> Result<()> {
        let mut kept = None;
        while let Some(number) = self.number() {
            if (number.is_multiple_of(RENEWAL) || self.over.take())
                && let Err(why) = self.renew().await
            {
                // When a request has ended or blocked the server, that is what is told.
                let found = !self.report.borrow().findings.is_empty();
                ensure!(found || self.has_ended().await, why);
                continue;
            }
            let live = self.live.borrow().clone();
            let sent = make::make(&self.material, &live, number);
            self.flying.borrow_mut().insert(number);
            kept = self.exchange(number, &sent, kept).await;
            if sent.bytes.len() > LARGE {
                let again = || self.exchange(number, &sent, None);
                tokio::join!(again(), again());
            }
            self.flying.borrow_mut().remove(&number);
        }
        Ok(())
    }

    /// Sends a request. Gives the connection back when it takes another one.
    async fn exchange(
        &self,
        number: u64,
        sent: &Sent,
        kept: Option<TcpStream>,
    ) -> Option<TcpStream> {
        let limit = Duration::from_secs(PATIENCE);
        let tried = timeout(limit, self.try_exchange(sent, kept)).await;
        let (read, connection) = match tried {
            Ok(Ok(done)) => done,
            // Nobody listens any more, or the system has no connection left.
            Ok(Err(why)) => (Read::Broken(format!("{why:#}"), Vec::new()), None),
            Err(_) => {
                self.find(number, sent, Fault::Late, "");
                return None;
            }
        };
        self.count(sent, &read);
        let fault = match judge(sent, &read) {
            // Its status is there a moment later.
            Some(Fault::Empty | Fault::NotHttp(_)) if self.has_ended().await => {
                Some(Fault::Gone(self.end_of_server()))
            }
            fault => fault,
        };
        let answer = match &read {
            Read::Reply(reply) => format!("{} | {}", reply.head, reply_text(&reply.body)),
            Read::Broken(_, bytes) => reply_text(bytes),
            Read::Nothing => String::new(),
        };
        if answer.contains("AccessToken") && answer.contains("Token is blacklisted") {
            self.over.set(true);
        }
        if let Some(fault) = fault {
            self.find(number, sent, fault, &answer);
        }
        self.measure(number, sent, &answer);
        connection
    }

    fn count(&self, sent: &Sent, read: &Read) {
        let mut report = self.report.borrow_mut();
        report.sent += 1;
        match read {
            Read::Reply(reply) => *report.statuses.entry(reply.status).or_default() += 1,
            Read::Nothing if !sent.complete => report.unanswered += 1,
            Read::Nothing | Read::Broken(..) => {}
        }
    }

    /// On a connection that was kept a request may cross the server's own end of it: then it is
    /// sent once more, on a new one.
    async fn try_exchange(
        &self,
        sent: &Sent,
        kept: Option<TcpStream>,
    ) -> Result<(Read, Option<TcpStream>)> {
        if let Some(stream) = kept {
            let (read, stream) = talk(stream, sent).await;
            if !matches!(read, Read::Nothing) {
                return Ok((read, stream));
            }
        }
        Ok(talk(self.address.connect().await?, sent).await)
    }

    /// Whether the server ends just now.
    async fn has_ended(&self) -> bool {
        for _ in 0..20 {
            if self.is_gone() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    fn end_of_server(&self) -> String {
        match self.server.borrow_mut().child.try_wait() {
            Ok(Some(status)) => status.to_string(),
            _ => "nobody knows how".into(),
        }
    }

    fn find(&self, number: u64, sent: &Sent, fault: Fault, answer: &str) {
        let request = escaped(&sent.bytes, 600);
        let answer = escaped(answer.as_bytes(), 300);
        self.report.borrow_mut().findings.push(Finding { number, fault, request, answer });
    }

    /// Looks at the server's peak. The first request that goes over it is told, once.
    fn measure(&self, number: u64, sent: &Sent, answer: &str) {
        let Some(peak) = self.process.and_then(peak_of) else { return };
        let before = self.report.borrow_mut().peak.replace(peak).unwrap_or_default();
        if peak >= MEMORY && before < MEMORY {
            let flying = self.flying.borrow().iter().copied().collect();
            self.find(number, sent, Fault::Memory(peak, flying), answer);
        }
    }

    /// A new user with some notes logs in: of the one before, a request may have changed the name or
    /// the password, or ended what was open.
    async fn renew(&self) -> Result<()> {
        let renewals = self.renewals.get();
        self.renewals.set(renewals + 1);
        let (username, password) = (format!("fuzz-{renewals}"), PASSWORD.to_string());
        let body = json!({"username": username, "password": password});
        self.ask("POST", "/api/user/register/", None, Some(&body)).await?;
        let pair = self.ask("POST", "/api/token/", None, Some(&body)).await?;
        let text = |name: &str| pair[name].as_str().unwrap_or_default().to_string();
        let (access, refresh) = (text("access"), text("refresh"));
        let mut notes = Vec::new();
        for title in ["one", "two ü", "three", "four", "five 😀", "six", "seven", "eight"] {
            let body = json!({"title": title, "content": "of the fuzzer"});
            let note = self.ask("POST", "/api/notes/", Some(&access), Some(&body)).await?;
            notes.extend(note["id"].as_i64());
        }
        self.live.replace(Live { username, password, access, refresh, notes });
        Ok(())
    }

    /// A request of our own. Null where a step has no such address yet.
    async fn ask(
        &self,
        method: &str,
        path: &str,
        access: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value> {
        let mut headers = vec![("Content-Type".into(), "application/json".into())];
        headers.extend(access.map(|it| ("Authorization".into(), format!("Bearer {it}"))));
        let body = body.map(|body| body.to_string().into_bytes());
        let (method, path) = (method.into(), path.into());
        let request = Outgoing { method, path, headers, body };
        let answer = send(&self.address, &request).await?;
        match answer.status {
            200..300 | 404 => Ok(answer.json().unwrap_or_default()),
            status => {
                bail!("{} {} gets {status}: {}", request.method, request.path, answer.text())
            }
        }
    }

    async fn finish(self, time: Duration) -> Result<Report> {
        let mut report = self.report.into_inner();
        report.time = time;
        let server = self.server.into_inner();
        server.stop().await?;
        Ok(report)
    }
}

/// Writes and reads at once: a server may answer, and close, before it has read all.
async fn talk(stream: TcpStream, sent: &Sent) -> (Read, Option<TcpStream>) {
    let (reader, mut writer) = split(stream);
    let mut reader = reader;
    let write = async {
        // The server may have closed; what it said is read all the same.
        let written = writer.write_all(&sent.bytes).await.is_ok();
        if !sent.complete {
            let _ = writer.shutdown().await;
        }
        written
    };
    let (written, read) = tokio::join!(write, read(&mut reader, sent.method == b"HEAD"));
    let stays = matches!(&read, Read::Reply(reply) if reply.stays);
    let kept = written && stays && sent.clear;
    (read, kept.then(|| reader.unsplit(writer)))
}

/// A server that goes wild must not take the machine with it. It then ends at a gibibyte.
#[cfg(target_os = "linux")]
fn bound(server: &Server) -> Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let process = server.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let most = Some(1 << 30);
    let limit = Rlimit { current: most, maximum: most };
    // Not `Resource::As`: what an allocator has only reserved would count.
    prlimit(process, Resource::Data, limit).context("cannot bound the server's memory")?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn bound(_: &Server) -> Result<()> {
    Ok(())
}

/// The largest resident set that a process had, in mebibytes.
fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes / 1024)
}

fn reply_text(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned()
}

/// On one line; the middle of what is long is left out.
fn escaped(bytes: &[u8], most: usize) -> String {
    if bytes.len() <= most {
        return bytes.escape_ascii().to_string();
    }
    let (start, end) = (&bytes[..most * 3 / 4], &bytes[bytes.len() - most / 4..]);
    let left = bytes.len() - start.len() - end.len();
    format!("{} …{left} bytes… {}", start.escape_ascii(), end.escape_ascii())
}
