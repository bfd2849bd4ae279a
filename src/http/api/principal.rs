//! Who asks, by the access token that they present.

use std::sync::Arc;

use poem::{Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ExtractParamOptions, registry::MetaSecurityScheme};

use crate::{
    auth::{
        Auth,
        api_keys::KeyUse,
        authenticate::{Credential, Principal},
    },
    http::{
        arrival::Arrival,
        bearer::Presented,
        problem::{Code, Refusal},
    },
};

use super::scheme::described_as;

/// The name of the security scheme in the document.
pub(super) const SCHEME: &str = "bearerAuth";
pub(super) const DESCRIPTION: MetaSecurityScheme = MetaSecurityScheme {
    ty: "http",
    description: Some(
        "An access token of a login or a refresh, a JWT that is made and verified as RFC8725 asks. \
         Operations that need a scope take an API key too, which may also be sent as \
         `Authorization: Api-Key`.",
    ),
    name: None,
    key_in: None,
    scheme: Some("bearer"),
    bearer_format: Some("JWT"),
    flows: None,
    openid_connect_url: None,
};

/// The bearer of a valid access token for Signet's own API (RFC 6750 §2.1).
pub(super) struct Bearer(pub Principal);

impl<'a> ApiExtractor<'a> for Bearer {
    described_as!(SCHEME, DESCRIPTION);

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let token = Presented::access_token(request.headers())?;
        let token = token.ok_or_else(|| Refusal::new(Code::CredentialMissing))?;
        let auth = auth(request)?;
        if auth.is_api_key(token) {
            return Err(Refusal::new(Code::InvalidAccessToken)
                .because("Send an access token of a session: API keys are not taken here.")
                .into());
        }
        let principal = auth.authenticate(token).await.map_err(Refusal::from)?;
        Ok(Self(principal))
    }
}

/// The bearer of a valid access token for Signet's own API, or of an API key.
pub(super) struct AnyBearer(pub Credential);

impl<'a> ApiExtractor<'a> for AnyBearer {
    described_as!(SCHEME, DESCRIPTION);

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let (auth, writes) = (auth(request)?, !request.method().is_safe());
        let (text, used) = presented(request, auth, writes)?;
        let credential = auth.authenticate_any(text, used).await;
        Ok(Self(credential.map_err(Refusal::from)?))
    }
}

/// The credential that a request presents, and what for if it is an API key.
pub(super) fn presented<'a>(
    request: &'a Request,
    auth: &Auth,
    writes: bool,
) -> Result<(&'a str, KeyUse), Refusal> {
    let presented = Presented::required(request.headers())?;
    let text = presented.any(|text| auth.is_api_key(text))?;
    let address = Arrival::of(request).address();
    Ok((text, KeyUse { address, writes }))
}

/// The verbs, which the site has put beside each request.
pub(in crate::http) fn auth(request: &Request) -> Result<&Arc<Auth>, Refusal> {
    let auth = request.data::<Arc<Auth>>();
    auth.ok_or_else(|| Refusal::new(Code::InternalError).caused_by("no Auth in data"))
}

/// An access token that may be presented, for operations that list other credentials as well.
pub(super) struct MaybeBearer<'a>(pub Option<&'a str>);

impl<'a> ApiExtractor<'a> for MaybeBearer<'a> {
    described_as!(SCHEME, DESCRIPTION);

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self(Presented::access_token(request.headers())?))
    }
}
