//! The lane: the only place where Argon2 runs.
//!
//! A password hash takes tens of milliseconds of one core and its own 19 MiB. So it runs on a few
//! threads of lower priority that keep their memory, behind bounded queues that are fair by
//! address: a flood of logins takes neither the machine's memory nor other requests' time. Who
//! waits longer than the deadline, or finds the queue full, is told so (503); whose caller has gone
//! is not computed.

mod queue;
mod shares;

use std::io;
use std::net::IpAddr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

pub use self::shares::Share;
use self::{queue::Waiting, shares::Shares};
use super::password::{self, Memory, PasswordCost, UnreadableHash, Verified};
use super::random::Rng;
use crate::model::password_policy::Password;

/// How long an idle thread keeps its memory.
const KEEP_MEMORY: Duration = Duration::from_secs(10);

/// The size of the lane.
#[derive(Debug, Clone, Copy)]
pub struct LaneSize {
    /// Hashes at once; as many as there are cores.
    pub threads: usize,
    /// Logins that may wait; a quarter of that each for other things.
    pub places: usize,
    /// How long a job may wait for its turn. Once begun it is finished.
    pub deadline: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    /// Too many are waiting (503).
    #[error("too many password checks are waiting")]
    Full,
    /// No turn came within the deadline (503).
    #[error("the password check did not get its turn in time")]
    Deadline,
    /// What is stored is no password hash of ours (500).
    #[error(transparent)]
    Unreadable(#[from] UnreadableHash),
}

/// Threads that hash passwords. Dropping it lets running hashes finish, and joins the threads.
pub struct Lane {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    deadline: Duration,
    cost: PasswordCost,
    rng: Arc<dyn Rng>,
    dummy: String,
}

impl Lane {
    /// Starts the threads. New hashes have this cost.
    pub fn start(size: LaneSize, cost: PasswordCost, rng: Arc<dyn Rng>) -> io::Result<Self> {
        let dummy = password::dummy(cost, &*rng).map_err(io::Error::other)?;
        let shared = Arc::new(Shared::new(size.places));
        let mut lane = Self {
            shared,
            threads: vec![],
            deadline: size.deadline,
            cost,
            rng,
            dummy,
        };
        for number in 0..size.threads.max(1) {
            let shared = Arc::clone(&lane.shared);
            let thread = thread::Builder::new().name(format!("argon2-{number}"));
            lane.threads.push(thread.spawn(move || work(&shared))?);
        }
        Ok(lane)
    }

    /// Hashes a new password into a PHC string.
    pub async fn hash(
        &self,
        password: &Password,
        share: Share,
        address: IpAddr,
    ) -> Result<String, LaneError> {
        let (cost, rng) = (self.cost, Arc::clone(&self.rng));
        let password = password.clone();
        let work =
            move |memory: &mut Memory| password::hash(cost, password.expose(), &*rng, memory);
        Ok(self.run(share, address, work).await??)
    }

    /// Checks a password against what is stored for the user. `None`, for an unknown user, takes
    /// the same time and answers [`Verified::No`].
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&str>,
        share: Share,
        address: IpAddr,
    ) -> Result<Verified, LaneError> {
        let (cost, password) = (self.cost, password.clone());
        let stored = stored.unwrap_or(&self.dummy).to_owned();
        let work = move |memory: &mut Memory| password::verify(cost, &password, &stored, memory);
        Ok(self.run(share, address, work).await??)
    }

    async fn run<T: Send + 'static>(
        &self,
        share: Share,
        address: IpAddr,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, LaneError> {
        let (answer, mut answered) = oneshot::channel();
        let claim = Claim::default();
        // Whatever ends this future, the claim is taken: nobody starts what nobody waits for.
        let waiting = TakeOnDrop(claim.clone());
        let work = Box::new(move |memory: &mut Memory| {
            answer.send(work(memory)).ok();
        });
        self.shared.push(share, address, Job { claim, work });
        // A job that loses its place is dropped, and its sender with it.
        match tokio::time::timeout(self.deadline, &mut answered).await {
            Ok(answer) => answer.map_err(|_| LaneError::Full),
            Err(_) if waiting.0.take() => Err(LaneError::Deadline),
            Err(_) => answered.await.map_err(|_| LaneError::Full),
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

/// What one thread does: one job after another, until the lane closes.
fn work(shared: &Shared) {
    lower_priority();
    let mut memory = Memory::default();
    while let Some(job) = shared.next(&mut memory) {
        if job.claim.take() {
            // A panic costs its caller the answer, not the lane a thread; `memory` is scratch.
            panic::catch_unwind(AssertUnwindSafe(|| (job.work)(&mut memory))).ok();
        }
    }
}

/// Everything else goes first: +10 of the 19 steps of `nice`. On Linux it holds for the calling
/// thread alone; elsewhere it would hold for the whole process, so there it is left.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    rustix::process::setpriority_process(None, 10).ok();
}

struct Job {
    claim: Claim,
    work: Box<dyn FnOnce(&mut Memory) + Send>,
}

impl Waiting for Job {
    fn is_wanted(&self) -> bool {
        !self.claim.is_taken()
    }
}

/// Taken once: by the thread that begins the job, or by the caller who stops waiting for it.
#[derive(Clone, Default)]
struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Whether this call took it.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    fn is_taken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

struct TakeOnDrop(Claim);

impl Drop for TakeOnDrop {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// The queue, between callers and threads.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: Shares<Job>,
    closed: bool,
}

impl Shared {
    fn new(places: usize) -> Self {
        let state = State {
            waiting: Shares::new(places),
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn push(&self, share: Share, address: IpAddr, job: Job) {
        let lost = self.lock().waiting.push(share, address, job);
        self.changed.notify_one();
        // Its caller learns by the drop; outside the lock, since that wakes a task.
        drop(lost);
    }

    /// Waits for a job; `None` when the lane is closed. Gives `memory` back while nothing comes.
    fn next(&self, memory: &mut Memory) -> Option<Job> {
        let mut state = self.lock();
        let mut idle = false;
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.waiting.pop() {
                return Some(job);
            }
            if idle {
                memory.release();
            }
            let (woken, waited) = self
                .changed
                .wait_timeout(state, KEEP_MEMORY)
                .unwrap_or_else(PoisonError::into_inner);
            (state, idle) = (woken, waited.timed_out());
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
