use std::net::Ipv4Addr;
use std::sync::mpsc;

use super::*;
use crate::crypto::random::SeededRng;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const LONG: Duration = Duration::from_hours(1);

fn lane(threads: usize, places: usize, deadline: Duration) -> Lane {
    let size = LaneSize {
        threads,
        places,
        deadline,
    };
    let cost = PasswordCost::new(16, 1).unwrap();
    Lane::start(size, cost, Arc::new(SeededRng::new(1))).unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

/// Holds the only thread of a lane until told to go on.
struct Block {
    go_on: mpsc::Sender<()>,
    job: tokio::task::JoinHandle<Result<(), LaneError>>,
}

impl Block {
    async fn on(lane: &Arc<Lane>) -> Self {
        let (go_on, wait) = mpsc::channel();
        let (begun, beginning) = oneshot::channel();
        let lane = Arc::clone(lane);
        let work = move |_: &mut Memory| {
            begun.send(()).unwrap();
            wait.recv().unwrap();
        };
        let job = tokio::spawn(async move { lane.run(Share::Login, HOME, work).await });
        beginning.await.unwrap();
        Self { go_on, job }
    }

    async fn end(self) -> Result<(), LaneError> {
        self.go_on.send(()).unwrap();
        self.job.await.unwrap()
    }
}

async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn hashes_and_checks() {
    let lane = lane(2, 10, LONG);
    let stored = lane
        .hash(&password("correct horse"), Share::Login, HOME)
        .await
        .unwrap();
    let check = |text, stored| {
        let (lane, password) = (&lane, password(text));
        async move { lane.verify(&password, stored, Share::Login, HOME).await }
    };
    let yes = Verified::Yes {
        needs_rehash: false,
    };
    assert_eq!(check("correct horse", Some(&*stored)).await, Ok(yes));
    assert_eq!(
        check("correct house", Some(&*stored)).await,
        Ok(Verified::No)
    );
    assert_eq!(check("correct horse", None).await, Ok(Verified::No));
    let unreadable = Err(LaneError::Unreadable(UnreadableHash));
    assert_eq!(check("correct horse", Some("plain")).await, unreadable);
}

#[tokio::test]
async fn the_deadline_is_for_the_turn_and_not_for_the_work() {
    let lane = Arc::new(lane(1, 10, Duration::from_millis(200)));
    let block = Block::on(&lane).await;
    let answer = lane.verify(&password("x"), None, Share::Login, OTHER).await;
    assert_eq!(answer, Err(LaneError::Deadline));
    assert_eq!(block.end().await, Ok(()));
}

#[tokio::test]
async fn a_full_queue_answers_at_once_and_a_flood_yields_to_others() {
    let lane = Arc::new(lane(1, 2, LONG));
    let block = Block::on(&lane).await;
    let begin = |address| {
        let lane = Arc::clone(&lane);
        tokio::spawn(async move {
            lane.verify(&password("x"), None, Share::Login, address)
                .await
        })
    };
    let (first, second) = (begin(HOME), begin(HOME));
    settle().await;
    let full = lane.verify(&password("x"), None, Share::Login, HOME).await;
    assert_eq!(full, Err(LaneError::Full));
    let other = begin(OTHER);
    assert_eq!(second.await.unwrap(), Err(LaneError::Full));
    block.end().await.unwrap();
    assert_eq!(first.await.unwrap(), Ok(Verified::No));
    assert_eq!(other.await.unwrap(), Ok(Verified::No));
}

#[tokio::test]
async fn nothing_is_computed_for_a_caller_that_has_gone() {
    let lane = Arc::new(lane(1, 10, LONG));
    let block = Block::on(&lane).await;
    let (ran, runs) = mpsc::channel();
    let gone = {
        let lane = Arc::clone(&lane);
        tokio::spawn(async move { lane.run(Share::Login, OTHER, move |_| ran.send(())).await })
    };
    settle().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    block.end().await.unwrap();
    lane.verify(&password("x"), None, Share::Login, OTHER)
        .await
        .unwrap();
    assert!(runs.recv().is_err());
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let lane = lane(1, 10, LONG);
    let lost: Result<(), _> = lane.run(Share::Login, HOME, |_| panic!("on purpose")).await;
    assert_eq!(lost, Err(LaneError::Full));
    assert!(lane.hash(&password("x"), Share::Login, HOME).await.is_ok());
}

#[tokio::test]
async fn dropping_the_lane_ends_its_threads() {
    let lane = lane(2, 10, LONG);
    let shared = Arc::downgrade(&lane.shared);
    drop(lane);
    assert!(shared.upgrade().is_none());
}
