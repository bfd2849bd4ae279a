//! `POST /oauth/introspect` (RFC 7662).

use std::sync::Arc;

use poem_openapi::{Object, OpenApi};

use crate::{
    auth::{Auth, introspect::Question},
    http::{
        answer::Answer,
        api::{asker::AskerOf, introspection::TokenIntrospection},
        problem::{Code, Refusal},
    },
};

use super::{Tag, form::Form};

/// Tells about one credential.
pub struct IntrospectTokenApi(pub(super) Arc<Auth>);

/// A credential to ask about.
#[derive(Object)]
pub(super) struct IntrospectionRequest {
    /// The credential: an access token or an API key.
    #[oai(validator(min_length = 1, max_length = 16384))]
    token: String,
    /// What it may be; not looked at, since each kind can be told by itself.
    token_type_hint: Option<String>,
    /// Where it was presented from: a key that is bound to networks is not active without.
    address: Option<String>,
    /// The method of the request that it came with: a key that may only read is active for GET,
    /// HEAD and OPTIONS, and not without.
    method: Option<String>,
}

#[OpenApi(tag = "Tag::OAuth")]
impl IntrospectTokenApi {
    /// Ask whether a credential counts, and what it allows.
    ///
    /// RFC 7662. Whoever asks presents an API key with the scope `signet.introspect` (for
    /// credentials of its own audiences) or `signet.introspect.any`; or the very credential that is
    /// asked about. Whatever is unknown, over, or not for the caller is `{"active":false}`.
    #[oai(
        path = "/oauth/introspect",
        method = "post",
        operation_id = "introspectToken"
    )]
    async fn introspect(
        &self,
        asker: AskerOf,
        form: Form<IntrospectionRequest>,
    ) -> Result<Answer<TokenIntrospection>, Refusal> {
        form.each_once(&["token_type_hint"])?;
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
        let said = self.0.introspect(&asker.0, &question).await?;
        Ok(Answer::new(said.into()))
    }
}
