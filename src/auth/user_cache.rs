//! Users as they were a moment ago, so that a refresh needs no read for its grants.

use std::{sync::Arc, time::Duration};

use quick_cache::sync::Cache;

use crate::model::{id::UserId, time::Timestamp, user::User};

use super::{Auth, AuthError};

/// How long a user is taken as read, whatever the change log says.
const LIFETIME: Duration = Duration::from_mins(1);
const CAPACITY: usize = 65_536;

/// Recently read users.
pub(super) struct UserCache(Cache<UserId, (Timestamp, Arc<User>)>);

impl Default for UserCache {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl UserCache {
    pub(super) fn forget(&self, user: UserId) {
        self.0.remove(&user);
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

impl Auth {
    /// The user, at most a minute old; nothing where there is none or they are disabled.
    pub(super) async fn enabled_user(&self, id: UserId) -> Result<Option<Arc<User>>, AuthError> {
        let now = self.now();
        if let Some((read_at, user)) = self.user_cache.0.get(&id)
            && now.since(read_at) < LIFETIME
        {
            return Ok(enabled(user));
        }
        let Some(user) = self.parts.users.by_id(id).await? else {
            return Ok(None);
        };
        let user = Arc::new(user);
        self.user_cache.0.insert(id, (now, user.clone()));
        Ok(enabled(user))
    }
}

fn enabled(user: Arc<User>) -> Option<Arc<User>> {
    user.is_enabled().then_some(user)
}
