//! What happens to sessions and to the database is seen here.

use std::time::Duration;

use super::gateway::{asked, server};

const RULES: &str = "[[verify.rules]]\naccept = [\"bearer_jwt\", \"session_cookie\"]";

#[tokio::test]
async fn a_logout_is_seen_at_once() {
    let server = server(RULES).await;
    let ada = server.person("ada").await;
    asked(&server, "/").bearer(&ada.access_token).passes().await;
    ada.log_out().await.no_content();
    let after = asked(&server, "/").bearer(&ada.access_token);
    after.refused(401, "invalid_access_token").await;
}

#[tokio::test]
async fn lg_12_a_disabled_user_passes_no_gateway() {
    let server = server(RULES).await;
    let ada = server.person("ada").await;
    asked(&server, "/").bearer(&ada.access_token).passes().await;
    server.disable_user("ada").await;
    let after = asked(&server, "/").bearer(&ada.access_token);
    after.refused(401, "invalid_access_token").await;
}

/// What was asked about before is answered without a look at the database.
#[tokio::test]
async fn what_is_known_is_answered_from_memory() {
    let server = server(RULES).await;
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    asked(&server, "/").bearer(&ada.access_token).passes().await;
    let mut stranger = server.store.connect().await;
    stranger.execute("ALTER TABLE users RENAME TO gone").await;
    asked(&server, "/").bearer(&ada.access_token).passes().await;
    // Trouble of ours is nobody's invalid credential.
    let unknown = asked(&server, "/").bearer(&eve.access_token).ask().await;
    assert!(unknown.status >= 500, "{}", unknown.status);
    stranger.execute("ALTER TABLE gone RENAME TO users").await;
    asked(&server, "/").bearer(&eve.access_token).passes().await;
}

#[tokio::test]
async fn nobody_passes_while_nobody_knows_what_ended() {
    let server = server(RULES).await;
    let ada = server.person("ada").await;
    asked(&server, "/").bearer(&ada.access_token).passes().await;
    let mut stranger = server.store.connect().await;
    stranger.execute("ALTER TABLE changes RENAME TO gone").await;
    server.clock.advance(Duration::from_secs(9));
    asked(&server, "/").bearer(&ada.access_token).passes().await;
    server.clock.advance(Duration::from_secs(2));
    let stale = asked(&server, "/").bearer(&ada.access_token).ask().await;
    assert!(stale.status >= 500, "{}", stale.status);
}
