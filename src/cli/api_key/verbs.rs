//! The key commands that are more than one verb.

use serde_json::{Value, json};

use super::{
    CreateKey, ListKeys, OneKey, RotateKey, UpdateKey, Wish,
    view::{as_json, print_issued, row},
};
use crate::{
    auth::{
        AuthError,
        api_keys::{ApiKeyFilter, KeyOwner, KeyRef, KeyRotation, KeyWish},
    },
    cli::{
        admin::Admin,
        failure::{Failure, Kind},
        output::table,
    },
    model::{
        api_key::{ApiKey, ApiKeyState},
        authority::Authority,
        id::{ApiKeyId, UserId},
    },
    store::paging::Paging,
};

const BY: &Authority = &Authority::Operator;

impl Wish {
    /// What was asked for; what was not is absent.
    fn read(&self) -> KeyWish<'_> {
        KeyWish {
            scopes: given(&self.scopes),
            audience: given(&self.audience),
            addresses: given(&self.addresses),
            metadata: self.metadata.as_ref().map(|own| own.as_object().clone()),
            expiry: self.expires,
            ..KeyWish::default()
        }
    }
}

fn given(values: &[String]) -> Option<&[String]> {
    (!values.is_empty()).then_some(values)
}

pub(super) async fn create(admin: &Admin, arguments: CreateKey) -> Result<(), Failure> {
    let owner = admin.owner(arguments.user.as_deref()).await?;
    let wish = KeyWish {
        name: Some(&arguments.name),
        read_only: Some(arguments.read_only),
        ..arguments.wish.read()
    };
    let issued = admin.auth().create_api_key(BY, owner, wish).await?;
    print_issued(admin, &issued)
}

pub(super) async fn update(admin: &Admin, arguments: UpdateKey) -> Result<ApiKey, Failure> {
    let key = admin.key_ref(&arguments.key).await?;
    let mut wish = KeyWish {
        name: arguments.name.as_deref(),
        read_only: arguments.read_only,
        ..arguments.wish.read()
    };
    if arguments.anywhere {
        wish.addresses = Some(&[]);
    }
    let change = admin.auth().judge_key_change(BY, &key, wish).await?;
    Ok(admin.auth().change_api_key(BY, change).await?)
}

pub(super) async fn rotate(admin: &Admin, arguments: RotateKey) -> Result<(), Failure> {
    let key = admin.key_ref(&arguments.key).await?;
    let rotation = KeyRotation {
        overlap: arguments.overlap,
        expiry: arguments.expires,
    };
    let issued = admin.auth().rotate_api_key(BY, &key, rotation).await?;
    print_issued(admin, &issued)
}

pub(super) async fn list(admin: &Admin, arguments: ListKeys) -> Result<(), Failure> {
    let user = admin.owner(arguments.user.as_deref()).await?;
    let services = arguments.services.then_some(KeyOwner::Service);
    let filter = ApiKeyFilter {
        owner: user.map(KeyOwner::User).or(services),
        state: arguments.state.map(ApiKeyState::from),
    };
    let paging = Paging {
        after: arguments.after,
        limit: arguments.limit,
    };
    let page = admin.auth().api_keys(&filter, paging).await?;
    let now = admin.auth().present();
    let next = page.items.last().filter(|_| page.more);
    let next = next.map(|key| key.id.to_string());
    let items: Vec<Value> = page.items.iter().map(|key| as_json(key, now)).collect();
    let rows: Vec<[String; 7]> = page.items.iter().map(|key| row(key, now)).collect();
    let json = json!({ "items": items, "next_cursor": next, "total": page.total });
    admin.out.print(&json, || {
        table(
            [
                "ID",
                "NAME",
                "PREFIX",
                "OWNER",
                "STATE",
                "EXPIRES",
                "LAST USED",
            ],
            &rows,
        )
    })?;
    if rows.is_empty() && !admin.out.json {
        eprintln!("There are no such keys here; `signet api-key create` makes one.");
        return Ok(());
    }
    admin
        .out
        .tally(rows.len(), page.total, "keys", next.as_deref());
    Ok(())
}

impl Admin {
    /// The user whose key is meant; nobody, where none is named.
    async fn owner(&self, user: Option<&str>) -> Result<Option<UserId>, Failure> {
        match user {
            Some(user) => Ok(Some(self.find(user).await?.id)),
            None => Ok(None),
        }
    }

    /// The key of an id, or of a name among its owner's.
    pub(super) async fn find_key(&self, one: &OneKey) -> Result<ApiKey, Failure> {
        let of = self.owner(one.user.as_deref()).await?;
        let found = match one.key.parse::<ApiKeyId>() {
            Ok(id) => self.auth().api_key(&KeyRef { id, of }).await,
            Err(_) => self.auth().api_key_named(of, &one.key).await,
        };
        found.map_err(|error| match error {
            AuthError::NotFound => Failure::new(
                Kind::NotFound,
                format_args!(
                    "There is no such key {}; `signet api-key list` names all.",
                    match &one.user {
                        Some(user) => format!("of {user:?}"),
                        None => "of a service; name its user with --user".to_owned(),
                    }
                ),
            ),
            other => other.into(),
        })
    }

    pub(super) async fn key_ref(&self, one: &OneKey) -> Result<KeyRef, Failure> {
        Ok(KeyRef::any(self.find_key(one).await?.id))
    }
}
