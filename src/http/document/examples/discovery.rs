//! What verifiers need to know.

use serde_json::{Value, json};

const KID: &str = "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s";

pub(super) fn answer(schema: &str) -> Option<Value> {
    let example = match schema {
        "JwkSet" => json!({
            "keys": [{
                "kty": "EC",
                "crv": "P-256",
                "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
                "kid": KID,
                "use": "sig",
                "alg": "ES256",
            }],
        }),
        "Metadata" => json!({
            "issuer": "https://id.example.com",
            "jwks_uri": "https://id.example.com/.well-known/jwks.json",
            "scopes_supported": ["pages.read", "pages.write"],
            "token_endpoint": "https://id.example.com/oauth/token",
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
            "token_endpoint_auth_signing_alg_values_supported":
                ["ES256", "EdDSA", "Ed25519", "RS256"],
            "grant_types_supported": [
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ],
            "revocation_endpoint": "https://id.example.com/oauth/revoke",
            "revocation_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
            "revocation_endpoint_auth_signing_alg_values_supported":
                ["ES256", "EdDSA", "Ed25519", "RS256"],
            "introspection_endpoint": "https://id.example.com/oauth/introspect",
            "introspection_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "private_key_jwt", "Bearer"],
            "introspection_endpoint_auth_signing_alg_values_supported":
                ["ES256", "EdDSA", "Ed25519", "RS256"],
            "introspection_signing_alg_values_supported": ["ES256"],
            "response_types_supported": [],
        }),
        "TokenResponse" => json!({
            "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "pages.read",
        }),
        "Revoked" => json!({}),
        _ => return None,
    };
    Some(example)
}
