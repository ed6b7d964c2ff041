//! Which source files of a program its `mod` lines reach. The compiler reads no others, and
//! says nothing of them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::repo::Files;

/// `mod name;`, with what may stand before it on its line.
static MOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let attributes = r"(?:#\[[^\]]*\]\s*)*";
    let line = format!(r"^\s*{attributes}(?:pub(?:\([^)]*\))?\s+)?mod\s+(?:r#)?(\w+)\s*;");
    Regex::new(&line).ok()
});

/// The Rust files below `src/` that no `mod` line leads to.
pub fn unreached(files: &Files) -> Vec<String> {
    let reached = reached(files);
    let source = |path: &&String| path.starts_with("src/") && path.ends_with(".rs");
    files.keys().filter(source).filter(|path| !reached.contains(*path)).cloned().collect()
}

/// The Rust files that are compiled, whatever their `cfg` says.
pub fn reached(files: &Files) -> BTreeSet<String> {
    let root = |path: &&String| {
        ["src/main.rs", "src/lib.rs"].contains(&path.as_str()) || path.starts_with("src/bin/")
    };
    let mut open: Vec<String> = files.keys().filter(root).cloned().collect();
    let mut reached = BTreeSet::new();
    while let Some(path) = open.pop() {
        if let Some(text) = files.get(&path)
            && reached.insert(path.clone())
        {
            open.extend(children(&path, text));
        }
    }
    reached
}

/// Where the modules may be that a file declares.
fn children(path: &str, text: &str) -> Vec<String> {
    let Some(pattern) = &*MOD else { return Vec::new() };
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let of_modules = match file {
        "main.rs" | "lib.rs" | "mod.rs" => folder.to_string(),
        _ => path.trim_end_matches(".rs").into(),
    };
    let (mut found, mut told) = (Vec::new(), Vec::new());
    for line in text.lines() {
        // `#[path = "db/sqlite.rs"]`, or one in a `cfg_attr`: each may be the one.
        if line.trim_start().starts_with("#[") {
            told.extend(
                line.split("path = \"").skip(1).filter_map(|rest| rest.split('"').next()),
            );
        }
        let Some(module) = pattern.captures(line) else {
            continue;
        };
        if told.is_empty() {
            found.push(format!("{of_modules}/{}.rs", &module[1]));
            found.push(format!("{of_modules}/{}/mod.rs", &module[1]));
        }
        found.extend(told.drain(..).map(|path| format!("{folder}/{path}")));
    }
    found
}

/// One sentence on the files of the learner's folder that the compiler never reads; nothing
/// when it reads all. Tests come with the chapter, and with its `mod tests;`.
pub fn warning(work: &Files) -> Option<String> {
    let mut files = unreached(work);
    files.retain(|path| !path.starts_with("src/tests/"));
    let first = files.first()?;
    let stem = first.trim_start_matches("src/").trim_end_matches("/mod.rs");
    let name = stem.trim_end_matches(".rs").rsplit('/').next().unwrap_or(stem);
    let named: Vec<_> = files.iter().map(|path| format!("work/{path}")).collect();
    let them = if files.len() == 1 { "it" } else { "them" };
    Some(format!(
        "No `mod` line leads to {}, so the compiler never reads {them}: is `mod {name};` \
         missing in {}?",
        named.join(", "),
        parent(first, work)
    ))
}

/// The file that would declare this one.
fn parent(path: &str, work: &Files) -> String {
    let folder = path.trim_end_matches("/mod.rs").rsplit_once('/').map_or("src", |(f, _)| f);
    let of_folder = [format!("{folder}/mod.rs"), format!("{folder}.rs")];
    let main = "src/main.rs".to_string();
    let found = of_folder.into_iter().find(|path| work.contains_key(path)).unwrap_or(main);
    format!("work/{found}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Repo;

    fn files(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect()
    }

    #[test]
    fn a_file_without_a_mod_line_is_not_reached() {
        let program = files(&[
            ("src/main.rs", "mod notes;\n#[cfg(test)] mod tests;\n// mod a_comment;\n"),
            ("src/notes/mod.rs", "pub(crate) mod views;\n"),
            ("src/notes/views.rs", "mod parts;\n"),
            ("src/notes/views/parts.rs", ""),
            ("src/notes/models.rs", ""),
            ("src/tests/mod.rs", "mod notes;\n"),
            ("src/tests/notes.rs", ""),
            ("src/a_comment.rs", ""),
            ("src/form.html", ""),
            ("build.rs", ""),
        ]);
        assert_eq!(unreached(&program), ["src/a_comment.rs", "src/notes/models.rs"]);
    }

    #[test]
    fn a_module_may_name_its_file() {
        let db = "#[cfg_attr(feature = \"postgres\", path = \"db/postgres.rs\")]\n\
                  #[cfg_attr(not(feature = \"postgres\"), path = \"db/sqlite.rs\")]\n\
                  pub mod backend;\nmod pool;\n";
        let program = files(&[
            ("src/main.rs", "mod db;\n"),
            ("src/db.rs", db),
            ("src/db/postgres.rs", ""),
            ("src/db/sqlite.rs", ""),
            ("src/db/pool.rs", ""),
            ("src/db/backend.rs", ""),
        ]);
        assert_eq!(unreached(&program), ["src/db/backend.rs"]);
    }

    #[test]
    fn every_file_of_every_step_is_reached() {
        let repo = Repo::find().expect("the repository");
        for step in repo.steps().expect("steps") {
            let files = repo.files(&step.folder()).expect("files");
            assert_eq!(unreached(&files), Vec::<String>::new(), "{}", step.folder());
        }
    }

    #[test]
    fn the_warning_names_the_files_and_the_place_of_the_line() {
        let mut work = files(&[
            ("src/main.rs", "mod notes;\n"),
            ("src/notes/mod.rs", ""),
            ("src/notes/views.rs", ""),
            ("src/tests/mod.rs", ""),
        ]);
        let said = warning(&work).expect("a warning");
        assert!(
            said.starts_with("No `mod` line leads to work/src/notes/views.rs, so"),
            "{said}"
        );
        assert!(said.ends_with("is `mod views;` missing in work/src/notes/mod.rs?"), "{said}");
        work.insert("src/main.rs".into(), "fn main() {}\n".into());
        let said = warning(&work).expect("a warning");
        assert!(said.contains("work/src/notes/mod.rs, work/src/notes/views.rs, so"), "{said}");
        assert!(said.ends_with("is `mod notes;` missing in work/src/main.rs?"), "{said}");
        work.retain(|path, _| !path.starts_with("src/notes/"));
        assert_eq!(warning(&work), None);
    }
}
