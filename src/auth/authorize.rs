//! Tells what somebody who has authenticated may do, and upon whom.
//!
//! A scope that was taken back counts no more, though the access token that carries it lives on.

use crate::model::{authority::Authority, own_scope::OwnScope, user::User};

use super::{
    Auth, AuthError,
    authenticate::{Credential, Principal},
};

impl Auth {
    /// What a person may do now, by the access token that they present.
    pub async fn authority(&self, me: &Principal) -> Result<Authority, AuthError> {
        let user = self.enabled_user(me.claims.sub).await?;
        let user = user.ok_or(AuthError::InvalidAccessToken)?;
        let (carried, registry) = (&me.claims.scope, self.registry());
        Ok(Authority::of(user.id, &user.grants, carried, &registry))
    }

    /// What the bearer may do now, if that includes `needed`.
    pub async fn authorize(
        &self,
        credential: &Credential,
        needed: OwnScope,
    ) -> Result<Authority, AuthError> {
        let authority = match credential {
            Credential::Session(me) => self.authority(me).await?,
            Credential::Key(holder) => holder.authority(),
        };
        if authority.includes(&needed.scope()) {
            return Ok(authority);
        }
        tracing::info!(
            target: "signet::event", event = "access.refused", actor = %authority,
            needed = needed.as_str(),
        );
        Err(AuthError::InsufficientScope(needed))
    }

    /// Refuses to act on the credentials of somebody who may do more than the actor: they would be
    /// a way to do it.
    pub(super) fn check_reach(&self, by: &Authority, user: &User) -> Result<(), AuthError> {
        if by.contains(&user.grants, &self.registry()) {
            return Ok(());
        }
        tracing::info!(
            target: "signet::event", event = "escalation.refused", actor = %by, user = %user.id,
        );
        Err(AuthError::WouldEscalate)
    }
}
