//! The rule of refresh tokens: every verdict, and the borders between them (docs/tokens.md).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use proptest::prelude::*;
use signet::model::{
    id::{ClientId, SessionId, UserId},
    refresh_token::Generation,
    rule::{
        BURST_ROTATIONS, ROTATION_EARNED_MS,
        Verdict::{
            self, Ended, Heal, Implausible, LateRetry, Retry, Reuse, Rotate, Throttled, WrongClient,
        },
        judge, late_stamped, rotated,
    },
    scope::Scopes,
    session::{Authentication, EndReason, Family, Origin, Policy, Session},
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_millis(1_760_000_000_000);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const INTERVAL: Duration = Duration::from_secs(30);
const MS: Duration = Duration::from_millis(1);
const G: u32 = 10;

/// What is presented to what record, by which policy, when.
#[derive(Debug, Clone)]
struct Case {
    session: Session,
    presented: Generation,
    client: ClientId,
    policy: Policy,
    now: Timestamp,
}

impl Case {
    /// The newest token of a quiet session: rotated an hour ago, never late, far from its end.
    fn new(presented: u32) -> Self {
        let client = ClientId::new(NOW, [1; 10]);
        Self {
            session: Session {
                id: SessionId::new(NOW, [1; 10]),
                user: UserId::new(NOW, [1; 10]),
                client,
                scopes: Some(Scopes::default()),
                audiences: Vec::new(),
                authentication: Authentication {
                    time: NOW,
                    methods: Vec::new(),
                },
                family: Family {
                    generation: generation(G),
                    key_id: 1,
                    rotated_at: NOW.minus(HOUR),
                    budget_at: NOW.minus(HOUR),
                    burst_from: generation(G - 1),
                    burst_at: NOW.minus(HOUR),
                    late_at: Timestamp::from_millis(0),
                    idle_expires_at: NOW.plus(DAY),
                },
                created_at: NOW.minus(HOUR),
                absolute_expires_at: NOW.plus(30 * DAY),
                revoked: None,
                origin: Origin::default(),
            },
            presented: generation(presented),
            client,
            policy: Policy {
                reuse_interval: INTERVAL,
                late_retry_every: DAY,
                idle_lifetime: 14 * DAY,
                active_key: 2,
                heal_allowed: true,
            },
            now: NOW,
        }
    }

    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn family(mut self, change: impl FnOnce(&mut Family)) -> Self {
        change(&mut self.session.family);
        self
    }

    fn verdict(&self) -> Verdict {
        judge(
            &self.session,
            self.presented,
            self.client,
            &self.policy,
            self.now,
        )
    }

    /// Does what the verdict says and answers with the generation that the client now holds.
    fn step(&mut self, presented: Generation) -> Result<Generation, Verdict> {
        self.presented = presented;
        let verdict = self.verdict();
        match verdict {
            Rotate | Heal => {
                let moved = rotated(&self.session, presented, &self.policy, self.now);
                self.session.family = moved.unwrap();
            }
            LateRetry => {
                self.session.family = late_stamped(&self.session.family, presented, self.now);
            }
            Retry => {}
            refused => return Err(refused),
        }
        Ok(self.session.family.generation)
    }
}

fn generation(number: u32) -> Generation {
    Generation::new(number).unwrap()
}

fn throttled(millis: u64) -> Verdict {
    Throttled {
        retry_after: Duration::from_millis(millis),
    }
}

#[test]
fn the_newest_token_rotates() {
    assert_eq!(Case::new(G).verdict(), Rotate);
}

#[test]
fn the_token_before_is_answered_for_one_interval() {
    let spent = |age| {
        Case::new(G - 1)
            .family(|family| family.rotated_at = NOW.minus(age))
            .verdict()
    };
    assert_eq!(spent(Duration::ZERO), Retry);
    assert_eq!(spent(INTERVAL), Retry);
    assert_eq!(spent(INTERVAL + MS), LateRetry);
}

#[test]
fn the_tokens_of_a_burst_are_answered_for_one_interval() {
    let burst = |presented, age| {
        let in_burst = Case::new(presented).family(|family| {
            family.burst_from = generation(7);
            family.burst_at = NOW.minus(age);
        });
        in_burst.verdict()
    };
    assert_eq!(burst(7, INTERVAL), Retry);
    assert_eq!(burst(7, INTERVAL + MS), Reuse);
    assert_eq!(burst(6, Duration::ZERO), Reuse);
    assert_eq!(burst(8, Duration::ZERO), Retry);
}

#[test]
fn a_late_retry_is_granted_once_in_its_time_and_only_to_the_token_before() {
    let late = |age| {
        Case::new(G - 1)
            .family(|family| family.late_at = NOW.minus(age))
            .verdict()
    };
    assert_eq!(late(DAY + MS), LateRetry);
    assert_eq!(late(DAY), Reuse);
    assert_eq!(Case::new(G - 2).verdict(), Reuse);
    let never = Case::new(G - 1).but(|case| case.policy.late_retry_every = Duration::ZERO);
    assert_eq!(never.verdict(), Reuse);
}

#[test]
fn a_late_retry_opens_a_burst_of_its_own() {
    let mut case = Case::new(G);
    assert_eq!(case.step(generation(G - 1)), Ok(generation(G)));
    case.now = NOW.plus(INTERVAL);
    assert_eq!(case.step(generation(G - 1)), Ok(generation(G)));
    case.now = NOW.plus(INTERVAL + MS);
    assert_eq!(case.step(generation(G - 1)), Err(Reuse));
}

#[test]
fn strict_mode_answers_every_spent_token_with_reuse() {
    for presented in 1..G {
        let strict = Case::new(presented)
            .but(|case| case.policy.reuse_interval = Duration::ZERO)
            .family(|family| {
                (family.rotated_at, family.burst_at) = (NOW, NOW);
                family.burst_from = generation(1);
            });
        assert_eq!(strict.verdict(), Reuse, "{presented}");
    }
    let newest = Case::new(G).but(|case| case.policy.reuse_interval = Duration::ZERO);
    assert_eq!(newest.verdict(), Rotate);
}

#[test]
fn a_token_that_the_store_forgot_heals_within_its_reach() {
    let ahead = |by, age| {
        Case::new(G + by)
            .family(|family| family.rotated_at = NOW.minus(age))
            .verdict()
    };
    let earned = Duration::from_secs(5);
    assert_eq!(ahead(1, Duration::ZERO), Heal);
    assert_eq!(ahead(64, Duration::ZERO), Heal);
    assert_eq!(ahead(65, Duration::from_millis(4_999)), Implausible);
    assert_eq!(ahead(65, earned), Heal);
    assert_eq!(ahead(66, earned), Implausible);
    let distrusted = Case::new(G + 1).but(|case| case.policy.heal_allowed = false);
    assert_eq!(distrusted.verdict(), Implausible);
}

#[test]
fn the_last_generation_cannot_rotate() {
    let last = Generation::LAST.number();
    let at = |number, presented| {
        Case::new(presented)
            .family(|family| family.generation = generation(number))
            .verdict()
    };
    assert_eq!(at(last, last), Implausible);
    assert_eq!(at(last - 1, last), Implausible);
    assert_eq!(at(last - 1, last - 1), Rotate);
}

#[test]
fn an_ended_session_says_why_and_says_so_first() {
    let stranger = ClientId::new(NOW, [2; 10]);
    for reason in EndReason::ALL {
        let over = Case::new(G)
            .but(|case| case.session.revoked = Some(*reason))
            .but(|case| case.client = stranger);
        assert_eq!(over.verdict(), Ended(*reason));
    }
    let absolute = |end| {
        Case::new(G + 1)
            .but(|case| case.session.absolute_expires_at = end)
            .verdict()
    };
    assert_eq!(absolute(NOW), Ended(EndReason::Absolute));
    assert_eq!(absolute(NOW.plus(MS)), Heal);
}

#[test]
fn an_idle_session_ends_for_all_but_a_token_that_proves_it_was_not_idle() {
    let idle = |presented, end| {
        Case::new(presented)
            .family(|family| family.idle_expires_at = end)
            .verdict()
    };
    assert_eq!(idle(G, NOW), Ended(EndReason::Idle));
    assert_eq!(idle(G, NOW.plus(MS)), Rotate);
    assert_eq!(idle(G - 1, NOW), Ended(EndReason::Idle));
    assert_eq!(idle(G + 1, NOW), Heal);
}

#[test]
fn another_client_moves_nothing_whatever_it_presents() {
    let stranger = ClientId::new(NOW, [2; 10]);
    for presented in [1, G - 1, G, G + 1, G + 65, G + 10_000] {
        let foreign = Case::new(presented).but(|case| case.client = stranger);
        assert_eq!(foreign.verdict(), WrongClient, "{presented}");
    }
}

#[test]
fn the_budget_ends_at_its_border_for_rotate_and_heal() {
    let full = (BURST_ROTATIONS - 1) * ROTATION_EARNED_MS;
    let owing = |presented, owed| {
        Case::new(presented)
            .family(|family| family.budget_at = Timestamp::from_millis(NOW.millis() + owed))
            .verdict()
    };
    assert_eq!(owing(G, full), Rotate);
    assert_eq!(owing(G, full + 1), throttled(1));
    assert_eq!(owing(G + 1, full), Heal);
    assert_eq!(owing(G + 1, full + 5_000), throttled(5_000));
    assert_eq!(owing(G - 1, full + 1), LateRetry);
}

#[test]
fn a_clock_that_was_set_back_throttles_nobody() {
    let mut case = Case::new(G).family(|family| {
        let ahead = NOW.plus(Duration::from_hours(1));
        family.rotated_at = ahead;
        family.burst_at = ahead;
        family.budget_at = ahead.plus(Duration::from_secs(5));
    });
    let mut held = generation(G);
    for _ in 0..BURST_ROTATIONS - 1 {
        held = case.step(held).unwrap();
    }
    assert_eq!(
        case.step(held),
        Err(throttled(5_000)),
        "what was owed is owed still"
    );
}

#[test]
fn sixty_four_rotations_at_once_then_one_in_five_seconds() {
    let mut case = Case::new(G);
    let mut held = generation(G);
    for _ in 0..64 {
        held = case.step(held).unwrap();
    }
    assert_eq!(case.step(held), Err(throttled(5_000)));
    for _ in 0..3 {
        case.now = case.now.plus(Duration::from_secs(5));
        held = case.step(held).unwrap();
        assert_eq!(case.step(held), Err(throttled(5_000)));
    }
}

#[test]
fn a_clock_that_stands_behind_the_record_counts_as_no_time() {
    let behind = |presented| {
        Case::new(presented).family(|family| {
            family.rotated_at = NOW.plus(HOUR);
            family.burst_at = NOW.plus(HOUR);
        })
    };
    assert_eq!(behind(G - 1).verdict(), Retry);
    assert_eq!(behind(G + 65).verdict(), Implausible);
    assert_eq!(behind(G).verdict(), Rotate);
}

#[test]
fn idle_slides_up_to_the_absolute_end_and_the_new_key_signs() {
    let case = Case::new(G).but(|case| case.session.absolute_expires_at = NOW.plus(DAY));
    let after = rotated(&case.session, case.presented, &case.policy, NOW).unwrap();
    assert_eq!(after.idle_expires_at, NOW.plus(DAY));
    assert_eq!((after.generation, after.key_id), (generation(G + 1), 2));
    let far = Case::new(G);
    let after = rotated(&far.session, far.presented, &far.policy, NOW).unwrap();
    assert_eq!(after.idle_expires_at, NOW.plus(14 * DAY));
}

#[test]
fn a_burst_begins_anew_only_after_its_interval() {
    let after = |age| {
        let case = Case::new(G).family(|family| family.burst_at = NOW.minus(age));
        rotated(&case.session, case.presented, &case.policy, NOW).unwrap()
    };
    assert_eq!(after(INTERVAL).burst_from, generation(G - 1));
    let begun = after(INTERVAL + MS);
    assert_eq!((begun.burst_from, begun.burst_at), (generation(G), NOW));
}

#[test]
fn a_burst_takes_in_what_the_store_forgot() {
    let mut case = Case::new(G);
    assert_eq!(case.step(generation(G + 2)), Ok(generation(G + 3)));
    for forgotten in G..G + 2 {
        assert_eq!(case.step(generation(forgotten)), Ok(generation(G + 3)));
    }
    assert_eq!(case.step(generation(G - 1)), Err(Reuse));
}

#[test]
fn a_burst_that_a_clock_left_far_ahead_is_over() {
    let ahead = |by| {
        let mut case = Case::new(G).family(|family| {
            family.rotated_at = NOW.plus(by);
            family.burst_at = NOW.plus(by);
        });
        case.step(generation(G)).unwrap();
        case.step(generation(G - 1))
    };
    assert_eq!(ahead(INTERVAL), Ok(generation(G + 1)));
    assert_eq!(ahead(INTERVAL + MS), Err(Reuse));
}

#[test]
fn twenty_tabs_restored_at_once_end_with_one_token() {
    let mut case = Case::new(G);
    let answers: Vec<_> = (0..20).map(|_| case.step(generation(G))).collect();
    assert!(
        answers
            .iter()
            .all(|answer| *answer == Ok(generation(G + 1)))
    );
    // Each tab goes on with what it was given, still at once.
    for _ in 0..20 {
        assert_eq!(case.step(generation(G + 1)), Ok(generation(G + 2)));
    }
    assert_eq!(case.step(generation(G)), Ok(generation(G + 2)));
}

#[test]
fn five_tabs_that_wake_after_hours_all_go_on() {
    let mut case = Case::new(G);
    case.now = NOW.plus(8 * HOUR);
    for second in 0..5 {
        let answer = case.step(generation(G));
        assert_eq!(answer, Ok(generation(G + 1)), "{second}");
        case.now = case.now.plus(Duration::from_secs(6));
    }
}

/// A record and a presentation near every border at once.
fn cases() -> impl Strategy<Value = Case> {
    let border = |around: i64| {
        (-2..=2_i64, 0..3_u8).prop_map(move |(near, n)| match n {
            0 => near,
            1 => around + near,
            _ => around * 7 + near,
        })
    };
    let generations = (1_u32..200, -5..200_i64, 0..6_u32);
    let ages = (border(30_000), border(30_000), border(86_400_000));
    let ends = (border(1_000), border(1_000), border(315_000));
    let policies = (
        prop_oneof![Just(0_u64), Just(5_000), Just(30_000)],
        prop_oneof![Just(0_u64), Just(86_400_000)],
        any::<bool>(),
    );
    (generations, ages, ends, policies).prop_map(
        |((g, ahead, burst), (rotated, burst_age, late), (idle, absolute, owed), policy)| {
            let at = |offset: i64| Timestamp::from_millis(NOW.millis() + offset);
            let presented = (i64::from(g) + ahead).max(1);
            Case::new(u32::try_from(presented).unwrap())
                .family(|family| {
                    family.generation = generation(g);
                    family.rotated_at = at(-rotated);
                    family.burst_from = generation(g.saturating_sub(burst).max(1));
                    family.burst_at = at(-burst_age);
                    family.late_at = at(-late);
                    family.idle_expires_at = at(idle);
                    family.budget_at = at(owed);
                })
                .but(|case| {
                    case.session.absolute_expires_at = at(absolute);
                    case.policy.reuse_interval = Duration::from_millis(policy.0);
                    case.policy.late_retry_every = Duration::from_millis(policy.1);
                    case.policy.heal_allowed = policy.2;
                })
        },
    )
}

proptest! {
    #[test]
    fn an_answers_generation_is_above_the_one_presented(case in cases()) {
        let before = case.session.family;
        let mut stepped = case.clone();
        if let Ok(held) = stepped.step(case.presented) {
            prop_assert!(held > case.presented);
            prop_assert_eq!(held, stepped.session.family.generation);
            prop_assert!(stepped.session.family.generation >= before.generation);
        } else {
            prop_assert_eq!(stepped.session.family, before);
        }
    }

    #[test]
    fn a_stranger_only_ever_hears_ended_or_wrong_client(case in cases()) {
        let stranger = case.but(|case| case.client = ClientId::new(NOW, [9; 10]));
        prop_assert!(matches!(stranger.verdict(), Ended(_) | WrongClient));
    }

    #[test]
    fn strict_mode_knows_no_mercy(case in cases()) {
        let strict = case.but(|case| case.policy.reuse_interval = Duration::ZERO);
        prop_assert!(!matches!(strict.verdict(), Retry | LateRetry));
    }

    #[test]
    fn a_client_that_retries_a_lost_answer_within_the_interval_goes_on(
        schedule in proptest::collection::vec((5_000_u64..3_600_000, 0_u64..30_000, any::<bool>()), 1..100),
    ) {
        let mut case = Case::new(G);
        let mut held = generation(G);
        for (pause, retry, lost) in schedule {
            case.now = case.now.plus(Duration::from_millis(pause));
            let answer = case.step(held).unwrap();
            if lost {
                case.now = case.now.plus(Duration::from_millis(retry));
                prop_assert_eq!(case.step(held), Ok(answer));
            }
            held = answer;
        }
    }

    #[test]
    fn a_thief_and_a_victim_who_both_moved_do_not_both_go_on(
        steals_at in 1_u32..20,
        pauses in proptest::collection::vec(300_000_u64..3_600_000, 60),
    ) {
        let mut case = Case::new(G);
        let (mut victim, mut thief) = (generation(G), generation(G));
        let mut refused = 0;
        for (round, pause) in (0_u32..).zip(pauses) {
            case.now = case.now.plus(Duration::from_millis(pause));
            let holder = if round > steals_at && round % 2 == 0 { &mut thief } else { &mut victim };
            match case.step(*holder) {
                Ok(answer) => *holder = answer,
                Err(verdict) => {
                    prop_assert_eq!(verdict, Reuse);
                    refused += 1;
                    break;
                }
            }
            if round == steals_at {
                thief = victim;
            }
        }
        prop_assert_eq!(refused, 1);
    }
}
