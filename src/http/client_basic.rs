//! A client's identifier and secret in the header `Authorization`: Basic, both form encoded before
//! they are joined (RFC 6749 §2.3.1).

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

use super::{
    problem::{Code, Refusal},
    spelling::decode,
};
use crate::{
    auth::{Auth, Caller, clients::ClientProof},
    model::client::Client,
};

const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"signet\", charset=\"UTF-8\"");
const SCHEME: &[u8] = b"Basic ";

/// An identifier and a secret, not proven yet.
pub(super) struct ClientBasic {
    id: Zeroizing<String>,
    secret: Zeroizing<String>,
}

impl ClientBasic {
    /// That of a request which may present nothing else in this header.
    pub(super) fn find(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::new(Code::MultipleCredentials));
        }
        Self::read(value.as_bytes())
            .map(Some)
            .ok_or_else(|| challenged(Refusal::new(Code::InvalidClient)))
    }

    /// That of a request which may present a credential of another kind there.
    pub(super) fn among_others(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        if Self::is_tried(headers) {
            Self::find(headers)
        } else {
            Ok(None)
        }
    }

    /// Whether a request presents one, whatever it is worth.
    pub(super) fn is_tried(headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        values.any(|value| without_scheme(value.as_bytes()).is_some())
    }

    /// The client of which both are, and which `named` does not contradict.
    pub(super) async fn authenticate(
        &self,
        auth: &Auth,
        named: Option<&str>,
        caller: &Caller,
    ) -> Result<Arc<Client>, Refusal> {
        if named.is_some_and(|named| named != self.id.as_str()) {
            return Err(Refusal::new(Code::MalformedRequest)
                .because("client_id: it is not the one of the header Authorization."));
        }
        let proof = ClientProof {
            id: &self.id,
            secret: Some(&self.secret),
            assertion: None,
        };
        let answer = auth.authenticate_client(&proof, caller).await;
        answer.map_err(|error| challenged(error.into()))
    }

    fn read(value: &[u8]) -> Option<Self> {
        let text = STANDARD.decode(without_scheme(value)?.trim_ascii()).ok()?;
        let text = Zeroizing::new(text);
        let colon = text.iter().position(|byte| *byte == b':')?;
        let (id, secret) = text.split_at(colon);
        let (id, secret) = decode(id).zip(decode(&secret[1..]))?;
        Some(Self { id, secret })
    }
}

fn without_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

/// A 401 names Basic to whoever tried it.
fn challenged(refusal: Refusal) -> Refusal {
    if refusal.code() == Code::InvalidClient {
        refusal.instead(header::WWW_AUTHENTICATE, CHALLENGE)
    } else {
        refusal
    }
}
