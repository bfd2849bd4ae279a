//! The refresh cookie, as the document lists it.

use poem::{Request, RequestBody, Result};
use poem_openapi::registry::MetaSecurityScheme;
use poem_openapi::{ApiExtractor, ExtractParamOptions};

use super::scheme::described_as;

/// The scheme's name in the document.
const SCHEME: &str = "refreshCookie";
const DESCRIPTION: MetaSecurityScheme = MetaSecurityScheme {
    ty: "apiKey",
    description: Some(
        "The refresh token as a cookie, set by a login with delivery `cookie`; the \
         name ends with the client's identifier. Browsers send it by themselves. A \
         request with it also needs the header `X-Signet-Request: 1`, and comes from \
         the issuer's own origin or from one that is registered for the client.",
    ),
    name: Some("__Host-signet_refresh-CLIENT"),
    key_in: Some("cookie"),
    scheme: None,
    bearer_format: None,
    flows: None,
    openid_connect_url: None,
};

/// Says of an operation that it may be authorised by the refresh cookie. Takes nothing: which
/// cookie is meant depends on the client that the body names. A parameter instead would become an
/// argument of every generated client, which cannot set it.
pub(super) struct CookieScheme;

impl<'a> ApiExtractor<'a> for CookieScheme {
    described_as!(SCHEME, DESCRIPTION);

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        _request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self)
    }
}
