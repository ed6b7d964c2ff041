//! Two copies of the course: as it was when chapters and steps last agreed, and as it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::repo::{Repo, git};

/// The course as the last `carry` left it. Without it, a second edit on top of one that was
/// carried and not committed yet would meet itself in every later step.
const CARRIED: &str = "refs/course/carried";

/// A copy of the course, which goes when it is dropped.
pub struct Copy {
    pub repo: Repo,
    _folder: TempDir,
}

impl Copy {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        Ok(Copy { repo: Repo::at(folder.path()), _folder: folder })
    }
}

/// The course as of the last commit, or as the last `carry` since then has left it.
pub fn before(repo: &Repo) -> Result<Copy> {
    let copy = Copy::new()?;
    let tree = nearest(repo)?;
    let index = copy.repo.root.join(".index");
    let mut prefix = copy.repo.root.clone().into_os_string();
    prefix.push("/");
    let prefix = prefix.to_string_lossy().into_owned();
    with_index(repo, &index, &["read-tree", tree])?;
    with_index(repo, &index, &["checkout-index", "-a", &format!("--prefix={prefix}")])?;
    fs::remove_file(index)?;
    Ok(copy)
}

/// Which of the two. An author who carried and then took it all back with git begins again
/// from the commit: then most of what `carry` had changed is as it was committed.
fn nearest(repo: &Repo) -> Result<&'static str> {
    let head = repo.git(["rev-parse", "HEAD"]);
    let head = head.context("carry needs the last commit to compare with")?;
    let parent = repo.git(["rev-parse", "--verify", "-q", &format!("{CARRIED}^")]);
    if !parent.is_ok_and(|parent| parent == head) {
        return Ok("HEAD");
    }
    let changed = |to: &str| -> Result<BTreeSet<String>> {
        let names = ["diff", "--name-only", "--diff-filter=M", "--no-renames", "HEAD", to];
        Ok(repo.git(names)?.lines().map(String::from).collect())
    };
    let (carried, now) = (changed(CARRIED)?, changed(tree(repo)?.trim())?);
    let kept = carried.intersection(&now).count();
    Ok(if 2 * kept >= carried.len() { CARRIED } else { "HEAD" })
}

/// The course as it is, as a tree of git's.
fn tree(repo: &Repo) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let index = folder.path().join("index");
    with_index(repo, &index, &["read-tree", "HEAD"])?;
    with_index(repo, &index, &["add", "-A"])?;
    with_index(repo, &index, &["write-tree"])
}

/// The course as it is, in files that may be changed.
pub fn now(repo: &Repo) -> Result<Copy> {
    let copy = Copy::new()?;
    for path in paths(repo)? {
        let to = copy.repo.root.join(&path);
        fs::create_dir_all(to.parent().unwrap_or(&copy.repo.root))?;
        fs::copy(repo.root.join(&path), to).with_context(|| path.clone())?;
    }
    Ok(copy)
}

/// Writes what the copy has otherwise than the repository, and names it.
pub fn write_back(copy: &Repo, repo: &Repo) -> Result<Vec<String>> {
    let theirs: BTreeSet<String> = paths(repo)?.into_iter().collect();
    let ours: BTreeSet<String> = crate::repo::walk(&copy.root, "")?.into_iter().collect();
    let mut written = Vec::new();
    for path in &ours {
        let (from, to) = (copy.root.join(path), repo.root.join(path));
        let text = fs::read(&from)?;
        if fs::read(&to).is_ok_and(|old| old == text) {
            continue;
        }
        fs::create_dir_all(to.parent().unwrap_or(&repo.root))?;
        fs::write(&to, text).with_context(|| path.clone())?;
        written.push(path.clone());
    }
    for path in theirs.difference(&ours) {
        fs::remove_file(repo.root.join(path)).with_context(|| path.clone())?;
        written.push(format!("{path} (deleted)"));
    }
    Ok(written)
}

/// Remembers this state as one in which chapters and steps agree.
pub fn remember(repo: &Repo) -> Result<()> {
    let tree = tree(repo)?;
    let who = ["-c", "user.name=course", "-c", "user.email=course@localhost"];
    let commit = ["commit-tree", "-p", "HEAD", "-m", "carried", tree.trim()];
    let commit = repo.git(who.into_iter().chain(commit))?;
    repo.git(["update-ref", CARRIED, commit.trim()]).map(drop)
}

/// The files that git tracks or would track, and that exist.
fn paths(repo: &Repo) -> Result<Vec<String>> {
    let list = repo.git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let paths: BTreeSet<_> = list.split_terminator('\0').map(String::from).collect();
    Ok(paths.into_iter().filter(|path| repo.root.join(path).is_file()).collect())
}

/// git with an index of its own: the author's stays as it is.
fn with_index(repo: &Repo, index: &Path, args: &[&str]) -> Result<String> {
    let mut git = git(&repo.root);
    let output = git.env("GIT_INDEX_FILE", index).args(args).output();
    let output = output.context("git cannot be run; is it installed?")?;
    let error = String::from_utf8_lossy(&output.stderr).trim().to_string();
    ensure!(output.status.success(), "git {} failed: {error}", args.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
