//! What may be chosen for a client, and what may not.

use std::{collections::BTreeSet, fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ClientJwk, ClientKind, ExtraClaims, GrantType, TokenType};
use crate::model::{origin::Origin, scope::Grants, signing_key::Algorithm, text::misleads};

const MAX_NAME_CHARS: usize = 100;
const MAX_LIST: usize = 32;
const MAX_KEYS: usize = 8;
const MAX_AUDIENCE_BYTES: usize = 255;
const HOUR: Duration = Duration::from_hours(1);
/// The longest life of a session.
const TEN_YEARS: Duration = Duration::from_hours(3650 * 24);

/// What is chosen for a client. What is absent is as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSettings {
    /// Its name, for people.
    pub name: ClientName,
    /// The exact origins of its pages.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// By what it may get tokens.
    pub grant_types: Vec<GrantType>,
    /// What its tokens carry at most.
    pub scopes: Grants,
    /// Whom its tokens are for, and may be asked for; the configured audiences where empty.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The audiences that it is itself.
    #[serde(default)]
    pub resources: Vec<String>,
    /// How long its access tokens live, in whole seconds.
    #[serde(default, with = "in_seconds")]
    pub access_lifetime: Option<Duration>,
    /// How long its sessions live without a refresh.
    #[serde(default, with = "in_seconds")]
    pub idle_lifetime: Option<Duration>,
    /// How long its sessions live at most.
    #[serde(default, with = "in_seconds")]
    pub absolute_lifetime: Option<Duration>,
    /// How long a spent refresh token is answered with its successor; zero is strict mode.
    #[serde(default, with = "in_seconds")]
    pub reuse_interval: Option<Duration>,
    /// Whether it makes API keys for a username and a password.
    #[serde(default)]
    pub keys_for_passwords: bool,
    /// Whether it may ask about its own refresh tokens.
    #[serde(default)]
    pub refresh_introspection: bool,
    /// How its access tokens are signed.
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
    /// The `typ` of its access tokens.
    pub token_type: TokenType,
    /// What its access tokens say beside what every one says.
    #[serde(default, skip_serializing_if = "ExtraClaims::is_empty")]
    pub claims: ExtraClaims,
    /// Its public keys: with these it proves itself, and with nothing else where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jwks: Vec<ClientJwk>,
}

/// What cannot be chosen for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A list is longer than anybody needs.
    #[error("name at most 32 of them")]
    TooMany(&'static str),
    /// A list names something twice.
    #[error("name each once")]
    Twice(&'static str),
    /// An audience is empty, too long, or cannot be shown.
    #[error("an audience is 1 to 255 printable characters, such as https://api.example.com")]
    Audience(&'static str),
    /// Whoever cannot keep a secret cannot act for itself (RFC 6749 §4.4).
    #[error("client_credentials is for confidential clients only")]
    PublicCredentials,
    /// Whoever cannot authenticate cannot ask (RFC 7662 §2.1).
    #[error("refresh_introspection is for confidential clients only")]
    PublicIntrospection,
    /// Whoever has keys to prove itself with can keep a secret.
    #[error("a public client proves nothing: leave keys out, or make it confidential")]
    PublicKeys,
    /// More keys than a rotation needs.
    #[error("name at most 8 keys")]
    TooManyKeys,
    /// Two keys of one name.
    #[error("name each key once: two have the same kid")]
    TwiceAKey,
    /// Pages are not where secrets are kept.
    #[error("a confidential client has no pages: leave origins out, or make the client public")]
    ConfidentialOrigins,
    /// An access token lives too long, or not at all.
    #[error("an access token lives for 1 to 3600 seconds")]
    AccessLifetime,
    /// A session lives too long, or not at all.
    #[error("a session lives for 1 to 315360000 seconds, and idle is not the longer one")]
    SessionLifetime(&'static str),
    /// The reuse interval hides a thief, or ends sessions of honest clients.
    #[error("a reuse interval is 0 (strict), or 5 to 120 seconds")]
    ReuseInterval,
}

impl SettingsError {
    /// Where it stands in the body.
    #[must_use]
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::TooMany(pointer)
            | Self::Twice(pointer)
            | Self::Audience(pointer)
            | Self::SessionLifetime(pointer) => pointer,
            Self::PublicKeys | Self::TooManyKeys | Self::TwiceAKey => "/jwks",
            Self::PublicCredentials => "/grant_types",
            Self::PublicIntrospection => "/refresh_introspection",
            Self::ConfidentialOrigins => "/origins",
            Self::AccessLifetime => "/access_lifetime",
            Self::ReuseInterval => "/reuse_interval",
        }
    }

    /// Its name in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooMany(_) | Self::TooManyKeys => "too_many",
            Self::Twice(_) | Self::TwiceAKey => "duplicate",
            Self::Audience(_) => "malformed",
            Self::PublicCredentials
            | Self::PublicIntrospection
            | Self::ConfidentialOrigins
            | Self::PublicKeys => "not_allowed",
            Self::AccessLifetime | Self::SessionLifetime(_) | Self::ReuseInterval => "out_of_range",
        }
    }
}

