//! The stores against the rule: the one statement, or script, moves exactly what [`judge`] lets
//! move, to exactly what [`rotated`] says, whatever the record and whatever happened before.

use std::{future::Future, time::Duration};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use signet::{
    model::{
        id::ClientKind,
        refresh_token::Generation,
        rule::{Verdict, judge, late_stamped, rotated},
        session::{EndReason, Family, Policy, Session},
        time::Timestamp,
    },
    store::{
        families::{Advance, Advanced, LateStamp, Opening, Revocation, SqlFamilies, Target},
        redis::RedisFamilies,
    },
};
use tokio::{runtime::Runtime, sync::Mutex};

use crate::{
    place::{BEGUN, DAY, Intruder, Place, START, policy},
    tested::{Tested, bare},
};

/// Runs an asynchronous property over many cases, all on one store.
fn hold<T, S, F>(place: impl Future<Output = Place>, cases: u32, strategy: &S, property: &F)
where
    T: Tested,
    S: Strategy,
    F: AsyncFn(&Place, &T, S::Value) -> Result<(), TestCaseError>,
{
    let runtime = Runtime::new().unwrap();
    let (place, store) = runtime.block_on(async {
        let place = place.await;
        let store = T::of(&place).await;
        (place, store)
    });
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(strategy, |case| {
            runtime.block_on(property(&place, &store, case))
        })
        .unwrap();
}

/// A presentation to a record near every border at once; times are relative to now.
#[derive(Debug, Clone)]
struct Presentation {
    generation: u32,
    presented: u32,
    rotated: i64,
    budget: i64,
    burst: i64,
    idle: i64,
    absolute: i64,
    interval: u64,
    heal: bool,
    own: bool,
}

fn presentations() -> impl Strategy<Value = Presentation> {
    let near = |border: i64| {
        prop_oneof![
            4 => (border - 2)..=(border + 2),
            1 => -400_000..=400_000_i64,
        ]
    };
    let generations = prop_oneof![
        8 => (1..300_u32, -3..=140_i64),
        1 => (0..3_u32, -2..=2_i64).prop_map(|(below, ahead)| {
            (Generation::LAST.number() - below, ahead)
        }),
    ];
    let steps = prop_oneof![near(0), near(-5_000), near(-10_000), near(-300_000)];
    let budget = prop_oneof![near(0), near(315_000)];
    let burst = prop_oneof![near(0), near(-30_000), near(30_000)];
    let policy = (
        prop_oneof![Just(0_u64), Just(30_000)],
        any::<bool>(),
        prop::bool::weighted(0.9),
    );
    (
        generations,
        steps,
        budget,
        burst,
        near(0),
        near(60_000),
        policy,
    )
        .prop_map(
            |(
                (generation, ahead),
                rotated,
                budget,
                burst,
                idle,
                absolute,
                (interval, heal, own),
            )| {
                let presented = (i64::from(generation) + ahead).max(1);
                let last = Generation::LAST.number();
                Presentation {
                    generation,
                    presented: u32::try_from(presented).unwrap().min(last),
                    rotated,
                    budget,
                    burst,
                    idle,
                    absolute,
                    interval,
                    heal,
                    own,
                }
            },
        )
}

impl Presentation {
    fn apply(&self, opening: &mut Opening, now: Timestamp) {
        let at = |offset: i64| Timestamp::from_millis(now.millis() + offset);
        opening.session.absolute_expires_at = at(self.absolute);
        opening.session.family = Family {
            generation: Generation::new(self.generation).unwrap(),
            key_id: 9,
            rotated_at: at(self.rotated),
            budget_at: at(self.budget),
            burst_from: Generation::FIRST,
            burst_at: at(self.burst),
            late_at: at(-1),
            idle_expires_at: at(self.idle),
        };
    }

    fn advance(&self, place: &Place, opening: &Opening) -> Advance {
        Advance {
            digest: opening.digest,
            presented: Generation::new(self.presented).unwrap(),
            client: if self.own {
                place.client
            } else {
                place.id::<ClientKind>()
            },
            policy: Policy {
                reuse_interval: Duration::from_millis(self.interval),
                heal_allowed: self.heal,
                ..policy()
            },
            seen: 0,
        }
    }
}

