//! By a name and a password with each request (RFC 7617).
//!
//! A password costs an Argon2 hash, so a right one is remembered for a minute, under a key that
//! only this process has. A wrong one is never remembered: it is counted like a failed login.

use std::time::Duration;

use quick_cache::sync::Cache;

use super::{Identity, for_application};
use crate::{
    auth::{Auth, AuthError, Caller, prove::Proof, throttle::RateLimit},
    crypto::{
        lane::Share,
        proof_key::{ProofKey, ProofMark},
        random::Rng,
    },
    model::{
        id::UserId,
        password_policy::Password,
        time::Timestamp,
        user::{LoginName, User},
    },
};

/// How long a right password is remembered.
const LIFETIME: Duration = Duration::from_mins(1);
const CAPACITY: usize = 8192;
/// The longest name that is looked at.
const MAX_NAME_BYTES: usize = 254;

/// Passwords that were right a moment ago.
pub(in crate::auth) struct BasicProofs {
    key: ProofKey,
    names: Cache<LoginName, (Timestamp, UserId)>,
    marks: Cache<ProofMark, (Timestamp, UserId)>,
}

impl BasicProofs {
    /// None yet, under a key of this process.
    pub(in crate::auth) fn new(rng: &dyn Rng) -> Self {
        Self {
            key: ProofKey::make(rng),
            names: Cache::new(CAPACITY),
            marks: Cache::new(CAPACITY),
        }
    }

    /// Forgets a user of whom something changed.
    pub(in crate::auth) fn forget(&self, user: UserId) {
        self.names.retain(|_, (_, owner)| *owner != user);
        self.marks.retain(|_, (_, owner)| *owner != user);
    }

    /// Forgets everybody.
    pub(in crate::auth) fn clear(&self) {
        self.names.clear();
        self.marks.clear();
    }
}

impl Auth {
    /// Whose name and password these are.
    pub(super) async fn by_password(
        &self,
        kind: &'static str,
        name: &str,
        password: &str,
        caller: &Caller,
    ) -> Result<Identity, AuthError> {
        let unusable = || AuthError::InvalidCredentials(RateLimit::untouched());
        if name.len() > MAX_NAME_BYTES {
            return Err(unusable());
        }
        let password = Password::new(password).map_err(|_| unusable())?;
        let login_name = name.parse::<LoginName>().ok();
        if let Some(known) = &login_name
            && let Some(identity) = self.remembered(kind, known, &password).await?
        {
            return Ok(identity);
        }
        let folded = login_name.as_ref().map_or(name, LoginName::as_str);
        let pseudonym = self.parts.pseudonyms.of(folded);
        let lookup = async {
            match &login_name {
                Some(name) => self.parts.users.by_login_name(name).await,
                None => Ok(None),
            }
        };
        let proof = self.prove(&pseudonym, &password, lookup, Share::Basic, caller);
        match proof.await {
            Ok(Proof::Right(account)) => {
                if let Some(name) = login_name {
                    self.remember(name, &account.user, &password);
                }
                Ok(self.identity(kind, &account.user))
            }
            Ok(Proof::Wrong(limit)) => {
                refused("basic.refused", &pseudonym, caller);
                Err(AuthError::InvalidCredentials(limit))
            }
            Err(error) => {
                if matches!(error, AuthError::Throttled(_)) {
                    refused("basic.throttled", &pseudonym, caller);
                }
                Err(error)
            }
        }
    }

    /// Who was proven by the same name and password a moment ago, and is as they were then.
    async fn remembered(
        &self,
        kind: &'static str,
        name: &LoginName,
        password: &Password,
    ) -> Result<Option<Identity>, AuthError> {
        let (now, proofs) = (self.now(), &self.basic_proofs);
        let is_fresh = |since: Timestamp| now.since(since) < LIFETIME;
        let Some((_, id)) = proofs.names.get(name).filter(|(since, _)| is_fresh(*since)) else {
            return Ok(None);
        };
        let user = self.enabled_user(id).await?;
        let Some(user) = user.filter(|user| user.logs_in_with(name)) else {
            return Ok(None);
        };
        let mark = proofs.key.mark(id, user.credential_version, password);
        let is_proven = proofs
            .marks
            .get(&mark)
            .is_some_and(|(since, _)| is_fresh(since));
        Ok(is_proven.then(|| self.identity(kind, &user)))
    }

    fn identity(&self, kind: &'static str, user: &User) -> Identity {
        let scopes = user.grants.effective(None, &self.registry());
        Identity::of_user(kind, user, for_application(&scopes))
    }

    fn remember(&self, name: LoginName, user: &User, password: &Password) {
        let (now, proofs) = (self.now(), &self.basic_proofs);
        let mark = proofs.key.mark(user.id, user.credential_version, password);
        proofs.names.insert(name, (now, user.id));
        proofs.marks.insert(mark, (now, user.id));
    }
}

/// Logs a refusal. Of the name, which may be a password typed into the wrong field, a pseudonym.
fn refused(event: &'static str, pseudonym: &str, caller: &Caller) {
    let address = caller.address;
    tracing::info!(target: "signet::event", event, name = pseudonym, %address);
    metrics::counter!("signet_logins_total", "outcome" => "refused").increment(1);
}
