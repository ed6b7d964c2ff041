//! Your own server. `just start 1` gets chapter 1 ready in this folder; then type along.

fn main() {}
