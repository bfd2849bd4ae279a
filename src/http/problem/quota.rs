//! What a throttled caller is told (draft-ietf-httpapi-ratelimit-headers).

use http::{HeaderName, HeaderValue};

/// A quota policy and where one caller stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The policy's name, lower case ASCII: `login`.
    pub policy: &'static str,
    /// Attempts allowed in each window.
    pub limit: u64,
    /// The window, in seconds.
    pub window: u64,
    /// Attempts that remain.
    pub remaining: u64,
    /// Seconds until more are allowed.
    pub reset: u64,
}

impl Quota {
    /// `RateLimit-Policy: "login";q=10;w=60` and `RateLimit: "login";r=0;t=30`.
    #[must_use]
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        let Self {
            policy,
            limit,
            window,
            remaining,
            reset,
        } = self;
        let text = |text: String| {
            HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
        };
        [
            (
                HeaderName::from_static("ratelimit-policy"),
                text(format!("\"{policy}\";q={limit};w={window}")),
            ),
            (
                HeaderName::from_static("ratelimit"),
                text(format!("\"{policy}\";r={remaining};t={reset}")),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_structured_fields() {
        let quota = Quota {
            policy: "login",
            limit: 10,
            window: 60,
            remaining: 3,
            reset: 30,
        };
        let [policy, state] = quota.headers();
        assert_eq!(policy.1, "\"login\";q=10;w=60");
        assert_eq!(state.1, "\"login\";r=3;t=30");
    }
}
