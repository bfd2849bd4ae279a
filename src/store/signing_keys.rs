//! Signing keys, their private parts sealed.

use std::collections::BTreeMap;

use sea_orm::QueryResult;

use super::{
    changes,
    database::Database,
    error::{Conflict, StoreError},
    job::Step,
    sql::Columns as _,
};
use crate::model::{
    change::Change,
    signing_key::{Algorithm, KeyState},
    time::Timestamp,
};

/// The signing keys of a database.
#[derive(Clone)]
pub struct SigningKeys {
    database: Database,
}

/// A signing key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its identifier: the RFC 7638 thumbprint.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Where it stands in its life.
    pub state: KeyState,
    /// The private part, sealed under a master key; empty once it is gone.
    pub sealed: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is published.
    pub published_at: Timestamp,
    /// Since when it signs, or when it began to.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign.
    pub retired_at: Option<Timestamp>,
    /// How many tokens it has signed, as far as nodes have told.
    pub tokens_signed: u64,
}

/// A signing key to keep.
#[derive(Clone)]
pub struct NewKey {
    /// Its identifier.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// `Next`, or `Active` for the very first of its algorithm.
    pub state: KeyState,
    /// The private part, sealed.
    pub sealed: String,
}

/// A step in a key's life, agreed between nodes by compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Which key.
    pub kid: String,
    /// The state in which it is believed to be.
    pub from: KeyState,
    /// The state that it enters.
    pub to: KeyState,
}

impl SigningKeys {
    /// The keys of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Every key, those that are gone too: their `kid` is refused for good. The oldest first.
    pub async fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = self.database.read().all(LIST, []).await?;
        rows.iter().map(key).collect()
    }

    /// Keeps a key unless its algorithm has one in that state: of nodes that race to make the
    /// first, one wins. Whether it did.
    pub async fn insert_if_none(&self, new: NewKey) -> Result<bool, StoreError> {
        let work = self.database.write(move |step| Box::pin(insert(step, new)));
        work.await
    }

    /// Keeps a key that stands by from now on, in the place of the one that did:
    /// [`SigningKeyKnown`](Conflict::SigningKeyKnown) where a key of its identifier is there or was,
    /// [`SigningKeyMoved`](Conflict::SigningKeyMoved) where another one stands by.
    pub async fn put_in(&self, new: NewKey, instead_of: Option<String>) -> Result<(), StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(put_in(step, new, instead_of)));
        work.await
    }

    /// Puts the same private part sealed anew in the place of `from`, unless something else is there
    /// by now. Whether it did. No node need hear of it.
    pub async fn reseal(&self, kid: &str, from: &str, to: String) -> Result<bool, StoreError> {
        let values = [kid.into(), from.into(), to.into()];
        let work = self.database.write(move |step| {
            Box::pin(async move { Ok(step.sql.execute(RESEAL, values).await? > 0) })
        });
        work.await
    }

    /// Adds to the numbers of tokens that keys have signed, all in one step. Not told to the change
    /// log: nothing follows from it.
    pub async fn count(&self, signed: BTreeMap<String, u64>) -> Result<(), StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(count(step, signed)));
        work.await
    }

    /// Takes all of these steps in order, or none:
    /// [`SigningKeyMoved`](Conflict::SigningKeyMoved) where a key is not in the state believed.
    pub async fn transition(&self, steps: Vec<Transition>) -> Result<(), StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(transition(step, steps)));
        work.await
    }
}

async fn insert(step: &Step<'_>, new: NewKey) -> Result<bool, StoreError> {
    let inserted = keep(step, new).await?;
    if inserted {
        changes::append(step, &Change::SigningKeysChanged).await?;
    }
    Ok(inserted)
}

