//! When signing keys follow each other: `next → active → retired → gone`.
//!
//! A standby is always published. It signs once verifiers have had the time to learn it; what it
//! takes over from stays published until the last token that it signed has expired.

use std::time::Duration;

use super::{
    signing_key::{Algorithm, KeyState},
    time::Timestamp,
};

/// How long the parts of a key's life are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTerms {
    /// Algorithms to keep keys for; the first one signs unless a client says otherwise.
    pub algorithms: Vec<Algorithm>,
    /// How long a key signs.
    pub rotate_every: Duration,
    /// How long a key is published before it signs: verifiers may have an older JWKS for so long.
    pub publish_ahead: Duration,
    /// How long a key is published after it signed last: longer than what it signed lives.
    pub retire_after: Duration,
}

/// A signing key without its private part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLife {
    /// Its identifier: the RFC 7638 thumbprint.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Where it stands in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is published.
    pub published_at: Timestamp,
    /// Since when it signs, or when it began to.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign, or was revoked.
    pub retired_at: Option<Timestamp>,
    /// How many tokens it has signed, those of the last seconds aside.
    pub tokens_signed: u64,
}

impl KeyLife {
    /// From when on it may sign in its turn.
    #[must_use]
    pub fn ready_at(&self, terms: &KeyTerms) -> Timestamp {
        self.published_at.plus(terms.publish_ahead)
    }

    fn is(&self, algorithm: Algorithm, state: KeyState) -> bool {
        self.algorithm == algorithm && self.state == state
    }
}

/// A step that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing signs at all, with any algorithm: make a key that does so at once.
    Begin(Algorithm),
    /// Nothing stands by: make a key that does.
    StandBy(Algorithm),
    /// The standby takes over.
    Succeed(Succession),
    /// Its algorithm is not wanted any more: it ceases to sign.
    Retire(String),
    /// It is of no use any more, in the state it is in.
    Remove(String, KeyState),
}

/// Who takes over from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The key that signs from now on.
    pub next: String,
    /// The key that signed so far; none where its algorithm is new.
    pub active: Option<String>,
}

/// What is due now, of all keys.
#[must_use]
pub fn due(keys: &[KeyLife], terms: &KeyTerms, now: Timestamp) -> Vec<Due> {
    let mut steps = Vec::new();
    let signs = |key: &&KeyLife| key.state == KeyState::Active;
    let nothing_signs = !keys.iter().any(|key| signs(&key));
    for &algorithm in &terms.algorithms {
        let active = keys.iter().find(|key| key.is(algorithm, KeyState::Active));
        let Some(next) = keys.iter().find(|key| key.is(algorithm, KeyState::Next)) else {
            steps.push(if nothing_signs {
                Due::Begin(algorithm)
            } else {
                Due::StandBy(algorithm)
            });
            continue;
        };
        let has_served = active
            .and_then(|key| key.activated_at)
            .is_none_or(|since| since.plus(terms.rotate_every) <= now);
        if has_served && next.ready_at(terms) <= now {
            steps.push(Due::Succeed(Succession {
                next: next.kid.clone(),
                active: active.map(|key| key.kid.clone()),
            }));
        }
    }
    steps.extend(
        keys.iter()
            .filter_map(|key| unwanted(key, keys, terms, now)),
    );
    steps
}

