//! The repository: where it is, its steps and chapters, and the files of each.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, anyhow, bail, ensure};
use toml_edit::{DocumentMut, value};

/// The text of each file, by its path below some folder, with `/` between the parts.
pub type Files = BTreeMap<String, String>;

/// A copy of the course's repository.
#[derive(Clone)]
pub struct Repo {
    /// The folder with the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Where cargo builds. The states that the tool builds share it: no package is compiled
    /// twice.
    pub target: PathBuf,
    /// Where those states are.
    pub states: PathBuf,
}

/// One step of the course: a folder under `steps/`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// 2 for `02-registration`.
    pub number: u32,
    /// The folder's name, `02-registration`; also the chapter's.
    pub name: String,
}

impl Step {
    fn from_name(name: &str) -> Option<Self> {
        let (number, _) = name.split_once('-')?;
        Some(Step { number: number.parse().ok()?, name: name.into() })
    }

    /// The step's folder, `steps/02-registration`.
    pub fn folder(&self) -> String {
        format!("steps/{}", self.name)
    }

    /// The step's chapter, `notes/02-registration.md`.
    pub fn chapter(&self) -> String {
        format!("notes/{}.md", self.name)
    }

    /// Package and binary, `step-2`.
    pub fn package(&self) -> String {
        format!("step-{}", self.number)
    }
}

impl Repo {
    /// The repository around the current folder, or else the one from which cargo runs the
    /// tool. Never the one it was built in: after a move, cargo builds nothing anew.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        let run = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = Self::around(&here).or_else(|| Self::around(run.as_ref()?));
        let root =
            root.context("no repository of the course around this folder; cd into it")?;
        let mut repo = Repo::at(root);
        if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
            repo.target = here.join(target);
        }
        Ok(repo)
    }

    fn around(folder: &Path) -> Option<&Path> {
        folder.ancestors().find(|folder| {
            folder.join("steps").is_dir() && folder.join("course/Cargo.toml").is_file()
        })
    }

    /// The repository in this folder.
    pub fn at(root: &Path) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.into());
        let target = root.join("target");
        Repo { states: target.join("course/states"), target, root }
    }

    /// All steps, in their order.
    pub fn steps(&self) -> Result<Vec<Step>> {
        let mut steps: Vec<_> = names(&self.root.join("steps"))?
            .iter()
            .filter_map(|name| Step::from_name(name))
            .collect();
        steps.sort_by_key(|step| step.number);
        Ok(steps)
    }

    /// The step with this number.
    pub fn step(&self, number: u32) -> Result<Step> {
        let steps = self.steps()?;
        let last = steps.last().map_or(0, |step| step.number);
        let step = steps.into_iter().find(|step| step.number == number);
        step.ok_or_else(|| anyhow!("there is no step {number}; the last one is {last}"))
    }

    /// The last step: the finished server.
    pub fn last(&self) -> Result<Step> {
        self.steps()?.pop().context("there is no step")
    }

    /// The step of this name in this copy of the course; its number may be another.
    pub fn same(&self, step: &Step) -> Result<Option<Step>> {
        let name = |step: &Step| step.name.split_once('-').map(|(_, name)| name.to_string());
        Ok(self.steps()?.into_iter().find(|other| name(other) == name(step)))
    }

    /// The step with this number, or all of them.
    pub fn chosen(&self, number: Option<u32>) -> Result<Vec<Step>> {
        number.map_or_else(|| self.steps(), |number| Ok(vec![self.step(number)?]))
    }

    /// The steps that have a chapter. Every numbered chapter must have a step.
    pub fn chapters(&self) -> Result<Vec<Step>> {
        let steps = self.steps()?;
        for file in names(&self.root.join("notes"))? {
            let Some(name) = file.strip_suffix(".md") else { continue };
            // 00-… belongs to no step.
            let orphan = Step::from_name(name)
                .is_some_and(|chapter| chapter.number > 0 && !steps.contains(&chapter));
            ensure!(!orphan, "notes/{file}: there is no steps/{name}; give both one name");
        }
        Ok(steps.into_iter().filter(|s| self.root.join(s.chapter()).is_file()).collect())
    }

    /// The step before this one, with the highest number below its own; `None` for the first.
    pub fn before(&self, step: &Step) -> Result<Option<Step>> {
        let earlier = |other: &Step| other.number < step.number;
        Ok(self.steps()?.into_iter().rfind(earlier))
    }

    /// What a step's chapter begins with: the files of the step before, tests too.
    pub fn base(&self, step: &Step) -> Result<Files> {
        let before = self.before(step)?.map(|before| self.files(&before.folder()));
        Ok(base(before.transpose()?.unwrap_or_default(), &self.files(&step.folder())?))
    }

    /// The files of a folder that belong to the course: what git tracks or would track.
    /// Without git, in a downloaded copy: what is not a product of running it.
    pub fn files(&self, folder: &str) -> Result<Files> {
        let paths = if self.root.join(".git").exists() {
            let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"];
            let out = self.git(list.into_iter().chain([folder]))?;
            out.split_terminator('\0').map(str::to_string).collect()
        } else {
            self.walk(folder)?
        };
        self.read_all(folder, &paths)
    }

    /// The files of a folder that git may not know, such as the learner's `work/`.
    pub fn files_without_git(&self, folder: &str) -> Result<Files> {
        self.read_all(folder, &self.walk(folder)?)
    }

    /// Every file below a folder, without what a run leaves behind.
    fn walk(&self, folder: &str) -> Result<Vec<String>> {
        let ours = |name: &str| name == ".course.json" || name.starts_with(".backup-");
        let run = |name: &str| name == ".env" || name == "target" || name.contains(".sqlite3");
        let left = |name: &str| ours(name) || run(name) || is_built(name);
        // What a client's .env says, its pages say to everyone.
        let public = format!("/{FRONTEND}.env");
        let mut paths = walk(&self.root, folder)?;
        paths.retain(|path| path.ends_with(&public) || !path.split('/').any(left));
        Ok(paths)
    }

    fn read_all(&self, folder: &str, paths: &[String]) -> Result<Files> {
        let there = |path: &&String| self.root.join(path.as_str()).is_file();
        let read = |path: &String| {
            let name = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
            Ok((name.to_string(), self.read(path)?))
        };
        paths.iter().filter(there).map(read).collect()
    }

    /// The text of a file, by its path from the root.
    pub fn read(&self, path: &str) -> Result<String> {
        let bytes = fs::read(self.root.join(path)).map_err(|why| anyhow!("{path}: {why}"))?;
        String::from_utf8(bytes)
            .map_err(|_| anyhow!("{path}: is not text in UTF-8, which a chapter cannot show"))
    }

    /// What git prints.
    pub fn git<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let mut git = git(&self.root);
        let output = git.args(args).output().context("git cannot be run; is it installed?")?;
        if !output.status.success() {
            bail!("git failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// git in this folder, whichever repository a hook that called us was about.
pub fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder);
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        git.env_remove(name);
    }
    git
}

