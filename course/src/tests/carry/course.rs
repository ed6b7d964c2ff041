//! Edits that an author makes, in a copy of the course.

use std::fs;

use tempfile::TempDir;

use super::commit;
use crate::author::carry::{Args, carried};
use crate::author::exercises::patched;
use crate::repo::{Files, Repo, Step, git, names, walk};

/// A copy of the course, committed.
pub struct Copy {
    pub repo: Repo,
    _folder: TempDir,
}

impl Copy {
    pub fn of_the_course() -> Self {
        let course = Repo::find().expect("the repository");
        let folder = tempfile::tempdir().expect("a folder");
        let list = course.git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        for path in list.expect("files").split_terminator('\0') {
            let (from, to) = (course.root.join(path), folder.path().join(path));
            if from.is_file() {
                fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
                fs::copy(from, to).expect(path);
            }
        }
        let copy = Copy { repo: Repo::at(folder.path()), _folder: folder };
        commit(&copy.repo);
        copy
    }

    pub fn files(&self, step: &Step) -> Files {
        self.repo.files(&step.folder()).expect("files")
    }

    pub fn write_step(&self, step: &Step, files: &Files) {
        for (path, text) in files {
            self.write(&format!("{}/{path}", step.folder()), text);
        }
    }

    pub fn write(&self, path: &str, text: &str) {
        super::super::write(&self.repo.root, path, text);
    }

    pub fn carried(&self, args: &Args) -> Result<Vec<String>, String> {
        carried(&self.repo, args).map_err(|why| format!("{why:#}"))
    }

    /// As it was committed.
    pub fn reset(&self) {
        for args in [
            &["reset", "-q", "--hard"][..],
            &["clean", "-fdq"],
            &["update-ref", "-d", "refs/course/carried"],
        ] {
            let output = git(&self.repo.root).args(args).output().expect("git");
            assert!(output.status.success(), "{output:?}");
        }
    }

    /// Each patch applies and changes something. That each chapter gives its step, the command has
    /// seen itself.
    #[track_caller]
    pub fn assert_whole(&self, what: &str) {
        for (folder, file) in [
            ("course/mutants", "bug.patch"),
            ("course/fuzz-bugs", "bug.patch"),
            ("course/exercises", "solution.patch"),
        ] {
            for name in names(&self.repo.root.join(folder)).expect("names") {
                let path = format!("{folder}/{name}/{file}");
                if !self.repo.root.join(&path).is_file() || !self.changed(&path) {
                    continue;
                }
                let number =
                    name.split('-').next().and_then(|n| n.parse().ok()).expect("a step");
                let step = self.repo.step(number).expect("a step");
                let files = self.files(&step);
                let patch = self.repo.read(&path).expect("a patch");
                let wrong = patched(&step, files.clone(), &patch);
                let wrong = wrong.unwrap_or_else(|why| panic!("{what}: {path}: {why:#}"));
                assert!(wrong != files, "{what}: {path} changes nothing any more");
            }
        }
    }

    fn changed(&self, path: &str) -> bool {
        let status = self.repo.git(["status", "--porcelain", "--", path]).expect("git");
        !status.is_empty()
    }
}

impl Copy {
    /// Puts one text in the place of another, which stands there once.
    #[track_caller]
    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.repo.read(path).expect(path);
        assert_eq!(text.matches(from).count(), 1, "{path}: {from}");
        self.write(path, &text.replace(from, to));
    }

    #[track_caller]
    fn carry(&self) -> Vec<String> {
        self.carry_with(&Args::default())
    }

    #[track_caller]
    fn carry_with(&self, args: &Args) -> Vec<String> {
        let told = self.carried(args).unwrap_or_else(|why| panic!("{why}"));
        self.assert_whole("an edit");
        told
    }

    /// Which of these texts a file has.
    #[track_caller]
    fn has(&self, path: &str, text: &str) -> bool {
        self.repo.read(path).expect(path).contains(text)
    }

    /// The folders of the steps from this one on.
    fn from(&self, number: u32) -> impl Iterator<Item = String> {
        let steps = self.repo.steps().expect("steps");
        steps.into_iter().filter(move |step| step.number >= number).map(|step| step.folder())
    }

    /// Another number for the last step, so that there is room before it.
    fn renumber_the_last(&self) {
        for (from, to) in [
            ("steps/12-operations", "steps/13-operations"),
            ("notes/12-operations.md", "notes/13-operations.md"),
        ] {
            fs::rename(self.repo.root.join(from), self.repo.root.join(to)).expect(from);
        }
        for folder in ["course/mutants", "course/fuzz-bugs", "course/exercises"] {
            for name in names(&self.repo.root.join(folder)).expect("names") {
                if let Some(rest) = name.strip_prefix("12-") {
                    let folder = self.repo.root.join(folder);
                    fs::rename(folder.join(&name), folder.join(format!("13-{rest}")))
                        .expect("a folder");
                }
            }
        }
        let chapter = self.repo.read("notes/13-operations.md").expect("a chapter");
        self.write("notes/13-operations.md", &chapter.replace("steps/12-", "steps/13-"));
        self.edit("steps/13-operations/Cargo.toml", "step-12", "step-13");
        commit(&self.repo);
    }
}

