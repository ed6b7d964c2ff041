//! The course as it is: all of it must be right.

use crate::author::replay::checkpoint_workspace;
use crate::author::{checkpoints, exercises, replay, try_chapter};
use crate::book::chapter::Chapter;
use crate::book::replay::Replay;
use crate::learner::check::{Choice, answers, until};
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
fn each_checkpoint_compiles_and_answers_what_is_recorded_for_it() {
    for_all_chapters(|repo, step| checkpoints::check(repo, step).map(drop));
}

/// In the middle of chapter 2 there is no table yet: the whole check would stop far ahead.
#[test]
fn what_is_typed_up_to_a_checkpoint_passes_its_check() {
    let repo = Repo::find().expect("the repository");
    let step = repo.step(2).expect("a step");
    let chapter = Chapter::read(&repo, &step).expect("a chapter");
    let replay = Replay::run(&repo, &step, &chapter).expect("a replay");
    let workspace = checkpoint_workspace(&repo, &step, &replay, 2).expect("a workspace");
    let program = checkpoints::program(&workspace, &step, &replay.checkpoints[2]);
    let program = program.expect("a program");
    let answers = |choice: Choice| answers(&program, &choice, Default::default());
    let until = Some(until(&repo, 2, 3).expect("the cases of checkpoint 3"));
    let so_far = answers(Choice { until, ..Choice::up_to(2) }).expect("answers");
    assert_eq!(so_far.failed, Vec::<String>::new());
    assert!(!so_far.held.is_empty(), "what chapter 1 made is asked");
    let all = answers(Choice::up_to(2)).expect("answers");
    assert!(!all.failed.is_empty(), "the chapter is not done at its checkpoint 3");
}

#[test]
fn each_command_prints_what_its_chapter_shows() {
    for_all_chapters(|repo, step| try_chapter::check(repo, step).map(drop));
}

#[test]
fn each_exercise_fails_unsolved_and_has_a_solution_that_the_check_knows() {
    for_all_chapters(|repo, step| {
        let all = exercises::all(repo)?;
        let of_step = all.iter().filter(|exercise| exercise.step == *step);
        let check = |exercise| {
            exercises::check(repo, exercise)?;
            exercises::check_answers(repo, exercise)
        };
        let wrong = of_step.filter_map(|exercise| check(exercise).err());
        let wrong: Vec<_> = wrong.map(|why| format!("{why:#}")).collect();
        anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    });
}
