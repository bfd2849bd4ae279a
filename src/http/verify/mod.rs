//! `/v1/auth/verify`: forward-auth. A gateway asks whether a request may pass.
//!
//! Owns how gateways tell of the request, where in it a credential is, and how they are answered.
//! What the request must present is a [`Rule`]'s to say, what that is
//! worth [`auth`](crate::auth)'s. A request that is told in two ways is refused, never guessed at.

mod answer;
mod authorization;
mod challenge;
mod dialect;
mod page;
mod passed;
mod present;
mod query;

use std::sync::Arc;

use http::{Method, header};
use poem::endpoint::make;
use poem::{Endpoint, IntoResponse, Request, Response};
use poem_openapi::{OpenApi, OperationId, Tags};

pub use self::answer::{Names, header_name};
use self::passed::MayPass;
use self::present::Places;
use super::api::caller;
use super::arrival::Arrival;
use super::cookie;
use super::problem::{Code, Refusal};
use crate::auth::{Auth, AuthError, verify::Question};
use crate::model::forward::{Dialect, Found, Original, Rule, Rules};

/// Where gateways ask. Envoy puts the path of the request behind it.
pub const PATH: &str = "/v1/auth/verify";
/// What requests are counted under.
const OPERATION: OperationId = OperationId("verifyRequest");

/// What the operation is grouped by.
#[derive(Tags)]
enum Tag {
    /// What gateways ask: may this request pass, and who sent it?
    Gateways,
}

/// What the configuration says of forward-auth.
pub struct Gateway {
    /// How gateways tell of requests.
    pub dialect: Dialect,
    /// What they are judged by.
    pub rules: Rules,
    /// What the answer's headers are called.
    pub names: Names,
}

/// Answers gateways. Cheap to clone.
#[derive(Clone)]
pub struct VerifyApi {
    auth: Arc<Auth>,
    gateway: Arc<Gateway>,
}

#[OpenApi]
impl VerifyApi {
    /// Ask whether a request may pass.
    ///
    /// For a gateway in front of an application (nginx, Traefik, Caddy, Envoy): it tells of the
    /// request that it has received and passes on what that presents, and lets it through where the
    /// answer is 200. The headers of a 200 say who asks; each is always there, and empty where there
    /// is nothing to say. Which requests may pass is configured (`verify.rules`), as are the names of
    /// the headers. Any other method will do, too, and for Envoy any path behind this one.
    #[oai(
        path = "/v1/auth/verify",
        method = "get",
        operation_id = "verifyRequest",
        tag = "Tag::Gateways"
    )]
    async fn verify(&self, request: &Request) -> Result<MayPass, Refusal> {
        self.answer(request).await
    }
}

impl VerifyApi {
    /// Answers by these settings.
    #[must_use]
    pub fn new(auth: Arc<Auth>, gateway: Gateway) -> Self {
        let gateway = Arc::new(gateway);
        Self { auth, gateway }
    }

    /// The same for every method and every path behind, which the document cannot say.
    pub(super) fn beside(self) -> impl Endpoint<Output = Response> {
        make(move |request: Request| {
            let api = self.clone();
            async move {
                match api.answer(&request).await {
                    Ok(answer) => {
                        let mut response = answer.into_response();
                        response.set_data(OPERATION);
                        Ok(response)
                    }
                    Err(refusal) => {
                        let mut error = poem::Error::from(refusal);
                        error.set_data(OPERATION);
                        Err(error)
                    }
                }
            }
        })
    }

    async fn answer(&self, request: &Request) -> Result<MayPass, Refusal> {
        let Gateway { dialect, rules, .. } = &*self.gateway;
        let arrival = Arrival::of(request);
        let original = dialect::read(*dialect, request, arrival.is_from_proxy())?;
        match rules.find(&original) {
            Found::Nothing => Err(Refusal::new(Code::NoRule)),
            Found::Public(_) => Ok(self.nobody()),
            Found::Rule(rule) => {
                let answer = self.judge(rule, &original, request).await;
                answer.map_err(|refusal| challenge::with(refusal, rule, self.cookie_domain()))
            }
        }
    }

    async fn judge(
        &self,
        rule: &Rule,
        original: &Original,
        request: &Request,
    ) -> Result<MayPass, Refusal> {
        let places = Places {
            headers: request.headers(),
            original,
            cookie: cookie::session_name(self.cookie_domain()),
            auth: &self.auth,
        };
        let credentials = present::find(rule, &places)?;
        if credentials.is_empty() {
            return if rule.lets_in_anonymous(original) {
                Ok(self.nobody())
            } else {
                Err(Refusal::new(Code::CredentialMissing))
            };
        }
        let question = Question {
            rule,
            credentials: &credentials,
            only_reads: original.only_reads(),
            page: page::of(original, request.headers()),
            caller: &caller(request),
        };
        match self.auth.verify_request(question).await {
            Ok(passed) => {
                let headers = answer::identity_headers(&self.gateway.names, Some(&passed));
                Ok(MayPass(headers))
            }
            Err(error) => Err(self.refused(error)),
        }
    }

    fn nobody(&self) -> MayPass {
        MayPass(answer::identity_headers(&self.gateway.names, None))
    }

    /// The refusal; with a cookie that clears the session's where that is proven over.
    fn refused(&self, error: AuthError) -> Refusal {
        let is_over = matches!(error, AuthError::SessionEnded(_));
        let refusal = Refusal::from(error);
        match cookie::clear_session(self.cookie_domain()).filter(|_| is_over) {
            Some(cookie) => refusal.header(header::SET_COOKIE, cookie),
            None => refusal,
        }
    }

    fn cookie_domain(&self) -> Option<&str> {
        self.auth.terms().cookie_domain.as_deref()
    }
}

/// Whether a gateway asks in a way that the document cannot name.
#[must_use]
pub(super) fn is_undocumented(method: &Method, path: &str) -> bool {
    match path.strip_prefix(PATH) {
        Some("") => method != Method::GET,
        Some(rest) => rest.starts_with('/'),
        None => false,
    }
}