const SERIALIZERS: &str = "src/accounts/serializers.rs";

#[test]
fn a_function_that_five_chapters_show_gets_another_name() {
    let copy = Copy::of_the_course();
    for path in ["src/fields.rs", SERIALIZERS] {
        let path = format!("steps/02-registration/{path}");
        let text = copy.repo.read(&path).expect("a file").replace("char_field", "text_field");
        copy.write(&path, &text);
    }
    let told = copy.carry();
    let left: Vec<_> = ["steps", "notes", "course/mutants", "course/exercises"]
        .iter()
        .flat_map(|folder| walk(&copy.repo.root, folder).expect("files"))
        .filter(|path| !path.ends_with(".png") && copy.has(path, "char_field("))
        .collect();
    assert!(left.is_empty(), "it has its old name in {left:?}");
    assert!(told.iter().any(|line| line.starts_with("notes/02-registration.md:")), "{told:?}");
}

#[test]
fn a_comment_of_the_first_step_changes_in_all() {
    let copy = Copy::of_the_course();
    let path = "src/errors.rs";
    let text = copy.repo.read(&format!("steps/01-settings/{path}")).expect("a file");
    let line =
        text.lines().find(|line| line.starts_with("//!")).expect("a comment").to_string();
    copy.edit(&format!("steps/01-settings/{path}"), &line, &format!("{line} (edited)"));
    copy.carry();
    for folder in copy.from(1) {
        let first = copy.repo.read(&format!("{folder}/{path}")).expect("a file");
        assert!(first.starts_with(&line), "{folder}: {first}");
    }
    assert!(copy.has("notes/01-settings.md", &format!("{line} (edited)")));
}

#[test]
fn a_block_leaves_two_steps_and_comes_with_the_last() {
    let copy = Copy::of_the_course();
    let path = "steps/06-rotation/src/tokens/blacklist.rs";
    let text = copy.repo.read(path).expect("a file");
    let start = text.find("\n/// Deletes what has ended by itself").expect("the block");
    let block = text[start + 1..].to_string();
    copy.write(path, &text[..start]);
    copy.edit("steps/06-rotation/src/tokens/mod.rs", "pub use blacklist::flush_expired;\n", "");
    let told = copy.carry_with(&Args { from: Some(6), until: Some(8) });
    for step in ["06-rotation", "07-notes"] {
        assert!(!copy.has(&format!("steps/{step}/src/tokens/blacklist.rs"), "flush_expired"));
    }
    assert!(copy.has("steps/08-deployment/src/tokens/blacklist.rs", &block));
    assert!(copy.has("notes/08-deployment.md", "+pub async fn flush_expired"));
    assert!(copy.has("notes/08-deployment.md", "+pub use blacklist::flush_expired;"));
    assert!(!copy.has("notes/06-rotation.md", "pub async fn flush_expired"));
    let wants = |line: &&String| line.contains("wants a sentence");
    assert_eq!(told.iter().filter(wants).count(), 2, "{told:?}");
}

/// A chapter that adds a module, a `use`, a route, a setting and a migration.
const BETWEEN: &str = "# 12. Between\n\nAt the end there is an address more.\n\n\
[src/extra.rs](../steps/12-between/src/extra.rs)\n```rust\n//! Something between.\n\n\
use rocket::{Route, State, get, routes};\n\nuse crate::settings::Settings;\n\n\
/// The routes.\npub fn routes() -> Vec<Route> {\n    routes![extra]\n}\n\n\
/// Try visiting: /extra\n#[get(\"/extra\")]\nfn extra(settings: &State<Settings>) -> String {\n    \
settings.extra.clone()\n}\n```\n\n\
[src/main.rs](../steps/12-between/src/main.rs)\n```diff\n mod errors;\n+mod extra;\n mod fields;\n```\n\n\
[src/settings.rs](../steps/12-between/src/settings.rs)\n```diff\n     pub update_last_login: bool,\n\
+    /// EXTRA: what the address says.\n+    pub extra: String,\n@@\n             \
update_last_login: vars.flag(\"UPDATE_LAST_LOGIN\", false)?,\n+            \
extra: String::from(\"extra\"),\n```\n\n**Checkpoint**: it compiles.\n\n\
[src/urls.rs](../steps/12-between/src/urls.rs)\n```diff\n use crate::db::Db;\n+use crate::extra;\n use crate::methods::{Access, complete};\n@@\n         \
.manage(settings)\n+        .mount(\"/\", extra::routes())\n```\n\n\
[migrations/0007_extra.sql](../steps/12-between/migrations/0007_extra.sql)\n```sql\n\
CREATE TABLE extras (id BIGINT PRIMARY KEY);\n```\n";

