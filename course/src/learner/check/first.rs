//! The check as a function: what a program does wrong first.

use anyhow::Result;

use super::Check;
use crate::http::block_on;
use crate::run::program::Built;

/// The first case that fails up to a step, as `token/wrong password`, and what a learner
/// reads then. `None` when all pass.
pub fn first_failure(program: &Built, step: u32) -> Result<Option<(String, String)>> {
    let mut out = Vec::new();
    let failed = block_on(async {
        let mut check = Check::new(step, &mut out)?;
        check.program(program).await?;
        Ok(check.tally.failed)
    })?;
    let text = String::from_utf8_lossy(&out);
    let report = text.find("\nFAILED  ").map_or("", |start| &text[start + 1..]);
    Ok(failed.into_iter().next().map(|label| (label, report.trim_end().into())))
}