#[test]
fn the_statement_is_the_rule_on_sqlite() {
    the_step_is_the_rule::<SqlFamilies>(Place::sqlite(), 1_000);
}

#[test]
fn the_statement_is_the_rule_on_postgres() {
    the_step_is_the_rule::<SqlFamilies>(Place::postgres(), 500);
}

#[test]
fn the_script_is_the_rule_on_redis() {
    the_step_is_the_rule::<RedisFamilies>(Place::redis(), 1_000);
}

fn the_step_is_the_rule<T: Tested>(place: impl Future<Output = Place>, cases: u32) {
    let property = async |place: &Place, store: &T, case: Presentation| {
        place.clock.advance(Duration::from_millis(1));
        let user = place
            .user(&format!("u{}", place.database.now().millis()))
            .await;
        let mut opening = place.opening(user);
        case.apply(&mut opening, place.database.now());
        prop_assert_eq!(store.open(&opening).await, Ok(BEGUN));
        let mut model = Model {
            session: opening.session.clone(),
        };
        model.step(store, &case.advance(place, &opening)).await?;
        model.look(place, store, &opening).await
    };
    hold(place, cases, &presentations(), &property);
}

/// A session as it must be, moved by the rule alone.
struct Model {
    session: Session,
}

impl Model {
    /// Takes a step in the store and in the model, follows its verdict in both, and compares.
    async fn step(
        &mut self,
        store: &impl Tested,
        advance: &Advance,
    ) -> Result<Verdict, TestCaseError> {
        let step = match store.advance(advance).await.unwrap() {
            Advanced::Step(step) => step,
            Advanced::Ended(reason) => {
                prop_assert_eq!(self.session.revoked.unwrap_or(EndReason::Absolute), reason);
                return Ok(Verdict::Ended(reason));
            }
            Advanced::Missing => return Err(TestCaseError::fail("missing")),
        };
        prop_assert_eq!(bare(&step.before), bare(&self.session));
        let (presented, policy, now) = (advance.presented, &advance.policy, step.now);
        let verdict = judge(&self.session, presented, advance.client, policy, now);
        let moves = matches!(verdict, Verdict::Rotate | Verdict::Heal);
        prop_assert_eq!(step.moved, moves, "{:?}", verdict);
        match verdict {
            Verdict::Rotate | Verdict::Heal => {
                self.session.family = rotated(&self.session, presented, policy, now).unwrap();
            }
            Verdict::LateRetry => {
                let stamp = LateStamp {
                    digest: advance.digest,
                    presented,
                    late_at: self.session.family.late_at,
                    policy: *policy,
                };
                prop_assert!(store.stamp_late(&stamp).await.unwrap());
                self.session.family = late_stamped(&self.session.family, presented, now);
            }
            Verdict::Reuse => {
                let target = Target::Session(self.session.id);
                let ended = store.revoke(target, EndReason::Reuse).await;
                prop_assert_eq!(ended, Ok(Revocation::Recorded(1)));
                self.session.revoked = Some(EndReason::Reuse);
            }
            _ => {}
        }
        Ok(verdict)
    }

    /// Compares the store's record, by a step that touches nothing.
    async fn look(
        &mut self,
        place: &Place,
        store: &impl Tested,
        opening: &Opening,
    ) -> Result<(), TestCaseError> {
        let mut stranger = place.advance(opening, 1);
        stranger.client = place.id::<ClientKind>();
        self.step(store, &stranger).await.map(drop)
    }
}

/// What happens next.
#[derive(Debug, Clone)]
enum Event {
    /// Time passes, in milliseconds.
    Elapse(u64),
    /// A token this far from the newest is presented.
    Present(i64),
    /// The same, in strict mode.
    PresentStrictly(i64),
    /// The same, by another client.
    PresentAsStranger(i64),
    /// As many rotations as the budget has, and one more.
    Exhaust,
    /// The store is thrown back to an older record.
    Lose(prop::sample::Index),
}

