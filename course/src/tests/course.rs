//! The course as it is: all of it must be right.

use crate::author::{exercises, replay, try_chapter};
use crate::repo::{Repo, Step};

/// Fails with everything that is wrong in any of the chapters.
fn for_all_chapters(check: impl Fn(&Repo, &Step) -> anyhow::Result<()>) {
    let repo = Repo::find().expect("the repository");
    let chapters = repo.chapters().expect("chapters");
    assert!(!chapters.is_empty(), "there is no chapter");
    let wrong = chapters.iter().filter_map(|step| check(&repo, step).err());
    let wrong: Vec<_> = wrong.map(|why| format!("{why:#}")).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn each_chapter_is_the_patch_to_its_step() {
    for_all_chapters(replay::check);
}

#[test]
fn each_checkpoint_compiles() {
    for_all_chapters(|repo, step| replay::check_checkpoints(repo, step, false));
}

#[test]
fn each_command_prints_what_its_chapter_shows() {
    for_all_chapters(|repo, step| try_chapter::check(repo, step).map(drop));
}

#[test]
fn each_exercise_fails_unsolved_and_has_a_solution() {
    for_all_chapters(|repo, step| {
        let all = exercises::all(repo)?;
        let of_step = all.iter().filter(|exercise| exercise.step == *step);
        let wrong = of_step.filter_map(|exercise| exercises::check(repo, exercise).err());
        let wrong: Vec<_> = wrong.map(|why| format!("{why:#}")).collect();
        anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    });
}
