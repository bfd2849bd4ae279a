//! How gateways tell of the request that they ask about.
//!
//! Traefik: <https://doc.traefik.io/traefik/middlewares/http/forwardauth/>. Caddy:
//! <https://caddyserver.com/docs/caddyfile/directives/forward_auth>. nginx:
//! <https://nginx.org/en/docs/http/ngx_http_auth_request_module.html>. Envoy:
//! <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter>.
//!
//! Each header counts once, and those of another dialect not at all: a client may have sent them,
//! and the gateway, which does not know them, passed them on.

use std::borrow::Cow;

use http::{HeaderMap, header};
use poem::Request;

use super::PATH;
use crate::http::problem::{Code, Refusal};
use crate::model::forward::{Dialect, Host, Original, OriginalPath, Scheme};

const FORWARDED_METHOD: &str = "x-forwarded-method";
const FORWARDED_URI: &str = "x-forwarded-uri";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const ORIGINAL_METHOD: &str = "x-original-method";
const ORIGINAL_URL: &str = "x-original-url";
const ORIGINAL_URI: &str = "x-original-uri";
/// By which some applications take a request for one of another path.
const REWRITE_URL: &str = "x-rewrite-url";
/// By which many take it for one of another method.
const OVERRIDES: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// The request that a gateway asks about. It is told by a trusted proxy, or not at all.
pub(super) fn read(
    dialect: Dialect,
    request: &Request,
    from_proxy: bool,
) -> Result<Original, Refusal> {
    if !from_proxy {
        return Err(told_wrong(
            "Only a trusted proxy may ask: name its address in server.trusted_proxies.",
        ));
    }
    let headers = request.headers();
    let told = match dialect {
        Dialect::Forwarded => forwarded(headers),
        Dialect::Original => original(headers),
        Dialect::Envoy => envoy(request),
    }?;
    if dialect != Dialect::Envoy && request.uri().path() != PATH {
        return Err(told_wrong(
            "A path behind this one is for Envoy: compare verify.dialect with your proxy.",
        ));
    }
    refuse(headers, &[REWRITE_URL])?;
    told.read(headers)
}

/// What a gateway told, raw.
struct Told<'a> {
    method: &'a [u8],
    scheme: Option<&'a [u8]>,
    host: &'a [u8],
    /// Path and query.
    target: Cow<'a, [u8]>,
}

fn forwarded(headers: &HeaderMap) -> Result<Told<'_>, Refusal> {
    refuse(headers, &[ORIGINAL_METHOD, ORIGINAL_URL, ORIGINAL_URI])?;
    Ok(Told {
        method: required(headers, FORWARDED_METHOD)?,
        scheme: Some(required(headers, FORWARDED_PROTO)?),
        host: required(headers, FORWARDED_HOST)?,
        target: Cow::Borrowed(required(headers, FORWARDED_URI)?),
    })
}

/// nginx tells the whole URL, or path and query alone beside the `Host` that it always sets.
fn original(headers: &HeaderMap) -> Result<Told<'_>, Refusal> {
    refuse(headers, &[FORWARDED_METHOD, FORWARDED_URI])?;
    let method = required(headers, ORIGINAL_METHOD)?;
    match (
        single(headers, ORIGINAL_URL)?,
        single(headers, ORIGINAL_URI)?,
    ) {
        (Some(url), None) => {
            let (scheme, rest) = cut(url, b"://").ok_or_else(not_a_url)?;
            let end = rest.iter().position(|byte| b"/?".contains(byte));
            let (host, target) = rest.split_at(end.unwrap_or(rest.len()));
            Ok(Told {
                method,
                scheme: Some(scheme),
                host,
                target: Cow::Borrowed(target),
            })
        }
        (None, Some(target)) => Ok(Told {
            method,
            scheme: single(headers, FORWARDED_PROTO)?,
            host: required(headers, header::HOST.as_str())?,
            target: Cow::Borrowed(target),
        }),
        (None, None) => Err(told_wrong(
            "The header X-Original-URL or X-Original-URI is missing: compare verify.dialect with your proxy.",
        )),
        (Some(_), Some(_)) => Err(told_wrong(
            "X-Original-URL and X-Original-URI are both there: let your proxy send one.",
        )),
    }
}

