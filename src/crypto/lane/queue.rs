//! The waiting line of the lane: bounded, and fair by address.
//!
//! Each address has a line of its own and they take turns, so a flood from one address delays its
//! own jobs. When all places are taken, the longest line loses its newest job to a newcomer with
//! a shorter one. It knows nothing of threads, time or passwords.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use crate::model::network::network;

/// Something that may no longer be wanted by the time its turn comes.
pub(super) trait Waiting {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool;
}

/// Jobs in line.
pub(super) struct Queue<J> {
    lines: HashMap<IpAddr, VecDeque<J>>,
    /// Whose turn it is, next first: each address that has a line, once.
    turns: VecDeque<IpAddr>,
    places: usize,
    taken: usize,
}

impl<J: Waiting> Queue<J> {
    /// A queue of that many places.
    pub(super) fn new(places: usize) -> Self {
        Self {
            lines: HashMap::new(),
            turns: VecDeque::new(),
            places,
            taken: 0,
        }
    }

    /// Puts a job in line. `Err` gives back the job that found no place: this one, or the newest
    /// of the longest line.
    pub(super) fn push(&mut self, address: IpAddr, job: J) -> Result<(), J> {
        let address = network(address);
        let mut lost = None;
        if self.taken >= self.places {
            self.drop_unwanted();
        }
        if self.taken >= self.places {
            let own = self.lines.get(&address).map_or(0, VecDeque::len);
            match self.longest().filter(|(_, length)| *length > own + 1) {
                Some((longest, _)) => lost = self.pop_newest(longest),
                None => return Err(job),
            }
        }
        let line = self.lines.entry(address).or_default();
        if line.is_empty() {
            self.turns.push_back(address);
        }
        line.push_back(job);
        self.taken += 1;
        lost.map_or(Ok(()), Err)
    }

    /// The next job that is still wanted; unwanted ones on the way are dropped.
    pub(super) fn pop(&mut self) -> Option<J> {
        loop {
            let address = self.turns.pop_front()?;
            let line = self.lines.get_mut(&address)?;
            while let Some(job) = line.pop_front() {
                self.taken -= 1;
                if job.is_wanted() {
                    if line.is_empty() {
                        self.lines.remove(&address);
                    } else {
                        self.turns.push_back(address);
                    }
                    return Some(job);
                }
            }
            self.lines.remove(&address);
        }
    }

    fn longest(&self) -> Option<(IpAddr, usize)> {
        let lengths = self
            .lines
            .iter()
            .map(|(address, line)| (*address, line.len()));
        lengths.max_by_key(|(_, length)| *length)
    }

    fn pop_newest(&mut self, address: IpAddr) -> Option<J> {
        let lost = self.lines.get_mut(&address)?.pop_back();
        self.taken -= usize::from(lost.is_some());
        lost
    }

    fn drop_unwanted(&mut self) {
        self.lines.retain(|_, line| {
            line.retain(Waiting::is_wanted);
            !line.is_empty()
        });
        self.turns
            .retain(|address| self.lines.contains_key(address));
        self.taken = self.lines.values().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests;
