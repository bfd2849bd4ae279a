//! The scripts: each is one atomic step in Redis, on the keys it is told.
//!
//! They are the rule's words for a step that must not be interrupted; `tests/stores/` holds them
//! against [`model::rule`](crate::model::rule). A script that Redis has forgotten is loaded again.

use redis::{Script, ScriptInvocation, Value};

use super::{
    link::{Away, Line},
    record::{self, BYTES, SEALED_BYTES, TOMBSTONE_BYTES, key},
};
use crate::{
    model::{
        refresh_token::Generation,
        rule::{BURST_ROTATIONS, HEAL_REACH, ROTATION_EARNED_MS},
        session::{EndReason, SessionDigest},
        time::{Timestamp, millis},
    },
    store::families::{Advance, LateStamp, Tomb},
};

/// The key of the watermark.
const REV: &str = "rev";
/// How long the watermark lives after it was written, in milliseconds: a year.
const REV_LIFETIME: u64 = 365 * 24 * 3_600_000;

/// All scripts.
pub(super) struct Scripts {
    advance: Script,
    stamp_late: Script,
    refill: Script,
    forget: Script,
    bury: Script,
    apply: Script,
    rev: Script,
}

/// What a step found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Redis is behind the change log.
    Stale,
    /// No record, with `rev` as it is.
    Missing(String),
    /// A tombstone.
    Ended(EndReason),
    /// A record, or what stands in its place: the bytes before the step.
    Record {
        before: Vec<u8>,
        moved: bool,
        now: Timestamp,
    },
}

/// What became of a stamp.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stamped {
    /// Stamped: the record after it.
    Done(Vec<u8>),
    /// Something moved meanwhile.
    Moved,
    /// No record.
    Missing,
}

/// What became of a refill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refilled {
    /// It is there now.
    Done,
    /// What is there is as far or further, or over.
    Kept,
    /// `rev` is not what was expected.
    Moved,
}

/// What became of rows of the change log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// They are applied.
    Done,
    /// `rev` is not what was expected, but this; nothing where there is none.
    Moved(Option<String>),
}

impl Scripts {
    /// The scripts with the rule's numbers.
    pub(super) fn new() -> Self {
        let script = |body: &str| {
            let numbers = format!(
                "local BYTES, SEALED, LAST, REACH, EARNED, ALLOWED = \
                 {BYTES}, {SEALED_BYTES}, {}, {HEAL_REACH}, {ROTATION_EARNED_MS}, {}\n",
                Generation::LAST.number(),
                (BURST_ROTATIONS - 1) * ROTATION_EARNED_MS,
            );
            Script::new(&[&numbers, include_str!("prelude.lua"), body].concat())
        };
        Self {
            advance: script(include_str!("advance.lua")),
            stamp_late: script(include_str!("stamp_late.lua")),
            refill: script(include_str!("refill.lua")),
            forget: script(include_str!("forget.lua")),
            bury: script(include_str!("bury.lua")),
            apply: script(include_str!("apply.lua")),
            rev: script(include_str!("rev.lua")),
        }
    }

    /// Takes a step.
    pub(super) async fn advance(&self, line: &Line, step: &Advance) -> Result<Found, Away> {
        let policy = &step.policy;
        let mut call = self.advance.key(&key(&step.digest)[..]);
        call.key(REV)
            .arg(step.presented.number())
            .arg(&step.client.as_bytes()[..])
            .arg(millis(policy.reuse_interval))
            .arg(millis(policy.idle_lifetime))
            .arg(policy.active_key)
            .arg(u8::from(policy.heal_allowed))
            .arg(step.seen);
        let reply = Reply::to(&call, line).await?;
        match reply.word() {
            "stale" => Ok(Found::Stale),
            "missing" => Ok(Found::Missing(reply.text(1)?)),
            "ended" => {
                let code = u8::try_from(reply.number(1)?).unwrap_or(0);
                Ok(Found::Ended(record::reason(code)))
            }
            "record" => Ok(Found::Record {
                moved: reply.number(1)? == 1,
                now: Timestamp::from_millis(reply.number(2)?),
                before: reply.bytes(3)?.to_vec(),
            }),
            _ => Err(nonsense()),
        }
    }

    /// Stamps a late retry.
    pub(super) async fn stamp_late(&self, line: &Line, stamp: &LateStamp) -> Result<Stamped, Away> {
        let mut call = self.stamp_late.key(&key(&stamp.digest)[..]);
        call.arg(stamp.presented.number())
            .arg(stamp.late_at.millis());
        let reply = Reply::to(&call, line).await?;
        match reply.word() {
            "done" => Ok(Stamped::Done(reply.bytes(1)?.to_vec())),
            "moved" => Ok(Stamped::Moved),
            "missing" => Ok(Stamped::Missing),
            _ => Err(nonsense()),
        }
    }

