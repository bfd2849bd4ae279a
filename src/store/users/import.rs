//! Taking over users of another system, a group in one transaction: each is there whole, or not.

use std::collections::{BTreeSet, HashMap};

use sea_orm::Value;

use super::{PasswordHash, Users};
use crate::{
    model::{
        id::UserId,
        scope::{Grant, Grants},
        user::{Email, Username},
    },
    store::{
        error::{Conflict, StoreError},
        job::Step,
        scopes,
        sql::{Columns as _, Sql},
    },
};

/// How many rows one statement inserts: well below what either database takes as parameters.
const ROWS: usize = 500;

/// A user to take over.
#[derive(Clone)]
pub struct ImportedUser {
    /// The identifier, fresh.
    pub id: UserId,
    /// The name that they log in with.
    pub username: Username,
    /// The e-mail address that they may log in with too.
    pub email: Option<Email>,
    /// The hash of their password.
    pub password_hash: Option<PasswordHash>,
    /// What they may be given.
    pub grants: Grants,
    /// Whether they come disabled.
    pub disabled: bool,
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// Created.
    Created,
    /// A user of this name and address is there already, and stays as they are.
    Existing,
    /// Somebody else has the name ([`UsernameTaken`](Conflict::UsernameTaken)) or the address
    /// ([`EmailTaken`](Conflict::EmailTaken)).
    Taken(Conflict),
}

/// Login names, and who has them.
#[derive(Default)]
pub struct Names(HashMap<String, Owner>);

#[derive(Clone)]
struct Owner {
    by_username: bool,
    email: Option<String>,
}

impl Users {
    /// Creates those who are not there, in one transaction, and tells what became of each, in
    /// order. Where another process takes one of the names meanwhile nobody is created
    /// ([`UsernameTaken`](Conflict::UsernameTaken)): ask again.
    pub async fn import(&self, users: Vec<ImportedUser>) -> Result<Vec<Imported>, StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(import(step, users)));
        work.await
    }

    /// Tells what would become of each, and writes nothing. `rehearsed` are those who would have
    /// been created before; these are added to them.
    pub async fn rehearse_import(
        &self,
        users: &[ImportedUser],
        rehearsed: &mut Names,
    ) -> Result<Vec<Imported>, StoreError> {
        let taken = taken(&self.database.read(), users).await?;
        rehearsed.0.extend(taken.0);
        Ok(decide(users, rehearsed))
    }
}

async fn import(step: &Step<'_>, users: Vec<ImportedUser>) -> Result<Vec<Imported>, StoreError> {
    let decided = decide(&users, &mut taken(&step.sql, &users).await?);
    let created: Vec<&ImportedUser> = users
        .iter()
        .zip(&decided)
        .filter_map(|(user, outcome)| (*outcome == Imported::Created).then_some(user))
        .collect();
    let grants: BTreeSet<_> = created.iter().flat_map(|user| user.grants.iter()).collect();
    scopes::require(step, grants).await?;
    let now = step.now.millis();
    let rows = created.iter().map(|user| user_row(user, now)).collect();
    insert(step, INSERT_USERS, rows, "").await?;
    // In one order everywhere, so that two imports wait for each other and not in a circle.
    let mut names: Vec<_> = created.iter().flat_map(|user| name_rows(user)).collect();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    let wanted = names.len() as u64;
    let rows = names.into_iter().map(|(_, row)| row).collect();
    if insert(step, INSERT_NAMES, rows, " ON CONFLICT (name) DO NOTHING").await? < wanted {
        return Err(Conflict::UsernameTaken.into());
    }
    let rows = created.iter().flat_map(|user| grant_rows(user)).collect();
    insert(step, INSERT_GRANTS, rows, "").await?;
    Ok(decided)
}

