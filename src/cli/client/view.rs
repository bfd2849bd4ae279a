//! How a client looks, to people and to scripts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    auth::clients::IssuedClient,
    cli::{admin::Admin, failure::Failure, output::pairs},
    config::duration,
    model::{
        client::{ClientKind, ClientRecord, GrantType},
        origin::Origin,
        scope::Grant,
        signing_key::Algorithm,
    },
};

pub(super) fn print(admin: &Admin, client: &ClientRecord) -> Result<(), Failure> {
    admin.out.print(&as_json(client), || as_text(client))
}

/// A secret is shown here and never again.
pub(super) fn print_issued(admin: &Admin, issued: &IssuedClient) -> Result<(), Failure> {
    let Some(secret) = &issued.secret else {
        return print(admin, &issued.client);
    };
    let mut json = as_json(&issued.client);
    json["client_secret"] = Value::from(secret.as_str());
    admin.out.print(&json, || {
        let text = as_text(&issued.client);
        format!(
            "{text}secret              {}   (shown only now)\n",
            secret.as_str()
        )
    })
}

pub(super) fn as_json(client: &ClientRecord) -> Value {
    let settings = &client.settings;
    let seconds = |length: Option<Duration>| length.map(|length| length.as_secs());
    json!({
        "id": client.id.to_string(),
        "kind": client.kind.as_str(),
        "name": settings.name.to_string(),
        "origins": origins(client),
        "grant_types": grant_types(client),
        "scopes": scopes(client),
        "audiences": settings.audiences,
        "resources": settings.resources,
        "access_lifetime": seconds(settings.access_lifetime),
        "idle_lifetime": seconds(settings.idle_lifetime),
        "absolute_lifetime": seconds(settings.absolute_lifetime),
        "reuse_interval": seconds(settings.reuse_interval),
        "keys_for_passwords": settings.keys_for_passwords,
        "refresh_introspection": settings.refresh_introspection,
        "alg": settings.algorithm.map(Algorithm::as_str),
        "typ": settings.token_type.as_str(),
        "claims": settings.claims,
        "jwks": { "keys": settings.jwks },
        "disabled_at": client.disabled_at.map(|moment| moment.to_string()),
        "secret_rotated_at": client.rotated_at.map(|moment| moment.to_string()),
        "created_at": client.created_at.to_string(),
    })
}

fn as_text(client: &ClientRecord) -> String {
    let settings = &client.settings;
    let length = |length: Option<Duration>| length.map_or_else(configured, duration::format);
    pairs(&[
        ("id", client.id.to_string()),
        ("kind", client.kind.as_str().to_owned()),
        ("name", settings.name.to_string()),
        ("origins", origins(client).join(" ")),
        ("grant types", grant_types(client).join(" ")),
        ("scopes", scopes(client).join(" ")),
        ("audiences", settings.audiences.join(" ")),
        ("resources", settings.resources.join(" ")),
        ("access lifetime", length(settings.access_lifetime)),
        ("idle lifetime", length(settings.idle_lifetime)),
        ("absolute lifetime", length(settings.absolute_lifetime)),
        ("reuse interval", length(settings.reuse_interval)),
        (
            "keys for passwords",
            settings.keys_for_passwords.to_string(),
        ),
        (
            "refresh introspection",
            settings.refresh_introspection.to_string(),
        ),
        (
            "alg",
            settings
                .algorithm
                .map_or_else(configured, |alg| alg.as_str().to_owned()),
        ),
        ("typ", settings.token_type.as_str().to_owned()),
        ("claims", claims(client)),
        ("proves itself by", proof(client).to_owned()),
        ("state", state(client).to_owned()),
        ("created", client.created_at.to_string()),
    ])
}

fn claims(client: &ClientRecord) -> String {
    serde_json::to_string(&client.settings.claims).unwrap_or_default()
}

pub(super) fn state(client: &ClientRecord) -> &'static str {
    if client.disabled_at.is_some() {
        "disabled"
    } else {
        "enabled"
    }
}

fn proof(client: &ClientRecord) -> &'static str {
    match client.kind {
        ClientKind::Public => "nothing: it is public",
        ClientKind::Confidential if client.settings.jwks.is_empty() => "its secret",
        ClientKind::Confidential => "its keys",
    }
}

fn configured() -> String {
    "as configured".to_owned()
}

fn origins(client: &ClientRecord) -> Vec<&str> {
    client.settings.origins.iter().map(Origin::as_str).collect()
}

fn grant_types(client: &ClientRecord) -> Vec<&str> {
    let granted = client.settings.grant_types.iter().copied();
    granted.map(GrantType::as_str).collect()
}

pub(super) fn scopes(client: &ClientRecord) -> Vec<&str> {
    client.settings.scopes.iter().map(Grant::as_str).collect()
}
