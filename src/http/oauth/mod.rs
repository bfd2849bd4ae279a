//! The OAuth endpoints: form encoded requests, errors of RFC 6749.

mod form;
mod introspect;
mod spelling;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::auth::Auth;

pub use introspect::IntrospectTokenApi;

/// What these operations are grouped by.
#[derive(Tags)]
enum Tag {
    /// What the standards define: form encoded, with their errors.
    OAuth,
}

/// Every operation.
pub type OAuth = IntrospectTokenApi;

/// The operations, working with `auth`.
#[must_use]
pub fn oauth(auth: &Arc<Auth>) -> OAuth {
    IntrospectTokenApi(auth.clone())
}
