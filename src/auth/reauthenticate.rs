//! Has somebody who is logged in prove anew who they are, before they hand out lasting power.
//!
//! An everyday access token is not enough: resource servers have seen it. The current password is,
//! and so is a token that only this API has seen, soon after its login.

use std::{future::ready, time::Duration};

use crate::{
    crypto::lane::Share,
    model::{claims::Audience, password_policy::Password, time::Timestamp},
    store::users::Credentials,
};

use super::{
    Auth, AuthError, Caller,
    authenticate::{Credential, Principal},
    prove::Proof,
};

/// How long ago a login may be that needs no proof yet.
const FRESH_FOR: Duration = Duration::from_mins(5);

/// How somebody shows anew who they are.
pub struct Reauthentication<'a> {
    /// What they present.
    pub credential: &'a Credential,
    /// Their current password, as typed.
    pub current_password: Option<&'a str>,
    /// Where they ask from.
    pub caller: &'a Caller,
}

impl Auth {
    /// Refuses, unless the current password is right, or none is given and the login is fresh and
    /// its token for this API alone. Whoever presents an API key cannot show who they are.
    pub(super) async fn reauthenticate(
        &self,
        shown: &Reauthentication<'_>,
    ) -> Result<(), AuthError> {
        let me = shown.credential.person();
        let me = me.ok_or(AuthError::ReauthenticationRequired)?;
        self.reauthenticate_person(me, shown.current_password, shown.caller)
            .await
    }

    /// The same of a person in a session.
    pub async fn reauthenticate_person(
        &self,
        me: &Principal,
        current_password: Option<&str>,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        match current_password {
            Some(typed) => self.prove_again(me, typed, caller).await.map(drop),
            None if self.is_fresh(me) => Ok(()),
            None => Err(AuthError::ReauthenticationRequired),
        }
    }

    /// The caller's account, if this is their current password.
    pub(super) async fn prove_again(
        &self,
        me: &Principal,
        typed: &str,
        caller: &Caller,
    ) -> Result<Box<Credentials>, AuthError> {
        let current = Password::new(typed);
        let current = current.map_err(|no| AuthError::password("/current_password", no))?;
        let user = me.claims.sub;
        let found = self.parts.users.credentials(user).await?;
        let found = found
            .filter(|found| found.user.is_enabled())
            .ok_or(AuthError::InvalidAccessToken)?;
        let pseudonym = self.parts.pseudonyms.of(found.user.username.as_str());
        let lookup = ready(Ok(Some(found)));
        let proof = self.prove(&pseudonym, &current, lookup, Share::Login, caller);
        match proof.await? {
            Proof::Right(account) => Ok(account),
            Proof::Wrong(_) => {
                tracing::info!(
                    target: "signet::event", event = "reauthentication.refused", %user,
                    session = %me.claims.sid, address = %caller.address,
                );
                Err(AuthError::ReauthenticationRequired)
            }
        }
    }

    fn is_fresh(&self, me: &Principal) -> bool {
        let only_ours = me.claims.aud == Audience::One(self.terms.own_audience.clone());
        let proven_at = Timestamp::from_seconds(me.claims.auth_time);
        only_ours && self.now().since(proven_at) <= FRESH_FOR
    }
}
