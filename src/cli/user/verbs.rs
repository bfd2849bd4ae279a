//! The user commands that are more than one verb.

use serde_json::{Value, json};

use super::{
    CreateUser, DeleteUser, ListUsers, SetPassword,
    view::{as_json, email, grants, print_with_password, state},
};
use crate::{
    auth::users::NewUser,
    cli::{
        admin::Admin,
        failure::{Failure, Kind},
        output::table,
        prompt,
    },
    crypto::random::SystemRng,
    model::user::User,
    store::{paging::Paging, users::UserFilter},
};

pub(super) async fn create(admin: &Admin, arguments: CreateUser) -> Result<(), Failure> {
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

pub(super) async fn set_password(admin: &Admin, arguments: SetPassword) -> Result<(), Failure> {
    let user = admin.find(&arguments.user).await?;
    let password = arguments.password.read(&SystemRng)?;
    let user = admin
        .auth()
        .set_password(user.id, &password.text, &admin.caller)
        .await?;
    print_with_password(admin, &user, &password)
}

pub(super) async fn list(admin: &Admin, arguments: ListUsers) -> Result<(), Failure> {
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

pub(super) async fn delete(admin: &Admin, arguments: DeleteUser) -> Result<(), Failure> {
    let user = admin.find(&arguments.user).await?;
    if !arguments.yes {
        confirm(&user)?;
    }
    admin.auth().delete_user(user.id).await?;
    let id = user.id.to_string();
    admin.out.print(&json!({ "id": id, "deleted": true }), || {
        format!("Deleted {} ({id}).\n", user.username)
    })
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
