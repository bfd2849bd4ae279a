//! What somebody wants of a client, checked.

use std::{fmt::Display, time::Duration};

use serde_json::{Map, Value};

use crate::{
    auth::{Auth, AuthError, FieldError, asked::MAX_SCOPE_BYTES},
    crypto::client_assertion::ClientKey,
    model::{
        client::{
            ClientJwk, ClientKind, ClientName, ClientSettings, ExtraClaims, GrantType, TokenType,
        },
        origin::Origin,
        scope::{Grant, Grants},
        signing_key::Algorithm,
    },
};

/// What a client is to be like; what is absent is as usual for its kind, or as configured.
#[derive(Default)]
pub struct ClientWish<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The exact origins of its pages.
    pub origins: &'a [String],
    /// By what it may get tokens: a public client by `refresh_token`, a confidential one by
    /// `client_credentials`, where absent.
    pub grant_types: Option<Vec<GrantType>>,
    /// What its tokens carry at most: for a public client everything, for a confidential one
    /// nothing, where absent.
    pub scopes: Option<&'a [String]>,
    /// Whom its tokens are for; the configured audiences where empty.
    pub audiences: &'a [String],
    /// The audiences that it is itself.
    pub resources: &'a [String],
    /// How long its access tokens live.
    pub access_lifetime: Option<Duration>,
    /// How long its sessions live without a refresh.
    pub idle_lifetime: Option<Duration>,
    /// How long its sessions live at most.
    pub absolute_lifetime: Option<Duration>,
    /// How long a spent refresh token is answered with its successor.
    pub reuse_interval: Option<Duration>,
    /// Whether it makes API keys for a username and a password.
    pub keys_for_passwords: bool,
    /// Whether it may ask about its own refresh tokens.
    pub refresh_introspection: bool,
    /// How its access tokens are signed.
    pub algorithm: Option<Algorithm>,
    /// The `typ` of its access tokens; `at+jwt` where absent.
    pub token_type: Option<TokenType>,
    /// What its access tokens say beside what every one says.
    pub claims: Option<&'a Map<String, Value>>,
    /// The public keys with which it proves itself, in place of a secret.
    pub jwks: Vec<ClientJwk>,
}

impl Auth {
    /// Reads a wish, or says everything that is wrong with it.
    pub(super) fn read_client(
        &self,
        kind: ClientKind,
        wish: ClientWish<'_>,
    ) -> Result<ClientSettings, AuthError> {
        let mut errors = Vec::new();
        let mut note = |pointer, code, error: &dyn Display| {
            let detail = format!("{error}.");
            errors.push(FieldError {
                pointer,
                code,
                detail,
            });
        };
        let name = wish.name.parse::<ClientName>();
        let name = name.map_err(|error| note("/name", "malformed", &error));
        let origins: Result<Vec<Origin>, _> =
            wish.origins.iter().map(|one| Origin::parse(one)).collect();
        // What is wrong with one is not repeated: it may be what somebody pasted.
        let origins = origins.map_err(|_| note("/origins", "malformed", &EXACT_ORIGIN));
        let scopes = match (wish.scopes, kind) {
            (Some(scopes), _) => scopes.iter().map(|one| one.parse::<Grant>()).collect(),
            (None, ClientKind::Public) => "*".parse::<Grants>(),
            (None, ClientKind::Confidential) => Ok(Grants::default()),
        };
        let scopes = scopes.map_err(|error| note("/scopes", "invalid_scope", &error));
        let claims = ExtraClaims::new(wish.claims.cloned().unwrap_or_default());
        let claims = claims.map_err(|error| note("/claims", error.code(), &error));
        let (Ok(name), Ok(origins), Ok(scopes), Ok(claims)) = (name, origins, scopes, claims)
        else {
            return Err(AuthError::Invalid(errors));
        };
        let settings = ClientSettings {
            name,
            origins,
            grant_types: wish.grant_types.unwrap_or_else(|| usual_grants(kind)),
            scopes,
            audiences: wish.audiences.to_vec(),
            resources: wish.resources.to_vec(),
            access_lifetime: wish.access_lifetime,
            idle_lifetime: wish.idle_lifetime,
            absolute_lifetime: wish.absolute_lifetime,
            reuse_interval: wish.reuse_interval,
            keys_for_passwords: wish.keys_for_passwords,
            refresh_introspection: wish.refresh_introspection,
            algorithm: wish.algorithm,
            token_type: wish.token_type.unwrap_or(TokenType::AtJwt),
            claims,
            jwks: wish.jwks,
        };
        self.check_client(kind, &settings)?;
        Ok(settings)
    }

    fn check_client(&self, kind: ClientKind, settings: &ClientSettings) -> Result<(), AuthError> {
        let errors = settings.errors(kind);
        if !errors.is_empty() {
            let errors = errors.into_iter().map(|error| FieldError {
                pointer: error.pointer(),
                code: error.code(),
                detail: format!("{error}."),
            });
            return Err(AuthError::Invalid(errors.collect()));
        }
        let unreadable = settings
            .jwks
            .iter()
            .map(ClientKey::read)
            .find_map(Result::err);
        if let Some(error) = unreadable {
            return Err(AuthError::field("/jwks", "malformed", format!("{error}.")));
        }
        if settings.scopes.to_string().len() > MAX_SCOPE_BYTES {
            let detail = "Name at most 2048 bytes of scopes, or patterns.";
            return Err(AuthError::field("/scopes", "too_long", detail));
        }
        let registry = self.registry();
        let known = |grant: &Grant| grant.as_scope().is_none_or(|one| registry.knows(&one));
        if !settings.scopes.iter().all(known) {
            let detail = "Name scopes that are registered, or patterns.";
            return Err(AuthError::field("/scopes", "unknown_scope", detail));
        }
        let algorithm = settings.algorithm;
        if algorithm.is_some_and(|algorithm| self.keys().signer(algorithm).is_none()) {
            let detail = "Name an algorithm of signing_keys.algorithms.";
            return Err(AuthError::field("/alg", "not_available", detail));
        }
        Ok(())
    }
}

fn usual_grants(kind: ClientKind) -> Vec<GrantType> {
    vec![match kind {
        ClientKind::Public => GrantType::RefreshToken,
        ClientKind::Confidential => GrantType::ClientCredentials,
    }]
}

const EXACT_ORIGIN: &str = "an origin is exact: https, host and, where it is not 443, port, such as https://app.example.com";