#[test]
fn a_step_is_inserted_before_the_last_and_taken_out() {
    let copy = Copy::of_the_course();
    copy.renumber_the_last();
    let last = || copy.files(&copy.repo.step(13).expect("the last"));
    let (before, chapter) =
        (last(), copy.repo.read("notes/13-operations.md").expect("a chapter"));
    copy.write("notes/12-between.md", BETWEEN);
    copy.carry();
    for step in ["12-between", "13-operations"] {
        let has = |path: &str, text| copy.has(&format!("steps/{step}/{path}"), text);
        assert!(has("src/extra.rs", "settings.extra.clone()"));
        assert!(has("src/main.rs", "mod errors;\nmod extra;\nmod fields;\n"));
        assert!(
            has("src/urls.rs", "use crate::extra;") && has("src/urls.rs", "extra::routes()")
        );
        assert!(has("src/settings.rs", "pub extra: String,"));
        assert!(has("migrations/0007_extra.sql", "CREATE TABLE extras"));
        assert!(has("src/tests/mod.rs", "mod notes;"));
    }
    assert!(copy.has("steps/13-operations/src/urls.rs", "health::routes()"));
    fs::remove_file(copy.repo.root.join("notes/12-between.md")).expect("a chapter");
    fs::remove_dir_all(copy.repo.root.join("steps/12-between")).expect("a step");
    copy.carry();
    assert_eq!(last(), before);
    assert_eq!(copy.repo.read("notes/13-operations.md").expect("a chapter"), chapter);
}

#[test]
fn a_changed_test_goes_into_the_later_steps() {
    let copy = Copy::of_the_course();
    let path = "src/tests/tokens.rs";
    let text = copy.repo.read(&format!("steps/04-token-pair/{path}")).expect("tests");
    copy.write(&format!("steps/04-token-pair/{path}"), &(text + "\n// One more remark.\n"));
    let told = copy.carry();
    for folder in copy.from(4) {
        assert!(copy.has(&format!("{folder}/{path}"), "// One more remark."), "{folder}");
    }
    assert!(!told.iter().any(|line| line.starts_with("notes/")), "{told:?}");
}

#[test]
fn the_newest_migration_gets_a_column() {
    let copy = Copy::of_the_course();
    let path = "migrations/0004_notes.sql";
    let text = copy.repo.read(&format!("steps/07-notes/{path}")).expect("a migration");
    let line = text.lines().find(|line| line.starts_with("    title ")).expect("a column");
    let edited = format!("{line}\n    pinned BIGINT NOT NULL DEFAULT 0,");
    copy.edit(&format!("steps/07-notes/{path}"), line, &edited);
    copy.carry();
    assert!(copy.has(&format!("steps/08-deployment/{path}"), &edited));
    assert!(copy.has("notes/07-notes.md", &edited));
}

#[test]
fn a_new_file_gets_a_fence_and_comes_to_the_later_steps() {
    let copy = Copy::of_the_course();
    copy.write("steps/05-refresh/src/clock.rs", "//! The clock.\n");
    copy.edit("steps/05-refresh/src/main.rs", "mod commands;\n", "mod clock;\nmod commands;\n");
    let told = copy.carry();
    for folder in copy.from(5) {
        assert!(copy.has(&format!("{folder}/src/clock.rs"), "//! The clock.\n"), "{folder}");
        assert!(copy.has(&format!("{folder}/src/main.rs"), "mod clock;\nmod commands;\n"));
    }
    assert!(copy.has("notes/05-refresh.md", "```rust\n//! The clock.\n```"));
    assert!(told.iter().any(|line| line.contains("src/clock.rs has a new fence")), "{told:?}");
}

/// The text of a function, with what stands above it, and without it.
fn taken(text: &str, start: &str) -> (String, String) {
    let start = text.find(start).expect("a function");
    let end = start + text[start..].find("\n}\n").expect("its end") + 3;
    let end = end + usize::from(text[end..].starts_with('\n'));
    (text[start..end].trim_end().into(), format!("{}{}", &text[..start], &text[end..]))
}

#[test]
fn a_function_moves_within_its_file() {
    let copy = Copy::of_the_course();
    let path = "src/tokens/models.rs";
    let file = format!("steps/04-token-pair/{path}");
    let text = copy.repo.read(&file).expect("a file");
    let start = text.rfind("\n/// ").expect("a documented item");
    let (block, rest) = (text[start..].to_string(), text[..start].to_string());
    let place = rest.find("\n/// ").expect("a place");
    copy.write(
        &file,
        &format!("{}{}{}", &rest[..place], block.trim_end().to_string() + "\n", &rest[place..]),
    );
    copy.carry();
    assert!(copy.has("notes/04-token-pair.md", block.trim()));
}