/// Who has the names of these users.
async fn taken(sql: &Sql<'_>, users: &[ImportedUser]) -> Result<Names, StoreError> {
    let names: Vec<Value> = users
        .iter()
        .flat_map(|user| {
            let email = user.email.as_ref().map(Email::as_str);
            [user.username.as_str()].into_iter().chain(email)
        })
        .map(Value::from)
        .collect();
    let mut taken = Names::default();
    for names in names.chunks(ROWS) {
        let query = format!("{TAKEN} ({})", places(1, names.len()));
        for row in sql.all(&query, names).await? {
            let owner = Owner {
                by_username: row.get::<String>("kind")? == "username",
                email: row.get("email")?,
            };
            taken.0.insert(row.get("name")?, owner);
        }
    }
    Ok(taken)
}

/// What becomes of each, one after the other; whoever is created has their names from then on.
fn decide(users: &[ImportedUser], names: &mut Names) -> Vec<Imported> {
    let decide = |user: &ImportedUser| {
        let username = user.username.as_str();
        let email = user.email.as_ref().map(Email::as_str);
        if let Some(owner) = names.0.get(username) {
            return if owner.by_username && owner.email.as_deref() == email {
                Imported::Existing
            } else {
                Imported::Taken(Conflict::UsernameTaken)
            };
        }
        if email.is_some_and(|email| names.0.contains_key(email)) {
            return Imported::Taken(Conflict::EmailTaken);
        }
        for (name, by_username) in [(Some(username), true), (email, false)] {
            let owner = Owner {
                by_username,
                email: email.map(str::to_owned),
            };
            names.0.extend(name.map(|name| (name.to_owned(), owner)));
        }
        Imported::Created
    };
    users.iter().map(decide).collect()
}

fn user_row(user: &ImportedUser, now: i64) -> Vec<Value> {
    let hash = user.password_hash.as_ref();
    vec![
        user.id.to_string().into(),
        hash.map(|hash| hash.as_str().to_owned()).into(),
        1_i64.into(),
        0_i64.into(),
        user.disabled.then_some(now).into(),
        now.into(),
    ]
}

fn name_rows(user: &ImportedUser) -> Vec<(String, Vec<Value>)> {
    let email = user.email.as_ref().map(|email| (email.as_str(), "email"));
    let row = |(name, kind): (&str, &str)| {
        let values = [name.into(), user.id.to_string().into(), kind.into()];
        (name.to_owned(), values.to_vec())
    };
    let username = (user.username.as_str(), "username");
    [username].into_iter().chain(email).map(row).collect()
}

fn grant_rows(user: &ImportedUser) -> Vec<Vec<Value>> {
    let row = |grant: &Grant| vec![user.id.to_string().into(), grant.as_str().into()];
    user.grants.iter().map(row).collect()
}

/// Inserts rows of equal width; how many.
async fn insert(
    step: &Step<'_>,
    head: &str,
    rows: Vec<Vec<Value>>,
    tail: &str,
) -> Result<u64, StoreError> {
    let mut inserted = 0;
    for rows in rows.chunks(ROWS) {
        let width = rows.first().map_or(0, Vec::len);
        let tuple = |row: usize| format!("({})", places(row * width + 1, width));
        let tuples: Vec<String> = (0..rows.len()).map(tuple).collect();
        let statement = format!("{head} {}{tail}", tuples.join(", "));
        inserted += step.sql.execute(&statement, rows.concat()).await?;
    }
    Ok(inserted)
}

/// `$3, $4, $5` for three from the third on.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

const TAKEN: &str = "
SELECT login_names.name, login_names.kind,
    (SELECT own.name FROM login_names AS own
        WHERE own.user_id = login_names.user_id AND own.kind = 'email') AS email
FROM login_names
WHERE login_names.name IN";

const INSERT_USERS: &str = "
INSERT INTO users (id, password_hash, credential_version, not_before, disabled_at, created_at)
VALUES";

const INSERT_NAMES: &str = "INSERT INTO login_names (name, user_id, kind) VALUES";

const INSERT_GRANTS: &str = "INSERT INTO user_grants (user_id, pattern) VALUES";
