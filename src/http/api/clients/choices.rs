//! What may be chosen of a few, as requests and answers name it.

use poem_openapi::Enum;
use serde::{Deserialize, Serialize};

use crate::model::{client, signing_key};

/// A type of the document for one of the model, variant by variant.
macro_rules! mirrored {
    ($(#[$doc:meta])* $what:ident = $of:path { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
        pub(super) enum $what {
            $($(#[$variant_doc])* #[oai(rename = $name)] #[serde(rename = $name)] $variant,)*
        }

        impl From<$what> for $of {
            fn from(one: $what) -> Self {
                match one { $($what::$variant => Self::$variant,)* }
            }
        }

        impl From<$of> for $what {
            fn from(one: $of) -> Self {
                match one { $(<$of>::$variant => Self::$variant,)* }
            }
        }
    };
}

mirrored! {
    /// Whether a client can keep a secret (RFC 6749 section 2.1).
    ClientKind = client::ClientKind {
        /// It cannot: a page, an application on a telephone.
        Public = "public",
        /// It can: a server.
        Confidential = "confidential",
    }
}

mirrored! {
    /// How a client may get tokens.
    GrantType = client::GrantType {
        /// It logs users in, and refreshes their sessions.
        RefreshToken = "refresh_token",
        /// It gets tokens of its own.
        ClientCredentials = "client_credentials",
    }
}

mirrored! {
    /// How tokens are signed (RFC 7518).
    SignatureAlgorithm = signing_key::Algorithm {
        /// ECDSA on P-256 with SHA-256.
        ES256 = "ES256",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        RS256 = "RS256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

mirrored! {
    /// What the header of an access token calls it.
    TokenType = client::TokenType {
        /// As RFC 9068 has it.
        AtJwt = "at+jwt",
        /// For verifiers that refuse any other.
        Jwt = "JWT",
    }
}
