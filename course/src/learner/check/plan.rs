//! What a check asks: of which server, with which settings, in which order.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, anyhow};

use super::lessons::{self, LESSONS, Lesson, Needs};
use crate::contract::differences::Differences;
use crate::contract::{Case, CommandCase, Contract, Fixtures, Group, Profile};
use crate::run::settings::{Settings, settings};

/// What a person wants to be checked.
#[derive(Clone, Default)]
pub struct Choice {
    /// Everything up to this step.
    pub step: u32,
    /// Only one group, or the cases with this in their name.
    pub only: Option<String>,
    /// Only what holds at a checkpoint of that step's chapter.
    pub until: Option<Until>,
}

/// A checkpoint, and what is typed by then.
#[derive(Clone)]
pub struct Until {
    pub checkpoint: usize,
    /// The labels of the cases that hold.
    pub cases: BTreeSet<String>,
}

impl Choice {
    /// Everything up to a step.
    pub fn up_to(step: u32) -> Self {
        Choice { step, ..Choice::default() }
    }

    /// How far the check goes, for people.
    pub fn goal(&self) -> String {
        match &self.until {
            None => format!("step {}", self.step),
            Some(until) => format!("checkpoint {} of chapter {}", until.checkpoint, self.step),
        }
    }
}

/// The whole check. Nothing changes it once it is made.
pub struct Plan<'c> {
    pub step: u32,
    /// How far it goes, for people.
    pub goal: String,
    pub fixtures: &'c Fixtures,
    /// Where another answer than Django's is right.
    pub differences: &'c Differences,
    /// The commands of the program, in order, on one database.
    pub commands: Vec<Planned<'c, CommandCase>>,
    /// One server after the other.
    pub servers: Vec<ServerPlan<'c>>,
    /// What no single answer shows, on servers of its own.
    pub lessons: Vec<LessonPlan>,
}

/// A server to start, and the lessons that are looked at there.
pub struct LessonPlan {
    pub settings: Settings,
    pub lessons: Vec<&'static Lesson>,
}

/// A case to run. One that is not counted runs for those after it, which may need what it did.
pub struct Planned<'c, C> {
    pub case: &'c C,
    pub counted: bool,
}

/// A server to start, and what it is asked.
pub struct ServerPlan<'c> {
    pub profile: Profile,
    pub settings: Settings,
    /// Whether it is asked what Django was asked, and has the contract's users for that.
    pub recorded: bool,
    pub groups: Vec<GroupPlan<'c>>,
}

/// A group's cases.
pub struct GroupPlan<'c> {
    pub group: &'c Group,
    pub cases: Vec<Planned<'c, Case>>,
}

