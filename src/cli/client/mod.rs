//! `signet client`: the applications that log users in, and the servers that act for themselves.
//!
//! Owns the commands and their help; [`verbs`] does what they say, [`view`] prints clients.

mod jwks;
mod verbs;
mod view;

use std::time::Duration;

use clap::{Args, Subcommand};

use self::jwks::Jwks;
use super::{Shared, admin, failure::Failure};
use crate::{
    config::duration,
    model::{
        client::{ClientKind, ExtraClaims, GrantType, TokenType},
        id::ClientId,
        signing_key::Algorithm,
    },
    store::opening::Purpose,
};

/// CLIENT is an id (`cli_…`). The default client is configured, not registered.
#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Register a client; the secret of a confidential one is shown once
    #[command(after_help = "\
Examples:
  signet client create --name Web --origin https://app.example.com
  signet client create --name Export --kind confidential --scope pages.read
  signet client create --name API --kind confidential --resource urn:api
  signet client create --name Sync --kind confidential --jwks public.jwks

It makes the database and the keys where there are none, as `signet serve` does.")]
    Create(CreateClient),
    /// List clients in the order of their registration
    #[command(after_help = "\
Examples:
  signet client list
  signet client list --limit 1000 --json")]
    List(ListClients),
    /// Show one client
    #[command(after_help = "\
Examples:
  signet client show cli_01981d2d-1b3e-7a90-b1c2-8d4e6f7a9b03")]
    Show(OneClient),
    /// Change what holds for a client: what is named is replaced, the rest stays
    #[command(after_help = "\
Examples:
  signet client update $CLIENT_ID --access-lifetime 10m
  signet client update $CLIENT_ID --scope pages.read --scope pages.write
  signet client update $CLIENT_ID --claims '{\"tenant\": \"acme\"}'")]
    Update(UpdateClient),
    /// Give a confidential client another secret, shown once
    #[command(after_help = "\
Examples:
  signet client rotate-secret $CLIENT_ID --overlap 24h")]
    RotateSecret(RotateSecret),
    /// Disable a client: the sessions of its users end, its tokens count no more
    #[command(after_help = "\
Examples:
  signet client disable cli_01981d2d-1b3e-7a90-b1c2-8d4e6f7a9b03")]
    Disable(OneClient),
    /// Let a disabled client go on; ended sessions stay ended
    #[command(after_help = "\
Examples:
  signet client enable cli_01981d2d-1b3e-7a90-b1c2-8d4e6f7a9b03")]
    Enable(OneClient),
    /// Delete a client; the id is never given to any other
    #[command(after_help = "\
Examples:
  signet client delete cli_01981d2d-1b3e-7a90-b1c2-8d4e6f7a9b03 --yes")]
    Delete(DeleteClient),
}

#[derive(Args)]
pub(super) struct CreateClient {
    /// What it is called, for people
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Whether it can keep a secret: public or confidential
    #[arg(long, value_name = "KIND", default_value = "public", value_parser = kind)]
    kind: ClientKind,
    #[command(flatten)]
    chosen: Chosen,
}

