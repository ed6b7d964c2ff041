//! What a program that we start sees of the person's environment: what a compiler, a linker
//! and a download need, and nothing else. So a setting of the course that the person has
//! exported reaches no server, no test and no chapter's command.
//!
//! The list names what is let through. One of what is not would forget the next setting.

use std::ffi::OsStr;
use std::process::Command;

/// Variables that are let through, in capital letters.
const NAMES: [&str; 4] = [
    // The person and the machine.
    "HOME LANG LOGNAME PATH TERM TMPDIR USER XDG_CACHE_HOME",
    // The same on Windows.
    "APPDATA COMSPEC HOMEDRIVE HOMEPATH LOCALAPPDATA NUMBER_OF_PROCESSORS PATHEXT \
     PROCESSOR_ARCHITECTURE PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) SYSTEMDRIVE SYSTEMROOT \
     TEMP TMP USERPROFILE WINDIR",
    // What a compiler and a linker are told.
    "AR CC CFLAGS CPATH CXX CXXFLAGS DEVELOPER_DIR INCLUDE LDFLAGS LIB LIBCLANG_PATH \
     LIBRARY_PATH LD_LIBRARY_PATH SDKROOT",
    // What a download is told.
    "ALL_PROXY CURL_CA_BUNDLE GIT_SSL_CAINFO HTTP_PROXY HTTPS_PROXY NO_PROXY \
     REQUESTS_CA_BUNDLE SSH_AUTH_SOCK",
];

/// How the names of others begin that are let through. `RUST_LOG` is a setting and none of
/// them.
const FAMILIES: &str = "AWS_LC_SYS_ CARGO_ CC_ CFLAGS_ CMAKE LIBSQLITE3_ MACOSX_ NIX_ \
                        NODE_EXTRA_CA_ NPM_CONFIG_ PIP_ PKG_CONFIG PYENV_ PYTHON RUSTC RUSTFLAGS RUSTUP_ SSL_CERT_ VC VS WINDOWSSDK";

/// What cargo tells the program that it runs, which here is the tool. A step that read this
/// would take the tool's folder for its own.
const TOLD_TO_US: &str = "CARGO_BIN_ CARGO_CRATE_ CARGO_MANIFEST_ CARGO_PKG_ CARGO_PRIMARY_";

/// A command that sees nothing else.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command.envs(std::env::vars_os().filter(|(name, _)| passes(&name.to_string_lossy())));
    command
}

fn passes(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let begins = |starts: &str| starts.split(' ').any(|start| name.starts_with(start));
    let named = NAMES.iter().any(|names| names.split(' ').any(|known| known == name));
    named || begins(FAMILIES) && !begins(TOLD_TO_US)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Repo;

    #[test]
    fn no_setting_of_the_course_passes() {
        let repo = Repo::find().expect("the repository");
        let example = repo.read(".env.example").expect(".env.example");
        let lines = example.lines().map(|line| line.trim_start_matches(['#', ' ']));
        let names = lines.filter_map(|line| line.split_once('=')).map(|(name, _)| name);
        let names: Vec<_> = names.filter(|n| !n.contains(char::is_lowercase)).collect();
        assert!(names.len() > 15, "{names:?}");
        let more =
            ["RUST_LOG", "ROCKET_PORT", "PGHOST", "DJANGO_SUPERUSER_PASSWORD", "DB_NEXT"];
        for name in names.into_iter().chain(more) {
            assert!(
                !passes(name),
                "{name} is a setting, and a server of the check would see it"
            );
        }
    }

    #[test]
    fn what_a_build_needs_passes_and_our_own_folder_does_not() {
        for name in ["PATH", "SystemRoot", "CARGO_HOME", "RUSTUP_TOOLCHAIN", "https_proxy"] {
            assert!(passes(name), "{name}");
        }
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_BIN_NAME"] {
            assert!(!passes(name), "{name}");
        }
    }

    /// cargo has set this for us, as a person may have set anything.
    #[cfg(unix)]
    #[test]
    fn a_program_that_is_started_sees_no_more() {
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "cargo runs this test");
        let output = command("env").output().expect("env");
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        let names: Vec<_> = names.lines().filter_map(|line| line.split_once('=')).collect();
        assert!(names.iter().any(|(name, _)| *name == "PATH"), "{names:?}");
        let more: Vec<_> = names.iter().filter(|(name, _)| !passes(name)).collect();
        assert!(more.is_empty(), "{more:?}");
    }
}
