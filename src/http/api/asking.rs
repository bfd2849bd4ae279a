//! Which client logs in or refreshes.

use poem::Request;

use super::caller::caller;
use crate::{
    auth::{Auth, clients::Asking},
    http::{client_basic::ClientBasic, problem::Refusal},
};

/// The client that proves itself by Basic (RFC 6749 §2.3.1), or the one that the body names.
pub(super) async fn asking<'a>(
    auth: &Auth,
    request: &Request,
    named: Option<&'a str>,
) -> Result<Asking<'a>, Refusal> {
    let Some(basic) = ClientBasic::among_others(request.headers())? else {
        return Ok(Asking::Named(named));
    };
    let client = basic.authenticate(auth, named, &caller(request)).await?;
    Ok(Asking::Proven(client))
}
