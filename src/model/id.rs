//! Identifiers: their kind, then a UUIDv7 (RFC 9562 §5.7), so that no client can bear a user's id.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::{Builder, Uuid, Version};

use super::time::Timestamp;

/// What an identifier identifies.
pub trait Kind: Copy + Eq + Ord + std::hash::Hash + fmt::Debug {
    /// What stands before the UUID, underscore included.
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($kind:ident, $id:ident, $prefix:literal, $what:literal;)*) => {$(
        #[doc = concat!("The kind of ", $what, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        #[doc = concat!("The identifier of ", $what, ": `", $prefix, "` and a UUIDv7.")]
        pub type $id = Id<$kind>;
    )*};
}

kinds! {
    UserKind, UserId, "usr_", "a user";
    SessionKind, SessionId, "ses_", "a session";
    ClientKind, ClientId, "cli_", "a client";
    TokenKind, TokenId, "jti_", "an access token";
    ApiKeyKind, ApiKeyId, "key_", "an API key";
}

/// An identifier of one [`Kind`], with the time of its making in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K: Kind>(Uuid, PhantomData<K>);

impl<K: Kind> Id<K> {
    /// A new identifier made at `now`; 74 of the 80 random bits are kept.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Self(
            Builder::from_unix_timestamp_millis(millis, &random).into_uuid(),
            PhantomData,
        )
    }

    /// When it was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        let bytes = self.0.as_bytes();
        let millis = bytes[..6]
            .iter()
            .fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
        Timestamp::from_millis(millis)
    }

    /// The identifier of these sixteen bytes, where they are a UUIDv7.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let uuid = Uuid::from_bytes(bytes);
        (uuid.get_version() == Some(Version::SortRand)).then_some(Self(uuid, PhantomData))
    }

    /// The UUID's sixteen bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", K::PREFIX, self.0.as_hyphenated())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an identifier of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `{0}` and a UUIDv7")]
pub struct IdError(&'static str);

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    /// Reads the one spelling that [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refused = IdError(K::PREFIX);
        let digits = text.strip_prefix(K::PREFIX).ok_or(refused)?;
        let uuid = Uuid::try_parse(digits).map_err(|_| refused)?;
        let mut buffer = Uuid::encode_buffer();
        let canonical = uuid.as_hyphenated().encode_lower(&mut buffer);
        if canonical != digits || uuid.get_version() != Some(Version::SortRand) {
            return Err(refused);
        }
        Ok(Self(uuid, PhantomData))
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "usr_019a0b1c-2d3e-7f00-8123-456789abcdef";

    #[test]
    fn an_id_reads_back_and_knows_its_birth() {
        let id = UserId::new(Timestamp::from_millis(1_760_000_000_123), [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.created_at().millis(), 1_760_000_000_123);
        assert_eq!(UserId::from_bytes(*id.as_bytes()), Some(id));
        assert_eq!(UserId::from_bytes([7; 16]), None);
    }

    #[test]
    fn other_kinds_versions_and_spellings_are_refused() {
        assert!(TEXT.parse::<UserId>().is_ok());
        assert!(TEXT.parse::<ClientId>().is_err());
        assert!(
            TEXT.to_uppercase()
                .replace("USR", "usr")
                .parse::<UserId>()
                .is_err()
        );
        assert!(TEXT.replace("-7f", "-4f").parse::<UserId>().is_err());
        assert!(TEXT.replace('-', "").parse::<UserId>().is_err());
    }
}
