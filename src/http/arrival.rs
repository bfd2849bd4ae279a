//! What the edge knows about a request before anybody has read it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http::{HeaderMap, header};
use poem::{Addr, FromRequest, Request, RequestBody, Result};

use super::address::TrustedProxies;
use super::body::Shapes;
use crate::model::text::misleads;

/// How long a device label may be, in characters.
const LABEL_LENGTH: usize = 200;
/// What `limits.body` is unless it is configured.
const DEFAULT_BODY_LIMIT: usize = 64 * 1024;

/// Who asks, and what the request is called. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Arrival(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    address: IpAddr,
    from_proxy: bool,
    request_id: String,
    body_limit: usize,
    shapes: Option<Arc<Shapes>>,
    reading_body: AtomicBool,
}

impl Arrival {
    /// Looks at a request's connection and head. `new_id` names it if no trusted proxy did.
    #[must_use]
    pub fn new(
        request: &Request,
        proxies: &TrustedProxies,
        body_limit: usize,
        shapes: Option<Arc<Shapes>>,
        new_id: impl FnOnce() -> String,
    ) -> Self {
        // Sockets that have no address (tests, Unix sockets) count as one local caller.
        let peer = match &request.remote_addr().0 {
            Addr::SocketAddr(socket) => socket.ip(),
            _ => Ipv4Addr::LOCALHOST.into(),
        };
        let request_id = proxies.request_id(peer, request.headers());
        Self(Arc::new(Facts {
            address: proxies.client(peer, request.headers()),
            from_proxy: proxies.trusts(peer),
            request_id: request_id.map_or_else(new_id, str::to_owned),
            body_limit,
            shapes,
            reading_body: AtomicBool::new(false),
        }))
    }

    /// The arrival of a request that has passed the edge.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_else(|| {
            Self::new(
                request,
                &TrustedProxies::default(),
                DEFAULT_BODY_LIMIT,
                None,
                String::new,
            )
        })
    }

    /// The client's address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Whether a trusted proxy brought it.
    #[must_use]
    pub fn is_from_proxy(&self) -> bool {
        self.0.from_proxy
    }

    /// The request's name in the log and in every error.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// How many bytes of body are read.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    /// The schemas of the API that the request came in to.
    pub(super) fn shapes(&self) -> Option<&Shapes> {
        self.0.shapes.as_deref()
    }

    /// Notes that the body is being waited for, or no longer: when time runs out meanwhile, the
    /// client was slow, not we.
    pub(super) fn set_reading_body(&self, reading: bool) {
        self.0.reading_body.store(reading, Relaxed);
    }

    /// Whether the body is being waited for.
    pub(super) fn is_reading_body(&self) -> bool {
        self.0.reading_body.load(Relaxed)
    }
}

impl<'a> FromRequest<'a> for Arrival {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(Self::of(request))
    }
}

/// What the caller's device calls itself, fit to be stored and shown: `User-Agent`, cut, without
/// characters that mislead.
#[must_use]
pub fn device_label(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(header::USER_AGENT)?.as_bytes());
    let label: String = text
        .chars()
        .filter(|char| !misleads(*char))
        .take(LABEL_LENGTH)
        .collect();
    (!label.trim().is_empty()).then_some(label)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn label(text: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_bytes(text.as_bytes()).unwrap(),
        );
        device_label(&headers)
    }

    #[test]
    fn labels_are_short_and_harmless() {
        assert_eq!(label("curl/8.5").as_deref(), Some("curl/8.5"));
        assert_eq!(label("a\u{202e}b\t\u{2028}c").as_deref(), Some("abc"));
        assert_eq!(label(&"é".repeat(500)).unwrap().chars().count(), 200);
        assert_eq!(label(" "), None);
        assert_eq!(device_label(&HeaderMap::new()), None);
    }
}
