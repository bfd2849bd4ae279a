//! Who asks about credentials.

use poem::{Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ExtractParamOptions};

use crate::{
    auth::{api_keys::KeyUse, introspect::Asker},
    http::{arrival::Arrival, bearer::Presented, problem::Refusal},
};

use super::{
    principal::{DESCRIPTION, SCHEME, auth},
    scheme::described_as,
};

/// The bearer of an API key, or of an access token for whatever audience.
pub(in crate::http) struct AskerOf(pub Asker);

impl<'a> ApiExtractor<'a> for AskerOf {
    described_as!(SCHEME, DESCRIPTION);

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let auth = auth(request)?;
        let presented = Presented::required(request.headers())?;
        let text = presented.any(|text| auth.is_api_key(text))?;
        let used = KeyUse {
            address: Arrival::of(request).address(),
            writes: false,
        };
        let asker = auth.asker(text, used).await;
        Ok(Self(asker.map_err(Refusal::from)?))
    }
}
