//! The OAuth endpoints: form encoded requests, errors of RFC 6749.

mod client;
mod exchange;
mod form;
mod introspect;
mod introspected;
mod revoke;
mod token;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::auth::Auth;

pub(super) use exchange::GRANT as TOKEN_EXCHANGE;
pub use introspect::IntrospectTokenApi;
pub use revoke::RevokeTokenApi;
pub use token::TokenApi;

/// What these operations are grouped by.
#[derive(Tags)]
enum Tag {
    /// What the standards define: form encoded, with their errors.
    OAuth,
}

/// Every operation.
pub type OAuth = (TokenApi, RevokeTokenApi, IntrospectTokenApi);

/// The operations, working with `auth`.
#[must_use]
pub fn oauth(auth: &Arc<Auth>) -> OAuth {
    (
        TokenApi(auth.clone()),
        RevokeTokenApi(auth.clone()),
        IntrospectTokenApi(auth.clone()),
    )
}
