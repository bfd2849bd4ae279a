//! Signing keys follow each other: by themselves, by order, and at once where one has leaked.
//!
//! What is due is the model's to say ([`key_lifecycle`](crate::model::key_lifecycle)); that nodes
//! agree, the store's: a step that another node has taken is not taken again.

use crate::{
    crypto::signing::SigningKey,
    model::{
        authority::Authority,
        key_lifecycle::{Due, KeyLife, Succession, due},
        signing_key::{Algorithm, KeyState},
    },
    store::{
        error::{Conflict, StoreError},
        signing_keys::Transition,
    },
};

use super::{Auth, AuthError, keys::KeysError};

/// How often it is looked again whether a step has made another one due: a key that is removed, one
/// that takes over, and one that stands by then.
const ROUNDS: usize = 4;

impl Auth {
    /// Every signing key, those that are gone too; the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<KeyLife>, AuthError> {
        let keys = self.parts.vault.lives().await?.into_iter();
        Ok(keys.map(|key| self.with_tokens_signed(key)).collect())
    }

    /// Takes the steps that are due. Every node may do so at any time.
    pub async fn tend_signing_keys(&self) -> Result<(), AuthError> {
        if self.take_due_steps().await? {
            self.catch_up().await?;
        }
        Ok(())
    }

    /// Whether there were any.
    async fn take_due_steps(&self) -> Result<bool, AuthError> {
        let mut has_moved = false;
        for _ in 0..ROUNDS {
            let keys = self.signing_keys().await?;
            let steps = due(&keys, &self.terms.signing_keys, self.now());
            if steps.is_empty() {
                break;
            }
            has_moved = true;
            for step in steps {
                self.take_step(step).await?;
            }
        }
        Ok(has_moved)
    }

    /// Lets the key that stands by sign from now on:
    /// [`SigningKeyNotReady`](Conflict::SigningKeyNotReady) while some verifiers may not know it.
    pub async fn rotate_signing_key(
        &self,
        by: &Authority,
        algorithm: Option<Algorithm>,
    ) -> Result<Vec<KeyLife>, AuthError> {
        self.tend_signing_keys().await?;
        let algorithm = algorithm.unwrap_or(self.terms.default_client.algorithm);
        let keys = self.signing_keys().await?;
        let in_state = |state| {
            let mut keys = keys.iter();
            keys.find(|key| key.algorithm == algorithm && key.state == state)
        };
        let next = in_state(KeyState::Next).ok_or(AuthError::NotFound)?;
        if next.ready_at(&self.terms.signing_keys) > self.now() {
            return Err(AuthError::Conflict(Conflict::SigningKeyNotReady));
        }
        let succession = Succession {
            next: next.kid.clone(),
            active: in_state(KeyState::Active).map(|key| key.kid.clone()),
        };
        self.move_keys(succeed(succession), Some(by)).await?;
        self.follow_up().await
    }

    /// Takes over a key that was made elsewhere. It stands by, published from now on, and signs in its
    /// turn like any other; the one that stood by goes, without ever having signed.
    pub async fn import_signing_key(
        &self,
        by: &Authority,
        key: &SigningKey,
    ) -> Result<Vec<KeyLife>, AuthError> {
        let algorithm = key.algorithm();
        let wanted = &self.terms.signing_keys.algorithms;
        if !wanted.contains(&algorithm) {
            return Err(AuthError::field(
                "/alg",
                "unsupported",
                format!("{algorithm} is not in signing_keys.algorithms; add it there first."),
            ));
        }
        let keys = self.signing_keys().await?;
        let stands_by = |one: &&KeyLife| one.algorithm == algorithm && one.state == KeyState::Next;
        let leaves = keys.iter().find(stands_by).map(|one| one.kid.clone());
        let put = self
            .parts
            .vault
            .put_in(key, leaves.clone(), &*self.parts.rng);
        put.await.map_err(|error| match error {
            KeysError::Store(error) => AuthError::from(error),
            other => AuthError::unavailable(other),
        })?;
        tracing::info!(
            target: "signet::event", event = "signing_key.imported", kid = key.kid(), %algorithm,
            instead_of = leaves, actor = %by,
        );
        self.catch_up().await?;
        self.signing_keys().await
    }

    /// Ends a key at once, on every node: it is published no more, and nothing that it signed counts.
    /// The standby takes over; it is published already.
    pub async fn revoke_signing_key(
        &self,
        by: &Authority,
        kid: &str,
    ) -> Result<Vec<KeyLife>, AuthError> {
        let keys = self.signing_keys().await?;
        let key = keys.iter().find(|key| key.kid == kid);
        let key = key.ok_or(AuthError::NotFound)?;
        if key.state == KeyState::Gone {
            return Ok(keys);
        }
        let mut steps = vec![step(kid, key.state, KeyState::Gone)];
        let stands_by =
            |one: &&KeyLife| one.algorithm == key.algorithm && one.state == KeyState::Next;
        if key.state == KeyState::Active
            && let Some(standby) = keys.iter().find(stands_by)
        {
            steps.push(step(&standby.kid, KeyState::Next, KeyState::Active));
        }
        self.move_keys(steps, Some(by)).await?;
        self.follow_up().await
    }

    /// After a step by order: takes those that are due by now, and follows on this node at once.
    async fn follow_up(&self) -> Result<Vec<KeyLife>, AuthError> {
        self.take_due_steps().await?;
        self.catch_up().await?;
        self.signing_keys().await
    }

    async fn take_step(&self, due: Due) -> Result<(), AuthError> {
        let steps = match due {
            Due::Begin(algorithm) => return self.make_key(algorithm, KeyState::Active).await,
            Due::StandBy(algorithm) => return self.make_key(algorithm, KeyState::Next).await,
            Due::Succeed(succession) => succeed(succession),
            Due::Retire(kid) => vec![step(&kid, KeyState::Active, KeyState::Retired)],
            Due::Remove(kid, from) => vec![step(&kid, from, KeyState::Gone)],
        };
        match self.move_keys(steps, None).await {
            // Another node was first.
            Err(AuthError::Conflict(Conflict::SigningKeyMoved)) => Ok(()),
            other => other,
        }
    }

    async fn make_key(&self, algorithm: Algorithm, state: KeyState) -> Result<(), AuthError> {
        let made = self.parts.vault.make(algorithm, state, &self.parts.rng);
        made.await.map_err(AuthError::unavailable)
    }

    async fn move_keys(
        &self,
        steps: Vec<Transition>,
        by: Option<&Authority>,
    ) -> Result<(), AuthError> {
        let moved = self.parts.vault.transition(steps.clone()).await;
        moved.map_err(|error: StoreError| AuthError::from(error))?;
        for Transition { kid, from, to } in steps {
            tracing::info!(
                target: "signet::event", event = "signing_key.moved", kid, from = from.as_str(),
                to = to.as_str(), actor = by.map(tracing::field::display),
            );
        }
        Ok(())
    }
}

/// The one that signed has to give up its place first.
fn succeed(Succession { next, active }: Succession) -> Vec<Transition> {
    let retires = active.map(|kid| step(&kid, KeyState::Active, KeyState::Retired));
    let begins = step(&next, KeyState::Next, KeyState::Active);
    retires.into_iter().chain([begins]).collect()
}

fn step(kid: &str, from: KeyState, to: KeyState) -> Transition {
    Transition {
        kid: kid.to_owned(),
        from,
        to,
    }
}
