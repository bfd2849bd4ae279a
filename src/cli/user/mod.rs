//! `signet user`: who can log in.
//!
//! Owns the commands and their help; [`verbs`] does what they say, [`import`] reads users of
//! another system, [`view`] prints users.

mod import;
mod verbs;
mod view;

use clap::{Args, Subcommand};

use self::import::ImportUsers;
use super::{Shared, admin, failure::Failure, password::PasswordSource};
use crate::{
    model::{id::UserId, scope::Grant},
    store::opening::Purpose,
};

/// USER is an id (`usr_…`), a username or an e-mail address.
#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Create a user; the first one too: there are no default accounts
    #[command(after_help = "\
Examples:
  signet user create --username ada
  signet user create --username ada --email ada@example.com --generate
  pass show ada | signet user create --username ada --password-stdin
  signet user create --username root --grant '*' --generate

It makes the database and the keys where there are none, as `signet serve` does.")]
    Create(CreateUser),
    /// List users in the order of their creation
    #[command(after_help = "\
Examples:
  signet user list
  signet user list --name ad --enabled
  signet user list --disabled --limit 1000 --json
  signet user list --after usr_01890a5d-ac96-774b-bcce-b302099a8057")]
    List(ListUsers),
    /// Show one user
    #[command(after_help = "\
Examples:
  signet user show ada
  signet user show ada@example.com --json")]
    Show(OneUser),
    /// Change the names that a user logs in with; sessions go on
    #[command(after_help = "\
Examples:
  signet user update ada --username ada.lovelace
  signet user update ada --email ada@example.com
  signet user update ada --no-email")]
    Update(UpdateUser),
    /// Give a user scopes, or patterns of scopes such as pages.*
    #[command(after_help = "\
Examples:
  signet user grant ada pages.read pages.write
  signet user grant ada 'pages.*'")]
    Grant(SomeGrants),
    /// Take grants back; the user's next access tokens are without them
    #[command(after_help = "\
Examples:
  signet user ungrant ada pages.write")]
    Ungrant(SomeGrants),
    /// Set a user's password; all their sessions end
    #[command(after_help = "\
Examples:
  signet user set-password ada
  signet user set-password ada --generate
  pass show ada | signet user set-password ada --password-stdin")]
    SetPassword(SetPassword),
    /// Disable a user: their sessions end, and they cannot log in
    #[command(after_help = "\
Examples:
  signet user disable ada")]
    Disable(OneUser),
    /// Let a disabled user log in again; ended sessions stay ended
    #[command(after_help = "\
Examples:
  signet user enable ada")]
    Enable(OneUser),
    /// Erase a user and end their sessions; the id is never given to anybody else
    #[command(after_help = "\
Examples:
  signet user delete ada
  signet user delete ada --yes")]
    Delete(DeleteUser),
    /// Take over users of another system, with the hashes of their passwords
    #[command(after_help = "\
Examples:
  signet user import users.csv --dry-run
  signet user import users.jsonl
  signet user import user/accounts/*.yaml
  psql -Atqf users.sql | signet user import - --format csv

Fields: username, email, grants, disabled, password_hash; grants as a text or list, or as \
true and false under nested names (false: not granted, and reported). YAML is read as Grav \
writes accounts. Hashes: Argon2id, Argon2i, bcrypt, scrypt, PBKDF2-SHA256, in PHC's form or \
Django's; the next login replaces them.

A user is there whole or not at all, and whoever is there is left as they are: run it again \
after an interruption, or after putting refused lines right. Refused lines are listed and end it \
with 4; all others are imported.

It makes the database and the keys where there are none, as `signet serve` does.")]
    Import(ImportUsers),
}

#[derive(Args)]
pub(super) struct CreateUser {
    /// The name to log in with: letters, digits and marks, no @
    #[arg(long, value_name = "NAME")]
    username: String,
    /// An e-mail address to log in with too
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A scope, or a pattern such as pages.* or *; may be repeated
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    #[command(flatten)]
    password: PasswordSource,
}

#[derive(Args)]
pub(super) struct ListUsers {
    /// Only those whose username or e-mail address begins with this
    #[arg(long, value_name = "PREFIX")]
    name: Option<String>,
    /// Only those who are disabled
    #[arg(long, conflicts_with = "enabled")]
    disabled: bool,
    /// Only those who are not disabled
    #[arg(long)]
    enabled: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Begin after this user
    #[arg(long, value_name = "ID")]
    after: Option<UserId>,
}

#[derive(Args)]
pub(super) struct OneUser {
    /// Id, username or e-mail address
    user: String,
}

#[derive(Args)]
pub(super) struct UpdateUser {
    /// Id, username or e-mail address
    user: String,
    /// The name to log in with from now on
    #[arg(long, value_name = "NAME", required_unless_present_any = ["email", "no_email"])]
    username: Option<String>,
    /// The e-mail address to log in with too from now on
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// No e-mail address from now on
    #[arg(long, conflicts_with = "email")]
    no_email: bool,
}

#[derive(Args)]
pub(super) struct SomeGrants {
    /// Id, username or e-mail address
    user: String,
    /// Scopes, or patterns such as pages.* or *
    #[arg(required = true, value_name = "GRANT")]
    grants: Vec<Grant>,
}

#[derive(Args)]
pub(super) struct SetPassword {
    /// Id, username or e-mail address
    user: String,
    #[command(flatten)]
    password: PasswordSource,
}

#[derive(Args)]
pub(super) struct DeleteUser {
    /// Id, username or e-mail address
    user: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl UserCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        let purpose = match self {
            Self::Create(_) | Self::Import(ImportUsers { dry_run: false, .. }) => Purpose::Begin,
            _ => Purpose::Use,
        };
        admin::run(shared, purpose, async |admin| match self {
            Self::Create(arguments) => verbs::create(admin, arguments).await,
            Self::List(arguments) => verbs::list(admin, arguments).await,
            Self::Show(OneUser { user }) => admin.print_user(&admin.find(&user).await?),
            Self::Update(arguments) => verbs::update(admin, arguments).await,
            Self::Grant(SomeGrants { user, grants }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().grant(id, &grants).await?)
            }
            Self::Ungrant(SomeGrants { user, grants }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().ungrant(id, &grants).await?)
            }
            Self::SetPassword(arguments) => verbs::set_password(admin, arguments).await,
            Self::Disable(OneUser { user }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().disable_user(id).await?)
            }
            Self::Enable(OneUser { user }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().enable_user(id).await?)
            }
            Self::Delete(arguments) => verbs::delete(admin, arguments).await,
            Self::Import(arguments) => import::import(admin, arguments).await,
        })
    }
}
