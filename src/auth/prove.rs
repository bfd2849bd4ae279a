//! Proves a password: counts the attempt, reads what is stored, spends one hash.

use std::future::Future;

use crate::{
    crypto::{
        lane::{LaneError, Share},
        password::Verified,
    },
    model::{authority::Actor, password_policy::Password},
    store::{
        error::StoreError,
        users::{Credentials, PasswordHash},
    },
};

use super::{Auth, AuthError, Caller, acting::acts, throttle::RateLimit};

/// What came of it.
pub(super) enum Proof {
    /// The password is that of this enabled account.
    Right(Box<Credentials>),
    /// It is not, or there is no such account, or it is disabled: nothing tells which. So much is
    /// left of the quota.
    Wrong(RateLimit),
}

impl Auth {
    /// Proves a password for the account that `lookup` finds, as the owner of a name with this
    /// pseudonym. Known or unknown, it takes one read and one hash. Trouble of ours does not count
    /// as a failed attempt.
    pub(super) async fn prove(
        &self,
        pseudonym: &str,
        password: &Password,
        lookup: impl Future<Output = Result<Option<Credentials>, StoreError>>,
        share: Share,
        caller: &Caller,
    ) -> Result<Proof, AuthError> {
        let attempt = self.throttle.begin(pseudonym, caller.address);
        let attempt = attempt.map_err(AuthError::Throttled)?;
        match self.check(password, lookup, share, caller).await {
            Ok((Some(account), Verified::Yes { needs_rehash })) if account.user.is_enabled() => {
                attempt.succeeded();
                acts(Actor::User(account.user.id));
                if needs_rehash {
                    self.rehash(&account, password, share, caller).await;
                }
                Ok(Proof::Right(Box::new(account)))
            }
            Ok(_) => Ok(Proof::Wrong(attempt.limit)),
            Err(trouble) => {
                attempt.abandoned();
                Err(trouble)
            }
        }
    }

    async fn check(
        &self,
        password: &Password,
        lookup: impl Future<Output = Result<Option<Credentials>, StoreError>>,
        share: Share,
        caller: &Caller,
    ) -> Result<(Option<Credentials>, Verified), AuthError> {
        let account = lookup.await?;
        let stored = account
            .as_ref()
            .and_then(|account| account.password_hash.as_ref());
        let stored = stored.map(PasswordHash::as_str);
        let verified = self
            .parts
            .lane
            .verify(password, stored, share, caller.address)
            .await?;
        Ok((account, verified))
    }

    /// Hashes the password again with today's cost. Nothing is lost where that fails: the next
    /// login tries again.
    async fn rehash(
        &self,
        account: &Credentials,
        password: &Password,
        share: Share,
        caller: &Caller,
    ) {
        let Some(old) = &account.password_hash else {
            return;
        };
        let renewed = match self.parts.lane.hash(password, share, caller.address).await {
            Ok(new) => {
                let new = PasswordHash::new(new);
                self.parts
                    .users
                    .rehash(account.user.id, old, &new)
                    .await
                    .err()
            }
            Err(error) => return tracing::warn!(%error, "a password's hash was not renewed"),
        };
        if let Some(error) = renewed {
            tracing::warn!(%error, "a password's hash was not renewed");
        }
    }
}

impl From<LaneError> for AuthError {
    fn from(error: LaneError) -> Self {
        match error {
            LaneError::Full | LaneError::Deadline => Self::unavailable(error),
            LaneError::Unreadable(_) => Self::Internal(error.to_string()),
        }
    }
}
