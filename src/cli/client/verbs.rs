//! What the commands do.

use serde_json::{Value, json};

use super::{
    Chosen, CreateClient, DeleteClient, Jwks, ListClients, RotateSecret, UpdateClient, view,
};
use crate::{
    auth::{AuthError, clients::ClientWish},
    cli::{
        admin::Admin,
        failure::{Failure, Kind},
        output::table,
    },
    model::{
        authority::Authority,
        client::{ClientRecord, ClientSettings, ExtraClaims},
        id::ClientId,
    },
    store::paging::Paging,
};

const BY: &Authority = &Authority::Operator;

pub(super) async fn create(admin: &Admin, arguments: CreateClient) -> Result<(), Failure> {
    let wish = arguments.chosen.wish(&arguments.name);
    let created = admin.auth().create_client(BY, None, arguments.kind, wish);
    view::print_issued(admin, &created.await?)
}

pub(super) async fn list(admin: &Admin, arguments: ListClients) -> Result<(), Failure> {
    let ListClients { limit, after } = arguments;
    let page = admin.auth().list_clients(Paging { after, limit }).await?;
    let items: Vec<Value> = page.items.iter().map(view::as_json).collect();
    let next = page.items.last().filter(|_| page.more);
    let next = next.map(|last| last.id.to_string());
    let json = json!({ "items": items, "next_cursor": next, "total": page.total });
    admin.out.print(&json, || {
        let row = |client: &ClientRecord| {
            [
                client.id.to_string(),
                client.settings.name.to_string(),
                client.kind.as_str().to_owned(),
                view::scopes(client).join(" "),
                view::state(client).to_owned(),
            ]
        };
        let rows: Vec<_> = page.items.iter().map(row).collect();
        table(["ID", "NAME", "KIND", "SCOPES", "STATE"], &rows)
    })?;
    let shown = page.items.len();
    if shown == 0 && !admin.out.json {
        eprintln!("There are no such clients here; `signet client create` makes one.");
        return Ok(());
    }
    admin
        .out
        .tally(shown, page.total, "clients", next.as_deref());
    Ok(())
}

pub(super) async fn show(admin: &Admin, client: ClientId) -> Result<(), Failure> {
    let found = found(client, admin.auth().show_client(client).await)?;
    view::print(admin, &found)
}

pub(super) async fn update(admin: &Admin, arguments: UpdateClient) -> Result<(), Failure> {
    let id = arguments.client;
    let seen = found(id, admin.auth().show_client(id).await)?.settings;
    let name = arguments.name.unwrap_or_else(|| seen.name.to_string());
    let chosen = arguments.chosen.or(&seen);
    let updated = admin.auth().update_client(BY, None, id, chosen.wish(&name));
    view::print(admin, &found(id, updated.await)?)
}

pub(super) async fn rotate_secret(admin: &Admin, arguments: RotateSecret) -> Result<(), Failure> {
    let RotateSecret { client, overlap } = arguments;
    let issued = admin.auth().rotate_client_secret(BY, None, client, overlap);
    view::print_issued(admin, &found(client, issued.await)?)
}

pub(super) async fn disable(admin: &Admin, client: ClientId) -> Result<(), Failure> {
    let disabled = found(client, admin.auth().disable_client(BY, client).await)?;
    view::print(admin, &disabled)
}

pub(super) async fn enable(admin: &Admin, client: ClientId) -> Result<(), Failure> {
    let enabled = found(client, admin.auth().enable_client(BY, client).await)?;
    view::print(admin, &enabled)
}

pub(super) async fn delete(admin: &Admin, arguments: DeleteClient) -> Result<(), Failure> {
    let DeleteClient { client, yes } = arguments;
    let seen = found(client, admin.auth().show_client(client).await)?;
    if !yes {
        return Err(Failure::new(
            Kind::Usage,
            format_args!(
                "Deleting {} cannot be undone; add --yes.",
                seen.settings.name
            ),
        ));
    }
    found(client, admin.auth().delete_client(BY, client).await)?;
    let json = json!({ "id": client.to_string(), "deleted": true });
    admin
        .out
        .print(&json, || format!("Deleted {}.\n", seen.settings.name))
}

/// What was found, or the sentence that says which client is not there.
fn found<T>(client: ClientId, answer: Result<T, AuthError>) -> Result<T, Failure> {
    answer.map_err(|error| match error {
        AuthError::NotFound => Failure::new(
            Kind::NotFound,
            format_args!("There is no client {client}; `signet client list` names all."),
        ),
        other => other.into(),
    })
}

impl Chosen {
    fn wish<'a>(&'a self, name: &'a str) -> ClientWish<'a> {
        ClientWish {
            name,
            origins: self.origins.as_deref().unwrap_or_default(),
            grant_types: self.grant_types.clone(),
            scopes: self.scopes.as_deref(),
            audiences: self.audiences.as_deref().unwrap_or_default(),
            resources: self.resources.as_deref().unwrap_or_default(),
            access_lifetime: self.access_lifetime,
            idle_lifetime: self.idle_lifetime,
            absolute_lifetime: self.absolute_lifetime,
            reuse_interval: self.reuse_interval,
            keys_for_passwords: self.keys_for_passwords.unwrap_or_default(),
            refresh_introspection: self.refresh_introspection.unwrap_or_default(),
            algorithm: self.alg,
            token_type: self.typ,
            claims: self.claims.as_ref().map(ExtraClaims::as_object),
            jwks: self.jwks.clone().map(|Jwks(keys)| keys).unwrap_or_default(),
        }
    }

    /// What is chosen, and for the rest what was.
    fn or(self, seen: &ClientSettings) -> Self {
        let origins = seen.origins.iter().map(|one| one.as_str().to_owned());
        let scopes = seen.scopes.iter().map(ToString::to_string);
        Self {
            origins: self.origins.or_else(|| Some(origins.collect())),
            grant_types: self.grant_types.or_else(|| Some(seen.grant_types.clone())),
            scopes: self.scopes.or_else(|| Some(scopes.collect())),
            audiences: self.audiences.or_else(|| Some(seen.audiences.clone())),
            resources: self.resources.or_else(|| Some(seen.resources.clone())),
            access_lifetime: self.access_lifetime.or(seen.access_lifetime),
            idle_lifetime: self.idle_lifetime.or(seen.idle_lifetime),
            absolute_lifetime: self.absolute_lifetime.or(seen.absolute_lifetime),
            reuse_interval: self.reuse_interval.or(seen.reuse_interval),
            keys_for_passwords: self.keys_for_passwords.or(Some(seen.keys_for_passwords)),
            refresh_introspection: self
                .refresh_introspection
                .or(Some(seen.refresh_introspection)),
            alg: self.alg.or(seen.algorithm),
            typ: self.typ.or(Some(seen.token_type)),
            claims: self.claims.or_else(|| Some(seen.claims.clone())),
            jwks: self
                .jwks
                .or_else(|| (!self.no_jwks).then(|| Jwks(seen.jwks.clone()))),
            no_jwks: self.no_jwks,
        }
    }
}
