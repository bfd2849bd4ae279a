//! What somebody wants of a key, checked and cut to what may be.

use std::{fmt::Display, time::Duration};

use serde_json::{Map, Value};

use crate::{
    auth::{Auth, AuthError, FieldError, asked::MAX_SCOPE_BYTES},
    model::{
        api_key::{Addresses, ApiKey, KeyName, Metadata},
        scope::{Grant, Grants},
        time::Timestamp,
    },
    store::api_keys::ApiKeyPatch,
};

/// The longest life of a key that ends at all.
const LONGEST: Duration = Duration::from_hours(3650 * 24);

/// What keys may be like.
#[derive(Debug, Clone, Copy)]
pub struct KeyPolicy {
    /// How long a key lives of which nothing was said.
    pub default_expiry: Duration,
    /// How long a key may live at most; without end where absent.
    pub max_expiry: Option<Duration>,
    /// How many keys a user may have that count still.
    pub max_per_user: u32,
}

/// How long a key is to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// So long, from now on.
    In(Duration),
    /// Without end.
    Never,
}

/// What a key is to be like; what is absent is as usual for a new key, and stays for an old one.
#[derive(Default)]
pub struct KeyWish<'a> {
    /// What it is called; a new key needs it.
    pub name: Option<&'a str>,
    /// Scopes and patterns.
    pub scopes: Option<&'a [String]>,
    /// The resource servers that it is for.
    pub audience: Option<&'a [String]>,
    /// Whether it may only read.
    pub read_only: Option<bool>,
    /// Networks that it may be used from; anywhere where empty.
    pub addresses: Option<&'a [String]>,
    /// What is attached to it.
    pub metadata: Option<Map<String, Value>>,
    /// How long it lives.
    pub expiry: Option<Expiry>,
}

impl Auth {
    /// Reads a wish, or says everything that is wrong with it.
    pub(super) fn read_wish(&self, wish: KeyWish<'_>) -> Result<ApiKeyPatch, AuthError> {
        let mut errors = Vec::new();
        let mut note = |pointer, code, error: &dyn Display| {
            let detail = format!("{error}.");
            errors.push(FieldError {
                pointer,
                code,
                detail,
            });
        };
        let name = wish.name.map(str::parse::<KeyName>).transpose();
        let name = name.map_err(|error| note("/name", "malformed", &error));
        let addresses = wish.addresses.map(Addresses::parse).transpose();
        let addresses = addresses.map_err(|error| note("/addresses", "malformed", &error));
        let metadata = wish.metadata.map(Metadata::new).transpose();
        let metadata = metadata.map_err(|error| note("/metadata", "too_long", &error));
        let (Ok(name), Ok(addresses), Ok(metadata)) = (name, addresses, metadata) else {
            return Err(AuthError::Invalid(errors));
        };
        let audiences = wish.audience.map(|asked| self.check_key_audience(asked));
        let expires_at = wish.expiry.map(|expiry| self.check_expiry(expiry));
        Ok(ApiKeyPatch {
            name,
            scopes: wish
                .scopes
                .map(|asked| self.read_scopes(asked))
                .transpose()?,
            audiences: audiences.transpose()?,
            read_only: wish.read_only,
            addresses,
            metadata,
            expires_at: expires_at.transpose()?,
        })
    }

    /// The end of a key of which nothing was said.
    pub(super) fn usual_end(&self) -> Timestamp {
        self.now().plus(self.terms.api_keys.default_expiry)
    }

    /// When a key ends that is to live so long.
    pub(super) fn check_expiry(&self, expiry: Expiry) -> Result<Option<Timestamp>, AuthError> {
        let refused = |code, detail: String| Err(AuthError::field("/expires_in", code, detail));
        match (expiry, self.terms.api_keys.max_expiry) {
            (Expiry::Never, None) => Ok(None),
            (Expiry::Never, Some(_)) => refused(
                "not_allowed",
                "Keys that never expire are not allowed here (api_keys.max_expiry).".to_owned(),
            ),
            (Expiry::In(length), _) if length.is_zero() => {
                refused("too_short", "Let it live for a second at least.".to_owned())
            }
            (Expiry::In(length), most) if length > most.unwrap_or(LONGEST) => refused(
                "too_long",
                format!(
                    "Let it live for {} s at most (api_keys.max_expiry).",
                    most.unwrap_or(LONGEST).as_secs()
                ),
            ),
            (Expiry::In(length), _) => Ok(Some(self.now().plus(length))),
        }
    }

