//! Sessions in SQL.

use async_trait::async_trait;
use sea_orm::Value;

use super::{
    Advance, Advanced, FamilyStore, LateStamp, Opening, Revocation, SessionKey, Target, advance,
    end::end,
    record::{digest_text, list_text, session},
};
use crate::{
    model::{
        id::{SessionId, UserId},
        session::{EndReason, Session},
        time::Timestamp,
    },
    store::{
        changes::Log,
        database::Database,
        error::StoreError,
        paging::{Page, Paging},
        sql::Columns as _,
    },
};

/// The sessions in the database: all of them, whatever stands in front.
#[derive(Clone)]
pub struct SqlFamilies {
    database: Database,
}

impl SqlFamilies {
    /// Those of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Forgets up to `limit` sessions whose absolute expiry lies before a moment. How many.
    pub async fn purge(&self, expired_before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let values = [expired_before.millis().into(), i64::from(limit).into()];
        let work = self
            .database
            .write_once(move |sql| Box::pin(async move { sql.execute(PURGE, values).await }));
        work.await
    }
}

#[async_trait]
impl FamilyStore for SqlFamilies {
    async fn open(&self, opening: &Opening) -> Result<bool, StoreError> {
        let values = opening_values(opening);
        let work = self
            .database
            .write_once(move |sql| Box::pin(async move { sql.execute(OPEN, values).await }));
        Ok(work.await? > 0)
    }

    async fn advance(&self, wanted: &Advance) -> Result<Advanced, StoreError> {
        advance::advance(&self.database, wanted).await
    }

    async fn stamp_late(&self, stamp: &LateStamp) -> Result<bool, StoreError> {
        let stamp = *stamp;
        let work = self.database.write_once(move |sql| {
            Box::pin(async move {
                let presented = i64::from(stamp.presented.number());
                let values = [
                    digest_text(&stamp.digest).into(),
                    presented.into(),
                    (presented + 1).into(),
                    stamp.late_at.millis().into(),
                ];
                sql.execute(STAMP_LATE, values).await
            })
        });
        Ok(work.await? > 0)
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        let (sql, value) = match key {
            SessionKey::Digest(digest) => (FIND_BY_DIGEST, digest_text(digest)),
            SessionKey::Id(id) => (FIND_BY_ID, id.to_string()),
        };
        let row = self.database.read().one(sql, [value.into()]).await?;
        row.as_ref().map(session).transpose()
    }

    async fn of_user(
        &self,
        user: UserId,
        paging: Paging<SessionId>,
    ) -> Result<Page<Session>, StoreError> {
        let sql = self.database.read();
        let (user, now) = (user.to_string(), self.database.now().millis());
        let before = paging
            .after
            .map_or(AFTER_ALL.to_owned(), |session| session.to_string());
        let values = [
            user.clone().into(),
            now.into(),
            before.into(),
            (i64::from(paging.limit) + 1).into(),
        ];
        let rows = sql.all(OF_USER, values).await?;
        let items: Result<_, _> = rows.iter().map(session).collect();
        let counted = sql.the(COUNT_OF_USER, [user.into(), now.into()]).await?;
        Ok(Page::cut(items?, paging.limit, counted.number("total")?))
    }

    async fn revoke(&self, target: Target, reason: EndReason) -> Result<Revocation, StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(end(step, target, reason)));
        Ok(Revocation::Recorded(work.await?))
    }

    /// The log is beside the sessions, and always as far as they are.
    async fn follow(&self, _log: &Log) {}
}

fn opening_values(opening: &Opening) -> [Value; 21] {
    let session = &opening.session;
    let family = &session.family;
    [
        digest_text(&opening.digest).into(),
        session.id.to_string().into(),
        session.user.to_string().into(),
        session.client.to_string().into(),
        session.scopes.as_ref().map(ToString::to_string).into(),
        list_text(&session.audiences).into(),
        session.authentication.time.millis().into(),
        list_text(&session.authentication.methods).into(),
        session.origin.label.clone().into(),
        session
            .origin
            .address
            .map(|address| address.to_string())
            .into(),
        session.created_at.millis().into(),
        session.absolute_expires_at.millis().into(),
        i64::from(family.generation.number()).into(),
        i64::from(family.key_id).into(),
        family.rotated_at.millis().into(),
        family.budget_at.millis().into(),
        i64::from(family.burst_from.number()).into(),
        family.burst_at.millis().into(),
        family.late_at.millis().into(),
        family.idle_expires_at.millis().into(),
        opening.credential_version.into(),
    ]
}

/// The lock holds off a change of password or state until the session is there to be ended by it.
const OPEN: &str = "
INSERT INTO sessions (
    digest, id, user_id, client_id, scopes, audiences, auth_time, amr, label, address, created_at,
    absolute_expires_at, generation, key_id, rotated_at, budget_at, burst_from, burst_at, late_at,
    idle_expires_at, prev_generation, prev_key_id, prev_rotated_at, prev_budget_at,
    prev_burst_from, prev_burst_at, prev_idle_expires_at
)
SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $13, $14, $15, $16, $17, $18, $20
FROM users
WHERE id = $3 AND credential_version = $21 AND disabled_at IS NULL AND not_before < $11
FOR SHARE";

const STAMP_LATE: &str = "
UPDATE sessions SET late_at = :now, burst_from = $2, burst_at = :now
WHERE digest = $1 AND generation = $3 AND late_at = $4 AND revoked_reason IS NULL";

const FIND_BY_DIGEST: &str = "SELECT * FROM sessions WHERE digest = $1";

const FIND_BY_ID: &str = "SELECT * FROM sessions WHERE id = $1";

/// A text that stands after every id, whatever the collation.
const AFTER_ALL: &str = "ses_ffffffff-ffff-ffff-ffff-ffffffffffff";

const OF_USER: &str = "
SELECT * FROM sessions
WHERE user_id = $1 AND id < $3
    AND revoked_reason IS NULL AND absolute_expires_at > $2 AND idle_expires_at > $2
ORDER BY id DESC
LIMIT $4";

const COUNT_OF_USER: &str = "
SELECT COUNT(*) AS total FROM sessions
WHERE user_id = $1
    AND revoked_reason IS NULL AND absolute_expires_at > $2 AND idle_expires_at > $2";

const PURGE: &str = "
DELETE FROM sessions WHERE digest IN (
    SELECT digest FROM sessions
    WHERE absolute_expires_at < $1 ORDER BY absolute_expires_at LIMIT $2
)";
