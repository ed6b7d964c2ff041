//! `sqlx::migrate!` reads the folder while it compiles; a new file is a reason to compile.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
