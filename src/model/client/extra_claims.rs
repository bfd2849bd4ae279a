//! What a client's access tokens say beside what every access token says.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::text::misleads;

/// So few that they fit into a token of 4 KiB beside everything else.
const MAX_BYTES: usize = 1024;
const MAX_NAME_BYTES: usize = 128;

/// Claims of one's own (RFC 7519 §4.3), the same in each token of a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtraClaims(Map<String, Value>);

/// The claims cannot be a client's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExtraClaimsError {
    /// It is no JSON object.
    #[error("claims are a JSON object, such as {{\"tenant\": \"acme\"}}")]
    Malformed,
    /// They would not fit into tokens.
    #[error("claims are at most 1024 bytes of JSON")]
    TooLarge,
    /// A name is empty, too long, or cannot be shown.
    #[error("a claim's name is 1 to 128 bytes of printable characters")]
    Name,
    /// What a name means is laid down by a standard, or is Signet's to say.
    #[error(
        "registered names (IANA, JSON Web Token Claims), those that begin with `signet`, and other \
         words for scopes are taken; use others, such as a URL of yours"
    )]
    Reserved,
}

impl ExtraClaimsError {
    /// Its name in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed | Self::Name => "malformed",
            Self::TooLarge => "too_large",
            Self::Reserved => "reserved",
        }
    }
}

impl ExtraClaims {
    /// Takes an object, if all of it may be said.
    pub fn new(claims: Map<String, Value>) -> Result<Self, ExtraClaimsError> {
        for name in claims.keys() {
            if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(misleads) {
                return Err(ExtraClaimsError::Name);
            }
            if !Self::may_be_called(name) || SCOPES_ELSEWHERE.contains(&name.as_str()) {
                return Err(ExtraClaimsError::Reserved);
            }
        }
        let claims = Self(claims);
        match serde_json::to_string(&claims) {
            Ok(text) if text.len() <= MAX_BYTES => Ok(claims),
            _ => Err(ExtraClaimsError::TooLarge),
        }
    }

    /// Whether a claim of that name may be one of these, and so none that Signet judges by.
    #[must_use]
    pub fn may_be_called(name: &str) -> bool {
        !REGISTERED.contains(&name) && !name.starts_with("signet")
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object.
    #[must_use]
    pub const fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl FromStr for ExtraClaims {
    type Err = ExtraClaimsError;

    fn from_str(text: &str) -> Result<Self, ExtraClaimsError> {
        Self::new(serde_json::from_str(text).map_err(|_| ExtraClaimsError::Malformed)?)
    }
}

/// What verifiers of others take for scopes: what a token allows is for Signet to say.
const SCOPES_ELSEWHERE: &[&str] = &["scp", "scopes", "permissions", "authorities"];

/// The registry "JSON Web Token Claims" of IANA, as of 20 July 2026: 163 names. Those of
/// OpenID Connect Core 1.0 (sections 2, 3.3.2.11, 5.1, 5.6.2 and 7.4) are among them.
#[rustfmt::skip] // a list to compare with the registry
const REGISTERED: [&str; 163] = [
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti",
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
    "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale",
    "phone_number", "phone_number_verified", "address", "updated_at",
    "azp", "nonce", "auth_time", "at_hash", "c_hash", "acr", "amr", "sub_jwk", "cnf",
    "sip_from_tag", "sip_date", "sip_callid", "sip_cseq_num", "sip_via_branch",
    "orig", "dest", "mky", "events", "toe", "txn", "rph", "sid", "vot", "vtm", "attest", "origid",
    "act", "scope", "client_id", "may_act", "jcard", "at_use_nbr", "div", "opt", "vc", "vp", "sph",
    "ace_profile", "cnonce", "exi", "roles", "groups", "entitlements", "token_introspection",
    "eat_nonce", "ueid", "sueids", "oemid", "hwmodel", "hwversion", "oemboot", "dbgstat",
    "location", "eat_profile", "submods", "uptime", "bootcount", "bootseed", "dloas", "swname",
    "swversion", "manifests", "measurements", "measres", "intuse",
    "cdniv", "cdnicrit", "cdniip", "cdniuc", "cdniets", "cdnistt", "cdnistd",
    "sig_val_claims", "authorization_details", "verified_claims", "place_of_birth", "nationalities",
    "birth_family_name", "birth_given_name", "birth_middle_name", "salutation", "title", "msisdn",
    "also_known_as", "htm", "htu", "ath", "atc", "sub_id", "rcd", "rcdi", "crn", "msgi",
    "_claim_names", "_claim_sources", "rdap_allowed_purposes", "rdap_dnt_allowed", "geohash",
    "_sd", "...", "_sd_alg", "sd_hash",
    "consumerPlmnId", "consumerSnpnId", "producerPlmnId", "producerSnpnId", "producerSnssaiList",
    "producerNsiList", "producerNfSetId", "producerNfServiceSetId", "sourceNfInstanceId",
    "analyticsIdList", "resOwnerId",
    "cmw", "jwks", "metadata", "constraints", "crit", "ref", "delegation", "logo_uri",
    "authority_hints", "trust_anchor_hints", "trust_marks", "trust_mark_issuers",
    "trust_mark_owners", "metadata_policy", "metadata_policy_crit", "source_endpoint", "keys",
    "trust_mark_type", "trust_chain", "trust_anchor", "status", "status_list", "ttl", "stpl",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_standard_lays_down_is_refused() {
        let refused = |text: &str| text.parse::<ExtraClaims>().unwrap_err();
        for name in [
            "sub",
            "exp",
            "scope",
            "sid",
            "roles",
            "status_list",
            "stpl",
            "signet",
            "signet_x",
            "scp",
        ] {
            let text = format!("{{\"{name}\": 1}}");
            assert_eq!(refused(&text), ExtraClaimsError::Reserved, "{name}");
        }
        for name in ["", "a\\n", &"x".repeat(129)] {
            let text = format!("{{\"{name}\": 1}}");
            assert_eq!(refused(&text), ExtraClaimsError::Name, "{name:?}");
        }
        assert_eq!(refused("[]"), ExtraClaimsError::Malformed);
        let large = format!("{{\"a\": \"{}\"}}", "x".repeat(1024));
        assert_eq!(refused(&large), ExtraClaimsError::TooLarge);
        let good = r#"{"lang":"de","tenant":{"id":7},"https://example.com/claims":["a",null]}"#;
        let claims: ExtraClaims = good.parse().unwrap();
        assert_eq!(serde_json::to_string(&claims).unwrap().len(), good.len());
    }
}
