//! The files of `dist/` are read while it compiles; a new one is a reason to compile.

fn main() {
    println!("cargo:rerun-if-changed=dist");
}