impl ClientSettings {
    /// Everything that is wrong with them, for a client of this kind.
    #[must_use]
    pub fn errors(&self, kind: ClientKind) -> Vec<SettingsError> {
        let mut errors = Vec::new();
        check_list("/origins", &self.origins, Origin::as_str, &mut errors);
        check_list(
            "/grant_types",
            &self.grant_types,
            |one| one.as_str(),
            &mut errors,
        );
        for (pointer, list) in [
            ("/audiences", &self.audiences),
            ("/resources", &self.resources),
        ] {
            check_list(pointer, list, String::as_str, &mut errors);
            if !list.iter().all(|one| is_audience(one)) {
                errors.push(SettingsError::Audience(pointer));
            }
        }
        match kind {
            ClientKind::Public if self.grant_types.contains(&GrantType::ClientCredentials) => {
                errors.push(SettingsError::PublicCredentials);
            }
            ClientKind::Confidential if !self.origins.is_empty() => {
                errors.push(SettingsError::ConfidentialOrigins);
            }
            ClientKind::Public | ClientKind::Confidential => {}
        }
        if self.refresh_introspection && kind == ClientKind::Public {
            errors.push(SettingsError::PublicIntrospection);
        }
        self.check_keys(kind, &mut errors);
        self.check_times(&mut errors);
        errors
    }

    fn check_keys(&self, kind: ClientKind, errors: &mut Vec<SettingsError>) {
        if kind == ClientKind::Public && !self.jwks.is_empty() {
            errors.push(SettingsError::PublicKeys);
        }
        if self.jwks.len() > MAX_KEYS {
            errors.push(SettingsError::TooManyKeys);
        }
        let named: Vec<&String> = self
            .jwks
            .iter()
            .filter_map(|key| key.kid.as_ref())
            .collect();
        let distinct: BTreeSet<&String> = named.iter().copied().collect();
        if distinct.len() < named.len() {
            errors.push(SettingsError::TwiceAKey);
        }
    }

    fn check_times(&self, errors: &mut Vec<SettingsError>) {
        let second = Duration::from_secs(1);
        let within = |chosen: Option<Duration>, most| {
            chosen.is_none_or(|chosen| (second..=most).contains(&chosen))
        };
        if !within(self.access_lifetime, HOUR) {
            errors.push(SettingsError::AccessLifetime);
        }
        let longest = self.absolute_lifetime.unwrap_or(TEN_YEARS).min(TEN_YEARS);
        if !within(self.absolute_lifetime, TEN_YEARS) {
            errors.push(SettingsError::SessionLifetime("/absolute_lifetime"));
        } else if !within(self.idle_lifetime, longest) {
            errors.push(SettingsError::SessionLifetime("/idle_lifetime"));
        }
        let interval = self.reuse_interval.filter(|interval| !interval.is_zero());
        let allowed = Duration::from_secs(5)..=Duration::from_mins(2);
        if interval.is_some_and(|interval| !allowed.contains(&interval)) {
            errors.push(SettingsError::ReuseInterval);
        }
    }
}

fn check_list<T>(
    pointer: &'static str,
    list: &[T],
    text: impl Fn(&T) -> &str,
    errors: &mut Vec<SettingsError>,
) {
    if list.len() > MAX_LIST {
        errors.push(SettingsError::TooMany(pointer));
    }
    let distinct: BTreeSet<&str> = list.iter().map(text).collect();
    if distinct.len() < list.len() {
        errors.push(SettingsError::Twice(pointer));
    }
}

fn is_audience(text: &str) -> bool {
    (1..=MAX_AUDIENCE_BYTES).contains(&text.len())
        && text.trim() == text
        && !text.contains(misleads)
}

/// What a client is called: 1 to 100 characters that can be shown, none but spaces that cannot be
/// seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientName(String);

/// The text is no name of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client's name is 1 to 100 printable characters, without space at its ends")]
pub struct ClientNameError;

impl FromStr for ClientName {
    type Err = ClientNameError;

    fn from_str(text: &str) -> Result<Self, ClientNameError> {
        let length = text.chars().take(MAX_NAME_CHARS + 1).count();
        let shown = text.trim() == text && !text.contains(misleads);
        if shown && (1..=MAX_NAME_CHARS).contains(&length) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClientNameError)
        }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A length of time, as it is stored: whole seconds.
