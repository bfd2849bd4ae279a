//! Sessions in Redis: a step, a record put there, a record read. What SQL has to do with it is said
//! in [`families`](super::families).

use super::{
    RedisFamilies,
    link::{Away, Line},
    record,
    scripts::{Found, Refilled},
};
use crate::{
    model::{
        id::ClientId,
        session::{EndReason, Session, SessionDigest},
    },
    store::{
        error::StoreError,
        families::{Advance, Step},
    },
};

/// Why something was not done in Redis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Redis cannot be used.
    #[error(transparent)]
    Away(#[from] Away),
    /// The database cannot, or not for this.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a step in Redis came to.
#[derive(Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every answer is the large one"
)]
pub(super) enum Stepped {
    /// Redis is behind the change log.
    Stale,
    /// There is no record, with `rev` as it is.
    Missing(String),
    /// What was there is none of ours, and has gone.
    Forged,
    /// The session is over.
    Ended(EndReason),
    /// There is a record.
    Step(Step),
}

impl RedisFamilies {
    /// Takes a step.
    pub(super) async fn step(&self, line: &Line, wanted: &Advance) -> Result<Stepped, Trouble> {
        let (before, moved, now) = match self.0.scripts.advance(line, wanted).await? {
            Found::Stale => return Ok(Stepped::Stale),
            Found::Missing(rev) => return Ok(Stepped::Missing(rev)),
            Found::Ended(reason) => return Ok(Stepped::Ended(reason)),
            Found::Record { before, moved, now } => (before, moved, now),
        };
        if let Some(before) = self.0.sealing.open(&wanted.digest, &before).await? {
            return Ok(Stepped::Step(Step { before, moved, now }));
        }
        let digest = &wanted.digest;
        self.0.scripts.forget(line, digest, &before).await?;
        Ok(Stepped::Forged)
    }

    /// Puts a session there that SQL had when `rev` was this, or later.
    pub(super) async fn put(
        &self,
        line: &Line,
        digest: &SessionDigest,
        session: &Session,
        rev: &str,
    ) -> Result<Refilled, Trouble> {
        let record = self.0.sealing.seal(digest, session).await?;
        let expires_at = session.absolute_expires_at;
        let refill = self
            .0
            .scripts
            .refill(line, digest, rev, &record, expires_at);
        Ok(refill.await?)
    }

    /// The session as it is there; nothing where it is over, or not there, or none of ours.
    pub(super) async fn look(
        &self,
        line: &Line,
        digest: &SessionDigest,
    ) -> Result<Option<Session>, Trouble> {
        let found = line.get(&record::key(digest)).await?;
        match found.filter(|found| !record::is_tombstone(found)) {
            None => Ok(None),
            Some(found) => Ok(self.0.sealing.open(digest, &found).await?),
        }
    }

    /// The client of a session that Redis has; none where it is not there, or Redis is away.
    pub async fn client_of(&self, digest: &SessionDigest) -> Option<ClientId> {
        let line = self.0.link.line()?;
        let session = self.look(&line, digest).await.ok()??;
        Some(session.client)
    }

    /// Whether all that is there of a session is that it is over.
    pub(super) async fn is_barred(&self, line: &Line, digest: &SessionDigest) -> bool {
        let found = line.get(&record::key(digest)).await;
        matches!(found, Ok(Some(found)) if record::is_tombstone(&found))
    }
}
