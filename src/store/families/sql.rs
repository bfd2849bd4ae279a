//! Sessions in SQL.

use async_trait::async_trait;

use super::{
    Advance, Advanced, FamilyStore, LateStamp, Merged, Opened, Opening, Revocation, SessionKey,
    Target, Tomb, advance,
    end::end,
    merge, open,
    record::{cookie_text, digest_of, digest_text, session},
    tombs,
};
use crate::{
    model::{
        change::ChangeRow,
        id::{SessionId, UserId},
        journal::Entry,
        session::{EndReason, Session, SessionDigest},
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

    /// Takes over steps that a faster store took, each session's in their order, judging each
    /// (see [`model::journal`](crate::model::journal)). What became of each session, in no order.
    pub async fn merge(
        &self,
        steps: Vec<Vec<Entry>>,
    ) -> Result<Vec<(SessionDigest, Merged)>, StoreError> {
        merge::merge(&self.database, steps).await
    }

    /// The ends of sessions that these rows of the change log tell of, and perhaps more of the same
    /// users.
    pub async fn tombs_of(&self, rows: &[ChangeRow]) -> Result<Vec<Tomb>, StoreError> {
        tombs::of(&self.database, rows).await
    }

    /// The ends of sessions that could still be refreshed otherwise: those stored after a digest,
    /// in its order, up to `limit`.
    pub async fn tombs_after(
        &self,
        digest: Option<SessionDigest>,
        limit: u32,
    ) -> Result<Vec<Tomb>, StoreError> {
        tombs::after(&self.database, digest, limit).await
    }

    /// A session, with the digest that it is stored under.
    pub async fn find_stored(
        &self,
        key: &SessionKey,
    ) -> Result<Option<(SessionDigest, Session)>, StoreError> {
        let (sql, value) = match key {
            SessionKey::Digest(digest) => (FIND_BY_DIGEST, digest_text(digest)),
            SessionKey::Id(id) => (FIND_BY_ID, id.to_string()),
            SessionKey::Cookie(digest) => (FIND_BY_COOKIE, cookie_text(digest)),
        };
        let row = self.database.read().one(sql, [value.into()]).await?;
        let row = row.as_ref();
        row.map(|row| Ok((digest_of(row, "digest")?, session(row)?)))
            .transpose()
    }

    /// Takes over a session that only a faster store knows: the database was restored to a moment
    /// before it began. Whether its user allows it.
    pub async fn adopt(&self, session: &Opening) -> Result<bool, StoreError> {
        open::adopt(&self.database, session).await
    }
}

#[async_trait]
impl FamilyStore for SqlFamilies {
    async fn open(&self, opening: &Opening) -> Result<Opened, StoreError> {
        open::open(&self.database, opening).await
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
        Ok(self.find_stored(key).await?.map(|(_, session)| session))
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
    async fn follow(&self, _log: &Log) -> Result<(), StoreError> {
        Ok(())
    }
}

const STAMP_LATE: &str = "
UPDATE sessions SET late_at = :now, burst_from = $2, burst_at = :now
WHERE digest = $1 AND generation = $3 AND late_at = $4 AND revoked_reason IS NULL";

const FIND_BY_DIGEST: &str = "SELECT * FROM sessions WHERE digest = $1";

const FIND_BY_COOKIE: &str = "SELECT * FROM sessions WHERE cookie_digest = $1";

const FIND_BY_ID: &str = "SELECT * FROM sessions WHERE id = $1";

/// A text that stands after every id, whatever the collation.
const AFTER_ALL: &str = "ses_ffffffff-ffff-ffff-ffff-ffffffffffff";

const OF_USER: &str = "
SELECT * FROM sessions
WHERE user_id = $1 AND id < $3
    AND revoked_reason IS NULL AND absolute_expires_at > $2 AND idle_expires_at > $2
    AND NOT EXISTS (
        SELECT 1 FROM clients
        WHERE clients.id = sessions.client_id AND clients.not_before >= sessions.created_at
    )
ORDER BY id DESC
LIMIT $4";

const COUNT_OF_USER: &str = "
SELECT COUNT(*) AS total FROM sessions
WHERE user_id = $1
    AND revoked_reason IS NULL AND absolute_expires_at > $2 AND idle_expires_at > $2
    AND NOT EXISTS (
        SELECT 1 FROM clients
        WHERE clients.id = sessions.client_id AND clients.not_before >= sessions.created_at
    )";

pub(super) const PURGE: &str = "
DELETE FROM sessions WHERE digest IN (
    SELECT digest FROM sessions
    WHERE absolute_expires_at < $1 ORDER BY absolute_expires_at LIMIT $2
)";