mod in_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands it over so")]
    pub(super) fn serialize<S: Serializer>(
        length: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        length.map(|length| length.as_secs()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::deserialize(from)?.map(Duration::from_secs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ClientSettings {
        ClientSettings {
            name: "web".parse().unwrap(),
            origins: Vec::new(),
            grant_types: vec![GrantType::RefreshToken],
            scopes: "pages.read".parse().unwrap(),
            audiences: vec!["https://api.example".to_owned()],
            resources: Vec::new(),
            access_lifetime: Some(Duration::from_mins(1)),
            idle_lifetime: None,
            absolute_lifetime: None,
            reuse_interval: Some(Duration::ZERO),
            keys_for_passwords: true,
            refresh_introspection: false,
            algorithm: Some(Algorithm::RS256),
            token_type: TokenType::Jwt,
            claims: r#"{"tenant":"acme"}"#.parse().unwrap(),
            jwks: Vec::new(),
        }
    }

    #[test]
    fn what_was_chosen_is_read_back() {
        let text = serde_json::to_string(&settings()).unwrap();
        assert!(text.contains(r#""access_lifetime":60"#) && text.contains(r#""token_type":"JWT""#));
        assert_eq!(
            serde_json::from_str::<ClientSettings>(&text).unwrap(),
            settings()
        );
        // A later version may choose more.
        let more = text.replacen('{', r#"{"later":1,"#, 1);
        assert_eq!(
            serde_json::from_str::<ClientSettings>(&more).unwrap(),
            settings()
        );
    }

    #[test]
    fn each_wrong_choice_is_told() {
        let wrong = |change: &dyn Fn(&mut ClientSettings)| {
            let mut settings = settings();
            change(&mut settings);
            let errors = settings.errors(ClientKind::Public);
            errors
                .iter()
                .map(|error| (error.pointer(), error.code()))
                .collect::<Vec<_>>()
        };
        assert_eq!(wrong(&|_| {}), []);
        let seconds = |number| Some(Duration::from_secs(number));
        let range = "out_of_range";
        assert_eq!(
            wrong(&|s| s.access_lifetime = seconds(3601)),
            [("/access_lifetime", range)]
        );
        assert_eq!(
            wrong(&|s| s.access_lifetime = seconds(0)),
            [("/access_lifetime", range)]
        );
        assert_eq!(
            wrong(&|s| s.reuse_interval = seconds(4)),
            [("/reuse_interval", range)]
        );
        assert_eq!(
            wrong(&|s| s.reuse_interval = seconds(121)),
            [("/reuse_interval", range)]
        );
        let longer_idle = |s: &mut ClientSettings| {
            (s.idle_lifetime, s.absolute_lifetime) = (seconds(61), seconds(60));
        };
        assert_eq!(wrong(&longer_idle), [("/idle_lifetime", range)]);
        assert_eq!(
            wrong(&|s| s.absolute_lifetime = seconds(0)),
            [("/absolute_lifetime", range)]
        );
        let twice = |s: &mut ClientSettings| s.audiences = vec!["a".to_owned(), "a".to_owned()];
        assert_eq!(wrong(&twice), [("/audiences", "duplicate")]);
        let many = |s: &mut ClientSettings| s.resources = (0..33).map(|n| n.to_string()).collect();
        assert_eq!(wrong(&many), [("/resources", "too_many")]);
        let empty = |s: &mut ClientSettings| s.resources = vec![String::new()];
        assert_eq!(wrong(&empty), [("/resources", "malformed")]);
        let own = |s: &mut ClientSettings| s.grant_types = vec![GrantType::ClientCredentials];
        assert_eq!(wrong(&own), [("/grant_types", "not_allowed")]);
    }

    #[test]
    fn a_server_has_no_pages() {
        let mut settings = settings();
        settings.grant_types = vec![GrantType::ClientCredentials];
        assert_eq!(settings.errors(ClientKind::Confidential), []);
        settings.origins = vec![Origin::parse("https://app.example.com").unwrap()];
        let errors = settings.errors(ClientKind::Confidential);
        assert_eq!(errors, [SettingsError::ConfidentialOrigins]);
    }

    #[test]
    fn names_can_be_shown() {
        assert!("Das Portal 2".parse::<ClientName>().is_ok());
        for wrong in ["", " a", "a\n", "a\u{202e}b", &"x".repeat(101)] {
            assert!(wrong.parse::<ClientName>().is_err(), "{wrong:?}");
        }
    }
}