    /// Puts a packed record there that was read from SQL after `rev` was seen.
    pub(super) async fn refill(
        &self,
        line: &Line,
        digest: &SessionDigest,
        rev: &str,
        record: &[u8; BYTES],
        expires_at: Timestamp,
    ) -> Result<Refilled, Away> {
        let mut call = self.refill.key(&key(digest)[..]);
        call.key(REV)
            .arg(rev)
            .arg(&record[..])
            .arg(expires_at.millis());
        let reply = Reply::to(&call, line).await?;
        match reply.word() {
            "done" => Ok(Refilled::Done),
            "kept" => Ok(Refilled::Kept),
            "moved" => Ok(Refilled::Moved),
            _ => Err(nonsense()),
        }
    }

    /// Removes what was found in a record's place and is none of ours.
    pub(super) async fn forget(
        &self,
        line: &Line,
        digest: &SessionDigest,
        found: &[u8],
    ) -> Result<(), Away> {
        let mut call = self.forget.key(&key(digest)[..]);
        call.arg(found);
        Reply::to(&call, line).await?.done()
    }

    /// Ends sessions, whatever the change log says of them.
    pub(super) async fn bury(&self, line: &Line, tombs: &[Tomb]) -> Result<(), Away> {
        let mut call = self.bury.prepare_invoke();
        add(&mut call, 0, tombs);
        Reply::to(&call, line).await?.done()
    }

    /// Ends sessions and moves the watermark from `expected` (nothing where there is none) to
    /// number and mark of `then`, as one step.
    pub(super) async fn apply(
        &self,
        line: &Line,
        expected: Option<&str>,
        then: (u64, &str),
        tombs: &[Tomb],
    ) -> Result<Applied, Away> {
        let (number, mark) = then;
        let mut call = self.apply.key(REV);
        call.arg(expected.unwrap_or_default())
            .arg(format!("{number}:{mark}"))
            .arg(REV_LIFETIME);
        add(&mut call, number, tombs);
        let reply = Reply::to(&call, line).await?;
        match reply.word() {
            "done" => Ok(Applied::Done),
            "moved" => Ok(Applied::Moved(filled(reply.text(1)?))),
            _ => Err(nonsense()),
        }
    }

    /// The watermark, which lives on from now; nothing where there is none.
    pub(super) async fn rev(&self, line: &Line) -> Result<Option<String>, Away> {
        let mut call = self.rev.key(REV);
        call.arg(REV_LIFETIME);
        let reply = Reply::to(&call, line).await?;
        match reply.word() {
            "done" => Ok(filled(reply.text(1)?)),
            _ => Err(nonsense()),
        }
    }
}

fn add(call: &mut ScriptInvocation<'_>, number: u64, tombs: &[Tomb]) {
    for each in tombs {
        let bytes: [u8; TOMBSTONE_BYTES] = record::tombstone(each.reason, number);
        call.key(&key(&each.digest)[..])
            .arg(&bytes[..])
            .arg(each.absolute_expires_at.millis());
    }
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// What a script answers: a word, and what belongs to it.
struct Reply(Vec<Value>);

impl Reply {
    async fn to(call: &ScriptInvocation<'_>, line: &Line) -> Result<Self, Away> {
        line.run(call).await.map(Self)
    }

    fn word(&self) -> &str {
        let word = self.bytes(0).unwrap_or_default();
        std::str::from_utf8(word).unwrap_or_default()
    }

    fn done(&self) -> Result<(), Away> {
        match self.word() {
            "done" => Ok(()),
            _ => Err(nonsense()),
        }
    }

    fn bytes(&self, at: usize) -> Result<&[u8], Away> {
        match self.0.get(at) {
            Some(Value::BulkString(bytes)) => Ok(bytes),
            _ => Err(nonsense()),
        }
    }

    fn text(&self, at: usize) -> Result<String, Away> {
        let text = String::from_utf8(self.bytes(at)?.to_vec());
        text.map_err(|_| nonsense())
    }

    fn number(&self, at: usize) -> Result<i64, Away> {
        match self.0.get(at) {
            Some(Value::Int(number)) => Ok(*number),
            _ => Err(nonsense()),
        }
    }
}

fn nonsense() -> Away {
    Away::new("it answered a script in a way that makes no sense")
}
