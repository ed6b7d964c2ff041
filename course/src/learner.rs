//! What a learner runs: get a chapter ready, ask whether the own server behaves, solve an
//! exercise, see what a chapter adds.

pub mod check;
pub mod diff;
pub mod exercise;
pub mod start;