#[test]
fn a_function_moves_to_another_file() {
    let copy = Copy::of_the_course();
    let (from, to) = ("src/fields.rs", "src/parsers.rs");
    let read = |path| copy.repo.read(&format!("steps/02-registration/{path}")).expect("a file");
    let (block, rest) = taken(&read(from), "fn trim(");
    copy.write(&format!("steps/02-registration/{from}"), &rest);
    copy.write(&format!("steps/02-registration/{to}"), &format!("{}\n{block}\n", read(to)));
    copy.carry();
    for folder in copy.from(2) {
        assert!(copy.has(&format!("{folder}/{to}"), &block), "{folder}");
        assert!(!copy.has(&format!("{folder}/{from}"), "fn trim("), "{folder}");
    }
}

#[test]
fn a_query_changes_in_all_steps_that_have_it() {
    let copy = Copy::of_the_course();
    let path = "src/tokens/blacklist.rs";
    let (old, new) = ("WHERE expires_at <= $1\"", "WHERE expires_at < $1\"");
    let file = format!("steps/06-rotation/{path}");
    let text = copy.repo.read(&file).expect("a file");
    assert!(text.contains(old), "{text}");
    copy.write(&file, &text.replace(old, new));
    copy.carry();
    for folder in copy.from(6) {
        assert!(!copy.has(&format!("{folder}/{path}"), old), "{folder}");
    }
    assert!(copy.has("notes/06-rotation.md", new) && !copy.has("notes/06-rotation.md", old));
}

#[test]
fn a_setting_gets_another_default() {
    let copy = Copy::of_the_course();
    let (old, new) = ("unwrap_or(300)", "unwrap_or(600)");
    copy.edit("steps/04-token-pair/src/settings.rs", old, new);
    copy.carry();
    for folder in copy.from(4) {
        assert!(copy.has(&format!("{folder}/src/settings.rs"), new), "{folder}");
    }
    assert!(copy.has("notes/04-token-pair.md", new));
}

#[test]
fn a_manifest_gets_a_line() {
    let copy = Copy::of_the_course();
    let (old, new) =
        ("sqlx.workspace = true\n", "# SQL in plain sight.\nsqlx.workspace = true\n");
    copy.edit("steps/02-registration/Cargo.toml", old, new);
    copy.carry();
    for folder in copy.from(2) {
        assert!(copy.has(&format!("{folder}/Cargo.toml"), new), "{folder}");
    }
}

#[test]
fn an_edit_of_a_chapters_fence_makes_the_steps() {
    let copy = Copy::of_the_course();
    let line = "//! models.py: a note, and the SQL that keeps it.";
    copy.edit("notes/07-notes.md", line, "//! models.py: the note, and the SQL that keeps it.");
    copy.carry();
    for folder in copy.from(7) {
        assert!(copy.has(&format!("{folder}/src/notes/models.rs"), "//! models.py: the note"));
    }
}

#[test]
fn a_line_of_an_earlier_step_that_a_chapter_does_not_show_gets_a_fence() {
    let copy = Copy::of_the_course();
    let path = "src/accounts/passwords.rs";
    let file = format!("steps/06-rotation/{path}");
    let text = copy.repo.read(&file).expect("a file");
    let line = text.lines().find(|line| line.starts_with("//!")).expect("a comment");
    copy.edit(&file, line, &format!("{line} Edited."));
    let told = copy.carry();
    assert!(copy.has("notes/06-rotation.md", &format!("-{line}\n+{line} Edited.")));
    assert!(!copy.has(&format!("steps/05-refresh/{path}"), "Edited."));
    assert!(copy.has(&format!("steps/08-deployment/{path}"), "Edited."));
    assert!(told.iter().any(|line| line.contains("wants a sentence")), "{told:?}");
}

#[test]
fn a_function_that_is_too_long_for_its_line_now_is_laid_out_anew_in_all_steps() {
    let copy = Copy::of_the_course();
    let path = "src/fields.rs";
    let name = "no_null_characters_anywhere_in_the_whole_of_this_text";
    let file = format!("steps/02-registration/{path}");
    let text = copy.repo.read(&file).expect("a file").replace("no_null_characters", name);
    copy.write(&file, &text);
    copy.carry();
    let root = copy.repo.root.display();
    for folder in copy.from(2) {
        let output = std::process::Command::new("rustfmt")
            .args(["--check", "--edition", "2024", &format!("{root}/{folder}/{path}")])
            .output()
            .expect("rustfmt");
        assert!(
            output.status.success(),
            "{folder}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}
