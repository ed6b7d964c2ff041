//! A shell in which a chapter's commands run, and the server that they talk to.
//!
//! One bash runs all of them, so that a variable set in one block is there in the next. It
//! knows `cargo run` as a function that runs the program built before.

use std::fs;
use std::io::{PipeReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use regex::Regex;

use crate::author::mask::is_test_run;
use crate::repo::Step;
use crate::run::environment;
use crate::run::workspace::{VERSION_MARK, Workspace};

/// How long a command may take, and how long one that compiles.
const PATIENCE: Duration = Duration::from_secs(60);
const PATIENCE_TO_COMPILE: Duration = Duration::from_secs(900);
/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);
/// The line after which a server runs.
const STARTED: &str = "Starting server at";
/// Printed after each command; no program prints it by chance.
const MARK: &str = "--course-3f8a91c2--";

/// The ports that chapters name. Each has a free one in its place.
const PORTS: [u16; 3] = [8000, 8001, 8002];

/// Sent to bash first.
const PRELUDE: &str = r#"
cargo() {
  case "$*" in
    "run -q --bin $COURSE_PACKAGE"|"run -q --bin $COURSE_PACKAGE -- "*)
      shift 4; [ "$1" = -- ] && shift
      CARGO_MANIFEST_DIR="$COURSE_FOLDER" $COURSE_EXEC "$COURSE_PROGRAM" "$@" ;;
    run*) echo "course: a chapter runs its own step: cargo run -q --bin $COURSE_PACKAGE"; return 1 ;;
    *) command cargo "$@" ;;
  esac
}
trap 'kill -KILL $COURSE_SERVER 2>/dev/null' EXIT
"#;

/// A running bash.
pub struct Shell {
    bash: Child,
    input: ChildStdin,
    output: Receiver<Vec<u8>>,
    log: PathBuf,
    /// The part of every path that is this machine's.
    root: String,
    ports: Vec<(u16, u16)>,
    package: String,
    server: bool,
}