/// The step of a key that signs no more, or should not.
fn unwanted(key: &KeyLife, keys: &[KeyLife], terms: &KeyTerms, now: Timestamp) -> Option<Due> {
    let wanted = terms.algorithms.contains(&key.algorithm);
    let others_sign = || {
        let mut algorithms = terms.algorithms.iter();
        algorithms.all(|wanted| keys.iter().any(|key| key.is(*wanted, KeyState::Active)))
    };
    match key.state {
        KeyState::Active if !wanted && others_sign() => Some(Due::Retire(key.kid.clone())),
        KeyState::Next if !wanted && others_sign() => {
            Some(Due::Remove(key.kid.clone(), KeyState::Next))
        }
        KeyState::Retired => {
            let end = key.retired_at?.plus(terms.retire_after);
            (end <= now).then(|| Due::Remove(key.kid.clone(), KeyState::Retired))
        }
        KeyState::Active | KeyState::Next | KeyState::Gone => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn terms(algorithms: &[Algorithm]) -> KeyTerms {
        KeyTerms {
            algorithms: algorithms.to_vec(),
            rotate_every: 30 * DAY,
            publish_ahead: DAY,
            retire_after: Duration::from_hours(2),
        }
    }

    fn day(number: u32) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000).plus(number * DAY)
    }

    fn key(kid: &str, algorithm: Algorithm, state: KeyState, since: u32) -> KeyLife {
        let past = |reached: bool| reached.then(|| day(since));
        KeyLife {
            kid: kid.to_owned(),
            algorithm,
            state,
            created_at: day(since),
            published_at: day(since),
            activated_at: past(state == KeyState::Active),
            retired_at: past(state == KeyState::Retired),
            tokens_signed: 0,
        }
    }

    fn succeeds(next: &str, active: Option<&str>) -> Due {
        Due::Succeed(Succession {
            next: next.to_owned(),
            active: active.map(str::to_owned),
        })
    }

    #[test]
    fn the_very_first_key_signs_at_once_and_a_standby_follows() {
        let terms = terms(&[Algorithm::ES256]);
        assert_eq!(due(&[], &terms, day(0)), [Due::Begin(Algorithm::ES256)]);
        let first = key("a", Algorithm::ES256, KeyState::Active, 0);
        let steps = due(&[first], &terms, day(0));
        assert_eq!(steps, [Due::StandBy(Algorithm::ES256)]);
    }

    #[test]
    fn a_standby_takes_over_when_both_times_are_over() {
        let terms = terms(&[Algorithm::ES256]);
        let active = key("a", Algorithm::ES256, KeyState::Active, 0);
        let with = |published| {
            let next = key("b", Algorithm::ES256, KeyState::Next, published);
            move |now| due(&[active.clone(), next.clone()], &terms, now)
        };
        let early = with.clone()(0);
        let just_before = day(30).minus(Duration::from_millis(1));
        assert_eq!(early(just_before), []);
        assert_eq!(early(day(30)), [succeeds("b", Some("a"))]);
        // Made late: it is published for as long as any other before it signs.
        let late = with(30);
        assert_eq!(late(day(30)), []);
        assert_eq!(late(day(31)), [succeeds("b", Some("a"))]);
    }

    #[test]
    fn a_retired_key_goes_when_what_it_signed_has_expired() {
        let terms = terms(&[Algorithm::ES256]);
        let keys = [
            key("a", Algorithm::ES256, KeyState::Active, 30),
            key("b", Algorithm::ES256, KeyState::Next, 30),
            key("c", Algorithm::ES256, KeyState::Retired, 30),
            key("d", Algorithm::ES256, KeyState::Gone, 0),
        ];
        let end = day(30).plus(terms.retire_after);
        assert_eq!(due(&keys, &terms, end.minus(Duration::from_millis(1))), []);
        let goes = Due::Remove("c".to_owned(), KeyState::Retired);
        assert_eq!(due(&keys, &terms, end), [goes]);
    }

    #[test]
    fn another_algorithm_is_published_ahead_and_the_old_one_signs_until_then() {
        let terms = terms(&[Algorithm::RS256]);
        let old = [
            key("a", Algorithm::ES256, KeyState::Active, 0),
            key("b", Algorithm::ES256, KeyState::Next, 0),
        ];
        let with = |more: &[KeyLife], now| due(&[&old[..], more].concat(), &terms, now);
        assert_eq!(with(&[], day(5)), [Due::StandBy(Algorithm::RS256)]);
        let next = key("c", Algorithm::RS256, KeyState::Next, 5);
        assert_eq!(with(std::slice::from_ref(&next), day(5)), []);
        assert_eq!(with(&[next], day(6)), [succeeds("c", None)]);
        let signing = [
            key("c", Algorithm::RS256, KeyState::Active, 6),
            key("d", Algorithm::RS256, KeyState::Next, 6),
        ];
        let leaves = [
            Due::Retire("a".to_owned()),
            Due::Remove("b".to_owned(), KeyState::Next),
        ];
        assert_eq!(with(&signing, day(6)), leaves);
    }
}