fn schedules() -> impl Strategy<Value = Vec<Event>> {
    let pause = prop_oneof![
        4 => 0..40_000_u64,
        3 => 0..4_000_000_u64,
        1 => Just(86_400_001_u64),
        1 => 1_000_000_000..1_500_000_000_u64,
    ];
    let distance = || prop_oneof![6 => Just(0_i64), 3 => Just(-1), 2 => -4..0_i64, 1 => 1..80_i64];
    let event = prop_oneof![
        4 => pause.prop_map(Event::Elapse),
        6 => distance().prop_map(Event::Present),
        1 => distance().prop_map(Event::PresentStrictly),
        1 => distance().prop_map(Event::PresentAsStranger),
        1 => Just(Event::Exhaust),
        1 => any::<prop::sample::Index>().prop_map(Event::Lose),
    ];
    prop::collection::vec(event, 1..60)
}

/// A schedule as it is played.
struct Play<'p, T> {
    place: &'p Place,
    store: T,
    opening: Opening,
    model: Model,
    past: Vec<Family>,
    newest: u32,
}

impl<T: Tested> Play<'_, T> {
    async fn event(
        &mut self,
        event: &Event,
        intruder: &Mutex<Intruder>,
    ) -> Result<(), TestCaseError> {
        match event {
            Event::Elapse(millis) => self.place.clock.advance(Duration::from_millis(*millis)),
            Event::Present(distance) => self.present(*distance, |_| {}).await?,
            Event::PresentStrictly(distance) => {
                let strictly = |advance: &mut Advance| {
                    advance.policy.reuse_interval = Duration::ZERO;
                };
                self.present(*distance, strictly).await?;
            }
            Event::PresentAsStranger(distance) => {
                let stranger = self.place.id::<ClientKind>();
                self.present(*distance, |advance| advance.client = stranger)
                    .await?;
            }
            Event::Exhaust => {
                for _ in 0..=64 {
                    self.present(0, |_| {}).await?;
                }
            }
            Event::Lose(index) => {
                let older = *index.get(&self.past);
                let mut intruder = intruder.lock().await;
                let lost = self
                    .store
                    .lose(self.place, &mut intruder, &self.opening, &older);
                lost.await;
                self.model.session.family = older;
            }
        }
        Ok(())
    }

    /// Presents the token this far from the newest that was ever issued.
    async fn present(
        &mut self,
        distance: i64,
        change: impl FnOnce(&mut Advance),
    ) -> Result<(), TestCaseError> {
        let presented = (i64::from(self.newest) + distance).max(1);
        let mut advance = self
            .place
            .advance(&self.opening, u32::try_from(presented).unwrap());
        change(&mut advance);
        self.model.step(&self.store, &advance).await?;
        let family = self.model.session.family;
        self.newest = self.newest.max(family.generation.number());
        self.past.push(family);
        Ok(())
    }
}

#[test]
fn random_schedules_keep_to_the_rule_on_sqlite() {
    random_schedules_keep_to_the_rule::<SqlFamilies>(Place::sqlite(), 60);
}

#[test]
fn random_schedules_keep_to_the_rule_on_postgres() {
    random_schedules_keep_to_the_rule::<SqlFamilies>(Place::postgres(), 20);
}

#[test]
fn random_schedules_keep_to_the_rule_on_redis() {
    random_schedules_keep_to_the_rule::<RedisFamilies>(Place::redis(), 60);
}

fn random_schedules_keep_to_the_rule<T: Tested>(place: impl Future<Output = Place>, cases: u32) {
    let property = async |place: &Place, store: &T, schedule: Vec<Event>| {
        place.clock.advance(DAY);
        let intruder = Mutex::new(place.intruder().await);
        let user = place
            .user(&format!("u{}", place.database.now().millis() - START))
            .await;
        let opening = place.session(user).await;
        let mut play = Play {
            place,
            store: store.clone(),
            past: vec![opening.session.family],
            model: Model {
                session: opening.session.clone(),
            },
            opening,
            newest: 1,
        };
        for event in &schedule {
            play.event(event, &intruder).await?;
        }
        play.model.look(place, store, &play.opening).await
    };
    hold(place, cases, &schedules(), &property);
}
