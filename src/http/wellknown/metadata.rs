//! What the metadata says of this server (RFC 8414 §2): what there is, and nothing else.

use crate::{
    http::oauth::TOKEN_EXCHANGE,
    model::{client::GrantType, scope::Registry, signing_key::Algorithm},
};

use super::{JWKS, Metadata};

/// How clients authenticate (RFC 7591 §2).
const CLIENT_AUTHENTICATION: [&str; 4] = [
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "none",
];
/// How assertions of clients may be signed; `EdDSA` has two names (RFC 9864 §2.2).
const ASSERTION_ALGORITHMS: [&str; 4] = ["ES256", "EdDSA", "Ed25519", "RS256"];
/// How callers of introspection do: a client that can prove itself, or a credential under the name of
/// its scheme (RFC 8414 §2).
const INTROSPECTION_AUTHENTICATION: [&str; 4] = [
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "Bearer",
];

/// The metadata of `issuer`, whose tokens are signed with these algorithms. Signet's own scopes are for its administrators and not advertised.
pub(super) fn metadata(issuer: &str, registry: &Registry, algorithms: &[Algorithm]) -> Metadata {
    let at = |path: &str| format!("{issuer}{path}");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Metadata {
        issuer: issuer.to_owned(),
        jwks_uri: at(JWKS),
        scopes_supported: registry.iter().map(|one| one.name.to_string()).collect(),
        token_endpoint: at("/oauth/token"),
        token_endpoint_auth_methods_supported: names(&CLIENT_AUTHENTICATION),
        token_endpoint_auth_signing_alg_values_supported: names(&ASSERTION_ALGORITHMS),
        grant_types_supported: GrantType::ALL
            .iter()
            .map(|one| one.as_str())
            .chain([TOKEN_EXCHANGE])
            .map(str::to_owned)
            .collect(),
        revocation_endpoint: at("/oauth/revoke"),
        revocation_endpoint_auth_methods_supported: names(&CLIENT_AUTHENTICATION),
        revocation_endpoint_auth_signing_alg_values_supported: names(&ASSERTION_ALGORITHMS),
        introspection_endpoint: at("/oauth/introspect"),
        introspection_endpoint_auth_methods_supported: names(&INTROSPECTION_AUTHENTICATION),
        introspection_endpoint_auth_signing_alg_values_supported: names(&ASSERTION_ALGORITHMS),
        introspection_signing_alg_values_supported: algorithms
            .iter()
            .map(|one| one.as_str().to_owned())
            .collect(),
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
        let told = metadata("https://id.example/a", &registry, &[Algorithm::ES256]);
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            "{\"issuer\":\"https://id.example/a\",\
             \"jwks_uri\":\"https://id.example/a/.well-known/jwks.json\",\
             \"scopes_supported\":[\"pages.read\",\"pages.write\"],\
             \"token_endpoint\":\"https://id.example/a/oauth/token\",\
             \"token_endpoint_auth_methods_supported\":\
             [\"client_secret_basic\",\"client_secret_post\",\"private_key_jwt\",\"none\"],\
             \"token_endpoint_auth_signing_alg_values_supported\":\
             [\"ES256\",\"EdDSA\",\"Ed25519\",\"RS256\"],\
             \"grant_types_supported\":[\"refresh_token\",\"client_credentials\",\
             \"urn:ietf:params:oauth:grant-type:token-exchange\"],\
             \"revocation_endpoint\":\"https://id.example/a/oauth/revoke\",\
             \"revocation_endpoint_auth_methods_supported\":\
             [\"client_secret_basic\",\"client_secret_post\",\"private_key_jwt\",\"none\"],\
             \"revocation_endpoint_auth_signing_alg_values_supported\":\
             [\"ES256\",\"EdDSA\",\"Ed25519\",\"RS256\"],\
             \"introspection_endpoint\":\"https://id.example/a/oauth/introspect\",\
             \"introspection_endpoint_auth_methods_supported\":\
             [\"client_secret_basic\",\"client_secret_post\",\"private_key_jwt\",\"Bearer\"],\
             \"introspection_endpoint_auth_signing_alg_values_supported\":\
             [\"ES256\",\"EdDSA\",\"Ed25519\",\"RS256\"],\
             \"introspection_signing_alg_values_supported\":[\"ES256\"],\
             \"response_types_supported\":[]}"
        );
    }
}