impl Shell {
    /// A bash in the workspace, with an empty database and free ports.
    pub fn start(workspace: &Workspace, step: &Step) -> Result<Self> {
        let program = workspace.binary()?;
        // Else the program would look for one in the folders around, and find the reader's.
        fs::write(workspace.root.join(".env"), "")?;
        let (reader, writer) = std::io::pipe()?;
        let ports = free_ports()?;
        let mut bash = environment::command("bash");
        bash.args(["--noprofile", "--norc"]).current_dir(&workspace.root);
        bash.envs(workspace.cargo_env()).env("LC_ALL", "C.UTF-8");
        bash.env("GIT_CEILING_DIRECTORIES", workspace.root.parent().unwrap_or(&workspace.root));
        bash.env("PORT", ports[0].1.to_string());
        bash.env("COURSE_PACKAGE", step.package()).env("COURSE_PROGRAM", program);
        // As cargo would tell it.
        bash.env("COURSE_FOLDER", workspace.root.join(step.folder()));
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut bash, 0);
        bash.stdin(Stdio::piped()).stdout(writer.try_clone()?).stderr(writer);
        let mut bash = bash.spawn().context("bash cannot be run; the chapters need it")?;
        let input = bash.stdin.take().context("bash has no input")?;
        let mut shell = Shell {
            bash,
            input,
            output: listen(reader),
            log: workspace.root.with_extension("log"),
            root: workspace.root.display().to_string(),
            ports,
            package: step.package(),
            server: false,
        };
        shell.send(PRELUDE)?;
        Ok(shell)
    }

    /// Runs a command as a chapter has it, and gives what it prints, as a chapter shows it.
    /// `shown` is what the chapter shows: whether a server is expected to start, and how many
    /// lines of it are told.
    pub fn run(&mut self, command: &str, shown: &[String]) -> Result<Vec<String>> {
        let real = self.with_real_ports(command);
        let output = if self.starts_server(command) {
            self.run_server(&real, shown)?
        } else {
            if !self.server && PORTS.iter().any(|port| command.contains(&format!(":{port}"))) {
                // A checkpoint's block may ask at once: its server is understood.
                let start = format!("cargo run -q --bin {}", self.package);
                let text = self.run_server(&start, &[STARTED.to_string()])?;
                ensure!(self.server, "its server does not start; it printed\n{text}");
            }
            self.status(&format!("eval {} </dev/null", as_word(&real)))?
        };
        Ok(self.tidy(&output))
    }

    /// `cargo run -q --bin step-2`, perhaps with variables before it, and no more.
    fn starts_server(&self, command: &str) -> bool {
        let value = r#"('[^']*'|"[^"]*"|\$\([^)]*\)|[^\s'"])*"#;
        let pattern = format!(
            r"^(\w+={value}(\s|\\\n)+)*cargo run -q --bin {}(\s+--\s+runserver)?\s*$",
            self.package
        );
        Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(command))
    }

    /// Starts a server and waits for its line, or for its end.
    fn run_server(&mut self, command: &str, shown: &[String]) -> Result<String> {
        // One that is expected to fail may need the other: its port is taken.
        let stays = shown.iter().any(|line| line.contains(STARTED));
        if stays {
            self.stop_server()?;
        }
        // The other's log must not be read in its place.
        let _ = fs::remove_file(&self.log);
        let log = as_word(&self.log.display().to_string());
        let start = format!(
            "( COURSE_EXEC=exec; eval {} ) </dev/null >{log} 2>&1 & COURSE_NEXT=$!",
            as_word(command)
        );
        self.bash(&start)?;
        let begin = Instant::now();
        while self.bash("kill -0 $COURSE_NEXT 2>/dev/null")?.1 == 0 {
            let text = fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(text) = started(&text, shown.len(), begin.elapsed()) {
                self.stop_server()?;
                self.bash("COURSE_SERVER=$COURSE_NEXT")?;
                self.server = true;
                return Ok(text);
            }
            if begin.elapsed() > START {
                self.bash("kill -KILL $COURSE_NEXT")?;
                bail!(
                    "the server does not start within {} s; it printed\n{text}",
                    START.as_secs()
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.status("wait $COURSE_NEXT")?;
        Ok(fs::read_to_string(&self.log)?)
    }

    fn stop_server(&mut self) -> Result<()> {
        if self.server {
            self.bash("{ kill $COURSE_SERVER; wait $COURSE_SERVER; } 2>/dev/null")?;
            self.server = false;
        }
        Ok(())
    }

    fn send(&mut self, text: &str) -> Result<()> {
        self.input.write_all(text.as_bytes()).context("bash has ended")
    }

    /// Runs one line of bash and gives what it prints. Its exit status is `$?` in the next.
    fn status(&mut self, line: &str) -> Result<String> {
        let text =
            self.bash(&format!("(exit ${{COURSE_STATUS:-0}}); {line}\nCOURSE_STATUS=$?"))?.0;
        Ok(text)
    }

    /// Runs one line of bash: what it prints, and its exit status.
    fn bash(&mut self, line: &str) -> Result<(String, i32)> {
        self.send(&format!("{line}\nprintf '\\n%s %s\\n' {MARK} $?\n"))?;
        let end = Regex::new(&format!(r"\n{MARK} (\d+)\n$"))?;
        let patience = if is_test_run(line) { PATIENCE_TO_COMPILE } else { PATIENCE };
        let (mut bytes, begin) = (Vec::new(), Instant::now());
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some(found) = end.captures(&text) {
                let status = found[1].parse()?;
                return Ok((text[..found.get_match().start()].to_string(), status));
            }
            match self.output.recv_timeout(patience.saturating_sub(begin.elapsed())) {
                Ok(more) => bytes.extend(more),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("the command does not end; it printed\n{text}")
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the command ended the shell; it printed\n{text}")
                }
            }
        }
    }

    fn with_real_ports(&self, command: &str) -> String {
        self.ports.iter().fold(command.to_string(), |text, (told, real)| {
            let url = text.replace(&format!(":{told}"), &format!(":{real}"));
            url.replace(&format!("PORT={told}"), &format!("PORT={real}"))
        })
    }

    /// The output as a chapter shows it: the ports it tells, no path of this machine.
    fn tidy(&self, output: &str) -> Vec<String> {
        let mut text = output.replace('\r', "").replace(&format!("{}/", self.root), "…/");
        for (told, real) in &self.ports {
            text = text.replace(&format!(":{real}"), &format!(":{told}"));
            text = text.replace(&format!("port {real}"), &format!("port {told}"));
        }
        let lines = text.trim_end_matches('\n').lines();
        lines.map(|line| without_state(line.trim_end())).collect()
    }
}

impl Drop for Shell {
    /// Ends bash and everything it started, also a command that hangs.
    fn drop(&mut self) {
        let group = format!("-{}", self.bash.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        if !killed.is_ok_and(|status| status.success()) {
            let _ = self.bash.kill();
        }
        let _ = self.bash.wait();
    }
}

/// The start of a server's log, once it runs: up to its line, or as much as is shown, since
/// a warning may follow.
fn started(log: &str, shown: usize, waited: Duration) -> Option<String> {
    let complete: Vec<_> = log.split_inclusive('\n').filter(|l| l.ends_with('\n')).collect();
    let line = complete.iter().position(|line| line.contains(STARTED))? + 1;
    let enough = complete.len() >= shown || waited > Duration::from_secs(2);
    enough.then(|| complete[..line.max(shown.min(complete.len()))].concat())
}

/// Reads in a thread of its own, since a pipe cannot be read with a time limit.
fn listen(mut pipe: PipeReader) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Ports of four digits, so that no answer gets longer than with the one it stands for.
fn free_ports() -> Result<Vec<(u16, u16)>> {
    // Shells of this process, and of others, begin at different places.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let ours = NEXT.fetch_add(PORTS.len() as u16, Ordering::Relaxed);
    let first = (std::process::id() * 30 % 1500) as u16 + ours;
    let range = (0..1500).map(|i| 6000 + (first + i) % 1500);
    let free = range.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let ports: Vec<_> = PORTS.into_iter().zip(free).collect();
    ensure!(ports.len() == PORTS.len(), "no free port on this machine");
    Ok(ports)
}

/// A package's version without what a state adds to it.
fn without_state(line: &str) -> String {
    match line.split_once(VERSION_MARK) {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
            format!("{before}{}", without_state(rest))
        }
        None => line.into(),
    }
}

/// A text as one word of bash.
fn as_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
