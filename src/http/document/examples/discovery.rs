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
            "response_types_supported": [],
        }),
        _ => return None,
    };
    Some(example)
}
