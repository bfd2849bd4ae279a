//! A refused request on its way out.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::{HeaderName, HeaderValue, StatusCode, header};
use poem::error::ResponseError;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, Object};
use serde::{Deserialize, Serialize};

use super::{Code, Problem, Quota};
use crate::http::bearer::Challenge;

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Object, Serialize, Deserialize)]
pub struct FieldError {
    /// Where the field is, as a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What is wrong with it; stable and machine-readable.
    pub code: String,
    /// What to do about it. Never repeats what was sent.
    pub detail: String,
}

/// Why a request is refused: the code and text for the caller, the cause for the log.
///
/// Handlers return it as their error; the edge turns it into a [`Problem`].
#[derive(Debug)]
pub struct Refusal {
    code: Code,
    // Boxed: a `Result` is as large as its larger half, and most requests are not refused.
    more: Box<More>,
}

/// What only some refusals have.
#[derive(Debug, Default)]
pub(super) struct More {
    detail: Option<Cow<'static, str>>,
    pub(super) errors: Vec<FieldError>,
    pub(super) reason: Option<&'static str>,
    pub(super) scopes: Vec<String>,
    pub(super) api_key_id: Option<String>,
    pub(super) policy: Option<&'static str>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Refusal {
    /// A refusal with the words of its code. A 401 carries its challenge (RFC 9110 §15.5.2).
    #[must_use]
    pub fn new(code: Code) -> Self {
        let refusal = Self {
            code,
            more: Box::default(),
        };
        match Challenge::of(code) {
            Some(challenge) => refusal.header(header::WWW_AUTHENTICATE, challenge.value()),
            None => refusal,
        }
    }

    /// The session is over, and this is why: one of the reasons of docs/errors.md.
    #[must_use]
    pub fn session_ended(reason: &'static str) -> Self {
        Self::new(Code::SessionEnded).with(|more| more.reason = Some(reason))
    }

    /// A key of this identifier has the name already.
    #[must_use]
    pub fn api_key_exists(id: String) -> Self {
        Self::new(Code::ApiKeyExists).with(|more| more.api_key_id = Some(id))
    }

    /// These scopes are needed (RFC 6750 §3.1).
    #[must_use]
    pub fn insufficient_scope(scopes: Vec<String>) -> Self {
        let challenge = Challenge::InsufficientScope(&scopes).value();
        Self::new(Code::InsufficientScope)
            .header(header::WWW_AUTHENTICATE, challenge)
            .with(|more| more.scopes = scopes)
    }

    /// Too many attempts under this policy.
    #[must_use]
    pub fn throttled(quota: &Quota) -> Self {
        let refusal = Self::new(Code::Throttled)
            .with(|more| more.policy = Some(quota.policy))
            .retry_after(quota.reset.max(1));
        quota
            .headers()
            .into_iter()
            .fold(refusal, |refusal, (name, value)| {
                refusal.header(name, value)
            })
    }

    /// Something we depend on is away; try again in so many seconds.
    #[must_use]
    pub fn unavailable(seconds: u64) -> Self {
        Self::new(Code::Unavailable).retry_after(seconds)
    }

    /// One field is wrong.
    #[must_use]
    pub fn field(pointer: &str, code: &str, detail: &str) -> Self {
        Self::fields(vec![FieldError {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail: detail.to_owned(),
        }])
    }

    /// Several fields are wrong.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::new(Code::ValidationFailed).with(|more| more.errors = errors)
    }

    /// Says something more exact than the code's own words. Must not repeat what was sent.
    #[must_use]
    pub fn because(self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.with(|more| more.detail = Some(detail.into()))
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.with(|more| more.cause = Some(cause.into()))
    }

    /// Sends a header along; called again with the same name, it sends both.
    #[must_use]
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|more| more.headers.push((name, value)))
    }

    /// Sends a header along, in place of those of the same name.
    #[must_use]
    pub fn instead(self, name: HeaderName, value: HeaderValue) -> Self {
        let other = |(known, _): &(HeaderName, HeaderValue)| *known != name;
        self.with(|more| more.headers.retain(other))
            .header(name, value)
    }

    /// Sends no header of this name.
    #[must_use]
    pub fn without(self, name: &HeaderName) -> Self {
        self.with(|more| more.headers.retain(|(known, _)| known != name))
    }

    /// Says when to come back, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The words for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.more
            .detail
            .as_deref()
            .unwrap_or(self.code.row().detail)
    }

    /// The parts that only some refusals have.
    pub(super) fn into_more(self) -> More {
        *self.more
    }

    fn with(mut self, change: impl FnOnce(&mut More)) -> Self {
        change(&mut self.more);
        self
    }
}

/// For the log: the code and, where there is one, the cause. Never what the caller sent.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.row().name)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.more
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn Error + 'static))
    }
}

impl ResponseError for Refusal {
    fn status(&self) -> StatusCode {
        self.code.status()
    }
}

/// Adds no response of its own: which codes an operation answers stands in one table, from which
/// the document is completed.
impl ApiResponse for Refusal {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: Vec::new(),
        }
    }

    fn register(registry: &mut Registry) {
        <Problem as poem_openapi::types::Type>::register(registry);
    }
}
