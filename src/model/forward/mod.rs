//! The request that a gateway asks about, and the rules that it is judged by (docs/gateways.md).
//!
//! Owns what a request's method, host and path may look like to be judged at all, and which rule
//! covers it. It knows neither the headers in which gateways tell of it, which are
//! [`http`](crate::http)'s, nor what a credential is worth, which is [`auth`](crate::auth)'s.

mod accept;
mod field;
mod host;
mod method;
mod original;
mod path;
mod rule;
mod rules;

pub use accept::{Accept, AcceptError, Carrier};
pub use field::{FieldName, FieldNameError};
pub use host::{Host, HostError, HostName};
pub use method::{Method, MethodError};
pub use original::{Original, Scheme};
pub use path::{OriginalPath, PathError, Prefix, PrefixError};
pub use rule::{Require, Rule, RuleError};
pub use rules::{Found, Rules, RulesError};

/// In which headers a gateway tells of the request that it asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Traefik and Caddy: `X-Forwarded-Method`, `-Proto`, `-Host`, `-Uri`.
    Forwarded,
    /// nginx: `X-Original-Method`, and `X-Original-URL` or `X-Original-URI`.
    Original,
    /// Envoy's `ext_authz` over HTTP: the request itself, its path behind ours.
    Envoy,
}
