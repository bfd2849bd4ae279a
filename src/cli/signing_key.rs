//! `signet signing-key`: the keys that sign access tokens.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Shared,
    admin::{self, Admin},
    failure::{Failure, Kind},
    output::table,
};
use crate::{
    auth::AuthError,
    model::{
        authority::Authority,
        key_lifecycle::{KeyLife, KeyTerms},
        signing_key::{Algorithm, KeyState},
    },
    store::opening::Purpose,
};

#[derive(Subcommand)]
pub(super) enum SigningKeyCommand {
    /// List the keys, those that are gone too
    #[command(after_help = "\
Examples:
  signet signing-key list
  signet signing-key list --json")]
    List,
    /// Let the key that stands by take over now
    #[command(after_help = "\
Examples:
  signet signing-key rotate
  signet signing-key rotate --alg RS256

Servers do this by themselves (signing_keys.rotate_every). It is refused while some verifiers may not \
know the next key (signing_keys.publish_ahead). What the key before has signed stays valid.")]
    Rotate(RotateKey),
    /// End a key that has leaked: nothing that it signed counts any more
    #[command(after_help = "\
Examples:
  signet signing-key revoke kzqYPqFQ5fWdXNkXlHEJ5d5i1lEw1kbAzZLcVmSG7uY

Servers that run stop publishing it within a second, and the key that stands by takes over. Resource \
servers that verify by themselves accept its tokens until they read the JWKS again.")]
    Revoke(RevokeKey),
}

#[derive(Args)]
pub(super) struct RotateKey {
    /// ES256, RS256 or EdDSA; the first of `signing_keys.algorithms` where absent
    #[arg(long)]
    alg: Option<Algorithm>,
}

#[derive(Args)]
pub(super) struct RevokeKey {
    /// Its identifier, as `signet signing-key list` shows it
    kid: String,
}

impl SigningKeyCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        admin::run(shared, Purpose::Use, async |admin| {
            let auth = admin.auth();
            let keys = match self {
                Self::List => auth.signing_keys().await?,
                Self::Rotate(RotateKey { alg }) => {
                    auth.rotate_signing_key(&Authority::Operator, alg).await?
                }
                Self::Revoke(RevokeKey { kid }) => revoke(admin, &kid).await?,
            };
            show(admin, &keys)
        })
    }
}

async fn revoke(admin: &Admin, kid: &str) -> Result<Vec<KeyLife>, Failure> {
    let revoked = admin.auth().revoke_signing_key(&Authority::Operator, kid);
    match revoked.await {
        Err(AuthError::NotFound) => Err(Failure::new(
            Kind::NotFound,
            format_args!("There is no signing key {kid:?}; `signet signing-key list` names all."),
        )),
        other => Ok(other?),
    }
}

fn show(admin: &Admin, keys: &[KeyLife]) -> Result<(), Failure> {
    let terms = &admin.auth().terms().signing_keys;
    let items: Vec<Value> = keys.iter().map(|key| as_json(key, terms)).collect();
    admin.out.print(&json!({ "items": items }), || {
        let rows: Vec<[String; 4]> = keys.iter().map(|key| row(key, terms)).collect();
        table(["KID", "ALG", "STATE", "SINCE"], &rows)
    })
}

fn row(key: &KeyLife, terms: &KeyTerms) -> [String; 4] {
    let since = match key.state {
        KeyState::Next => format!("{}, ready {}", key.published_at, key.ready_at(terms)),
        KeyState::Active => key.activated_at.unwrap_or(key.created_at).to_string(),
        KeyState::Retired | KeyState::Gone => key.retired_at.unwrap_or(key.created_at).to_string(),
    };
    let state = key.state.as_str().to_owned();
    [key.kid.clone(), key.algorithm.to_string(), state, since]
}

/// The members of `SigningKey` in the OpenAPI document.
fn as_json(key: &KeyLife, terms: &KeyTerms) -> Value {
    let mut json = json!({
        "kid": key.kid,
        "alg": key.algorithm.as_str(),
        "state": key.state.as_str(),
        "created_at": key.created_at.to_string(),
        "published_at": key.published_at.to_string(),
    });
    let ready = (key.state == KeyState::Next).then(|| key.ready_at(terms));
    for (member, moment) in [
        ("ready_at", ready),
        ("activated_at", key.activated_at),
        ("retired_at", key.retired_at),
    ] {
        if let Some(moment) = moment {
            json[member] = moment.to_string().into();
        }
    }
    json
}
