//! `signet user`: who can log in.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Shared,
    admin::{self, Admin},
    failure::{Failure, Kind},
    output::{pairs, table},
    password::{NewPassword, PasswordSource},
    prompt,
};
use crate::{
    auth::users::NewUser,
    crypto::random::SystemRng,
    model::{
        id::UserId,
        scope::Grant,
        user::{Email, User},
    },
    store::{paging::Paging, users::UserFilter},
};

/// USER is an id (`usr_…`), a username or an e-mail address.
#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Create a user; the first one too: there are no default accounts
    #[command(after_help = "\
Examples:
  signet user create --username ada
  signet user create --username ada --email ada@example.com --grant pages.read --generate
  pass show ada | signet user create --username ada --password-stdin
  signet user create --username root --grant '*' --grant 'signet.*' --generate --json")]
    Create(CreateUser),
    /// List users in the order of their creation
    #[command(after_help = "\
Examples:
  signet user list
  signet user list --limit 1000 --json
  signet user list --after usr_01890a5d-ac96-774b-bcce-b302099a8057")]
    List(ListUsers),
    /// Show one user
    #[command(after_help = "\
Examples:
  signet user show ada
  signet user show ada@example.com --json")]
    Show(OneUser),
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
        admin::run(shared, async |admin| match self {
            Self::Create(arguments) => create(admin, arguments).await,
            Self::List(arguments) => list(admin, arguments).await,
            Self::Show(OneUser { user }) => admin.print_user(&admin.find(&user).await?),
            Self::Grant(SomeGrants { user, grants }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().grant(id, &grants).await?)
            }
            Self::Ungrant(SomeGrants { user, grants }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().ungrant(id, &grants).await?)
            }
            Self::SetPassword(arguments) => set_password(admin, arguments).await,
            Self::Disable(OneUser { user }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().disable_user(id).await?)
            }
            Self::Enable(OneUser { user }) => {
                let id = admin.find(&user).await?.id;
                admin.print_user(&admin.auth().enable_user(id).await?)
            }
            Self::Delete(arguments) => delete(admin, arguments).await,
        })
    }
}

async fn create(admin: &Admin, arguments: CreateUser) -> Result<(), Failure> {
    let password = arguments.password.read(&SystemRng)?;
    let new = NewUser {
        username: &arguments.username,
        email: arguments.email.as_deref(),
        password: Some(&password.text),
        grants: &arguments.grants,
    };
    let user = admin.auth().create_user(new, &admin.caller).await?;
    print_with_password(admin, &user, &password)
}

async fn set_password(admin: &Admin, arguments: SetPassword) -> Result<(), Failure> {
    let user = admin.find(&arguments.user).await?;
    let password = arguments.password.read(&SystemRng)?;
    let user = admin
        .auth()
        .set_password(user.id, &password.text, &admin.caller)
        .await?;
    print_with_password(admin, &user, &password)
}

async fn list(admin: &Admin, arguments: ListUsers) -> Result<(), Failure> {
    let page = admin
        .auth()
        .users(
            &UserFilter::default(),
            Paging {
                after: arguments.after,
                limit: arguments.limit,
            },
        )
        .await?;
    let rows: Vec<[String; 5]> = page
        .items
        .iter()
        .map(|user| {
            [
                user.id.to_string(),
                user.username.to_string(),
                email(user),
                grants(user),
                state(user).to_owned(),
            ]
        })
        .collect();
    let next = page
        .items
        .last()
        .filter(|_| page.more)
        .map(|user| user.id.to_string());
    let items: Vec<Value> = page.items.iter().map(as_json).collect();
    let json = json!({ "items": items, "next_cursor": next, "total": page.total });
    admin.out.print(&json, || {
        table(["ID", "USERNAME", "EMAIL", "GRANTS", "STATE"], &rows)
    })?;
    if let Some(next) = next.filter(|_| !admin.out.json) {
        eprintln!(
            "{} of {} users; the next ones: --after {next}",
            rows.len(),
            page.total
        );
    }
    Ok(())
}

async fn delete(admin: &Admin, arguments: DeleteUser) -> Result<(), Failure> {
    let user = admin.find(&arguments.user).await?;
    if !arguments.yes {
        confirm(&user)?;
    }
    admin.auth().delete_user(user.id).await?;
    let id = user.id.to_string();
    admin.out.print(&json!({ "id": id, "deleted": true }), || {
        format!("Deleted {} ({id}).\n", user.username)
    })?;
    Ok(())
}

/// Deleting cannot be undone: a person types the name, a script says --yes.
fn confirm(user: &User) -> Result<(), Failure> {
    use std::io::{IsTerminal, stdin};

    if !stdin().is_terminal() {
        return Err(Failure::new(
            Kind::Usage,
            "Deleting cannot be undone and there is no terminal to ask; add --yes.",
        ));
    }
    let question = format!(
        "This erases {} for good. Type the username to go on: ",
        user.username
    );
    if prompt::line(&question)? == user.username.as_str() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Refused,
        "That is not the username; nothing was deleted.",
    ))
}

/// A generated password is shown here and never again.
fn print_with_password(admin: &Admin, user: &User, password: &NewPassword) -> Result<(), Failure> {
    if !password.generated {
        return admin.print_user(user);
    }
    let mut json = as_json(user);
    json["password"] = Value::from(password.text.as_str());
    admin.out.print(&json, || {
        let text = password.text.as_str();
        format!("{}password  {text}   (shown only now)\n", as_text(user))
    })?;
    Ok(())
}

impl Admin {
    fn print_user(&self, user: &User) -> Result<(), Failure> {
        self.out.print(&as_json(user), || as_text(user))?;
        Ok(())
    }
}

fn as_json(user: &User) -> Value {
    let grants: Vec<&str> = user.grants.iter().map(Grant::as_str).collect();
    json!({
        "id": user.id.to_string(),
        "username": user.username.as_str(),
        "email": user.email.as_ref().map(Email::as_str),
        "grants": grants,
        "created_at": user.created_at.to_string(),
        "disabled_at": user.disabled_at.map(|moment| moment.to_string()),
    })
}

fn as_text(user: &User) -> String {
    pairs(&[
        ("id", user.id.to_string()),
        ("username", user.username.to_string()),
        ("email", email(user)),
        ("grants", grants(user)),
        ("state", state(user).to_owned()),
        ("created", user.created_at.to_string()),
    ])
}

fn email(user: &User) -> String {
    user.email
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn grants(user: &User) -> String {
    let grants: Vec<&str> = user.grants.iter().map(Grant::as_str).collect();
    grants.join(" ")
}

fn state(user: &User) -> &'static str {
    if user.disabled_at.is_some() {
        "disabled"
    } else {
        "enabled"
    }
}
