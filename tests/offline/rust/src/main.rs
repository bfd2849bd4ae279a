//! Verifies access tokens offline with jsonwebtoken.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
struct Task {
    jwks: JwkSet,
    issuer: String,
    audience: String,
    tokens: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Claims(Value),
    Refused(String),
}

fn main() -> Result<(), Box<dyn Error>> {
    let task: Task = serde_json::from_reader(io::stdin())?;
    let outcomes: BTreeMap<&str, Outcome> = task
        .tokens
        .iter()
        .map(|(name, token)| match verify(token, &task) {
            Ok(claims) => (name.as_str(), Outcome::Claims(claims)),
            Err(error) => (name.as_str(), Outcome::Refused(format!("{:?}", error.kind()))),
        })
        .collect();
    serde_json::to_writer(io::stdout(), &outcomes)?;
    Ok(())
}

fn verify(token: &str, task: &Task) -> Result<Value, JwtError> {
    let header = decode_header(token)?;
    if header.typ.as_deref() != Some("at+jwt") {
        return Err(ErrorKind::InvalidToken.into());
    }
    let kid = header.kid.ok_or(ErrorKind::InvalidToken)?;
    let jwk = task.jwks.find(&kid).ok_or(ErrorKind::InvalidKeyFormat)?;
    // The algorithm is the key's, never the token's own choice.
    let algorithm = jwk.common.key_algorithm.ok_or(ErrorKind::InvalidAlgorithm)?;
    let mut validation = Validation::new(algorithm.to_string().parse::<Algorithm>()?);
    validation.leeway = 0;
    validation.set_issuer(&[&task.issuer]);
    validation.set_audience(&[&task.audience]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    Ok(decode::<Value>(token, &DecodingKey::from_jwk(jwk)?, &validation)?.claims)
}
