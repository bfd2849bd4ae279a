//! `signet scope`: which scopes there are.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Shared,
    admin::{self, Admin},
    failure::{Failure, Kind},
    output::table,
};
use crate::{
    auth::{AuthError, scopes::NewScope},
    model::{authority::Authority, own_scope::OwnScope, scope::RegisteredScope},
    store::opening::Purpose,
};

#[derive(Subcommand)]
pub(super) enum ScopeCommand {
    /// Register scopes, so that they can be granted and put into tokens
    #[command(after_help = "\
Examples:
  signet scope add pages.read --description 'See pages.'
  signet scope add pages.read pages.write blog.read

Whoever is granted a pattern that matches (pages.*, *) has the new scope too. Names that begin with \
`signet.` are Signet's own and built in.

It makes the database and the keys where there are none, as `signet serve` does.")]
    Add(AddScopes),
    /// List the scopes there are, Signet's own included
    #[command(after_help = "\
Examples:
  signet scope list
  signet scope list --json")]
    List,
    /// Take a scope out, and from everybody who was granted it by name
    #[command(after_help = "\
Examples:
  signet scope remove pages.write

Tokens are issued without it from now on; those that carry it live until they expire.")]
    Remove(OneScope),
}

#[derive(Args)]
pub(super) struct AddScopes {
    /// Names such as pages.read
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// What they allow, for people
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    description: String,
}

#[derive(Args)]
pub(super) struct OneScope {
    /// Its name
    name: String,
}

impl ScopeCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        let purpose = match self {
            Self::Add(_) => Purpose::Begin,
            Self::List | Self::Remove(_) => Purpose::Use,
        };
        admin::run(shared, purpose, async |admin| match self {
            Self::Add(arguments) => add(admin, arguments).await,
            Self::List => list(admin),
            Self::Remove(OneScope { name }) => remove(admin, &name).await,
        })
    }
}

async fn add(admin: &Admin, arguments: AddScopes) -> Result<(), Failure> {
    let mut added = Vec::new();
    for name in &arguments.names {
        let new = NewScope {
            name,
            description: &arguments.description,
        };
        added.push(admin.auth().add_scope(&Authority::Operator, new).await?);
    }
    let json: Vec<Value> = added.iter().map(as_json).collect();
    admin.out.print(&json!({ "items": json }), || {
        let line = |scope: &RegisteredScope| format!("Registered {}.\n", scope.name);
        added.iter().map(line).collect()
    })
}

fn list(admin: &Admin) -> Result<(), Failure> {
    let registry = admin.auth().registry();
    let own = OwnScope::ALL.iter().map(|own| {
        let (name, description) = (own.as_str(), own.description());
        json!({ "name": name, "description": description, "built_in": true })
    });
    let items: Vec<Value> = registry.iter().map(as_json).chain(own).collect();
    let text = |item: &Value, member: &str| item[member].as_str().unwrap_or_default().to_owned();
    let rows: Vec<[String; 3]> = items
        .iter()
        .map(|item| {
            let built_in = if item["built_in"] == true {
                "built in"
            } else {
                "registered"
            };
            [
                text(item, "name"),
                built_in.to_owned(),
                text(item, "description"),
            ]
        })
        .collect();
    let json = json!({ "items": items, "total": items.len() });
    admin
        .out
        .print(&json, || table(["NAME", "KIND", "DESCRIPTION"], &rows))
}

async fn remove(admin: &Admin, name: &str) -> Result<(), Failure> {
    match admin.auth().remove_scope(&Authority::Operator, name).await {
        Err(AuthError::NotFound) => Err(Failure::new(
            Kind::NotFound,
            format_args!("There is no scope {name:?}; `signet scope list` names all."),
        )),
        Err(error) => Err(error.into()),
        Ok(()) => admin
            .out
            .print(&json!({ "name": name, "removed": true }), || {
                format!("Removed {name}.\n")
            }),
    }
}

fn as_json(scope: &RegisteredScope) -> Value {
    json!({
        "name": scope.name.as_str(),
        "description": scope.description,
        "built_in": false,
        "created_at": scope.created_at.to_string(),
    })
}
