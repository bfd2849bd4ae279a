//! Profiles: what many sessions have in common (scopes, audiences, how the user logged in), kept in
//! SQL once and named in Redis by a number.
//!
//! Who puts a session into Redis has just used SQL, and so interns there; who reads one looks the
//! number up, nearly always in memory. Numbers are not given out again, but a restored database can
//! begin with older ones: what a number means is part of a record's seal, and where that does not
//! hold the number is looked up anew.

use std::sync::Arc;

use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::{
    crypto::session_seal::name_of_terms,
    model::{scope::Scopes, session::Session, time::Timestamp},
    store::{database::Database, error::StoreError, job::Step, sql::Columns as _},
};

/// How many profiles are in memory, each way.
const CAPACITY: usize = 4_096;
/// For how long a profile is kept beyond the session that it was last kept for, so that the row is
/// written about once a day and not with each login.
const KEPT_LONGER: std::time::Duration = std::time::Duration::from_hours(24);

/// The profiles of a database.
pub(super) struct Profiles {
    database: Database,
    by_number: Cache<u32, Arc<Profile>>,
    by_content: Cache<String, Kept>,
}

/// What many sessions have in common.
#[derive(Debug)]
pub(super) struct Profile {
    /// All of it as text, which a seal holds.
    pub(super) text: String,
    pub(super) scopes: Option<Scopes>,
    pub(super) audiences: Vec<String>,
    pub(super) methods: Vec<String>,
}

/// The order of its text is the order of its fields.
#[derive(Serialize, Deserialize)]
struct Content {
    scopes: Option<String>,
    audiences: Vec<String>,
    amr: Vec<String>,
}

#[derive(Clone, Copy)]
struct Kept {
    number: u32,
    until: Timestamp,
}

impl Profile {
    /// The text of a session's profile.
    fn text_of(session: &Session) -> Result<String, StoreError> {
        let content = Content {
            scopes: session.scopes.as_ref().map(ToString::to_string),
            audiences: session.audiences.clone(),
            amr: session.authentication.methods.clone(),
        };
        serde_json::to_string(&content).map_err(StoreError::corrupt)
    }

    fn of(text: String) -> Result<Self, StoreError> {
        let content: Content = serde_json::from_str(&text).map_err(StoreError::corrupt)?;
        let scopes = content.scopes.map(|scopes| scopes.parse()).transpose();
        Ok(Self {
            text,
            scopes: scopes.map_err(StoreError::corrupt)?,
            audiences: content.audiences,
            methods: content.amr,
        })
    }
}

impl Profiles {
    /// Those of this database.
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            by_number: Cache::new(CAPACITY),
            by_content: Cache::new(CAPACITY),
        }
    }

    /// The number and the text of a session's profile, kept at least as long as the session.
    pub(super) async fn intern(&self, session: &Session) -> Result<(u32, String), StoreError> {
        let text = Profile::text_of(session)?;
        let expires_at = session.absolute_expires_at;
        let known = self.by_content.get(&text);
        if let Some(kept) = known.filter(|kept| kept.until >= expires_at) {
            return Ok((kept.number, text));
        }
        let (content, until) = (text.clone(), expires_at.plus(KEPT_LONGER));
        let number = self
            .database
            .write(move |step| Box::pin(keep(step, content, until)))
            .await?;
        self.by_content.insert(text.clone(), Kept { number, until });
        Ok((number, text))
    }

    /// The profile of that number, if there is one.
    pub(super) async fn get(&self, number: u32) -> Result<Option<Arc<Profile>>, StoreError> {
        if let Some(known) = self.by_number.get(&number) {
            return Ok(Some(known));
        }
        self.look_up(number).await
    }

    /// The profile of that number as it is in SQL now, where what was known of it is doubted: no
    /// number is believed any more.
    pub(super) async fn doubt(&self, number: u32) -> Result<Option<Arc<Profile>>, StoreError> {
        self.by_content.clear();
        self.by_number.clear();
        self.look_up(number).await
    }

    async fn look_up(&self, number: u32) -> Result<Option<Arc<Profile>>, StoreError> {
        let sql = self.database.read();
        let Some(row) = sql.one(BY_NUMBER, [i64::from(number).into()]).await? else {
            return Ok(None);
        };
        let profile = Arc::new(Profile::of(row.get("content")?)?);
        self.by_number.insert(number, profile.clone());
        Ok(Some(profile))
    }
}

async fn keep(step: &Step<'_>, content: String, until: Timestamp) -> Result<u32, StoreError> {
    let digest = name_of_terms(&content);
    let values = [digest.clone().into(), until.millis().into()];
    if let Some(row) = step.sql.one(KEEP, values).await? {
        return row.number("id");
    }
    let number: i64 = step.sql.the(NEXT, []).await?.get("value")?;
    // Somebody may have been faster.
    let values = [
        number.into(),
        digest.into(),
        content.into(),
        until.millis().into(),
    ];
    step.sql.the(INSERT, values).await?.number("id")
}

const KEEP: &str = "
UPDATE session_profiles
SET keep_until = CASE WHEN keep_until < $2 THEN $2 ELSE keep_until END
WHERE digest = $1
RETURNING id";

const NEXT: &str = "
UPDATE counters SET value = value + 1 WHERE name = 'session_profiles' RETURNING value";

const INSERT: &str = "
INSERT INTO session_profiles (id, digest, content, keep_until) VALUES ($1, $2, $3, $4)
ON CONFLICT (digest) DO UPDATE SET keep_until = CASE
    WHEN session_profiles.keep_until < excluded.keep_until THEN excluded.keep_until
    ELSE session_profiles.keep_until
END
RETURNING id";

const BY_NUMBER: &str = "SELECT content FROM session_profiles WHERE id = $1";

pub(super) const PURGE: &str = "
DELETE FROM session_profiles WHERE id IN (
    SELECT id FROM session_profiles WHERE keep_until < $1 ORDER BY keep_until LIMIT $2
)";
