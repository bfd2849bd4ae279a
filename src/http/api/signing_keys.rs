//! `/v1/signing-keys`.

use std::sync::Arc;

use poem_openapi::{Enum, Object, OpenApi, param::Path};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Auth,
    http::{answer::Answer, body::Body, moment::Moment, problem::Refusal},
    model::{
        key_lifecycle::{KeyLife, KeyTerms},
        signing_key::{Algorithm, KeyState},
    },
};

use super::{
    Tag,
    administrator::{Administrator, SigningKeysRead, SigningKeysWrite},
};

/// Administers the keys that sign access tokens.
pub struct SigningKeysApi(pub(super) Arc<Auth>);

/// Which key is to take over.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateSigningKey {
    /// The algorithm of the key; the default one where absent.
    #[serde(default)]
    alg: Option<Alg>,
}

/// How a key signs (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Enum, Serialize, Deserialize)]
enum Alg {
    ES256,
    RS256,
    #[oai(rename = "EdDSA")]
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum SigningKeyState {
    /// Published, and not signing yet.
    Next,
    /// Signing.
    Active,
    /// Published still, because tokens that it signed may live.
    Retired,
    /// Neither; nothing that it signed counts.
    Gone,
}

/// A signing key; of its private part nothing is ever told.
#[derive(Object, Serialize)]
#[oai(rename = "SigningKey")]
pub(super) struct SigningKeyItem {
    /// Its identifier, the `kid` of what it signs: the RFC 7638 thumbprint.
    kid: String,
    /// How it signs.
    alg: Alg,
    /// Where it stands in its life.
    state: SigningKeyState,
    /// When it was made.
    created_at: Moment,
    /// Since when it is in the JWKS.
    published_at: Moment,
    /// From when on it may take over; of a key in the state `next` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_at: Option<Moment>,
    /// Since when it signs, or when it began to; absent where it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<Moment>,
    /// When it ceased to sign, or was revoked; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    retired_at: Option<Moment>,
    /// How many tokens it has signed, on all nodes. Each node tells every ten seconds; what one had
    /// not told when it died is missing.
    tokens_signed: u64,
}

/// All signing keys.
#[derive(Object, Serialize)]
pub(super) struct SigningKeyList {
    /// The keys, the oldest first; those that are gone too.
    items: Vec<SigningKeyItem>,
}

#[OpenApi(tag = "Tag::SigningKeys")]
impl SigningKeysApi {
    /// List the signing keys.
    ///
    /// Those that are gone too: their `kid` is refused for good.
    #[oai(
        path = "/v1/signing-keys",
        method = "get",
        operation_id = "listSigningKeys"
    )]
    async fn list(
        &self,
        _administrator: Administrator<SigningKeysRead>,
    ) -> Result<Answer<SigningKeyList>, Refusal> {
        let keys = self.0.signing_keys().await?;
        Ok(self.shape(keys))
    }

    /// Let the next key take over now.
    ///
    /// Keys follow each other by themselves (`signing_keys.rotate_every`). A key takes over only when
    /// it has been published for `signing_keys.publish_ahead`: before its `ready_at` this is refused,
    /// because verifiers may not know it. The one before stays published until all that it signed has
    /// expired.
    #[oai(
        path = "/v1/signing-keys/rotate",
        method = "post",
        operation_id = "rotateSigningKey"
    )]
    async fn rotate(
        &self,
        administrator: Administrator<SigningKeysWrite>,
        body: Body<RotateSigningKey>,
    ) -> Result<Answer<SigningKeyList>, Refusal> {
        let Body(RotateSigningKey { alg }) = body;
        let by = &administrator.authority;
        let keys = self.0.rotate_signing_key(by, alg.map(Algorithm::from));
        Ok(self.shape(keys.await?))
    }

    /// End a key that has leaked.
    ///
    /// At once: it is no longer published, whatever it signed counts nowhere that asks Signet, and
    /// the key that stands by, which verifiers know already, takes over. Resource servers that verify
    /// by themselves accept its tokens until they read the JWKS again.
    #[oai(
        path = "/v1/signing-keys/:kid",
        method = "delete",
        operation_id = "revokeSigningKey"
    )]
    async fn revoke(
        &self,
        administrator: Administrator<SigningKeysWrite>,
        /// The key's identifier.
        kid: Path<String>,
    ) -> Result<Answer<SigningKeyList>, Refusal> {
        let by = &administrator.authority;
        let keys = self.0.revoke_signing_key(by, &kid.0).await?;
        Ok(self.shape(keys))
    }
}

impl SigningKeysApi {
    fn shape(&self, keys: Vec<KeyLife>) -> Answer<SigningKeyList> {
        let terms = &self.0.terms().signing_keys;
        let items = keys.into_iter().map(|key| SigningKeyItem::of(key, terms));
        Answer::new(SigningKeyList {
            items: items.collect(),
        })
    }
}

impl SigningKeyItem {
    fn of(key: KeyLife, terms: &KeyTerms) -> Self {
        let waits = key.state == KeyState::Next;
        Self {
            ready_at: waits.then(|| Moment(key.ready_at(terms))),
            kid: key.kid,
            alg: key.algorithm.into(),
            state: key.state.into(),
            created_at: Moment(key.created_at),
            published_at: Moment(key.published_at),
            activated_at: key.activated_at.map(Moment),
            retired_at: key.retired_at.map(Moment),
            tokens_signed: key.tokens_signed,
        }
    }
}

impl From<Alg> for Algorithm {
    fn from(alg: Alg) -> Self {
        match alg {
            Alg::ES256 => Self::ES256,
            Alg::RS256 => Self::RS256,
            Alg::EdDsa => Self::EdDsa,
        }
    }
}

impl From<Algorithm> for Alg {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::ES256 => Self::ES256,
            Algorithm::RS256 => Self::RS256,
            Algorithm::EdDsa => Self::EdDsa,
        }
    }
}

impl From<KeyState> for SigningKeyState {
    fn from(state: KeyState) -> Self {
        match state {
            KeyState::Next => Self::Next,
            KeyState::Active => Self::Active,
            KeyState::Retired => Self::Retired,
            KeyState::Gone => Self::Gone,
        }
    }
}
