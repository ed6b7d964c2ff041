//! Asking a program to stop, and being asked.

use tokio::process::Child;

/// Asks a program to stop; whether it could be asked.
#[cfg(unix)]
pub fn terminate(child: &Child) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok())
}

/// Windows has no signal to ask with.
#[cfg(not(unix))]
pub fn terminate(_: &Child) -> bool {
    false
}

/// Returns when the person, or the system, wants us to stop.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
