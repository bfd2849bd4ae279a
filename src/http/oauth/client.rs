//! Which client asks: by Basic, by the body, by an assertion, or by its identifier alone (RFC 6749
//! §2.3.1, RFC 7523 §2.2).

use std::sync::Arc;

use http::header;
use poem::Request;

use super::form::Form;
use crate::{
    auth::{Auth, Caller, clients::ClientProof},
    http::{
        client_basic::ClientBasic,
        problem::{Code, Refusal},
    },
    model::client::Client,
};

/// The only `client_assertion_type` (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What says which client asks and proves it; each is sent once.
const PARAMETERS: [&str; 4] = [
    "client_id",
    "client_secret",
    "client_assertion_type",
    "client_assertion",
];

/// The client that asks, proven where it can prove itself.
pub(super) async fn of<T>(
    auth: &Arc<Auth>,
    request: &Request,
    form: &Form<T>,
    caller: &Caller,
) -> Result<Arc<Client>, Refusal> {
    let client = find(auth, request, form, caller).await?;
    client.ok_or_else(unnamed)
}

/// The same, of a request that need not say which client asks.
pub(super) async fn find<T>(
    auth: &Arc<Auth>,
    request: &Request,
    form: &Form<T>,
    caller: &Caller,
) -> Result<Option<Arc<Client>>, Refusal> {
    form.each_once(&PARAMETERS)?;
    let basic = ClientBasic::find(request.headers())?;
    let (id, secret, assertion) = (
        form.one("client_id")?,
        form.one("client_secret")?,
        assertion(form)?,
    );
    let proofs = [basic.is_some(), secret.is_some(), assertion.is_some()];
    if proofs.into_iter().filter(|shown| *shown).count() > 1 {
        return Err(Refusal::new(Code::MultipleCredentials)
            .because("Prove the client once: by Basic, by client_secret or by client_assertion."));
    }
    if let Some(basic) = basic {
        return basic.authenticate(auth, id, caller).await.map(Some);
    }
    // The identifier is optional beside an assertion, which names it as well (RFC 7521 §4.2).
    let claimed = assertion.filter(|_| id.is_none());
    let claimed = claimed.map(|assertion| auth.claimed_client(assertion).unwrap_or_default());
    let Some(id) = id.or(claimed.as_deref()) else {
        return if secret.is_some() {
            Err(unnamed())
        } else {
            Ok(None)
        };
    };
    let proof = ClientProof {
        id,
        secret,
        assertion,
    };
    let answer = auth.authenticate_client(&proof, caller).await;
    answer.map(Some).map_err(|error| unchallenged(error.into()))
}

/// The assertion that a client sends, of the one type that there is.
fn assertion<T>(form: &Form<T>) -> Result<Option<&str>, Refusal> {
    let typ = form.one("client_assertion_type")?;
    match (typ, form.one("client_assertion")?) {
        (None, None) => Ok(None),
        (Some(JWT_BEARER), Some(assertion)) => Ok(Some(assertion)),
        _ => Err(Refusal::new(Code::MalformedRequest).because(format!(
            "Send client_assertion with client_assertion_type={JWT_BEARER}."
        ))),
    }
}

fn unnamed() -> Refusal {
    Refusal::new(Code::MalformedRequest).because("Say which client asks: client_id, or Basic.")
}

/// A 401 names no scheme to whoever tried none: a browser would ask its user for a password.
fn unchallenged(refusal: Refusal) -> Refusal {
    if refusal.code() == Code::InvalidClient {
        refusal.without(&header::WWW_AUTHENTICATE)
    } else {
        refusal
    }
}
