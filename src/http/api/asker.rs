//! Who asks about credentials.

use http::header;
use poem::{Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ExtractParamOptions};

use crate::{
    auth::introspect::Asker,
    http::{client_basic::ClientBasic, problem::Refusal},
};

use super::{
    caller::caller,
    principal::{DESCRIPTION, SCHEME, auth, presented},
    scheme::described_as,
};

/// The bearer of an API key, or of an access token for whatever audience; or a client, by Basic.
pub(super) struct AskerOf(pub Asker);

/// The bearer, if there is one: a client may authenticate in the body as well, and is left to
/// whoever reads that.
pub(in crate::http) struct BearerAsker(pub Option<Asker>);

impl<'a> ApiExtractor<'a> for AskerOf {
    described_as!(SCHEME, DESCRIPTION);

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let Some(basic) = ClientBasic::among_others(request.headers())? else {
            return Ok(Self(bearer(request).await?));
        };
        let auth = auth(request)?;
        let client = basic.authenticate(auth, None, &caller(request)).await?;
        Ok(Self(Asker::client(client).map_err(Refusal::from)?))
    }
}

impl<'a> ApiExtractor<'a> for BearerAsker {
    described_as!(SCHEME, DESCRIPTION);

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let headers = request.headers();
        if !headers.contains_key(header::AUTHORIZATION) || ClientBasic::is_tried(headers) {
            return Ok(Self(None));
        }
        Ok(Self(Some(bearer(request).await?)))
    }
}

async fn bearer(request: &Request) -> Result<Asker, Refusal> {
    let auth = auth(request)?;
    let (text, used) = presented(request, auth, false)?;
    Ok(auth.asker(text, used).await?)
}