impl<'c> Plan<'c> {
    pub fn new(contract: &'c Contract, differences: &'c Differences, choice: &Choice) -> Self {
        let chooser = Chooser { contract, choice };
        let commands = contract.commands.iter().map(|case| (&*case.name, case.step, case));
        Plan {
            step: choice.step,
            goal: choice.goal(),
            fixtures: &contract.fixtures,
            differences,
            commands: chooser.planned("commands", commands),
            servers: chooser.servers(),
            lessons: chooser.lessons(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.servers.is_empty() && self.lessons.is_empty()
    }

    /// The lessons for a server that runs already, and those that need more than requests.
    pub fn lessons_of_profile(
        &self,
        profile: Profile,
    ) -> (Vec<&'static Lesson>, Vec<&'static Lesson>) {
        let lessons = self.lessons.iter().flat_map(|server| server.lessons.iter().copied());
        lessons.partition(|lesson| lesson.needs.over_http(profile))
    }

    /// The groups for a server that runs already, and treats refresh tokens in this way.
    pub fn of_profile(&self, profile: Profile) -> Vec<&GroupPlan<'c>> {
        let fits = |server: &&ServerPlan<'_>| server.recorded && server.profile == profile;
        self.servers.iter().filter(fits).flat_map(|server| &server.groups).collect()
    }
}

/// Makes the parts of a plan.
struct Chooser<'c, 'w> {
    contract: &'c Contract,
    choice: &'w Choice,
}

impl<'c> Chooser<'c, '_> {
    fn servers(&self) -> Vec<ServerPlan<'c>> {
        let server = |profile, over: &BTreeMap<_, _>, recorded, groups: Vec<&'c Group>| {
            let groups = groups.into_iter().filter_map(|group| self.group(group)).collect();
            let settings = settings(&self.contract.fixtures, profile, over);
            ServerPlan { profile, settings, recorded, groups }
        };
        let ours = self.contract.ours.iter();
        let ours = ours.map(|group| server(group.profile, &group.settings, false, vec![group]));
        let recorded = [Profile::Default, Profile::Rotate, Profile::RotateBlacklist];
        let recorded = recorded.into_iter().map(|profile| {
            let groups = self.contract.groups.iter().filter(|group| group.profile == profile);
            server(profile, &BTreeMap::new(), true, groups.collect())
        });
        ours.chain(recorded).filter(|server| !server.groups.is_empty()).collect()
    }

    fn lessons(&self) -> Vec<LessonPlan> {
        let lessons = LESSONS.into_iter().filter(|lesson| {
            lesson.step <= self.choice.step && self.wants(lessons::GROUP, lesson.name)
        });
        let mut plans: Vec<LessonPlan> = Vec::new();
        for lesson in lessons {
            let over = lesson.needs.settings().map(|(name, value)| (name.into(), value.into()));
            let profile = Profile::RotateBlacklist;
            let settings = settings(&self.contract.fixtures, profile, &over.into());
            match plans.iter_mut().find(|plan| plan.settings == settings) {
                Some(plan) => plan.lessons.push(lesson),
                None => plans.push(LessonPlan { settings, lessons: vec![lesson] }),
            }
        }
        plans
    }

    fn group(&self, group: &'c Group) -> Option<GroupPlan<'c>> {
        let cases = group.cases.iter().filter(|case| case.holds_at(self.choice.step));
        let cases = cases.map(|case| (&*case.name, case.step, case));
        let cases = self.planned(&group.name, cases);
        (!cases.is_empty()).then_some(GroupPlan { group, cases })
    }

    /// The cases of the steps that are checked, up to the last that is wanted.
    fn planned<C>(
        &self,
        group: &str,
        cases: impl Iterator<Item = (&'c str, u32, &'c C)>,
    ) -> Vec<Planned<'c, C>> {
        let cases = cases.filter(|(_, step, _)| *step <= self.choice.step);
        let mut planned: Vec<_> = cases
            .map(|(name, _, case)| Planned { case, counted: self.wants(group, name) })
            .collect();
        let last = planned.iter().rposition(|planned| planned.counted);
        planned.truncate(last.map_or(0, |last| last + 1));
        planned
    }

    fn wants(&self, group: &str, name: &str) -> bool {
        let is_group = |only| only == lessons::GROUP || self.contract.is_group(only);
        let label = format!("{group}/{name}");
        let named = self.choice.only.as_ref().is_none_or(|only| match is_group(only) {
            true => only == group,
            false => label.contains(only),
        });
        named && self.choice.until.as_ref().is_none_or(|until| until.cases.contains(&label))
    }
}

/// Why a choice leaves nothing to ask. `profile`: of a server that runs already.
pub fn nothing(contract: &Contract, choice: &Choice, profile: Option<Profile>) -> Error {
    let (step, only) = (choice.step, choice.only.as_deref().unwrap_or_default());
    if choice.until.is_some() {
        let goal = choice.goal();
        let what = choice.only.as_ref().map(|only| format!(" {only:?}")).unwrap_or_default();
        return anyhow!(
            "nothing to check: {goal} answers nothing{what} yet that the chapter would not \
             change again. `just run work` shows whether it runs."
        );
    }
    let named = all(contract).filter(|it| it.group == only || it.label().contains(only));
    let named: Vec<_> = named.collect();
    let Some(first) = named.iter().map(|it| it.step).min() else {
        return anyhow!(
            "nothing to check: no group and no case has {only:?} in its name; course/contract/ \
             has a file for each group."
        );
    };
    if first > step {
        return anyhow!(
            "nothing to check: {only:?} comes with step {first}, and this asks up to step {step}."
        );
    }
    let asked = named.iter().filter(|it| it.step <= step).find_map(|it| it.profile);
    match (asked, profile) {
        (Some(asked), Some(given)) => anyhow!(
            "nothing to check: {only:?} is asked of a server with the settings of --profile \
             {asked}, and this run is for those of {given}."
        ),
        _ => anyhow!(
            "nothing to check: {only:?} is asked of a program that the check starts itself: \
             work/, or --from step-{step}."
        ),
    }
}