/// What may be chosen for a client.
#[derive(Args)]
pub(super) struct Chosen {
    /// An exact origin of its pages, such as `https://app.example.com`; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Option<Vec<String>>,
    /// How it may get tokens: `refresh_token` (a public client's usual way) or `client_credentials`
    /// (a confidential one's); may be repeated
    #[arg(long = "grant-type", value_name = "GRANT", value_parser = grant_type)]
    grant_types: Option<Vec<GrantType>>,
    /// A scope or pattern that its tokens may carry; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Option<Vec<String>>,
    /// Whom its tokens are for; may be repeated
    #[arg(long = "audience", value_name = "AUDIENCE")]
    audiences: Option<Vec<String>>,
    /// An audience that it is itself, as a resource server; may be repeated
    #[arg(long = "resource", value_name = "AUDIENCE")]
    resources: Option<Vec<String>>,
    /// How long its access tokens live, 3600s at most
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    access_lifetime: Option<Duration>,
    /// How long its sessions live without a refresh
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    idle_lifetime: Option<Duration>,
    /// How long its sessions live at most
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    absolute_lifetime: Option<Duration>,
    /// How long a spent refresh token is answered with its successor: 5s to 120s, 0 is strict
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    reuse_interval: Option<Duration>,
    /// Whether it makes API keys for a username and a password: true or false
    #[arg(long, value_name = "BOOL")]
    keys_for_passwords: Option<bool>,
    /// Whether it may ask about its own refresh tokens: true or false
    #[arg(long, value_name = "BOOL")]
    refresh_introspection: Option<bool>,
    /// How its access tokens are signed: ES256, RS256 or EdDSA
    #[arg(long, value_name = "ALG", value_parser = algorithm)]
    alg: Option<Algorithm>,
    /// What their header calls them: at+jwt or JWT
    #[arg(long, value_name = "TYP", value_parser = token_type)]
    typ: Option<TokenType>,
    /// A JSON object of claims that its access tokens carry too; {} for none
    #[arg(long, value_name = "JSON")]
    claims: Option<ExtraClaims>,
    /// A file with the public keys with which it proves itself, in place of a secret: a JWK Set
    #[arg(long, value_name = "FILE", value_parser = jwks::read)]
    jwks: Option<Jwks>,
    /// It has no such keys (any more): rotate its secret then
    #[arg(long, conflicts_with = "jwks")]
    no_jwks: bool,
}

#[derive(Args)]
pub(super) struct ListClients {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Begin after this client
    #[arg(long, value_name = "ID")]
    after: Option<ClientId>,
}

#[derive(Args)]
pub(super) struct OneClient {
    /// Its id
    client: ClientId,
}

#[derive(Args)]
pub(super) struct UpdateClient {
    /// Its id
    client: ClientId,
    /// What it is called, for people
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    chosen: Chosen,
}

#[derive(Args)]
pub(super) struct RotateSecret {
    /// Its id
    client: ClientId,
    /// How long the older secret counts still, 30 days at most
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration::parse)]
    overlap: Duration,
}

#[derive(Args)]
pub(super) struct DeleteClient {
    /// Its id
    client: ClientId,
    /// Really: it cannot be undone
    #[arg(long)]
    yes: bool,
}

impl ClientCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        let purpose = match self {
            Self::Create(_) => Purpose::Begin,
            _ => Purpose::Use,
        };
        admin::run(shared, purpose, async |admin| match self {
            Self::Create(arguments) => verbs::create(admin, arguments).await,
            Self::List(arguments) => verbs::list(admin, arguments).await,
            Self::Show(OneClient { client }) => verbs::show(admin, client).await,
            Self::Update(arguments) => verbs::update(admin, arguments).await,
            Self::RotateSecret(arguments) => verbs::rotate_secret(admin, arguments).await,
            Self::Disable(OneClient { client }) => verbs::disable(admin, client).await,
            Self::Enable(OneClient { client }) => verbs::enable(admin, client).await,
            Self::Delete(arguments) => verbs::delete(admin, arguments).await,
        })
    }
}

fn kind(text: &str) -> Result<ClientKind, &'static str> {
    ClientKind::named(text).ok_or("write public or confidential")
}

fn grant_type(text: &str) -> Result<GrantType, &'static str> {
    GrantType::named(text).ok_or("write refresh_token or client_credentials")
}

fn token_type(text: &str) -> Result<TokenType, &'static str> {
    TokenType::named(text).ok_or("write at+jwt or JWT")
}

fn algorithm(text: &str) -> Result<Algorithm, &'static str> {
    let named = Algorithm::ALL.into_iter().find(|one| one.as_str() == text);
    named.ok_or("write ES256, RS256 or EdDSA")
}
