//! Does what a plan says, and tells the report what came of it.

use anyhow::Result;

use super::cases::{Outcome, Session};
use super::commands::Terminal;
use super::failure::Failure;
use super::lessons::{self, Lesson, Own, Room};
use super::plan::{GroupPlan, LessonPlan, Plan, ServerPlan};
use super::report::{Report, Section};
use crate::contract::{Case, Profile};
use crate::http::Address;
use crate::run::output::Output;
use crate::run::program::Built;
use crate::run::server::Server;
use crate::run::settings::settings;

/// Asks a program of ours: its commands, and a server for each way to set it up.
pub async fn ask_program(
    plan: &Plan<'_>,
    program: &Built,
    report: &mut Report<'_>,
) -> Result<()> {
    report.say(format_args!("Checking {} up to {}.", program.name, plan.goal))?;
    if !plan.commands.is_empty() {
        run_commands(plan, program, report).await?;
    }
    for server in &plan.servers {
        if !report.goes_on() {
            break;
        }
        match Server::start(program, server.settings.clone(), 0, Output::Kept).await {
            Ok(running) => ask_started(plan, server, running, report).await?,
            Err(why) => report.did_not_start(&why)?,
        }
    }
    look_at_lessons(plan, program, report).await
}

/// Asks a server that runs already.
pub async fn ask_address(
    plan: &Plan<'_>,
    address: &Address,
    profile: Profile,
    report: &mut Report<'_>,
) -> Result<()> {
    for group in plan.of_profile(profile) {
        ask_group(plan, group, address, address, report).await?;
    }
    let (lessons, left) = plan.lessons_of_profile(profile);
    if report.goes_on() && !lessons.is_empty() {
        let room = Room { address, shown: address, own: None };
        let mut section = report.section(lessons::GROUP, lessons.len());
        look_at(&lessons, &room, &mut section).await?;
        section.end()?;
    }
    if report.goes_on() && !left.is_empty() {
        report.say("\nNot looked at over --url, and from work/ it would be:")?;
        for lesson in left {
            report.say(format_args!("  {}: {}", lesson.label(), lesson.needs.reason()))?;
        }
    }
    Ok(())
}

/// Asks a server of ours, and stops it.
async fn ask_started(
    plan: &Plan<'_>,
    server: &ServerPlan<'_>,
    running: Server,
    report: &mut Report<'_>,
) -> Result<()> {
    // Before step 2 nobody can be registered.
    if server.recorded
        && plan.step > 1
        && let Some(missing) = running.prepare(&plan.fixtures.users).await?
    {
        report.say(format_args!("  {missing}"))?;
    }
    // The address to print: this server is gone when the person reads it.
    let shown = "http://127.0.0.1:8000".parse()?;
    for group in &server.groups {
        ask_group(plan, group, &running.address, &shown, report).await?;
    }
    running.stop().await.map(drop)
}

/// Asks the cases of one group. `shown` is the address to print.
async fn ask_group(
    plan: &Plan<'_>,
    GroupPlan { group, cases }: &GroupPlan<'_>,
    address: &Address,
    shown: &Address,
    report: &mut Report<'_>,
) -> Result<()> {
    if !report.goes_on() {
        return Ok(());
    }
    let total = cases.iter().filter(|planned| planned.counted).count();
    let mut section = report.section(&group.name, total);
    let mut session = Session::new(plan.fixtures, group, address, shown, plan.step);
    let in_time = |case: &&Case| case.holds_at(plan.step);
    for case in group.setup.iter().filter(in_time) {
        session.setup(case).await;
    }
    for planned in cases {
        let outcome = session.case(planned.case, plan.differences).await;
        if planned.counted {
            section.add(&group.label(planned.case), outcome)?;
        }
        if !section.goes_on() {
            break;
        }
    }
    section.end()
}

/// Runs the commands, in order, on one database.
async fn run_commands(plan: &Plan<'_>, program: &Built, report: &mut Report<'_>) -> Result<()> {
    let total = plan.commands.iter().filter(|planned| planned.counted).count();
    let mut section = report.section("commands", total);
    let settings = settings(plan.fixtures, Profile::Default, &Default::default());
    let terminal = Terminal::new(program, settings)?;
    for planned in &plan.commands {
        let outcome = terminal.case(planned.case).await?;
        if planned.counted {
            section.add(&format!("commands/{}", planned.case.name), outcome)?;
        }
        if !section.goes_on() {
            break;
        }
    }
    section.end()
}

/// Looks at the lessons, each on a server that it needs.
async fn look_at_lessons(
    plan: &Plan<'_>,
    program: &Built,
    report: &mut Report<'_>,
) -> Result<()> {
    let total = plan.lessons.iter().map(|server| server.lessons.len()).sum();
    if !report.goes_on() || total == 0 {
        return Ok(());
    }
    // The address to print, as above.
    let shown = "http://127.0.0.1:8000".parse()?;
    let mut section = report.section(lessons::GROUP, total);
    for LessonPlan { settings, lessons } in &plan.lessons {
        if !section.goes_on() {
            break;
        }
        let server = Server::start(program, settings.clone(), 0, Output::Kept).await?;
        let own = Some(Own { program, place: &server.place, settings });
        let room = Room { address: &server.address, shown: &shown, own };
        look_at(lessons, &room, &mut section).await?;
        server.stop().await?;
    }
    section.end()
}

async fn look_at(
    lessons: &[&'static Lesson],
    room: &Room<'_>,
    section: &mut Section<'_, '_>,
) -> Result<()> {
    for lesson in lessons {
        let outcome = match lesson.ask(room).await {
            Ok(()) => Outcome::Passed,
            Err(broken) => Outcome::Failed(Box::new(Failure::of_lesson(lesson, broken))),
        };
        section.add(&lesson.label(), outcome)?;
        if !section.goes_on() {
            break;
        }
    }
    Ok(())
}
