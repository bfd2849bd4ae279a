//! Users as they were a moment ago, so that a refresh needs no read for its grants.

use std::sync::Arc;

use crate::model::{id::UserId, user::User};

use super::{Auth, AuthError, recent::Recent};

const CAPACITY: usize = 65_536;

/// Recently read users.
pub(super) type UserCache = Recent<UserId, Arc<User>>;

/// An empty one.
pub(super) fn user_cache() -> UserCache {
    Recent::new(CAPACITY)
}

impl Auth {
    /// The user, at most a minute old; nothing where there is none or they are disabled.
    pub(super) async fn enabled_user(&self, id: UserId) -> Result<Option<Arc<User>>, AuthError> {
        let now = self.now();
        if let Some(user) = self.user_cache.get(&id, now) {
            return Ok(enabled(user));
        }
        let reading = self.user_cache.reading(now);
        let Some(user) = self.parts.users.by_id(id).await? else {
            return Ok(None);
        };
        let user = Arc::new(user);
        self.user_cache.keep(reading, &id, user.clone());
        Ok(enabled(user))
    }
}

fn enabled(user: Arc<User>) -> Option<Arc<User>> {
    user.is_enabled().then_some(user)
}
