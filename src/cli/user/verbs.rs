//! The user commands that are more than one verb.

use serde_json::{Value, json};

use super::{
    CreateUser, DeleteUser, ListUsers, SetPassword, UpdateUser,
    view::{as_json, email, grants, print_with_password, state},
};
use crate::{
    auth::{
        AuthError,
        users::{NewUser, UserWish},
    },
    cli::{
        admin::Admin,
        failure::{Failure, Kind},
        output::table,
        prompt,
    },
    crypto::random::SystemRng,
    model::{password_policy::Password, user::User},
    store::{paging::Paging, users::UserFilter},
};

pub(super) async fn create(admin: &Admin, arguments: CreateUser) -> Result<(), Failure> {
    let new = NewUser {
        username: &arguments.username,
        email: arguments.email.as_deref(),
        password: None,
        grants: &arguments.grants,
    };
    admin.auth().check_newcomer(&new).await?;
    let names = [new.username, new.email.unwrap_or_default()];
    let judge = |typed: &str| judge(admin, typed, &names);
    let password = arguments.password.read(&SystemRng, judge)?;
    let new = NewUser {
        password: Some(&password.text),
        ..new
    };
    let user = admin.auth().create_user(new, &admin.caller).await?;
    print_with_password(admin, &user, &password)
}

pub(super) async fn update(admin: &Admin, arguments: UpdateUser) -> Result<(), Failure> {
    let user = admin.find(&arguments.user).await?;
    let email = arguments.email.as_deref().map(Some);
    let wish = UserWish {
        username: arguments.username.as_deref(),
        email: email.or(arguments.no_email.then_some(None)),
    };
    admin.print_user(&admin.auth().update_user(user.id, &wish).await?)
}

pub(super) async fn set_password(admin: &Admin, arguments: SetPassword) -> Result<(), Failure> {
    let user = admin.find(&arguments.user).await?;
    let names = [user.username.as_str(), &email(&user)];
    let judge = |typed: &str| judge(admin, typed, &names);
    let password = arguments.password.read(&SystemRng, judge)?;
    let user = admin
        .auth()
        .set_password(user.id, &password.text, &admin.caller)
        .await?;
    print_with_password(admin, &user, &password)
}

/// Says what is wrong with a password before somebody types it again.
fn judge(admin: &Admin, typed: &str, names: &[&str]) -> Result<(), Failure> {
    let policy = &admin.auth().terms().passwords;
    let judged = Password::new(typed).and_then(|password| policy.check(&password, names));
    judged.map_err(|refusal| AuthError::password("/password", refusal).into())
}

pub(super) async fn list(admin: &Admin, arguments: ListUsers) -> Result<(), Failure> {
    let disabled = arguments.disabled.then_some(true);
    let filter = UserFilter {
        name_prefix: arguments.name.map(|name| name.to_lowercase()),
        disabled: disabled.or(arguments.enabled.then_some(false)),
    };
    let is_filtered = filter != UserFilter::default();
    let paging = Paging {
        after: arguments.after,
        limit: arguments.limit,
    };
    let page = admin.auth().users(&filter, paging).await?;
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
    if rows.is_empty() && !admin.out.json {
        eprintln!(
            "{}",
            if is_filtered {
                "There are no such users here; `signet user list` names all."
            } else {
                "There are no users here; `signet user create` makes one."
            }
        );
        return Ok(());
    }
    admin
        .out
        .tally(rows.len(), page.total, "users", next.as_deref());
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
