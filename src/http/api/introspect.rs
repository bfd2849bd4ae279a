//! `POST /v1/introspect`.

use std::sync::Arc;

use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Auth, introspect::Question},
    http::{answer::Answer, body::Body, problem::Refusal},
};

use super::{Tag, asker::AskerOf, introspection::TokenIntrospection};

/// Tells about many credentials at once.
pub struct IntrospectApi(pub(super) Arc<Auth>);

/// Credentials to ask about.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct IntrospectionBatch {
    /// The credentials: access tokens, API keys, and refresh tokens of the client that asks.
    #[oai(validator(min_items = 1, max_items = 100))]
    tokens: Vec<String>,
}

/// What is said of them.
#[derive(Object, Serialize)]
struct IntrospectionResults {
    /// One for each credential, in their order.
    results: Vec<TokenIntrospection>,
}

#[OpenApi(tag = "Tag::Introspection")]
impl IntrospectApi {
    /// Ask about many credentials at once.
    ///
    /// Each is answered as `introspectToken` does, to the same callers, a client by Basic; keys that
    /// may only read or are bound to networks are asked about there. The body has 256 KiB at most.
    #[oai(
        path = "/v1/introspect",
        method = "post",
        operation_id = "introspectTokens"
    )]
    async fn introspect(
        &self,
        asker: AskerOf,
        body: Body<IntrospectionBatch>,
    ) -> Result<Answer<IntrospectionResults>, Refusal> {
        let Body(batch) = body;
        let mut results = Vec::with_capacity(batch.tokens.len());
        for token in &batch.tokens {
            let question = Question {
                token,
                address: None,
                writes: None,
            };
            results.push(self.0.introspect(&asker.0, &question).await?.into());
        }
        Ok(Answer::new(IntrospectionResults { results }))
    }
}
