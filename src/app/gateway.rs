//! What the settings mean for forward-auth.

use crate::{
    config::{MethodName, VerifySettings},
    http::verify::{Gateway, Names, header_name},
};

/// What forward-auth is told.
pub(super) fn of(verify: &VerifySettings) -> Gateway {
    let named = |one: &MethodName| (one.kind, one.name.clone());
    Gateway {
        dialect: verify.dialect,
        rules: verify.rules.clone(),
        names: Names {
            method: header_name(&verify.header_method),
            expires: header_name(&verify.header_expires),
            token_id: header_name(&verify.header_token_id),
            user_id: header_name(&verify.header_user_id),
            username: header_name(&verify.header_username),
            scopes: header_name(&verify.header_scopes),
            token: header_name(&verify.header_token),
            methods: verify.method_names.iter().map(named).collect(),
        },
    }
}
