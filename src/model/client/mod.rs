//! A client: the application that logs users in, or asks for tokens of its own (RFC 6749 §2).

mod extra_claims;
mod jwk;
mod settings;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{id::ClientId, scope::Grants, signing_key::Algorithm, time::Timestamp};

pub use extra_claims::{ExtraClaims, ExtraClaimsError};
pub use jwk::{ClientJwk, goes_by};
pub use settings::{ClientName, ClientNameError, ClientSettings, SettingsError};

macro_rules! named {
    ($(#[$doc:meta])* $what:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $what {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant,)*
        }

        impl $what {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, as the standards and the store spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }
    };
}

named! {
    /// Whether a client can keep a secret (RFC 6749 §2.1).
    ClientKind {
        /// It cannot: it runs where its users are, and names itself by its identifier alone.
        Public = "public",
        /// It can: a server of ours or of others, which authenticates itself.
        Confidential = "confidential",
    }
}

named! {
    /// By what a client may get tokens (`grant_types` of RFC 7591 §2).
    GrantType {
        /// It logs users in, and refreshes their sessions (RFC 6749 §6).
        RefreshToken = "refresh_token",
        /// It gets tokens of its own (RFC 6749 §4.4).
        ClientCredentials = "client_credentials",
    }
}

named! {
    /// The `typ` of a client's access tokens.
    TokenType {
        /// As RFC 9068 §2.1 has it.
        AtJwt = "at+jwt",
        /// For verifiers that refuse any other.
        Jwt = "JWT",
    }
}

/// A client and what holds for the tokens that it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// The exact origins that its pages are served from (RFC 6454): CORS and cookie calls are
    /// allowed from these alone.
    pub origins: Vec<String>,
    /// By what it may get tokens.
    pub grant_types: Vec<GrantType>,
    /// What its tokens carry at most: of what a user is granted, and of what it gets itself.
    pub scopes: Grants,
    /// Whom its tokens are for, and may be asked for; the configured audiences where empty.
    pub audiences: Vec<String>,
    /// The audiences that it is itself: tokens for these it may introspect.
    pub resources: Vec<String>,
    /// How long its access tokens live.
    pub access_lifetime: Duration,
    /// How long its sessions live without a refresh.
    pub idle_lifetime: Duration,
    /// How long its sessions live at most.
    pub absolute_lifetime: Duration,
    /// How long a spent refresh token is answered with its successor; zero is strict mode.
    pub reuse_interval: Duration,
    /// Whether it makes API keys for a username and a password.
    pub keys_for_passwords: bool,
    /// Whether it may ask about its own refresh tokens.
    pub refresh_introspection: bool,
    /// How its access tokens are signed.
    pub algorithm: Algorithm,
    /// The `typ` of its access tokens.
    pub token_type: TokenType,
    /// What its access tokens say beside what every one says.
    pub claims: ExtraClaims,
    /// Since when it is disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// Whatever it was given at or before that moment counts no more.
    pub not_before: Timestamp,
}

/// A client as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRecord {
    /// Its identifier.
    pub id: ClientId,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// What was chosen for it.
    pub settings: ClientSettings,
    /// How often it was changed: who changes it says which version they have seen.
    pub version: i64,
    /// Since when it is disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// Whatever it was given at or before that moment counts no more.
    pub not_before: Timestamp,
    /// When its secret was last replaced, if it was.
    pub rotated_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Client {
    /// The client of a record: what was not chosen is as for `usual`, the default client.
    #[must_use]
    pub fn of(record: &ClientRecord, usual: &Self) -> Self {
        let settings = &record.settings;
        let origins = settings.origins.iter();
        let absolute_lifetime = settings.absolute_lifetime;
        let absolute_lifetime = absolute_lifetime.unwrap_or(usual.absolute_lifetime);
        let idle_lifetime = settings.idle_lifetime.unwrap_or(usual.idle_lifetime);
        Self {
            id: record.id,
            name: settings.name.to_string(),
            kind: record.kind,
            origins: origins.map(|origin| origin.as_str().to_owned()).collect(),
            grant_types: settings.grant_types.clone(),
            scopes: settings.scopes.clone(),
            audiences: settings.audiences.clone(),
            resources: settings.resources.clone(),
            access_lifetime: settings.access_lifetime.unwrap_or(usual.access_lifetime),
            idle_lifetime: idle_lifetime.min(absolute_lifetime),
            absolute_lifetime,
            reuse_interval: settings.reuse_interval.unwrap_or(usual.reuse_interval),
            keys_for_passwords: settings.keys_for_passwords,
            refresh_introspection: settings.refresh_introspection,
            algorithm: settings.algorithm.unwrap_or(usual.algorithm),
            token_type: settings.token_type,
            claims: settings.claims.clone(),
            disabled_at: record.disabled_at,
            not_before: record.not_before,
        }
    }

    /// Whether it may be given anything.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    /// Whether it may get tokens in this way.
    #[must_use]
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether what it was given at `moment` counts still.
    #[must_use]
    pub fn honours(&self, moment: Timestamp) -> bool {
        self.is_enabled() && moment > self.not_before
    }
}
