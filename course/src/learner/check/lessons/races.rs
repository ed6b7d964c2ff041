//! What happens when requests come at the same time. A race is a matter of luck: one that is
//! there shows itself in some rounds and not in others, so there are several.

use serde_json::json;

use super::room::{Broken, Pair, Room, pair, post, refresh_with, statuses};
use super::{Lesson, Needs};
use crate::http::{Answer, Outgoing};

/// How many requests are sent at once.
const AT_ONCE: usize = 16;

pub const ONE_NAME_ONE_USER: Lesson = Lesson {
    name: "one name, one user",
    step: 2,
    checks: "Of 16 registrations of one name that come at the same time, one is a 201 and each \
             other a 400 that says the name is taken.",
    matters: "By hand nobody is fast enough to see it. A button that is pressed twice, or two \
              servers before one database, are.",
    chapter: "02-registration",
    heading: "The user, and who was first",
    needs: Needs::Requests,
    ask: |room| Box::pin(one_name_one_user(room)),
};

pub const ONE_TOKEN_ONE_USE: Lesson = Lesson {
    name: "one token, one use",
    step: 6,
    checks: "Of 16 refreshes with one token that come at the same time, one is a 200 and each \
             other a 401. Then the same with its successor, several times.",
    matters: "Two successors of one token are two log-ins. The thief keeps one, and the owner \
              never comes back with a used token: nobody is warned.",
    chapter: "06-rotation",
    heading: "One use",
    needs: Needs::OneUse,
    ask: |room| Box::pin(one_token_one_use(room)),
};

async fn one_name_one_user(room: &Room<'_>) -> Result<(), Broken> {
    for round in 0..6 {
        let body = json!({"username": format!("lesson-name-{round}"), "password": "a-pass-1"});
        let request = || post("/api/user/register/", body.clone());
        let answers = room.send_at_once((0..AT_ONCE).map(|_| request()).collect()).await?;
        let won = count(&answers, 201);
        if won == 1 && count(&answers, 400) == AT_ONCE - 1 {
            continue;
        }
        let how = if won > 1 { "more than one 201" } else { "not 400 for each that lost" };
        let want = "one 201, and 400 for the others";
        return Err(raced(room, &request(), &answers, how, want, LOOKS_FOR_THE_NAME));
    }
    Ok(())
}

async fn one_token_one_use(room: &Room<'_>) -> Result<(), Broken> {
    let mut token = room.log_in_as_new("lesson-one-use").await?.refresh;
    for _ in 0..12 {
        let requests = (0..AT_ONCE).map(|_| refresh_with(&token)).collect();
        let answers = room.send_at_once(requests).await?;
        let (won, lost) = (count(&answers, 200), count(&answers, 401));
        let (how, cause) = match won {
            2.. => ("more than one 200", LOOKS_FIRST),
            _ if won + lost < AT_ONCE => ("some neither 200 nor 401", READS_FIRST),
            0 => ("no 200 at all", NOBODY_WON),
            _ => {
                token = winner(&answers)?.refresh;
                continue;
            }
        };
        let want = "one 200, and 401 for the others";
        return Err(raced(room, &refresh_with(&token), &answers, how, want, cause));
    }
    Ok(())
}

const LOOKS_FOR_THE_NAME: &str = "The name is looked for first, and inserted later. Between the \
    two, other requests find it free as well. Let the INSERT decide: the column is UNIQUE, and the \
    error of a second one becomes the 400.";

const LOOKS_FIRST: &str = "The list is asked first, and written to later. Between the two, other \
    requests find the token unused as well. One statement must decide: INSERT … ON CONFLICT DO \
    NOTHING, and whoever changed no row came second.";

const READS_FIRST: &str = "The transaction reads before it writes: the list, or the family. SQLite \
    refuses its write when another wrote meanwhile (`database is locked`), and the client gets a \
    500. Write first: INSERT … ON CONFLICT DO NOTHING claims the token, whoever changed no row came \
    second, and all that is read comes after it, with `&mut *transaction`.";

const NOBODY_WON: &str = "The token was good, and nobody got through. In the round before, those \
    that came second within REUSE_GRACE have ended its family; or a claim that is refused later is \
    not rolled back.";

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// The tokens of the only one that got any.
fn winner(answers: &[Answer]) -> anyhow::Result<Pair> {
    let won = answers.iter().find(|answer| answer.status == 200);
    pair(won.ok_or_else(|| anyhow::anyhow!("nobody got a token"))?)
}

fn raced(
    room: &Room<'_>,
    request: &Outgoing,
    answers: &[Answer],
    how: &str,
    want: &str,
    cause: &str,
) -> Broken {
    let asked = format!("{AT_ONCE} of these at the same time:\n{}", room.curl(request));
    let came = vec![how.to_string(), format!("statuses {}", statuses(answers))];
    Broken::new(asked, "the statuses", came, want, cause)
}
