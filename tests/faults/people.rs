use std::collections::HashMap;
use std::time::Instant;

use signet::model::refresh_token::{RefreshTokenFields, TokenPrefix};

/// Somebody with a session, whose tabs share a token; and perhaps a thief of one.
pub(crate) struct Person {
    pub(crate) name: usize,
    pub(crate) token: String,
    /// The one before, and when it was first presented.
    pub(crate) before: Option<(String, Instant)>,
    /// When the token was first presented.
    pub(crate) shown: Option<Instant>,
    /// Which string each generation was.
    pub(crate) seen: HashMap<u32, String>,
    /// Whether a token was answered that came back later than the reuse interval. That is forgiven
    /// once a day.
    pub(crate) was_late: bool,
    /// What the thief has.
    pub(crate) stolen: Option<String>,
    /// Whether he has used it.
    pub(crate) abused: bool,
    pub(crate) standing: Standing,
}

/// How a session stands, as those who hold it know.
#[derive(Clone, Copy)]
pub(crate) enum Standing {
    Lives,
    /// Its end was asked for and not acknowledged.
    Asked(Asked),
    Over(Over),
    /// It may be over: the database was restored to a moment before it ended.
    Unknown,
}

/// The end of a session that was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) by: usize,
    pub(crate) at: Instant,
    /// Whether its tokens were refused since.
    pub(crate) refused: bool,
    /// Whether that node had no way to Redis then, and so may not know of it any more.
    pub(crate) forgotten: bool,
}

/// The end of a session that was acknowledged.
#[derive(Clone, Copy)]
pub(crate) struct Over {
    /// By this node.
    pub(crate) by: usize,
    pub(crate) at: Instant,
    /// Whether the database went away before all nodes had to know.
    pub(crate) early: bool,
}

impl Person {
    pub(crate) fn new(name: usize, token: String) -> Self {
        Self {
            name,
            token,
            before: None,
            shown: None,
            seen: HashMap::new(),
            was_late: false,
            stolen: None,
            abused: false,
            standing: Standing::Lives,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Over(_))
    }

    /// Whose session goes on as far as anybody knows.
    pub(crate) fn lives(&self) -> bool {
        matches!(self.standing, Standing::Lives)
    }

    /// Whether that token was spent before one whose answer may have been lost. Beyond its burst
    /// such a token is promised nothing: only the newest but one is.
    pub(crate) fn may_be_two_behind(&self, presented: &str) -> bool {
        let before = self.before.as_ref();
        self.shown.is_some() && before.is_some_and(|(token, _)| token == presented)
    }

    /// Takes a newer token.
    pub(crate) fn take(&mut self, token: String) {
        if generation(&token) > generation(&self.token) {
            let spent = std::mem::replace(&mut self.token, token);
            self.before = self.shown.take().map(|shown| (spent, shown));
        }
    }
}

pub(crate) fn generation(token: &str) -> u32 {
    let prefix: TokenPrefix = "signet".parse().unwrap();
    let fields = RefreshTokenFields::decode(token, &[prefix]).unwrap();
    fields.generation.number()
}
