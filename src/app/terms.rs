//! What the settings mean for the verbs.

use std::time::Duration;

use anyhow::Context;

use crate::{
    auth::{Terms, api_keys::KeyPolicy},
    config::Settings,
    model::{
        client::{Client, ClientKind, ExtraClaims, GrantType, TokenType},
        id::ClientId,
        key_lifecycle::KeyTerms,
        password_policy::PasswordPolicy,
        session::SessionLimit,
        time::Timestamp,
    },
};

/// How far the clocks of nodes may differ.
const LEEWAY: Duration = Duration::from_secs(5);
/// How long an access token may live at most.
const LONGEST_LIFETIME: Duration = Duration::from_hours(1);

/// The grant that limits nothing.
const EVERYTHING: &str = "*";

/// The terms of these settings, with the default client under its identifier.
pub(super) fn of(settings: &Settings, default_client: ClientId) -> anyhow::Result<Terms> {
    let issuer = settings.server.issuer.as_str().to_owned();
    let audience = settings.tokens.audience.clone();
    let algorithm = settings.signing_keys.algorithms.first().copied();
    let host = issuer
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split([':', '/']).next());
    let context = ["signet", host.unwrap_or_default()].map(str::to_owned);
    let sessions = &settings.sessions;
    Ok(Terms {
        own_audience: settings.server.issuer.api_audience(),
        audiences: audience.unwrap_or_else(|| vec![issuer.clone()]),
        issuer,
        late_retry_every: sessions.late_retry_every,
        session_limit: (sessions.max_per_user > 0).then_some(SessionLimit {
            most: sessions.max_per_user,
            when_full: sessions.when_full,
        }),
        leeway: LEEWAY,
        identity_lifetime: settings.verify.token_lifetime,
        cookie_domain: settings
            .verify
            .cookie_domain
            .as_ref()
            .map(|domain| domain.as_str().to_owned()),
        passwords: PasswordPolicy {
            min_length: settings.password.min_length,
            context: context.to_vec(),
        },
        api_keys: KeyPolicy {
            default_expiry: settings.api_keys.default_expiry,
            max_expiry: settings.api_keys.max_expiry.length(),
            max_per_user: settings.api_keys.max_per_user,
        },
        signing_keys: KeyTerms {
            algorithms: settings.signing_keys.algorithms.clone(),
            rotate_every: settings.signing_keys.rotate_every,
            publish_ahead: settings.signing_keys.publish_ahead,
            retire_after: LONGEST_LIFETIME + LEEWAY + settings.signing_keys.jwks_max_age,
        },
        default_client: Client {
            id: default_client,
            name: "default".to_owned(),
            origins: settings
                .default_client
                .origins
                .iter()
                .map(|o| o.as_str().to_owned())
                .collect(),
            kind: ClientKind::Public,
            grant_types: vec![GrantType::RefreshToken],
            scopes: [EVERYTHING.parse()?].into_iter().collect(),
            audiences: Vec::new(),
            resources: Vec::new(),
            access_lifetime: settings.tokens.access_lifetime,
            idle_lifetime: sessions.idle,
            absolute_lifetime: sessions.absolute,
            reuse_interval: sessions.reuse_interval,
            keys_for_passwords: settings.default_client.keys_for_passwords,
            refresh_introspection: false,
            algorithm: algorithm.context("signing_keys.algorithms is empty")?,
            token_type: TokenType::AtJwt,
            claims: ExtraClaims::default(),
            disabled_at: None,
            not_before: Timestamp::default(),
        },
    })
}