/// Envoy sends the request's own head, its path behind ours.
fn envoy(request: &Request) -> Result<Told<'_>, Refusal> {
    let headers = request.headers();
    let others = [
        FORWARDED_METHOD,
        FORWARDED_URI,
        ORIGINAL_METHOD,
        ORIGINAL_URL,
        ORIGINAL_URI,
    ];
    refuse(headers, &others)?;
    let path = request.uri().path().strip_prefix(PATH).unwrap_or_default();
    let target = match request.uri().query() {
        Some(query) => Cow::Owned([path.as_bytes(), b"?", query.as_bytes()].concat()),
        None => Cow::Borrowed(path.as_bytes()),
    };
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let host = match single(headers, header::HOST.as_str())? {
        Some(host) => host,
        None => authority.ok_or_else(|| missing("Host"))?,
    };
    Ok(Told {
        method: request.method().as_str().as_bytes(),
        scheme: single(headers, FORWARDED_PROTO)?,
        host,
        target,
    })
}

impl Told<'_> {
    fn read(self, headers: &HeaderMap) -> Result<Original, Refusal> {
        let method = text(self.method).and_then(|text| text.parse().ok());
        let method = method.ok_or_else(|| told_wrong("The request's method is none."))?;
        let host: Option<Host> = text(self.host).and_then(|text| text.parse().ok());
        let host = host.ok_or_else(|| told_wrong("The request's host is none."))?;
        let proto = self.scheme.map(|scheme| text(scheme).unwrap_or_default());
        let scheme = proto.map(|proto| {
            Scheme::read(proto)
                .ok_or_else(|| told_wrong("The request's scheme is not http or https."))
        });
        let (path, query) = match self.target.iter().position(|byte| *byte == b'?') {
            Some(mark) => (&self.target[..mark], Some(&self.target[mark + 1..])),
            None => (&self.target[..], None),
        };
        let path = OriginalPath::read(path)
            .map_err(|error| told_wrong(format!("The request's path {error}.")))?;
        let is_plain = |byte: &u8| *byte > b' ' && *byte != 0x7f && *byte != b'#';
        let query = query.map(|query| match text(query) {
            Some(text) if query.iter().all(is_plain) => Ok(text.to_owned()),
            _ => Err(told_wrong(
                "The request's query has characters that no query has.",
            )),
        });
        Ok(Original {
            method,
            scheme: scheme.transpose()?,
            host,
            path,
            query: query.transpose()?,
            overrides_method: OVERRIDES.iter().any(|name| headers.contains_key(*name)),
            opens_socket: matches!(proto, Some("ws" | "wss"))
                || headers.contains_key(header::SEC_WEBSOCKET_KEY)
                || headers.contains_key(header::UPGRADE),
        })
    }
}

/// The value of a header that a gateway of this dialect always sends.
fn required<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a [u8], Refusal> {
    single(headers, name)?.ok_or_else(|| missing(name))
}

/// The value of a header that is there once at most.
fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(http::HeaderValue::as_bytes);
    if values.next().is_some() {
        return Err(told_wrong(format!("The header {name} is there twice.")));
    }
    Ok(value)
}

fn refuse(headers: &HeaderMap, names: &[&'static str]) -> Result<(), Refusal> {
    match names.iter().find(|name| headers.contains_key(**name)) {
        Some(name) => Err(told_wrong(format!(
            "The header {name} has no place here: compare verify.dialect with your proxy."
        ))),
        None => Ok(()),
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

fn cut<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let begin = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..begin], &bytes[begin + at.len()..]))
}

fn not_a_url() -> Refusal {
    told_wrong("X-Original-URL is no URL such as https://host/path.")
}

fn missing(name: &'static str) -> Refusal {
    told_wrong(format!(
        "The header {name} is missing: compare verify.dialect with your proxy."
    ))
}

fn told_wrong(detail: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::MalformedRequest).because(detail)
}
