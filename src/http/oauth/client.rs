//! Which client asks: by Basic, by the body, or by its identifier alone (RFC 6749 §2.3.1).

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
    let basic = ClientBasic::find(request.headers())?;
    let (id, secret) = (form.one("client_id")?, form.one("client_secret")?);
    match (basic, id) {
        (Some(_), _) if secret.is_some() => Err(Refusal::new(Code::MultipleCredentials)
            .because("Send the client's secret once: by Basic or in the body.")),
        (Some(basic), id) => basic.authenticate(auth, id, caller).await.map(Some),
        (None, Some(id)) => {
            let proof = ClientProof { id, secret };
            let answer = auth.authenticate_client(&proof, caller).await;
            answer.map(Some).map_err(|error| unchallenged(error.into()))
        }
        (None, None) if secret.is_some() => Err(unnamed()),
        (None, None) => Ok(None),
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
