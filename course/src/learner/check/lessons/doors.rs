//! Each type of token opens its own door, and no other.

use super::room::{Broken, Room, get_as};
use super::{Lesson, Needs};

/// That an access token does not refresh is a case of the contract.
pub const A_REFRESH_TOKEN_OPENS_NOTHING: Lesson = Lesson {
    name: "a refresh token opens nothing",
    step: 5,
    checks: "GET /api/account/ takes an access token, and refuses a refresh token of the same \
             user with 401.",
    matters: "A refresh token lives a day, an access token for minutes. If both open every \
              address, the short life of the one protects nobody.",
    chapter: "05-refresh",
    heading: "Who is asking",
    needs: Needs::Requests,
    ask: |room| Box::pin(a_refresh_token_opens_nothing(room)),
};

async fn a_refresh_token_opens_nothing(room: &Room<'_>) -> Result<(), Broken> {
    let pair = room.log_in_as_new("lesson-doors").await?;
    room.prepare(&get_as("/api/account/", &pair.access), 200).await?;
    let request = get_as("/api/account/", &pair.refresh);
    let answer = room.send(&request).await?;
    if answer.status == 401 {
        return Ok(());
    }
    let came = vec![format!("status {}", answer.status), answer.text()];
    let cause = "The guard decodes the token without asking for its type. It must say which \
                 one it takes: decode(token, Some(TokenType::Access)).";
    Err(Broken::new(room.curl(&request), "status", came, "status 401", cause))
}
