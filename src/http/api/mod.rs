//! The operations of the JSON API, a file a subject.
//!
//! Each handler takes parsed input, calls one verb of [`auth`](crate::auth) and shapes the answer.
//! Operation ids become the method names of generated clients; the first doc line is the summary.

mod administrator;
mod api_keys;
pub(in crate::http) mod asker;
mod asking;
mod caller;
mod clients;
mod cookie_scheme;
mod failure;
mod introspect;
pub(in crate::http) mod introspection;
mod listing;
mod login;
mod logout;
mod me;
mod password;
pub(in crate::http) mod principal;
mod refresh;
mod scheme;
mod scopes;
mod sessions;
mod signing_keys;
mod tokens;
mod user_sessions;
mod users;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::auth::Auth;

pub use api_keys::{ApiKeysApi, MyApiKeysApi, PasswordKeyApi};
pub(super) use caller::caller;
pub use clients::ClientsApi;
pub use introspect::IntrospectApi;
pub use login::LoginApi;
pub use logout::LogoutApi;
pub use me::MeApi;
pub use password::PasswordApi;
pub use refresh::RefreshApi;
pub use scopes::ScopesApi;
pub use sessions::SessionsApi;
pub use signing_keys::SigningKeysApi;
pub use user_sessions::UserSessionsApi;
pub use users::UsersApi;

/// What operations are grouped by.
#[derive(Tags)]
enum Tag {
    /// Log in, refresh, log out: the first-party session API.
    Sessions,
    /// What the caller may see and change of themselves.
    Me,
    /// Keys for machines and scripts: one's own, and those that administrators see.
    ApiKeys,
    /// What administrators see and change of users: each operation names the scope it needs.
    Users,
    /// The applications that log users in, and the servers that act for themselves.
    Clients,
    /// What a credential is, and whether it counts.
    Introspection,
    /// Which scopes there are to be granted, asked for and put into tokens.
    Scopes,
    /// The keys that sign access tokens: which there are, and what to do when one has leaked.
    SigningKeys,
}

/// Every operation.
pub type Api = (
    LoginApi,
    RefreshApi,
    LogoutApi,
    MeApi,
    PasswordApi,
    SessionsApi,
    UsersApi,
    MyApiKeysApi,
    ApiKeysApi,
    PasswordKeyApi,
    UserSessionsApi,
    ClientsApi,
    ScopesApi,
    IntrospectApi,
    SigningKeysApi,
);

/// The operations, working with `auth`.
#[must_use]
pub fn api(auth: &Arc<Auth>) -> Api {
    (
        LoginApi(auth.clone()),
        RefreshApi(auth.clone()),
        LogoutApi(auth.clone()),
        MeApi(auth.clone()),
        PasswordApi(auth.clone()),
        SessionsApi(auth.clone()),
        UsersApi(auth.clone()),
        MyApiKeysApi(auth.clone()),
        ApiKeysApi(auth.clone()),
        PasswordKeyApi(auth.clone()),
        UserSessionsApi(auth.clone()),
        ClientsApi(auth.clone()),
        ScopesApi(auth.clone()),
        IntrospectApi(auth.clone()),
        SigningKeysApi(auth.clone()),
    )
}