/// The names in a folder, sorted; none when the folder does not exist.
pub fn names(folder: &Path) -> Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let explain = || format!("{} cannot be read", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(explain)? {
        names.push(entry.with_context(explain)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Every file below `folder`, as a path from `root`.
pub fn walk(root: &Path, folder: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in names(&root.join(folder))? {
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if root.join(&path).is_dir() {
            found.extend(walk(root, &path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Where a step has its client. It belongs to one chapter alone: later steps have a server.
pub const FRONTEND: &str = "frontend/";

/// Whether a folder of a client is made by npm or by its build.
pub fn is_built(name: &str) -> bool {
    name == "node_modules" || name == "dist"
}

/// What of a client is there when its chapter begins: shown and not typed, or npm's own.
fn is_given(path: &str) -> bool {
    path.starts_with(FRONTEND)
        && (path.ends_with(".css") || path.ends_with("/package-lock.json"))
}

/// What a chapter begins with: the step before without its client, and what is given of the
/// chapter's own client.
pub fn base(mut before: Files, own: &Files) -> Files {
    before.retain(|path, _| !path.starts_with(FRONTEND));
    let given = own.iter().filter(|(path, _)| is_given(path));
    before.extend(given.map(|(path, text)| (path.clone(), text.clone())));
    before
}

/// What the invariant is about: all files but the tests.
pub fn without_tests(mut files: Files) -> Files {
    files.retain(|path, _| !path.starts_with("src/tests/"));
    files
}

/// The same files under another package name. A manifest that is no TOML stays: cargo says
/// what is wrong with it.
pub fn set_package(files: &mut Files, package: &str) {
    let Some(text) = files.get_mut("Cargo.toml") else { return };
    let Ok(mut manifest) = text.parse::<DocumentMut>() else { return };
    let name = manifest.get_mut("package").and_then(|table| table.get_mut("name"));
    if let Some(name) = name {
        *name = value(package);
        *text = manifest.to_string();
    }
}

/// A step by what a person types: `4`, `step-4`.
pub fn step_number(text: &str) -> Result<u32, String> {
    let number = text.strip_prefix("step-").unwrap_or(text).parse();
    number.map_err(|_| "a step is a number, as 4 or step-4".into())
}

/// The learner's own crate: its folder and its package.
pub const WORK: &str = "work";

/// The files of the learner's own crate.
pub fn work(repo: &Repo) -> Result<Files> {
    let files = repo.files_without_git("work")?;
    ensure!(
        files.contains_key("Cargo.toml"),
        "there is no work/ yet; `just start 1` makes it, with the tests of step 1"
    );
    Ok(files)
}

/// An error with its place, in the form that editors make a link of.
pub fn at(path: &str, line: usize, what: impl Display) -> anyhow::Error {
    anyhow!("{path}:{line}: {what}")
}

/// Everything that a program printed.
pub fn printed(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