/// A case or a command, and the server that is asked it.
struct Known<'c> {
    group: &'c str,
    name: &'c str,
    step: u32,
    /// The last step at which it holds.
    until: Option<u32>,
    /// `None`: only of a program that the check starts itself.
    profile: Option<Profile>,
}

impl Known<'_> {
    fn label(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }
}

/// Every case and command up to a step, with its step. No lesson: before its chapter is done,
/// a race may be won by luck.
pub fn cases_up_to(contract: &Contract, step: u32) -> Vec<(String, u32)> {
    let holds = |it: &Known<'_>| it.step <= step && it.until.is_none_or(|last| step <= last);
    let cases = all(contract).filter(|it| holds(it) && it.group != lessons::GROUP);
    cases.map(|it| (it.label(), it.step)).collect()
}

fn all(contract: &Contract) -> impl Iterator<Item = Known<'_>> {
    let recorded = contract.groups.iter().map(|group| (group, Some(group.profile)));
    let ours = contract.ours.iter().map(|group| (group, None));
    let cases = recorded.chain(ours).flat_map(|(group, profile)| {
        let cases = group.cases.iter();
        cases.map(move |it| Known {
            group: &group.name,
            name: &it.name,
            step: it.step,
            until: it.until,
            profile,
        })
    });
    let commands = contract.commands.iter().map(|command| {
        let CommandCase { name, step, .. } = command;
        Known { group: "commands", name, step: *step, until: None, profile: None }
    });
    let lessons = LESSONS.into_iter().map(|lesson| {
        let profile = (lesson.needs == Needs::OneUse).then_some(Profile::RotateBlacklist);
        Known {
            group: lessons::GROUP,
            name: lesson.name,
            step: lesson.step,
            until: None,
            profile,
        }
    });
    cases.chain(commands).chain(lessons)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    /// Why nothing of this name is asked up to step 4.
    fn why(only: &str, profile: Option<Profile>) -> String {
        let contract = contract::load().expect("the contract");
        let choice = Choice { step: 4, only: Some(only.into()), ..Choice::default() };
        nothing(&contract, &choice, profile).to_string()
    }

    #[test]
    fn a_name_that_nothing_has_is_told_as_that() {
        let text = why("tokken", None);
        assert!(text.contains("no group and no case has \"tokken\" in its name"), "{text}");
    }

    #[test]
    fn what_a_later_step_asks_is_told_with_its_step() {
        let text = why("verify", None);
        assert!(text.contains("\"verify\" comes with step 5"), "{text}");
    }

    /// `check 8 --only verify --url … --profile rotate` said that there is no such case.
    #[test]
    fn what_another_profile_is_asked_is_told_with_its_name() {
        let text = why("token/json", Some(Profile::Rotate));
        assert!(
            text.contains("--profile default, and this run is for those of rotate"),
            "{text}"
        );
    }

    #[test]
    fn what_needs_a_program_of_ours_is_told_as_that() {
        let text = why("commands", Some(Profile::Default));
        assert!(text.contains("a program that the check starts itself"), "{text}");
    }

    /// What is not counted runs for what comes after it, and nothing runs after the last.
    #[test]
    fn a_group_is_planned_up_to_the_last_case_that_is_wanted() {
        let contract = contract::load().expect("the contract");
        let differences = Differences::default();
        let choice = Choice { step: 4, only: Some("token/wrong password".into()), until: None };
        let plan = Plan::new(&contract, &differences, &choice);
        let [server] = &plan.servers[..] else { panic!("one server is enough") };
        let [GroupPlan { group, cases }] = &server.groups[..] else { panic!("one group") };
        assert_eq!(group.name, "token");
        let counted: Vec<_> = cases.iter().map(|planned| planned.counted).collect();
        assert!(counted.ends_with(&[false, true]), "{counted:?}");
        assert!(cases.iter().all(|planned| planned.case.step <= 4), "no case of a later step");
    }
}
