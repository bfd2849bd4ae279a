//! `signet signing-key`: the keys that sign access tokens.

mod key_file;
mod reseal;

use std::path::PathBuf;

pub(super) use reseal::in_words;

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
    store::{error::Conflict, opening::Purpose},
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
  signet signing-key rotate --alg RS256   (one of signing_keys.algorithms)

Servers do this by themselves (signing_keys.rotate_every). It is refused while some verifiers may not \
know the next key (signing_keys.publish_ahead). What the key before has signed stays valid.")]
    Rotate(RotateKey),
    /// Take over a private key that was made elsewhere; it signs in its turn
    #[command(after_help = "\
Examples:
  openssl ecparam -name prime256v1 -genkey -noout -out key.pem
  signet signing-key import key.pem
  signet signing-key import - < key.pem

FILE is PEM (PKCS#8, SEC 1, PKCS#1) or a private JWK: P-256 (ES256), Ed25519 (EdDSA), or RSA of 2048 to \
4096 bits (RS256). It stands by in the place of the key that did, is published at once, and signs when \
verifiers have had the time to learn it (signing_keys.publish_ahead); `rotate` lets it do so then. \
Delete the file afterwards.")]
    Import(ImportKey),
    /// End a key that has leaked: nothing that it signed counts any more
    #[command(after_help = "\
Examples:
  signet signing-key revoke kzqYPqFQ5fWdXNkXlHEJ5d5i1lEw1kbAzZLcVmSG7uY

Servers that run stop publishing it within a second, and the key that stands by takes over. Resource \
servers that verify by themselves accept its tokens until they read the JWKS again.")]
    Revoke(RevokeKey),
    /// Seal every secret under the master key in use, so that an older one can be taken out
    #[command(after_help = "\
Examples:
  signet signing-key reseal
  signet signing-key reseal --json

Signing keys and the pepper of API keys are sealed under a master key each. First give the new entry to \
every node, make it the one in use (keys.active), and restart them. Given up half-way, run it again. It \
says what rests on the older entries still; `signet doctor` says so too.")]
    Reseal,
}

#[derive(Args)]
pub(super) struct RotateKey {
    /// ES256, RS256 or EdDSA; the first of `signing_keys.algorithms` where absent
    #[arg(long)]
    alg: Option<Algorithm>,
}

#[derive(Args)]
pub(super) struct ImportKey {
    /// The file, or - for standard input
    file: PathBuf,
}

#[derive(Args)]
pub(super) struct RevokeKey {
    /// Its identifier, as `signet signing-key list` shows it
    kid: String,
}

impl SigningKeyCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        if matches!(self, Self::Reseal) {
            return admin::run(shared, Purpose::Use, reseal::run);
        }
        // Read first: what is no key opens no database.
        let imported = match &self {
            Self::Import(ImportKey { file }) => Some(key_file::read(file)?),
            Self::List | Self::Rotate(_) | Self::Revoke(_) | Self::Reseal => None,
        };
        admin::run(shared, Purpose::Use, async |admin| {
            let (auth, by) = (admin.auth(), &Authority::Operator);
            let keys = match (self, imported) {
                (Self::Rotate(RotateKey { alg }), _) => rotate(admin, alg).await?,
                (Self::Revoke(RevokeKey { kid }), _) => revoke(admin, &kid).await?,
                (_, Some(key)) => auth.import_signing_key(by, &key).await?,
                (_, None) => auth.signing_keys().await?,
            };
            show(admin, &keys)
        })
    }
}

async fn rotate(admin: &Admin, alg: Option<Algorithm>) -> Result<Vec<KeyLife>, Failure> {
    let rotated = admin.auth().rotate_signing_key(&Authority::Operator, alg);
    match (rotated.await, alg) {
        (Err(AuthError::NotFound), Some(alg)) => Err(Failure::new(
            Kind::Usage,
            format_args!(
                "No tokens are signed by {alg}: name it in signing_keys.algorithms, and restart \
                 the servers."
            ),
        )),
        (Err(AuthError::Conflict(Conflict::SigningKeyNotReady)), _) => Err(Failure::new(
            Kind::Refused,
            "The next signing key has not been published for long enough: some verifiers may not \
             know it. `signet signing-key list` says when it may sign. If the key that signs now \
             has leaked, `signet signing-key revoke` ends it at once.",
        )),
        (rotated, _) => Ok(rotated?),
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
        let rows: Vec<[String; 5]> = keys.iter().map(|key| row(key, terms)).collect();
        table(["KID", "ALG", "STATE", "SINCE", "SIGNED"], &rows)
    })
}

fn row(key: &KeyLife, terms: &KeyTerms) -> [String; 5] {
    let since = match key.state {
        KeyState::Next => format!("{}, ready {}", key.published_at, key.ready_at(terms)),
        KeyState::Active => key.activated_at.unwrap_or(key.created_at).to_string(),
        KeyState::Retired | KeyState::Gone => key.retired_at.unwrap_or(key.created_at).to_string(),
    };
    let state = key.state.as_str().to_owned();
    let signed = key.tokens_signed.to_string();
    [
        key.kid.clone(),
        key.algorithm.to_string(),
        state,
        since,
        signed,
    ]
}

/// The members of `SigningKey` in the OpenAPI document.
fn as_json(key: &KeyLife, terms: &KeyTerms) -> Value {
    let mut json = json!({
        "kid": key.kid,
        "alg": key.algorithm.as_str(),
        "state": key.state.as_str(),
        "created_at": key.created_at.to_string(),
        "published_at": key.published_at.to_string(),
        "tokens_signed": key.tokens_signed,
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
