//! Takes over users of another system, many at a time.
//!
//! For the command line: whoever calls this has been allowed to. A user is there whole or not at
//! all; whoever is there already stays as they are, so that it can be done again.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    crypto::{foreign::ForeignHash, random},
    model::{
        id::UserId,
        scope::{Grant, Grants},
        user::{Email, Username},
    },
    store::{
        error::{Conflict, StoreError},
        users::{Imported, ImportedUser, Names, PasswordHash},
    },
};

use super::{Auth, AuthError};

/// How often a group is tried: somebody else may take a name at the same moment, and a database
/// that is busy for some seconds is no reason to stop an import.
const ATTEMPTS: usize = 5;
/// How long a busy database is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// A user as another system describes them.
pub struct Arrival {
    /// The name to log in with.
    pub username: String,
    /// An e-mail address to log in with too.
    pub email: Option<String>,
    /// What they may be given.
    pub grants: Vec<String>,
    /// Whether they may not log in.
    pub disabled: bool,
    /// The hash of their password in one of the forms of [`crypto::foreign`](crate::crypto::foreign);
    /// without one they cannot log in until a password is set.
    pub password_hash: Option<Zeroizing<String>>,
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// They are created, or would be.
    Created,
    /// They are there already, and stay as they are.
    Existing,
    /// They are not created.
    Refused {
        /// The field at fault, as [`Arrival`] has it.
        field: &'static str,
        /// What is wrong with it and what to do. Never a password or its hash.
        reason: String,
    },
}

/// Who would have been created so far, where nobody is.
#[derive(Default)]
pub struct Rehearsal(Names);

impl Auth {
    /// Creates these users but for those who are refused or there already, all at once; with a
    /// rehearsal nobody, and tells what would be. The answers are in order.
    pub async fn import_users(
        &self,
        arrivals: &[Arrival],
        rehearsal: Option<&mut Rehearsal>,
    ) -> Result<Vec<Arrived>, AuthError> {
        let judged: Vec<_> = arrivals.iter().map(|one| self.admit(one)).collect();
        let users: Vec<ImportedUser> = judged.iter().flatten().cloned().collect();
        let stored = match rehearsal {
            Some(Rehearsal(names)) => self.parts.users.rehearse_import(&users, names).await?,
            None => self.store(users).await?,
        };
        let mut stored = stored.into_iter();
        let answers = judged.into_iter().filter_map(|judged| match judged {
            Ok(_) => stored.next().map(arrived),
            Err(refused) => Some(refused),
        });
        Ok(answers.collect())
    }

    async fn store(&self, users: Vec<ImportedUser>) -> Result<Vec<Imported>, AuthError> {
        let mut attempt = 1;
        loop {
            match self.parts.users.import(users.clone()).await {
                Err(StoreError::Conflict(Conflict::UsernameTaken)) if attempt < ATTEMPTS => {
                    attempt += 1;
                }
                // It may be done all the same; then they are there already.
                Err(cause @ StoreError::Unavailable(_)) if attempt < ATTEMPTS => {
                    tracing::warn!(%cause, "a group of users is tried again");
                    tokio::time::sleep(PAUSE).await;
                    attempt += 1;
                }
                outcome => {
                    let outcome = outcome?;
                    let created = outcome.iter().filter(|one| **one == Imported::Created);
                    let count = created.count();
                    tracing::info!(target: "signet::event", event = "users.imported", count);
                    return Ok(outcome);
                }
            }
        }
    }

    fn admit(&self, arrival: &Arrival) -> Result<ImportedUser, Arrived> {
        let username = Username::of_newcomer(&arrival.username);
        let email = arrival.email.as_deref().map(str::parse::<Email>);
        let hash = arrival.password_hash.as_ref();
        let hash = hash.map(|text| ForeignHash::take_over(text)).transpose();
        let hash = hash.map_err(|why| refused("password_hash", &why))?;
        Ok(ImportedUser {
            id: UserId::new(self.now(), random::bytes(&*self.parts.rng)),
            username: username.map_err(|why| refused("username", &why))?,
            email: email.transpose().map_err(|why| refused("email", &why))?,
            password_hash: hash.map(|hash| PasswordHash::new(hash.as_stored().to_owned())),
            grants: self.admit_grants(&arrival.grants)?,
            disabled: arrival.disabled,
        })
    }

    fn admit_grants(&self, texts: &[String]) -> Result<Grants, Arrived> {
        let registry = self.registry();
        let admit = |text: &String| {
            let grant: Grant = text.parse().map_err(|why| refused("grants", &why))?;
            if grant.as_str() == "*" || grant.as_str().starts_with("signet.") {
                let why = "nobody is made an administrator by a file: leave out `*` and `signet.…`, \
                           and use `signet user grant`";
                return Err(refused("grants", &why));
            }
            match grant.as_scope() {
                Some(scope) if !registry.knows(&scope) => {
                    let why = format!(
                        "{scope} is not registered: `signet scope add {scope}` registers it"
                    );
                    Err(refused("grants", &why))
                }
                _ => Ok(grant),
            }
        };
        texts.iter().map(admit).collect()
    }
}

fn arrived(outcome: Imported) -> Arrived {
    match outcome {
        Imported::Created => Arrived::Created,
        Imported::Existing => Arrived::Existing,
        Imported::Taken(conflict @ Conflict::EmailTaken) => refused("email", &conflict),
        Imported::Taken(conflict) => refused("username", &conflict),
    }
}

fn refused(field: &'static str, why: &dyn std::fmt::Display) -> Arrived {
    Arrived::Refused {
        field,
        reason: why.to_string(),
    }
}
