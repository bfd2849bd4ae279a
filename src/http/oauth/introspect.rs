//! `POST /oauth/introspect` (RFC 7662).

use std::sync::Arc;

use poem::Request;
use poem_openapi::{Object, OpenApi};

use crate::{
    auth::{
        Auth,
        introspect::{Asker, Question},
    },
    http::{
        api::{asker::BearerAsker, caller, introspection::TokenIntrospection},
        problem::{Code, Refusal},
    },
};

use super::{
    Tag, client,
    form::Form,
    introspected::{Introspected, is_signed_wanted},
};

/// Tells about one credential.
pub struct IntrospectTokenApi(pub(super) Arc<Auth>);

/// A credential to ask about.
#[derive(Object)]
pub(super) struct IntrospectionRequest {
    /// The credential: an access token, an API key, or a refresh token of the client that asks.
    #[oai(validator(min_length = 1))]
    token: String,
    /// What it may be; not looked at, since each kind can be told by itself.
    token_type_hint: Option<String>,
    /// Where it was presented from: a key that is bound to networks is not active without.
    address: Option<String>,
    /// The method of the request that it came with: a key that may only read is active for GET,
    /// HEAD and OPTIONS, and not without.
    method: Option<String>,
    /// The client that asks, unless it is named by Basic or a key is presented.
    client_id: Option<String>,
    /// Its secret, unless it is sent by Basic.
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, beside `client_assertion`.
    client_assertion_type: Option<String>,
    /// A JWT of the client, signed with a key that it has registered (RFC 7523 section 2.2).
    client_assertion: Option<String>,
}

#[OpenApi(tag = "Tag::OAuth")]
impl IntrospectTokenApi {
    /// Ask whether a credential counts, and what it allows.
    ///
    /// RFC 7662. A confidential client authenticates as at the token endpoint, and asks about
    /// credentials for its `resources`. Others present an API key with the scope
    /// `signet.introspect` (for credentials of its own audiences); or the very credential that is
    /// asked about. Either with `signet.introspect.any` asks about all. Whatever is unknown, over,
    /// or not for the caller is `{"active":false}`. With `Accept:
    /// application/token-introspection+jwt` the answer is a signed JWT for the caller (RFC 9701).
    #[oai(
        path = "/oauth/introspect",
        method = "post",
        operation_id = "introspectToken"
    )]
    async fn introspect(
        &self,
        request: &Request,
        bearer: BearerAsker,
        form: Form<IntrospectionRequest>,
    ) -> Result<Introspected, Refusal> {
        form.each_once(&["token_type_hint"])?;
        let asker = asker(&self.0, request, bearer, &form).await?;
        let address = form.one("address")?.map(str::parse).transpose();
        let address = address.map_err(|_| {
            Refusal::new(Code::MalformedRequest).because("address: write it like 192.0.2.1.")
        })?;
        let method = form.one("method")?;
        let question = Question {
            token: form.required("token")?,
            address,
            writes: method.map(|method| !["GET", "HEAD", "OPTIONS"].contains(&method)),
        };
        let said: TokenIntrospection = self.0.introspect(&asker, &question).await?.into();
        if is_signed_wanted(request.headers())
            && let Some(signed) = self.0.sign_introspection(&asker, &said)?
        {
            return Ok(Introspected::Signed(signed));
        }
        Ok(Introspected::Plain(Box::new(said)))
    }
}

/// Whoever has presented a credential, or the client that authenticates.
async fn asker(
    auth: &Arc<Auth>,
    request: &Request,
    bearer: BearerAsker,
    form: &Form<IntrospectionRequest>,
) -> Result<Asker, Refusal> {
    if let Some(bearer) = bearer.0 {
        if form.one("client_secret")?.is_some() || form.one("client_assertion")?.is_some() {
            return Err(Refusal::new(Code::MultipleCredentials)
                .because("Ask as the client, or with the credential; not as both."));
        }
        return Ok(bearer);
    }
    let client = client::find(auth, request, form, &caller(request)).await?;
    let client = client.ok_or_else(|| Refusal::new(Code::CredentialMissing))?;
    Ok(Asker::client(client)?)
}
