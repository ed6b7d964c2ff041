//! The chapters: what they show of files, and what comes of typing it.

pub mod chapter;
pub mod replay;
