//! What a node does for Redis with what it has [`heard`](super::heard) of the change log, while the
//! database is away or need not be asked.

use std::sync::{MutexGuard, PoisonError};

use super::{
    heard::{Heard, Part},
    link::{Away, Line},
    scripts::Scripts,
    watermark::{ROWS, Rev, TOMBS, TRIES, Watermark, end_of, ends_everyones, parse},
};
use crate::{
    model::change::ChangeRow,
    store::{changes::Log, error::StoreError},
};

impl Watermark {
    /// Takes note of the log, which was just read: what this node knows it can tell Redis later.
    pub(super) async fn hear(&self, log: &Log) -> Result<(), StoreError> {
        let new = self.heard().new_rows(&log.rows).map(<[ChangeRow]>::to_vec);
        match new.filter(|new| new.len() <= ROWS && !new.iter().any(ends_everyones)) {
            Some(new) if new.is_empty() => {}
            Some(new) => {
                let tombs = self.sessions.tombs_of(&new).await?;
                if tombs.len() <= TOMBS as usize {
                    self.heard().add(Part::new(&new, tombs));
                } else {
                    self.begin_after(log);
                }
            }
            None => self.begin_after(log),
        }
        Ok(())
    }

    /// Brings a Redis that is behind this node to where it is, without the database if that will
    /// do. Whether it is there now.
    pub(super) async fn raise(&self, scripts: &Scripts, line: &Line) -> bool {
        let Ok(_working) = self.working.try_lock() else {
            return false;
        };
        match self.carry(scripts, line).await {
            Ok(Some(true)) => true,
            Ok(_) => self.go_on(scripts, line, None).await,
            Err(_) => false,
        }
    }

    /// Whether Redis, as it was last seen, lacks something that this node has heard.
    pub(super) fn is_behind(&self) -> bool {
        let known = self.known().unwrap_or_default();
        let Rev::At { number, .. } = parse(&known) else {
            return true;
        };
        self.heard()
            .end()
            .is_some_and(|end| i64::try_from(end.0).is_ok_and(|end| end > number))
    }

    /// Applies what this node has heard and Redis has not, without the database. Whether it came to
    /// the end; nothing where what was heard does not go on from where Redis is.
    pub(super) async fn carry(&self, scripts: &Scripts, line: &Line) -> Result<Option<bool>, Away> {
        let mut rev = self.rev(scripts, line).await?.unwrap_or_default();
        let Rev::At { number, mark } = parse(&rev) else {
            return Ok(None);
        };
        let Some(parts) = self.heard().after(number, mark) else {
            return Ok(None);
        };
        for part in parts {
            let Some((number, mark)) = part.end() else {
                continue;
            };
            let then = (*number, mark.as_str());
            match self
                .put(scripts, line, Some(&rev), then, &part.tombs)
                .await?
            {
                Some(then) => rev = then,
                None => return Ok(Some(false)),
            }
        }
        Ok(Some(true))
    }

    /// The same as far as it goes: where `rev` cannot move, the sessions are ended all the same.
    pub(super) async fn tell(&self, scripts: &Scripts, line: &Line) -> Result<(), Away> {
        for _ in 0..TRIES {
            match self.carry(scripts, line).await? {
                Some(true) => return Ok(()),
                Some(false) => {}
                None => break,
            }
        }
        let tombs = self.heard().tombs();
        for some in tombs.chunks(TOMBS as usize) {
            scripts.bury(line, some).await?;
        }
        Ok(())
    }

    /// What came before the end of this log is left to the database.
    fn begin_after(&self, log: &Log) {
        let (number, mark) = end_of(log);
        self.heard().begin((number, mark.to_owned()));
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
