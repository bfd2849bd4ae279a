//! The journal: steps taken in Redis on their way to SQL.

use std::sync::{Mutex, PoisonError};

use super::RedisFamilies;
use crate::{
    model::{
        journal::Entry,
        session::{EndReason, SessionDigest},
    },
    store::families::Target,
};

/// What waits.
#[derive(Default)]
pub(super) struct Journal {
    steps: Mutex<Vec<Entry>>,
    later: Mutex<Vec<SessionDigest>>,
    held: Mutex<Vec<(Target, EndReason)>>,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn push(&self, entry: Entry) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push(entry);
    }

    pub(super) fn raise_later(&self, digest: SessionDigest) {
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        later.push(digest);
    }

    pub(super) fn hold(&self, target: Target, reason: EndReason) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push((target, reason));
    }
}

impl RedisFamilies {
    /// Writes what waits.
    pub async fn write_journal(&self) {
        let steps = std::mem::take(
            &mut *self
                .0
                .journal
                .steps
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let mut by_session: Vec<Vec<Entry>> = Vec::new();
        for step in steps {
            match by_session.iter_mut().find(|of| of[0].digest == step.digest) {
                Some(of) => of.push(step),
                None => by_session.push(vec![step]),
            }
        }
        self.0.sessions.merge(by_session).await.ok();
    }
}
