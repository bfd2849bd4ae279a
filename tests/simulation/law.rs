//! The product's own rule, applied to the small records of this world.

use signet::model::{
    id::{ClientId, SessionId, UserId},
    refresh_token::Generation,
    rule::{Verdict, judge, late_stamped, rotated},
    session::{Authentication, EndReason, Family, Origin, Policy, Session},
    time::Timestamp,
};

use super::setup::{Flaw, Setup};

/// How many sessions there are: one of interest, and another one of the same user.
pub(crate) const SESSIONS: usize = 2;
/// When the world begins, and the sessions with it.
pub(crate) const BEGINNING: i64 = 1_760_000_000_000;

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) struct Law {
    sessions: [Session; SESSIONS],
    client: ClientId,
    policy: Policy,
    flaw: Option<Flaw>,
}

impl Law {
    /// The law as this setup has it, broken where the setup says so.
    pub(crate) fn new(setup: &Setup, policy: Policy) -> Self {
        let begun = Timestamp::from_millis(BEGINNING);
        let session = |number| Session {
            id: SessionId::new(begun, [number; 10]),
            user: UserId::new(begun, [0; 10]),
            client: ClientId::new(begun, [0; 10]),
            scopes: None,
            audiences: Vec::new(),
            authentication: Authentication {
                time: begun,
                methods: Vec::new(),
            },
            family: newborn(),
            created_at: begun,
            absolute_expires_at: Timestamp::from_millis(BEGINNING + 90 * DAY),
            revoked: None,
            origin: Origin::default(),
        };
        Self {
            sessions: [session(0), session(1)],
            client: ClientId::new(begun, [0; 10]),
            policy,
            flaw: setup.flaw,
        }
    }

    /// Whether this part is broken on purpose.
    pub(crate) fn broken(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// What a token is worth against a record.
    pub(crate) fn judge(
        &mut self,
        session: usize,
        family: &Family,
        revoked: Option<EndReason>,
        presented: Generation,
        clock: i64,
    ) -> Verdict {
        let now = Timestamp::from_millis(clock);
        self.record(session, family, revoked);
        let record = &self.sessions[session];
        judge(record, presented, self.client, &self.policy, now)
    }

    /// What `advance` makes of a living record, where it moves it.
    pub(crate) fn moves(
        &mut self,
        session: usize,
        family: &Family,
        presented: Generation,
        clock: i64,
    ) -> Option<Family> {
        let verdict = self.judge(session, family, None, presented, clock);
        let now = Timestamp::from_millis(clock);
        matches!(verdict, Verdict::Rotate | Verdict::Heal)
            .then(|| rotated(&self.sessions[session], presented, &self.policy, now))
            .flatten()
    }

    /// The product's record of a session.
    pub(crate) fn record(
        &mut self,
        session: usize,
        family: &Family,
        revoked: Option<EndReason>,
    ) -> &Session {
        let record = &mut self.sessions[session];
        record.family = *family;
        record.revoked = revoked;
        record
    }

    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) const fn client(&self) -> ClientId {
        self.client
    }
}

/// The family that a login begins.
pub(crate) fn newborn() -> Family {
    let begun = Timestamp::from_millis(BEGINNING);
    Family {
        generation: Generation::FIRST,
        key_id: 1,
        rotated_at: begun,
        budget_at: begun,
        burst_from: Generation::FIRST,
        burst_at: begun,
        late_at: Timestamp::from_millis(0),
        idle_expires_at: Timestamp::from_millis(BEGINNING + 14 * DAY),
    }
}

/// What `stamp_late` makes of a record.
pub(crate) fn late(family: &Family, presented: Generation, clock: i64) -> Family {
    late_stamped(family, presented, Timestamp::from_millis(clock))
}
