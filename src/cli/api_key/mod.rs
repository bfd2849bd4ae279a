//! `signet api-key`: keys of users and of services.
//!
//! Owns the commands and their help; [`verbs`] does what they say, [`view`] prints keys.

mod verbs;
mod view;

use std::time::Duration;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::{
    Shared,
    admin::{self, Admin},
    failure::Failure,
};
use crate::{
    auth::api_keys::Expiry,
    config::{MaxExpiry, duration},
    model::{
        api_key::{ApiKey, ApiKeyState, Metadata},
        authority::Authority,
        id::ApiKeyId,
    },
    store::opening::Purpose,
};

/// KEY is an id (`key_…`), or a name beside --user NAME; without --user it is a service's.
#[derive(Subcommand)]
pub(super) enum ApiKeyCommand {
    /// Create a key and print it once, for a user or, without --user, for a service
    #[command(after_help = "\
Examples:
  signet api-key create --user ada
  signet api-key create --user admin --name 'CI Pipeline' --scope pages.read
  signet api-key create --name backup --read-only --address 192.0.2.0/24

Without --scope a user's key may do what the user may, but nothing of signet.*; a service's may do \
nothing. A key never does more than its user is granted.")]
    Create(CreateKey),
    /// List keys, the newest first
    #[command(after_help = "\
Examples:
  signet api-key list
  signet api-key list --user ada --state active
  signet api-key list --services --json")]
    List(ListKeys),
    /// Show one key; its text cannot be shown again
    #[command(after_help = "\
Examples:
  signet api-key show key_01890a5d-ac96-774b-bcce-b302099a8057
  signet api-key show 'CI Pipeline' --user ada")]
    Show(OneKey),
    /// Change what a key may do, from where, and how long
    #[command(after_help = "\
Examples:
  signet api-key update 'CI Pipeline' --user ada --scope pages.read
  signet api-key update backup --expires 30d --address 192.0.2.0/24
  signet api-key update backup --anywhere --metadata '{\"project\": 7}'")]
    Update(UpdateKey),
    /// Give a key another text and print it once; the older one ends at once, or with the overlap
    #[command(after_help = "\
Examples:
  signet api-key rotate default --user ada
  signet api-key rotate backup --overlap 24h --expires 90d")]
    Rotate(RotateKey),
    /// Let a key count no more until it is enabled again
    #[command(after_help = "\
Examples:
  signet api-key disable backup")]
    Disable(OneKey),
    /// Let a disabled key count again
    #[command(after_help = "\
Examples:
  signet api-key enable backup")]
    Enable(OneKey),
    /// End a key for good
    #[command(after_help = "\
Examples:
  signet api-key revoke key_01890a5d-ac96-774b-bcce-b302099a8057
  signet api-key revoke 'CI Pipeline' --user ada")]
    Revoke(OneKey),
}

#[derive(Args)]
pub(super) struct CreateKey {
    /// Whose key it will be: id, username or e-mail address
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// What it is called: once among its user's keys, or services', that are not revoked
    #[arg(long, value_name = "NAME", default_value = "default")]
    name: String,
    #[command(flatten)]
    wish: Wish,
    /// It may only read
    #[arg(long)]
    read_only: bool,
}

/// What a key may do, from where, and how long.
#[derive(Args)]
struct Wish {
    /// A scope, or a pattern such as pages.*; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A resource server that it is for; may be repeated [default: tokens.audience]
    #[arg(long = "audience", value_name = "AUDIENCE")]
    audience: Vec<String>,
    /// An address or network that it may be used from; may be repeated [default: anywhere]
    #[arg(long = "address", value_name = "CIDR")]
    addresses: Vec<String>,
    /// A JSON object that introspection returns
    #[arg(long, value_name = "JSON")]
    metadata: Option<Metadata>,
    /// How long it lives from now on, such as 90d, or never
    #[arg(long, value_name = "DURATION", value_parser = expiry)]
    expires: Option<Expiry>,
}

#[derive(Args)]
pub(super) struct ListKeys {
    /// Only this user's: id, username or e-mail address
    #[arg(long, value_name = "USER", conflicts_with = "services")]
    user: Option<String>,
    /// Only services'
    #[arg(long)]
    services: bool,
    /// Only those in this state
    #[arg(long, value_enum)]
    state: Option<State>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Begin after this key
    #[arg(long, value_name = "ID")]
    after: Option<ApiKeyId>,
}

#[derive(Clone, Copy, ValueEnum)]
enum State {
    Active,
    Disabled,
    Expired,
    Revoked,
}

#[derive(Args)]
pub(super) struct OneKey {
    /// Id or name
    key: String,
    /// Whose key it is: id, username or e-mail address
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

#[derive(Args)]
pub(super) struct UpdateKey {
    #[command(flatten)]
    key: OneKey,
    /// What it is called from now on
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    wish: Wish,
    /// Whether it may only read
    #[arg(long, value_name = "BOOL", action = ArgAction::Set)]
    read_only: Option<bool>,
    /// It may be used from anywhere
    #[arg(long, conflicts_with = "addresses")]
    anywhere: bool,
}

#[derive(Args)]
pub(super) struct RotateKey {
    #[command(flatten)]
    key: OneKey,
    /// How long the older text counts still, such as 24h
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = duration::parse)]
    overlap: Duration,
    /// How long the key lives from now on, such as 90d, or never [default: as before]
    #[arg(long, value_name = "DURATION", value_parser = expiry)]
    expires: Option<Expiry>,
}

fn expiry(text: &str) -> Result<Expiry, String> {
    let length = MaxExpiry::parse(text)?.length();
    Ok(length.map_or(Expiry::Never, Expiry::In))
}

impl From<State> for ApiKeyState {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Disabled => Self::Disabled,
            State::Expired => Self::Expired,
            State::Revoked => Self::Revoked,
        }
    }
}

impl ApiKeyCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        const BY: &Authority = &Authority::Operator;
        admin::run(shared, Purpose::Use, async |admin: &Admin| {
            let key: ApiKey = match self {
                Self::Create(arguments) => return verbs::create(admin, arguments).await,
                Self::List(arguments) => return verbs::list(admin, arguments).await,
                Self::Rotate(arguments) => return verbs::rotate(admin, arguments).await,
                Self::Show(one) => admin.find_key(&one).await?,
                Self::Update(arguments) => verbs::update(admin, arguments).await?,
                Self::Disable(one) => {
                    let id = admin.find_key(&one).await?.id;
                    admin.auth().disable_api_key(BY, id).await?
                }
                Self::Enable(one) => {
                    let id = admin.find_key(&one).await?.id;
                    admin.auth().enable_api_key(BY, id).await?
                }
                Self::Revoke(one) => {
                    let key = admin.key_ref(&one).await?;
                    admin.auth().revoke_api_key(BY, &key).await?
                }
            };
            admin.print_key(&key)
        })
    }
}
