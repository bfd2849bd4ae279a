//! What requests say of clients, and how clients are answered.

use std::time::Duration;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::choices::{ClientKind, GrantType, SignatureAlgorithm, TokenType};
use super::jwks::{self, ClientJwks};
use crate::{
    auth::{
        clients::{ClientWish, IssuedClient},
        sessions::Page,
    },
    http::{
        api::listing::{next_cursor, total},
        json_object::JsonObject,
        moment::Moment,
        secret::Secret,
    },
    model::{client::ClientRecord, scope::Grants},
};

/// A body that chooses what holds for a client, with what it has of its own before and behind that;
/// and what it asks for.
macro_rules! choosing {
    (
        $(#[$doc:meta])* $body:ident { $($(#[$own_doc:meta])* $own:ident: $own_type:ty,)* }
        $(#[$password_doc:meta])* current_password
    ) => {
        $(#[$doc])*
        #[derive(Object, Deserialize)]
        #[oai(deny_unknown_fields)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $body {
            $($(#[$own_doc])* pub $own: $own_type,)*
            /// What it is called, for people.
            #[oai(validator(min_length = 1, max_length = 100))]
            name: String,
            /// The exact origins of its pages, such as `https://app.example.com`: they may call from
            /// a browser and take the refresh token as a cookie. For public clients only.
            #[serde(default)]
            #[oai(default, validator(max_items = 32))]
            origins: Vec<String>,
            /// How it may get tokens; where absent, a public client by `refresh_token`, a
            /// confidential one by `client_credentials`.
            #[oai(validator(max_items = 8))]
            grant_types: Option<Vec<GrantType>>,
            /// Scopes and patterns: what its tokens carry at most. Where absent, for a public client
            /// everything that its users are granted, for a confidential one nothing.
            #[oai(validator(max_items = 256))]
            scopes: Option<Vec<String>>,
            /// Whom its tokens are for, and may be asked for.
            #[serde(default)]
            #[oai(default, validator(max_items = 32))]
            audiences: Vec<String>,
            /// The audiences that it is itself, as a resource server.
            #[serde(default)]
            #[oai(default, validator(max_items = 32))]
            resources: Vec<String>,
            /// How long its access tokens live, in seconds.
            #[oai(validator(minimum(value = "1"), maximum(value = "3600")))]
            access_lifetime: Option<i64>,
            /// How long its sessions live without a refresh, in seconds.
            #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
            idle_lifetime: Option<i64>,
            /// How long its sessions live at most, in seconds.
            #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
            absolute_lifetime: Option<i64>,
            /// How long a spent refresh token is answered with its successor, in seconds: 5 to 120;
            /// 0 is strict.
            #[oai(validator(minimum(value = "0"), maximum(value = "120")))]
            reuse_interval: Option<i64>,
            /// Whether it makes API keys for a username and a password
            /// (`createApiKeyWithPassword`).
            #[serde(default)]
            #[oai(default)]
            keys_for_passwords: bool,
            /// Whether it may ask about its own refresh tokens (`introspectToken`).
            #[serde(default)]
            #[oai(default)]
            refresh_introspection: bool,
            /// How its access tokens are signed.
            alg: Option<SignatureAlgorithm>,
            /// What the header of its access tokens calls them; `at+jwt` where absent.
            typ: Option<TokenType>,
            /// Claims that its access tokens carry too, 1 KiB at most; none of a registered name.
            claims: Option<JsonObject>,
            /// The public keys with which a confidential client proves itself (`private_key_jwt`);
            /// no secret of it counts while it has some.
            jwks: Option<ClientJwks>,
            $(#[$password_doc])*
            #[oai(validator(min_length = 1, max_length = 1024))]
            pub current_password: Option<Secret>,
        }

        impl $body {
            /// What it asks for.
            pub(super) fn wish(&self) -> ClientWish<'_> {
                let granted = self.grant_types.as_ref();
                ClientWish {
                    name: &self.name,
                    origins: &self.origins,
                    grant_types: granted.map(|all| all.iter().map(|one| (*one).into()).collect()),
                    scopes: self.scopes.as_deref(),
                    audiences: &self.audiences,
                    resources: &self.resources,
                    access_lifetime: self.access_lifetime.map(length),
                    idle_lifetime: self.idle_lifetime.map(length),
                    absolute_lifetime: self.absolute_lifetime.map(length),
                    reuse_interval: self.reuse_interval.map(length),
                    keys_for_passwords: self.keys_for_passwords,
                    refresh_introspection: self.refresh_introspection,
                    algorithm: self.alg.map(Into::into),
                    token_type: self.typ.map(Into::into),
                    claims: self.claims.as_ref().map(|claims| &claims.0),
                    jwks: jwks::wished(self.jwks.as_ref()),
                }
            }
        }
    };
}

choosing! {
    /// A client to create. What is absent is as configured.
    ClientCreation {
        /// Whether it can keep a secret; this cannot be changed later.
        kind: ClientKind,
    }
    /// The caller's own password, needed for a confidential client unless they logged in within
    /// five minutes.
    current_password
}

choosing! {
    /// What is to hold for a client from now on. What is absent is as configured, not as it was.
    ClientUpdate {}
    /// The caller's own password, needed where a confidential client may do more than before,
    /// unless they logged in within five minutes.
    current_password
}

/// How to rotate a client's secret.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientSecretRotation {
    /// For how many seconds the older secret counts still, 30 days at most.
    #[serde(default)]
    #[oai(default, validator(minimum(value = "0"), maximum(value = "2592000")))]
    overlap: i64,
    /// The caller's own password, needed unless they logged in within five minutes.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub current_password: Option<Secret>,
}

/// A client. What is absent of its settings is as configured.
#[derive(Object, Serialize)]
#[oai(rename = "Client", skip_serializing_if_is_none)]
pub(super) struct ClientItem {
    /// Its identifier, as in the access token's `client_id`.
    id: String,
    /// Whether it can keep a secret.
    kind: ClientKind,
    /// What it is called.
    name: String,
    /// The exact origins of its pages.
    origins: Vec<String>,
    /// How it may get tokens.
    grant_types: Vec<GrantType>,
    /// Scopes and patterns: what its tokens carry at most.
    scopes: Vec<String>,
    /// Whom its tokens are for, and may be asked for; empty where these are the configured ones.
    audiences: Vec<String>,
    /// The audiences that it is itself, as a resource server.
    resources: Vec<String>,
    /// How long its access tokens live, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_lifetime: Option<i64>,
    /// How long its sessions live without a refresh, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_lifetime: Option<i64>,
    /// How long its sessions live at most, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute_lifetime: Option<i64>,
    /// How long a spent refresh token is answered with its successor, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    reuse_interval: Option<i64>,
    /// Whether it makes API keys for a username and a password.
    keys_for_passwords: bool,
    /// Whether it may ask about its own refresh tokens.
    refresh_introspection: bool,
    /// How its access tokens are signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<SignatureAlgorithm>,
    /// What the header of its access tokens calls them.
    typ: TokenType,
    /// The public keys with which it proves itself, where it has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<ClientJwks>,
    /// Claims that its access tokens carry too.
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<JsonObject>,
    /// Since when it is disabled; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Moment>,
    /// When its secret was last replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_rotated_at: Option<Moment>,
    /// When it was created.
    created_at: Moment,
}

/// A client and, where it was given one, its secret, which is shown only now.
#[derive(Object, Serialize)]
#[oai(rename = "IssuedClient", skip_serializing_if_is_none)]
pub(super) struct IssuedClientItem {
    /// The secret of a confidential client: it authenticates with it at the token endpoint. It
    /// cannot be shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// What is known of it.
    client: ClientItem,
}

/// Some clients.
#[derive(Object, Serialize)]
pub(super) struct ClientPage {
    /// The clients, the oldest first. The default client is configured, and not among them.
    items: Vec<ClientItem>,
    /// What to pass as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are in all.
    total: i64,
}

impl ClientSecretRotation {
    pub(super) fn overlap(&self) -> Duration {
        length(self.overlap)
    }
}

/// The schemas allow nothing negative.
fn length(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}

fn seconds(length: Duration) -> i64 {
    i64::try_from(length.as_secs()).unwrap_or(i64::MAX)
}

fn names(grants: &Grants) -> Vec<String> {
    grants.iter().map(ToString::to_string).collect()
}

impl From<ClientRecord> for ClientItem {
    fn from(record: ClientRecord) -> Self {
        let settings = record.settings;
        let granted = settings.grant_types.into_iter();
        let origins = settings.origins.iter();
        let own = !settings.claims.is_empty();
        Self {
            id: record.id.to_string(),
            kind: record.kind.into(),
            name: settings.name.to_string(),
            origins: origins.map(|one| one.as_str().to_owned()).collect(),
            grant_types: granted.map(GrantType::from).collect(),
            scopes: names(&settings.scopes),
            audiences: settings.audiences,
            resources: settings.resources,
            access_lifetime: settings.access_lifetime.map(seconds),
            idle_lifetime: settings.idle_lifetime.map(seconds),
            absolute_lifetime: settings.absolute_lifetime.map(seconds),
            reuse_interval: settings.reuse_interval.map(seconds),
            keys_for_passwords: settings.keys_for_passwords,
            refresh_introspection: settings.refresh_introspection,
            alg: settings.algorithm.map(Into::into),
            typ: settings.token_type.into(),
            jwks: jwks::shown(settings.jwks),
            claims: own.then(|| JsonObject(settings.claims.as_object().clone())),
            disabled_at: record.disabled_at.map(Moment),
            secret_rotated_at: record.rotated_at.map(Moment),
            created_at: Moment(record.created_at),
        }
    }
}

impl From<IssuedClient> for IssuedClientItem {
    fn from(issued: IssuedClient) -> Self {
        Self {
            client_secret: issued.secret.map(|text| text.to_string()),
            client: issued.client.into(),
        }
    }
}

impl From<Page<ClientRecord>> for ClientPage {
    fn from(page: Page<ClientRecord>) -> Self {
        Self {
            next_cursor: next_cursor(&page, |last| last.id.to_string()),
            total: total(&page),
            items: page.items.into_iter().map(ClientItem::from).collect(),
        }
    }
}
