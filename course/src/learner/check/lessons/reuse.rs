//! A used refresh token comes back.

use std::time::Duration;

use serde_json::json;

use super::room::{Broken, Pair, Room, pair, post, refresh_with};
use super::{Lesson, Needs};
use crate::contract::tokens::now;
use crate::http::Outgoing;

pub const A_SECOND_TAB_ENDS_NOTHING: Lesson = Lesson {
    name: "a second tab ends nothing",
    step: 6,
    checks: "With REUSE_GRACE=10 a used token comes back at once. It is refused, and its \
             successor goes on.",
    matters: "Two tabs refresh at the same moment, or an answer is lost and the client asks \
              again. Nobody has stolen anything, and nobody should be logged out.",
    chapter: "06-rotation",
    heading: "A used token comes back",
    needs: Needs::Reuse { grace: "10" },
    ask: |room| Box::pin(a_second_tab_ends_nothing(room)),
};

pub const A_THIEF_IS_THROWN_OUT: Lesson = Lesson {
    name: "a thief is thrown out",
    step: 6,
    checks: "With REUSE_GRACE=0 a used token comes back a second after its use. From then on \
             its successor is refused too, by refresh and by verify; another log-in of the \
             same user goes on.",
    matters: "One of the two who hold the token is a thief, and nobody can tell which. As long \
              as the successor works, the thief may be the one who goes on.",
    chapter: "06-rotation",
    heading: "A used token comes back",
    needs: Needs::Reuse { grace: "0" },
    ask: |room| Box::pin(a_thief_is_thrown_out(room)),
};

async fn a_second_tab_ends_nothing(room: &Room<'_>) -> Result<(), Broken> {
    let first = room.log_in_as_new("lesson-tabs").await?;
    let second = refreshed(room, &first).await?;
    let story = "A log-in, a refresh, and the same refresh again at once";
    let cause = "A token counts as used the moment it is used; a second one within the grace \
                 is refused and no more. Look at the comparison: it revokes when \
                 blacklisted_at + grace < now.";
    status(room, story, &refresh_with(&first.refresh), 401, cause).await?;
    let story = "After that, with the successor";
    status(room, story, &refresh_with(&second.refresh), 200, cause).await
}

async fn a_thief_is_thrown_out(room: &Room<'_>) -> Result<(), Broken> {
    let first = room.log_in_as_new("lesson-thief").await?;
    let other = room.log_in("lesson-thief").await?;
    let second = refreshed(room, &first).await?;
    next_second().await;
    let story = "A log-in, a refresh, and a second later the same refresh again";
    let cause = "A used token must be refused, whatever else it sets off.";
    status(room, story, &refresh_with(&first.refresh), 401, cause).await?;

    let story = "After that, with the successor";
    let cause = "Refresh does not ask family_is_revoked. Or the mark is never set: the \
                 transaction that sets it must be committed although the answer is a 401. Or \
                 the successor is not of its parent's family.";
    status(room, story, &refresh_with(&second.refresh), 401, cause).await?;

    let story = "The same token, as another service asks about it";
    let verify = post("/api/token/verify/", json!({"token": second.refresh}));
    let cause = "Refresh looks at the mark on the family, and verify does not. Both ask \
                 whether a token still counts: is_blacklisted asks for the token and for its \
                 family.";
    status(room, story, &verify, 400, cause).await?;

    let story = "Another log-in of the same user, which nobody has touched";
    let cause = "The mark is on more than the family of the token that came back: a family is \
                 one log-in, and not one user.";
    status(room, story, &refresh_with(&other.refresh), 200, cause).await
}

async fn refreshed(room: &Room<'_>, old: &Pair) -> Result<Pair, Broken> {
    Ok(pair(&room.prepare(&refresh_with(&old.refresh), 200).await?)?)
}

/// Servers count in whole seconds: waits until they count one more than now.
async fn next_second() {
    let begin = now();
    while now() <= begin {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One part of the story.
async fn status(
    room: &Room<'_>,
    story: &str,
    request: &Outgoing,
    want: u16,
    cause: &str,
) -> Result<(), Broken> {
    let answer = room.send(request).await?;
    if answer.status == want {
        return Ok(());
    }
    let asked = format!("{story}:\n{}", room.curl(request));
    let came = vec![format!("status {}", answer.status), answer.text()];
    Err(Broken::new(asked, "status", came, &format!("status {want}"), cause))
}
