//! `[verify]`: forward-auth, and the rules that it judges by.
//!
//! Owns how rules are written down; what they mean is [`model::forward`](crate::model::forward)'s.

mod check;
mod cookie_domain;
mod method_name;
mod rule;
mod rules;

use std::{fmt::Display, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

pub(super) use check::check;
pub use cookie_domain::CookieDomain;
pub use method_name::MethodName;

use super::duration;
use crate::model::forward::{Dialect, FieldName, Rules};

/// `[verify]`
#[derive(Clone, confique::Config, Debug)]
pub struct VerifySettings {
    /// How your proxy tells of the request that it asks about: "forwarded" (Traefik, Caddy),
    /// "original" (nginx) or "envoy". It must be one of `server.trusted_proxies`.
    #[config(default = "forwarded", deserialize_with = dialect)]
    pub dialect: Dialect,
    /// The rules. The first that covers a request by host, path and method judges it; where none
    /// does, it is refused. In the file, a table each, after the other settings of this section:
    ///
    ///     [[verify.rules]]
    ///     hosts = ["app.example.com"]             # every host where absent
    ///     path = "/api"                           # whole segments; "/" where absent
    ///     methods = ["GET", "POST"]               # every method where absent
    ///     accept = ["bearer_jwt", "bearer_api_key", "scheme:Api-Key", "header:X-API-Key",
    ///               "session_cookie"]             # also "query:NAME" and "basic"
    ///     require = "any"                         # or "all"
    ///     scopes = ["pages.read"]                 # that a credential must have
    ///     base_scope = "api.access"               # and one more
    ///     audiences = ["https://api.example.com"] # tokens.audience where absent
    ///     anonymous = ["GET"]                     # methods that need no credential
    ///     public = ["/api/health"]                # paths where credentials are not looked at
    ///     token_audience = "https://app.internal" # tell who asks by a signed token for it
    ///
    /// In the variable: the same as one TOML list of tables, `[{ accept = ["bearer_jwt"] }]`.
    #[config(default = [], deserialize_with = rules::deserialize)]
    pub rules: Rules,
    /// The header that tells the application how the caller has proven who they are. Every header
    /// is in every 200, empty where there is nothing to say: your proxy overwrites what a client
    /// sent under that name.
    #[config(default = "X-Auth-Method", deserialize_with = parsed)]
    pub header_method: FieldName,
    /// What that header says instead of the method's own name (`bearer_jwt`, `bearer_api_key`,
    /// `scheme`, `header`, `query`, `basic`, `session_cookie`), each as "method=name".
    #[config(default = [], deserialize_with = method_name::deserialize)]
    pub method_names: Vec<MethodName>,
    /// The header with the credential's expiry (RFC 3339).
    #[config(default = "X-Auth-Expires", deserialize_with = parsed)]
    pub header_expires: FieldName,
    /// The header with the identifier of the access token, API key or session.
    #[config(default = "X-Auth-Token-Id", deserialize_with = parsed)]
    pub header_token_id: FieldName,
    /// The header with the user's identifier.
    #[config(default = "X-Auth-User-Id", deserialize_with = parsed)]
    pub header_user_id: FieldName,
    /// The header with the username.
    #[config(default = "X-Auth-Username", deserialize_with = parsed)]
    pub header_username: FieldName,
    /// The header with the scopes, separated by spaces.
    #[config(default = "X-Auth-Scopes", deserialize_with = parsed)]
    pub header_scopes: FieldName,
    /// The header with the signed token, where a rule has `token_audience`.
    #[config(default = "X-Auth-Jwt", deserialize_with = parsed)]
    pub header_token: FieldName,
    /// How long that token is valid, at most 60s. Duration.
    #[config(default = "60s", deserialize_with = duration::deserialize)]
    pub token_lifetime: Duration,
    /// The domain whose hosts all get the session cookie of a login with delivery
    /// `cookie_and_session`; without it, the issuer's own host alone.
    /// Example: `"example.com"`
    pub cookie_domain: Option<CookieDomain>,
}

fn dialect<'de, D: Deserializer<'de>>(from: D) -> Result<Dialect, D::Error> {
    match String::deserialize(from)?.as_str() {
        "forwarded" => Ok(Dialect::Forwarded),
        "original" => Ok(Dialect::Original),
        "envoy" => Ok(Dialect::Envoy),
        other => Err(D::Error::custom(format!(
            "{other:?} is unknown; write \"forwarded\", \"original\" or \"envoy\""
        ))),
    }
}

fn parsed<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(from)?;
    text.parse()
        .map_err(|error| D::Error::custom(format!("{text:?} is refused: {error}")))
}
