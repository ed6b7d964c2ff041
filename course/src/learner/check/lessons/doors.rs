//! Each type of token opens its own door, and no other.

use super::room::{Broken, Room, get_as, refresh_with};
use super::{Lesson, Needs};

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

pub const AN_ACCESS_TOKEN_REFRESHES_NOTHING: Lesson = Lesson {
    name: "an access token refreshes nothing",
    step: 5,
    checks: "POST /api/token/refresh/ refuses an access token with 401.",
    matters: "An access token travels with every request, and is stolen sooner. If it could \
              refresh, its few minutes would last for ever.",
    chapter: "05-refresh",
    heading: "A new access token",
    needs: Needs::Requests,
    ask: |room| Box::pin(an_access_token_refreshes_nothing(room)),
};

async fn a_refresh_token_opens_nothing(room: &Room<'_>) -> Result<(), Broken> {
    let pair = room.log_in_as_new("lesson-doors").await?;
    room.prepare(&get_as("/api/account/", &pair.access), 200).await?;
    let request = get_as("/api/account/", &pair.refresh);
    let cause = "The guard decodes the token without asking for its type. It must say which \
                 one it takes: decode(token, Some(TokenType::Access)).";
    refused(room, &request, cause).await
}

async fn an_access_token_refreshes_nothing(room: &Room<'_>) -> Result<(), Broken> {
    let pair = room.log_in_as_new("lesson-refresh").await?;
    let cause = "The view decodes the token without asking for its type. It must say which \
                 one it takes: decode(&token, Some(TokenType::Refresh)).";
    refused(room, &refresh_with(&pair.access), cause).await
}

async fn refused(
    room: &Room<'_>,
    request: &crate::http::Outgoing,
    cause: &str,
) -> Result<(), Broken> {
    let answer = room.send(request).await?;
    if answer.status == 401 {
        return Ok(());
    }
    let came = [format!("status {}", answer.status), answer.text()];
    let want = ["status 401", "Token has wrong type"];
    Err(Broken::new(room.curl(request), "status", came, want, cause))
}