async fn keep(step: &Step<'_>, new: NewKey) -> Result<bool, StoreError> {
    let signs_now = (new.state == KeyState::Active).then_some(step.now.millis());
    let values = [
        new.kid.into(),
        new.algorithm.as_str().into(),
        new.state.as_str().into(),
        new.sealed.into(),
        step.now.millis().into(),
        signs_now.into(),
    ];
    Ok(step.sql.execute(INSERT, values).await? > 0)
}

async fn put_in(
    step: &Step<'_>,
    new: NewKey,
    instead_of: Option<String>,
) -> Result<(), StoreError> {
    let known = step.sql.one(KNOWN, [new.kid.as_str().into()]).await?;
    if known.is_some() {
        return Err(Conflict::SigningKeyKnown.into());
    }
    let leaves = instead_of.map(|kid| Transition {
        kid,
        from: KeyState::Next,
        to: KeyState::Gone,
    });
    enter(step, leaves).await?;
    if !keep(step, new).await? {
        return Err(Conflict::SigningKeyMoved.into());
    }
    changes::append(step, &Change::SigningKeysChanged).await
}

async fn transition(step: &Step<'_>, steps: Vec<Transition>) -> Result<(), StoreError> {
    enter(step, steps).await?;
    changes::append(step, &Change::SigningKeysChanged).await
}

async fn enter(
    step: &Step<'_>,
    steps: impl IntoIterator<Item = Transition>,
) -> Result<(), StoreError> {
    for Transition { kid, from, to } in steps {
        let values = [
            kid.into(),
            from.as_str().into(),
            to.as_str().into(),
            step.now.millis().into(),
        ];
        if step.sql.execute(TRANSITION, values).await? == 0 {
            return Err(Conflict::SigningKeyMoved.into());
        }
    }
    Ok(())
}

/// In the order of the keys: of two nodes that count the same ones, none waits for the other in a
/// circle.
async fn count(step: &Step<'_>, signed: BTreeMap<String, u64>) -> Result<(), StoreError> {
    for (kid, more) in signed {
        let more = i64::try_from(more).map_err(StoreError::corrupt)?;
        step.sql.execute(COUNT, [kid.into(), more.into()]).await?;
    }
    Ok(())
}

fn key(row: &QueryResult) -> Result<StoredKey, StoreError> {
    let moment = |column| -> Result<Option<Timestamp>, StoreError> {
        let millis: Option<i64> = row.get(column)?;
        Ok(millis.map(Timestamp::from_millis))
    };
    Ok(StoredKey {
        kid: row.get("kid")?,
        algorithm: row.parse("algorithm")?,
        state: row.parse("state")?,
        sealed: row.get("sealed")?,
        created_at: Timestamp::from_millis(row.get("created_at")?),
        published_at: Timestamp::from_millis(row.get("published_at")?),
        activated_at: moment("activated_at")?,
        retired_at: moment("retired_at")?,
        tokens_signed: row.number("tokens_signed")?,
    })
}

const LIST: &str = "SELECT * FROM signing_keys ORDER BY created_at, kid";

const KNOWN: &str = "SELECT kid FROM signing_keys WHERE kid = $1";

const INSERT: &str = "
INSERT INTO signing_keys (kid, algorithm, state, sealed, created_at, published_at, activated_at)
VALUES ($1, $2, $3, $4, $5, $5, $6)
ON CONFLICT DO NOTHING";

const RESEAL: &str = "UPDATE signing_keys SET sealed = $3 WHERE kid = $1 AND sealed = $2";

const COUNT: &str = "UPDATE signing_keys SET tokens_signed = tokens_signed + $2 WHERE kid = $1";

const TRANSITION: &str = "
UPDATE signing_keys SET
    state = $3,
    sealed = CASE WHEN $3 = 'gone' THEN '' ELSE sealed END,
    activated_at = CASE WHEN $3 = 'active' THEN $4 ELSE activated_at END,
    retired_at = CASE WHEN $3 IN ('retired', 'gone') AND retired_at IS NULL THEN $4
        ELSE retired_at END
WHERE kid = $1 AND state = $2";
