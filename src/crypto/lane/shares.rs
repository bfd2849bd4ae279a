//! The waiting lines of the lane, one for each thing that passwords are hashed for. They take
//! turns, and each has places of its own: a flood in one neither fills nor delays the others.

use std::net::IpAddr;

use super::queue::{Queue, Waiting};

/// What a password is hashed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// A login, or a proof within a session.
    Login,
    /// A request that presents its password each time (RFC 7617).
    Basic,
    /// A new password.
    Administration,
}

const SHARES: [Share; 3] = [Share::Login, Share::Basic, Share::Administration];

/// The lines.
pub(super) struct Shares<J> {
    lines: [Queue<J>; 3],
    /// Whose turn it is.
    turn: usize,
}

impl<J: Waiting> Shares<J> {
    /// Logins have that many places, the others a quarter each.
    pub(super) fn new(places: usize) -> Self {
        let few = (places / 4).max(1).min(places);
        Self {
            lines: SHARES.map(|share| {
                Queue::new(match share {
                    Share::Login => places,
                    Share::Basic | Share::Administration => few,
                })
            }),
            turn: 0,
        }
    }

    /// Puts a job in line. `Err` gives back the job that found no place.
    pub(super) fn push(&mut self, share: Share, address: IpAddr, job: J) -> Result<(), J> {
        self.lines[share as usize].push(address, job)
    }

    /// The next job that is still wanted.
    pub(super) fn pop(&mut self) -> Option<J> {
        let order = (0..SHARES.len()).map(|step| (self.turn + step) % SHARES.len());
        for at in order {
            if let Some(job) = self.lines[at].pop() {
                self.turn = (at + 1) % SHARES.len();
                return Some(job);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    struct Job(Share, u32);

    impl Waiting for Job {
        fn is_wanted(&self) -> bool {
            true
        }
    }

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn next(shares: &mut Shares<Job>) -> Option<(Share, u32)> {
        shares.pop().map(|Job(share, number)| (share, number))
    }

    #[test]
    fn a_flood_delays_only_its_own() {
        let mut shares = Shares::new(8);
        for number in 0..2 {
            assert!(
                shares
                    .push(Share::Basic, HOME, Job(Share::Basic, number))
                    .is_ok()
            );
        }
        // The third finds no place; a login does.
        assert!(
            shares
                .push(Share::Basic, HOME, Job(Share::Basic, 2))
                .is_err()
        );
        assert!(
            shares
                .push(Share::Login, HOME, Job(Share::Login, 0))
                .is_ok()
        );
        assert!(
            shares
                .push(Share::Administration, HOME, Job(Share::Administration, 0))
                .is_ok()
        );
        assert_eq!(next(&mut shares), Some((Share::Login, 0)));
        assert_eq!(next(&mut shares), Some((Share::Basic, 0)));
        assert_eq!(next(&mut shares), Some((Share::Administration, 0)));
        assert_eq!(next(&mut shares), Some((Share::Basic, 1)));
        assert_eq!(next(&mut shares), None);
    }
}
