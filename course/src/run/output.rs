//! What a program prints on stderr, read for as long as it runs.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStderr;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What a step prints once it listens.
pub const LISTENING: &str = "Starting server at ";

/// What happens to the lines a server prints.
#[derive(Clone, Copy, PartialEq)]
pub enum Output {
    Shown,
    Kept,
}

/// The last lines of a server.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        if let Ok(mut lines) = self.0.lock() {
            lines.push(line);
        }
    }

    pub fn text(&self) -> String {
        self.0.lock().map(|lines| lines.join("\n")).unwrap_or_default()
    }
}

/// What a program prints on stderr.
pub struct Lines {
    pub log: Log,
    /// Hears of the line that tells where it listens.
    pub listening: oneshot::Receiver<()>,
    /// Ends with the program.
    pub end: JoinHandle<()>,
}

/// Reads it for as long as it runs: a full pipe would stop it.
pub fn follow(errors: ChildStderr, output: Output) -> Lines {
    let log = Log::default();
    let (sender, listening) = oneshot::channel();
    let kept = log.clone();
    let end = tokio::spawn(async move {
        let mut sender = Some(sender);
        let mut lines = BufReader::new(errors).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if output == Output::Shown {
                let _ = writeln!(std::io::stderr(), "  {line}");
            }
            let listens = line.starts_with(LISTENING);
            kept.add(line);
            if let Some(sender) = sender.take_if(|_| listens) {
                let _ = sender.send(());
            }
        }
    });
    Lines { log, listening, end }
}
