//! Which credentials of a request are meant: the first that the rule takes, or all.
//!
//! A credential that is there and cannot be read is refused, and never passed over in favour of
//! another or of nobody.

use http::HeaderMap;

use super::authorization::{self, Authorization};
use super::query;
use crate::auth::Auth;
use crate::auth::verify::{Credential, Presented};
use crate::http::cookie;
use crate::http::problem::{Code, Refusal};
use crate::model::forward::{Accept, Original, Require, Rule};

/// Where credentials may be.
pub(super) struct Places<'a> {
    /// The request's headers: gateways pass them on.
    pub(super) headers: &'a HeaderMap,
    /// The request as it was told.
    pub(super) original: &'a Original,
    /// The name of the session cookie.
    pub(super) cookie: &'static str,
    /// Tells by its prefix whether a bearer token is an API key.
    pub(super) auth: &'a Auth,
}

/// The credentials that a rule looks at, none where none is presented.
pub(super) fn find<'a>(
    rule: &'a Rule,
    places: &Places<'a>,
) -> Result<Vec<Credential<'a>>, Refusal> {
    let authorization = Authorization::find(places.headers)?;
    let mut found = Vec::new();
    for accept in &rule.accept {
        if let Some(presented) = presented(accept, authorization, places)? {
            found.push(Credential { accept, presented });
            if rule.require == Require::Any {
                return Ok(found);
            }
        }
    }
    let takes_it = |one: &Credential<'_>| one.accept.is_in_authorization();
    if let Some(authorization) = authorization
        && !found.iter().any(takes_it)
    {
        return Err(not_taken(rule, authorization));
    }
    if !found.is_empty() && found.len() < rule.accept.len() {
        return Err(Refusal::new(Code::CredentialMissing));
    }
    Ok(found)
}

fn presented<'a>(
    accept: &Accept,
    authorization: Option<Authorization<'a>>,
    places: &Places<'a>,
) -> Result<Option<Presented<'a>>, Refusal> {
    let of_scheme = |scheme: &str| authorization.filter(|found| found.is(scheme));
    match accept {
        Accept::BearerJwt => {
            let token = of_scheme("Bearer").and_then(Authorization::token);
            Ok(token
                .filter(|token| !places.auth.is_api_key(token))
                .map(Presented::AccessToken))
        }
        Accept::BearerApiKey => {
            let token = of_scheme("Bearer").and_then(Authorization::token);
            Ok(token
                .filter(|token| places.auth.is_api_key(token))
                .map(Presented::ApiKey))
        }
        Accept::Keyword(keyword) => match of_scheme(keyword) {
            Some(found) => found
                .token()
                .map(Presented::ApiKey)
                .map(Some)
                .ok_or_else(no_key),
            None => Ok(None),
        },
        Accept::Header(name) => {
            let mut values = places.headers.get_all(name.as_str()).iter();
            let Some(value) = values.next() else {
                return Ok(None);
            };
            if values.next().is_some() {
                return Err(Refusal::new(Code::MultipleCredentials));
            }
            let value = value.as_bytes().trim_ascii();
            // Bare, or behind a keyword: `Bearer KEY`.
            let bare = value.iter().rposition(|byte| *byte == b' ');
            let bare = bare.map_or(value, |space| &value[space + 1..]);
            authorization::token(bare)
                .map(Presented::ApiKey)
                .map(Some)
                .ok_or_else(no_key)
        }
        Accept::Query(name) => {
            let found = query::parameter(places.original.query.as_deref(), name)?;
            Ok(found.map(Presented::ApiKey))
        }
        Accept::Basic => match of_scheme("Basic") {
            Some(found) => {
                let read = found.password();
                let (name, password) =
                    read.ok_or_else(|| Refusal::new(Code::InvalidCredentials))?;
                Ok(Some(Presented::Password { name, password }))
            }
            None => Ok(None),
        },
        Accept::SessionCookie => {
            let found = cookie::find(places.headers, places.cookie)?;
            Ok(found.map(Presented::SessionCookie))
        }
    }
}

/// A rule takes nothing of what `Authorization` holds, and it is not passed over.
fn not_taken(rule: &Rule, authorization: Authorization<'_>) -> Refusal {
    let takes = |accept: &Accept| rule.accept.contains(accept);
    Refusal::new(match authorization.is("Bearer") {
        true if takes(&Accept::BearerJwt) => Code::InvalidAccessToken,
        true if takes(&Accept::BearerApiKey) => Code::InvalidApiKey,
        _ => Code::UnsupportedAuthScheme,
    })
}

fn no_key() -> Refusal {
    Refusal::new(Code::InvalidApiKey)
}
