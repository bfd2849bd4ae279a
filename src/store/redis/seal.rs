//! Sessions as sealed records: what goes into Redis is sealed, what comes out is checked.

use super::{
    profiles::{Profile, Profiles},
    record::{BYTES, Record},
};
use crate::{
    crypto::session_seal::{Sealed, SessionSeals, Verdict},
    model::session::{Authentication, Origin, Session, SessionDigest},
    store::error::StoreError,
};

/// What seals and what a seal is about.
pub(super) struct Sealing {
    pub(super) seals: SessionSeals,
    pub(super) profiles: Profiles,
}

impl Sealing {
    /// The record of a session that was just read from SQL, or written there.
    pub(super) async fn seal(
        &self,
        digest: &SessionDigest,
        session: &Session,
    ) -> Result<[u8; BYTES], StoreError> {
        let (profile, terms) = self.profiles.intern(session).await?;
        let (seal_key, seal) = self.seals.seal(&Sealed {
            digest,
            session: session.id,
            user: session.user,
            client: session.client,
            auth_time: session.authentication.time,
            absolute_expires_at: session.absolute_expires_at,
            terms: &terms,
        });
        let record = Record {
            seal_key,
            session: session.id,
            user: session.user,
            client: session.client,
            profile,
            auth_time: session.authentication.time,
            absolute_expires_at: session.absolute_expires_at,
            seal,
            family: session.family,
        };
        Ok(record.pack())
    }

    /// The session of a record; nothing where we did not write it, or not like this, and that is
    /// told. What is not in Redis, where the login came from, is left out.
    pub(super) async fn open(
        &self,
        digest: &SessionDigest,
        bytes: &[u8],
    ) -> Result<Option<Session>, StoreError> {
        let Some(record) = Record::unpack(bytes) else {
            note_forged(None);
            return Ok(None);
        };
        let known = self.profiles.get(record.profile).await?;
        let mut verdict = Verdict::Forged;
        if let Some(profile) = known {
            verdict = self.check(digest, &record, &profile);
            if verdict == Verdict::Good {
                return Ok(Some(session(&record, &profile)));
            }
        }
        if verdict == Verdict::Worthless {
            return Ok(None);
        }
        // The database may have been restored, and the number mean something else since.
        let anew = self.profiles.doubt(record.profile).await?;
        let anew = anew.filter(|profile| self.check(digest, &record, profile) == Verdict::Good);
        if anew.is_none() {
            note_forged(Some(&record));
        }
        Ok(anew.map(|profile| session(&record, &profile)))
    }

    fn check(&self, digest: &SessionDigest, record: &Record, profile: &Profile) -> Verdict {
        let what = Sealed {
            digest,
            session: record.session,
            user: record.user,
            client: record.client,
            auth_time: record.auth_time,
            absolute_expires_at: record.absolute_expires_at,
            terms: &profile.text,
        };
        self.seals.check(record.seal_key, &record.seal, &what)
    }
}

fn session(record: &Record, profile: &Profile) -> Session {
    Session {
        id: record.session,
        user: record.user,
        client: record.client,
        scopes: profile.scopes.clone(),
        audiences: profile.audiences.clone(),
        authentication: Authentication {
            time: record.auth_time,
            methods: profile.methods.clone(),
        },
        family: record.family,
        created_at: record.session.created_at(),
        absolute_expires_at: record.absolute_expires_at,
        revoked: None,
        origin: Origin::default(),
    }
}

/// What a record that is not ours says of itself is not believed, but worth knowing.
fn note_forged(record: Option<&Record>) {
    let (session, user) = (
        record.map(|record| record.session.to_string()),
        record.map(|record| record.user.to_string()),
    );
    tracing::warn!(
        target: "signet::event", event = "session.record_forged", session, user,
        "a session in Redis was not written by Signet: it is read from the database"
    );
    metrics::counter!("signet_redis_forged_records_total").increment(1);
}
