//! Which foreign pages may read our answers (the Fetch standard's CORS protocol).
//!
//! Exact origins, never patterns. Errors carry the same headers as successes, so that a page can
//! read why it was refused.

use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

/// What a page needs to read beyond the body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, ETag",
);
/// What a page may send.
const SENDABLE: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, X-Signet-Request");
/// How long a browser may remember a preflight, in seconds; most cap it at two hours.
const REMEMBER: HeaderValue = HeaderValue::from_static("7200");

/// Whether an origin is registered, as a browser spells it.
pub type KnownOrigin = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Who may read the answers of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// No page of another origin.
    Nobody,
    /// Every page: public documents.
    Anyone,
    /// Pages of registered origins, without cookies.
    Registered,
    /// Pages of registered origins, with cookies.
    RegisteredWithCookies,
}

impl Audience {
    /// The audience of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.contains("/.well-known/") {
            Self::Anyone
        } else if ["login", "refresh", "logout"]
            .iter()
            .any(|verb| path.strip_prefix("/v1/auth/") == Some(verb))
        {
            Self::RegisteredWithCookies
        } else if path == "/oauth/token"
            || path == "/oauth/revoke"
            || path == "/v1/me"
            || path.starts_with("/v1/me/")
        {
            Self::Registered
        } else {
            Self::Nobody
        }
    }
}

/// Whether this request only asks what a later one may do.
#[must_use]
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What one request's origin may read, decided before the request is handled.
#[derive(Clone, Debug)]
pub struct Grant {
    audience: Audience,
    origin: Option<HeaderValue>,
}

impl Grant {
    /// Decides for a request: an origin counts if it is a `known` one, byte for byte.
    #[must_use]
    pub fn decide(
        audience: Audience,
        request: &HeaderMap,
        known: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Self {
        let mut origins = request.get_all(ORIGIN).iter();
        let origin = origins.next().filter(|origin| {
            let origin = origin.to_str();
            origin.is_ok_and(known)
        });
        let single = origins.next().is_none();
        Self {
            audience,
            origin: origin.filter(|_| single).cloned(),
        }
    }

    /// Whether a preflight is ours to answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.audience != Audience::Nobody
    }

    /// Adds what the answer gets, whatever its status.
    ///
    /// `Vary: Origin` goes out even where the origin is unknown: a cache must not give one
    /// origin's answer to another.
    pub fn apply(&self, answer: &mut HeaderMap) {
        let origin = match self.audience {
            Audience::Nobody => return,
            Audience::Anyone => Some(HeaderValue::from_static("*")),
            Audience::Registered | Audience::RegisteredWithCookies => {
                answer.append(VARY, HeaderValue::from_static("Origin"));
                self.origin.clone()
            }
        };
        let Some(origin) = origin else { return };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if self.audience == Audience::RegisteredWithCookies {
            answer.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }

    /// Adds what a preflight is told besides: the `methods` of the route and the headers that we
    /// take. An origin that is not let in learns nothing.
    pub fn permit(&self, methods: HeaderValue, answer: &mut HeaderMap) {
        if self.audience == Audience::Anyone || self.origin.is_some() {
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, SENDABLE);
            answer.insert(ACCESS_CONTROL_MAX_AGE, REMEMBER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "https://app.example";

    fn answer(audience: Audience, origin: &[u8]) -> HeaderMap {
        let mut request = HeaderMap::new();
        request.insert(ORIGIN, HeaderValue::from_bytes(origin).unwrap());
        let mut answer = HeaderMap::new();
        let grant = Grant::decide(audience, &request, &|origin| origin == KNOWN);
        grant.apply(&mut answer);
        grant.permit(HeaderValue::from_static("POST"), &mut answer);
        answer
    }

    #[test]
    fn registered_origins_are_echoed() {
        let headers = answer(Audience::RegisteredWithCookies, KNOWN.as_bytes());
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], KNOWN);
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_METHODS], "POST");
        assert_eq!(headers[VARY], "Origin");
        let headers = answer(Audience::Registered, KNOWN.as_bytes());
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }

    #[test]
    fn look_alikes_are_strangers() {
        for origin in [
            &b"null"[..],
            b"http://app.example",
            b"https://app.example:8443",
            b"https://app.example.evil",
            b"https://xapp.example",
            b"https://app.exampl",
            b"https://\xff",
            b"",
        ] {
            let headers = answer(Audience::RegisteredWithCookies, origin);
            assert_eq!(headers.len(), 1, "{origin:?}");
            assert_eq!(headers[VARY], "Origin");
        }
    }

    #[test]
    fn public_documents_are_for_anyone_and_never_with_cookies() {
        let headers = answer(Audience::Anyone, b"https://\xff");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let mut refused = HeaderMap::new();
        Grant::decide(Audience::Nobody, &HeaderMap::new(), &|_| false).apply(&mut refused);
        assert!(refused.is_empty());
    }

    #[test]
    fn each_path_has_its_audience() {
        assert_eq!(Audience::of("/.well-known/jwks.json"), Audience::Anyone);
        assert_eq!(
            Audience::of("/v1/auth/refresh"),
            Audience::RegisteredWithCookies
        );
        assert_eq!(Audience::of("/v1/auth/verify"), Audience::Nobody);
        assert_eq!(Audience::of("/v1/me/sessions/x"), Audience::Registered);
        assert_eq!(Audience::of("/v1/mexico"), Audience::Nobody);
        assert_eq!(Audience::of("/v1/users"), Audience::Nobody);
    }
}
