//! What ought to be: the same presentations at the same times, to one store that never fails.

use signet::model::{
    refresh_token::Generation,
    rule::Verdict::{self, Ended, Heal, LateRetry, Retry, Reuse, Rotate},
    session::{EndReason, Family},
};

use super::{
    law::{Law, SESSIONS, late, newborn},
    node::NODES,
};

/// What two stores did within this long is not put in order by their clocks.
pub(crate) const AT_ONCE: i64 = 5_000;

/// What a presentation is worth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worth {
    pub(crate) value: Verdict,
    /// What it would be worth if the session had not ended.
    pub(crate) alive: Verdict,
    /// Whether it ends the session, or would if it had not ended yet.
    pub(crate) overdue: bool,
}

pub(crate) struct Truth {
    pub(crate) law: Law,
    pub(crate) sessions: [Ideal; SESSIONS],
    /// Which nodes know that a session has ended: they must not refresh it any more.
    pub(crate) knows: [[bool; SESSIONS]; NODES],
}

pub(crate) struct Ideal {
    pub(crate) family: Family,
    /// Why it ended and when, if it did.
    pub(crate) ended: Option<(EndReason, i64)>,
    /// Whether stores with other clocks may see a presentation on the other side of a border.
    pub(crate) grey: bool,
}

impl Truth {
    pub(crate) fn new(law: Law) -> Self {
        let ideal = || Ideal {
            family: newborn(),
            ended: None,
            grey: false,
        };
        Self {
            law,
            sessions: [ideal(), ideal()],
            knows: [[false; SESSIONS]; NODES],
        }
    }

    /// Somebody presents a token. The record goes on where the session ought to have ended, so that
    /// it is known of each presentation whether it is one that ends it.
    pub(crate) fn present(
        &mut self,
        session: usize,
        presented: Generation,
        now: i64,
        slack: i64,
    ) -> Worth {
        let ideal = &mut self.sessions[session];
        if slack > 0 {
            ideal.grey |= near_a_border(&ideal.family, &self.law, now, slack);
        }
        let verdict = self.law.judge(session, &ideal.family, None, presented, now);
        let since = now - ideal.family.rotated_at.millis();
        match verdict {
            Rotate | Heal => {
                let after = self.law.moves(session, &ideal.family, presented, now);
                ideal.family = after.unwrap_or(ideal.family);
            }
            LateRetry => ideal.family = late(&ideal.family, presented, now),
            _ => {}
        }
        let overdue = verdict == Reuse && since > AT_ONCE;
        let value = match (ideal.ended, verdict) {
            (Some((reason, _)), _) => Ended(reason),
            (None, verdict) => verdict,
        };
        match value {
            Reuse => ideal.ended = Some((EndReason::Reuse, now)),
            Ended(reason) if ideal.ended.is_none() => ideal.ended = Some((reason, now)),
            _ => {}
        }
        Worth {
            value,
            alive: verdict,
            overdue,
        }
    }

    /// The session ends for another reason.
    pub(crate) fn end(&mut self, session: usize, reason: EndReason, now: i64) {
        let ideal = &mut self.sessions[session];
        ideal.ended = ideal.ended.or(Some((reason, now)));
    }
}

fn near_a_border(family: &Family, law: &Law, now: i64, slack: i64) -> bool {
    let policy = law.policy();
    let interval = signet::model::time::millis(policy.reuse_interval);
    let every = signet::model::time::millis(policy.late_retry_every);
    let near = |since: i64, border: i64| (now - since - border).abs() <= slack;
    near(family.rotated_at.millis(), interval)
        || near(family.burst_at.millis(), interval)
        || near(family.late_at.millis(), every)
        || near(family.idle_expires_at.millis(), 0)
}

/// Whether a verdict lets its holder go on.
pub(crate) const fn goes_on(verdict: Verdict) -> bool {
    matches!(verdict, Rotate | Heal | Retry | LateRetry)
}
