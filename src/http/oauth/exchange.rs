//! An API key for a short access token (RFC 8693).

use std::sync::Arc;

use poem::Request;

use super::{
    client,
    form::Form,
    token::{TokenRequest, audiences},
};
use crate::{
    auth::{
        Auth,
        api_keys::KeyUse,
        exchange::{Exchange, Exchanged},
    },
    http::{api::caller, arrival::Arrival, problem::Refusal},
};

/// The `grant_type` (§2.1).
pub(in crate::http) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The only type of what is given; Signet's own.
const API_KEY: &str = "urn:signet:token-type:api_key";
/// The only type of what is got (§3).
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// What has a meaning once.
const ONCE: [&str; 5] = [
    "subject_token",
    "subject_token_type",
    "requested_token_type",
    "actor_token",
    "scope",
];

/// Exchanges a key. Whoever holds it is who may: a client names itself where it is not the default
/// one, and proves itself where it can.
pub(super) async fn exchange(
    auth: &Arc<Auth>,
    request: &Request,
    form: &Form<TokenRequest>,
) -> Result<Exchanged, Refusal> {
    form.each_once(&ONCE)?;
    let key = form.required("subject_token")?;
    let unsupported = |name: &str, only: &str| {
        Refusal::field(name, "invalid_request", &format!("The only one is {only}."))
    };
    if form.required("subject_token_type")? != API_KEY {
        return Err(unsupported("/subject_token_type", API_KEY));
    }
    let wanted = form.one("requested_token_type")?;
    if wanted.is_some_and(|wanted| wanted != ACCESS_TOKEN) {
        return Err(unsupported("/requested_token_type", ACCESS_TOKEN));
    }
    if form.one("actor_token")?.is_some() {
        let detail = "Leave it out: the key itself is who acts.";
        return Err(Refusal::field("/actor_token", "invalid_request", detail));
    }
    let client = client::find(auth, request, form, &caller(request)).await?;
    let client = client.unwrap_or_else(|| Arc::new(auth.terms().default_client.clone()));
    let audience = audiences(form);
    let asked = Exchange {
        client: &client,
        key,
        used: KeyUse {
            address: Arrival::of(request).address(),
            writes: false,
        },
        scope: form.one("scope")?,
        audience: &audience,
    };
    Ok(auth.exchange_key(asked).await?)
}
