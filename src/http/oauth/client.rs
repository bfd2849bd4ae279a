//! Which client asks: by Basic, by the body, or by its identifier alone (RFC 6749 §2.3.1).

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, header};
use poem::Request;
use zeroize::Zeroizing;

use super::{form::Form, spelling::decode};
use crate::{
    auth::{Auth, Caller, clients::ClientProof},
    http::problem::{Code, Refusal},
    model::client::Client,
};

const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"signet\", charset=\"UTF-8\"");

/// An identifier and a secret.
struct Pair {
    id: Zeroizing<String>,
    secret: Zeroizing<String>,
}

/// The client that asks, proven where it can prove itself.
pub(super) async fn of<T>(
    auth: &Arc<Auth>,
    request: &Request,
    form: &Form<T>,
    caller: &Caller,
) -> Result<Arc<Client>, Refusal> {
    let basic = basic(request.headers())?;
    let (id, secret) = (form.one("client_id")?, form.one("client_secret")?);
    let proof = match (&basic, id) {
        (Some(_), _) if secret.is_some() => {
            return Err(Refusal::new(Code::MultipleCredentials)
                .because("Send the client's secret once: by Basic or in the body."));
        }
        (Some(basic), id) if id.is_some_and(|id| id != basic.id.as_str()) => {
            return Err(Refusal::new(Code::MalformedRequest)
                .because("client_id: it is not the one of the header Authorization."));
        }
        (Some(basic), _) => ClientProof {
            id: &basic.id,
            secret: Some(&basic.secret),
        },
        (None, Some(id)) => ClientProof { id, secret },
        (None, None) => {
            return Err(Refusal::new(Code::MalformedRequest)
                .because("Say which client asks: client_id, or Basic."));
        }
    };
    let answer = auth.authenticate_client(&proof, caller).await;
    answer.map_err(|error| challenged(error.into(), basic.is_some()))
}

/// A 401 names Basic to whoever tried it, and no scheme to others: a browser would ask its user
/// for a password.
fn challenged(refusal: Refusal, by_header: bool) -> Refusal {
    if refusal.code() != Code::InvalidClient {
        return refusal;
    }
    if by_header {
        refusal.instead(header::WWW_AUTHENTICATE, CHALLENGE)
    } else {
        refusal.without(&header::WWW_AUTHENTICATE)
    }
}

fn basic(headers: &HeaderMap) -> Result<Option<Pair>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::new(Code::MultipleCredentials));
    }
    let wrong = || challenged(Refusal::new(Code::InvalidClient), true);
    let value = value.as_bytes();
    let (scheme, text) = value.split_at(value.len().min("Basic ".len()));
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return Err(wrong());
    }
    let text = STANDARD.decode(text.trim_ascii()).map_err(|_| wrong())?;
    let text = Zeroizing::new(text);
    let colon = text.iter().position(|byte| *byte == b':');
    let (id, secret) = text.split_at(colon.ok_or_else(wrong)?);
    let pair = decode(id).zip(decode(&secret[1..]));
    let (id, secret) = pair.ok_or_else(wrong)?;
    Ok(Some(Pair { id, secret }))
}