    fn read_scopes(&self, asked: &[String]) -> Result<Grants, AuthError> {
        let grants = asked.iter().map(|one| one.parse::<Grant>());
        let grants: Grants = grants
            .collect::<Result<_, _>>()
            .map_err(|error| AuthError::field("/scopes", "invalid_scope", format!("{error}.")))?;
        if grants.to_string().len() > MAX_SCOPE_BYTES {
            let detail = "Name at most 2048 bytes of scopes, or patterns.";
            return Err(AuthError::field("/scopes", "too_long", detail));
        }
        let registry = self.registry();
        let known = |grant: &Grant| grant.as_scope().is_none_or(|one| registry.knows(&one));
        if grants.iter().all(known) {
            return Ok(grants);
        }
        // Which one is not told: it may be what somebody pasted into the wrong field.
        let detail = "Name scopes that are registered, or patterns.";
        Err(AuthError::field("/scopes", "unknown_scope", detail))
    }

    /// The resource servers asked for. Our own API is not one of them: a key may be used here as
    /// far as its scopes go.
    fn check_key_audience(&self, asked: &[String]) -> Result<Vec<String>, AuthError> {
        let audience = self.check_audience(&self.terms.audiences, asked);
        let detail = "Name audiences of the setting tokens.audience.";
        let mut audience =
            audience.map_err(|_| AuthError::field("/audience", "invalid_target", detail))?;
        audience.retain(|one| *one != self.terms.own_audience);
        Ok(audience)
    }
}

/// Whether a change lets a key do more, longer, or from more places than before.
pub(super) fn widens(key: &ApiKey, patch: &ApiKeyPatch) -> bool {
    let scopes = patch.scopes.as_ref();
    let later = |new: Option<Timestamp>| match (key.expires_at, new) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => new > old,
    };
    let elsewhere = |new: &Vec<String>| {
        !key.audiences.is_empty()
            && (new.is_empty() || new.iter().any(|one| !key.audiences.contains(one)))
    };
    scopes.is_some_and(|new| new.iter().any(|grant| !key.scopes.cover(grant)))
        || patch.audiences.as_ref().is_some_and(elsewhere)
        || (key.read_only && patch.read_only == Some(false))
        || patch
            .addresses
            .as_ref()
            .is_some_and(|new| !new.are_within(&key.addresses))
        || patch.expires_at.is_some_and(later)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ApiKeyId;

    fn grants(all: &[&str]) -> Grants {
        all.iter().map(|grant| grant.parse().unwrap()).collect()
    }

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::new(Timestamp::default(), [0; 10]),
            name: "CI".parse().unwrap(),
            owner: None,
            display_prefix: String::new(),
            scopes: grants(&["pages.*", "blog.read"]),
            audiences: vec!["a".to_owned(), "b".to_owned()],
            read_only: true,
            addresses: Addresses::parse(&["10.0.0.0/8"]).unwrap(),
            metadata: Metadata::default(),
            expires_at: Some(Timestamp::from_millis(1000)),
            last_used_at: None,
            disabled_at: None,
            revoked_at: None,
            rotated_at: None,
            created_at: Timestamp::default(),
            created_by: None,
            version: 1,
        }
    }

    fn change(patch: impl FnOnce(&mut ApiKeyPatch)) -> bool {
        let mut changed = ApiKeyPatch::default();
        patch(&mut changed);
        widens(&key(), &changed)
    }

    #[test]
    fn whatever_lets_a_key_do_more_widens_it() {
        assert!(change(|to| to.scopes = Some(grants(&["blog.*"]))));
        assert!(change(|to| to.scopes = Some(grants(&["pages.read", "x"]))));
        assert!(change(|to| to.audiences = Some(vec!["c".to_owned()])));
        assert!(change(|to| to.audiences = Some(Vec::new())));
        assert!(change(|to| to.read_only = Some(false)));
        assert!(change(|to| to.addresses = Some(Addresses::default())));
        assert!(change(|to| to.expires_at = Some(None)));
        let later = Timestamp::from_millis(1001);
        assert!(change(|to| to.expires_at = Some(Some(later))));
    }

    #[test]
    fn whatever_lets_it_do_less_or_the_same_does_not() {
        assert!(!change(|_| ()));
        assert!(!change(|to| to.scopes = Some(grants(&["pages.read"]))));
        assert!(!change(|to| to.scopes = Some(Grants::default())));
        assert!(!change(|to| to.audiences = Some(vec!["b".to_owned()])));
        assert!(!change(|to| to.read_only = Some(true)));
        let narrow = Addresses::parse(&["10.1.0.0/16"]).unwrap();
        assert!(!change(|to| to.addresses = Some(narrow)));
        let same = Timestamp::from_millis(1000);
        assert!(!change(|to| to.expires_at = Some(Some(same))));
        assert!(!change(|to| to.name = Some("other".parse().unwrap())));
        assert!(!change(|to| to.metadata = Some(Metadata::default())));
    }
}
