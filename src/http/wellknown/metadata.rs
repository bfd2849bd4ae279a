//! What the metadata says of this server (RFC 8414 §2): what there is, and nothing else.

use crate::{
    http::oauth::TOKEN_EXCHANGE,
    model::{client::GrantType, scope::Registry},
};

use super::{JWKS, Metadata};

/// How clients authenticate (RFC 7591 §2).
const CLIENT_AUTHENTICATION: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];
/// How callers of introspection do: by a credential, under the name of its scheme (RFC 8414 §2).
const INTROSPECTION_AUTHENTICATION: [&str; 1] = ["Bearer"];

/// The metadata of `issuer`. Signet's own scopes are for its administrators and not advertised.
pub(super) fn metadata(issuer: &str, registry: &Registry) -> Metadata {
    let at = |path: &str| format!("{issuer}{path}");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Metadata {
        issuer: issuer.to_owned(),
        jwks_uri: at(JWKS),
        scopes_supported: registry.iter().map(|one| one.name.to_string()).collect(),
        token_endpoint: at("/oauth/token"),
        token_endpoint_auth_methods_supported: names(&CLIENT_AUTHENTICATION),
        grant_types_supported: GrantType::ALL
            .iter()
            .map(|one| one.as_str())
            .chain([TOKEN_EXCHANGE])
            .map(str::to_owned)
            .collect(),
        revocation_endpoint: at("/oauth/revoke"),
        revocation_endpoint_auth_methods_supported: names(&CLIENT_AUTHENTICATION),
        introspection_endpoint: at("/oauth/introspect"),
        introspection_endpoint_auth_methods_supported: names(&INTROSPECTION_AUTHENTICATION),
        response_types_supported: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{scope::RegisteredScope, time::Timestamp};

    #[test]
    fn it_names_what_exists() {
        let scope = |name| RegisteredScope::of_newcomer(name, "", Timestamp::default()).unwrap();
        let registry = ["pages.write", "pages.read"]
            .map(scope)
            .into_iter()
            .collect();
        let told = metadata("https://id.example/a", &registry);
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            "{\"issuer\":\"https://id.example/a\",\
             \"jwks_uri\":\"https://id.example/a/.well-known/jwks.json\",\
             \"scopes_supported\":[\"pages.read\",\"pages.write\"],\
             \"token_endpoint\":\"https://id.example/a/oauth/token\",\
             \"token_endpoint_auth_methods_supported\":\
             [\"client_secret_basic\",\"client_secret_post\",\"none\"],\
             \"grant_types_supported\":[\"refresh_token\",\"client_credentials\",\
             \"urn:ietf:params:oauth:grant-type:token-exchange\"],\
             \"revocation_endpoint\":\"https://id.example/a/oauth/revoke\",\
             \"revocation_endpoint_auth_methods_supported\":\
             [\"client_secret_basic\",\"client_secret_post\",\"none\"],\
             \"introspection_endpoint\":\"https://id.example/a/oauth/introspect\",\
             \"introspection_endpoint_auth_methods_supported\":[\"Bearer\"],\
             \"response_types_supported\":[]}"
        );
    }
}
