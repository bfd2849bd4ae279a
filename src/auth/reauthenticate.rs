//! Makes sure that whoever asks for something of consequence is the one who logged in.

use std::time::Duration;

use crate::model::{claims::Audience, password_policy::Password, time::Timestamp};

use super::{Auth, AuthError, Caller, authenticate::Principal, prove::Proof};

/// How long after a login its tokens show who asks.
const FRESH: Duration = Duration::from_mins(5);

/// How somebody shows anew who they are.
pub struct Reauthentication<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// Their current password, as typed.
    pub current_password: Option<&'a str>,
    /// Where they ask from.
    pub caller: &'a Caller,
}

impl Auth {
    /// Passes for the current password, or else for a token of a login within the last five
    /// minutes that is for Signet's own API alone: an everyday token, which a resource server has
    /// seen, shows nothing.
    pub(super) async fn reauthenticate(
        &self,
        shown: &Reauthentication<'_>,
    ) -> Result<(), AuthError> {
        let claims = &shown.principal.claims;
        let Some(typed) = shown.current_password else {
            let own = Audience::One(self.terms.own_audience.clone());
            let age = self.now().since(Timestamp::from_seconds(claims.auth_time));
            return if claims.aud == own && age <= FRESH {
                Ok(())
            } else {
                Err(AuthError::ReauthenticationRequired)
            };
        };
        let password = Password::new(typed);
        let password = password.map_err(|no| AuthError::password("/current_password", no))?;
        let found = self.parts.users.credentials(claims.sub).await?;
        let found = found.ok_or(AuthError::InvalidAccessToken)?;
        let pseudonym = self.parts.pseudonyms.of(found.user.username.as_str());
        let lookup = std::future::ready(Ok(Some(found)));
        match self
            .prove(&pseudonym, &password, lookup, shown.caller)
            .await?
        {
            Proof::Right(_) => Ok(()),
            Proof::Wrong(_) => Err(AuthError::ReauthenticationRequired),
        }
    }
}
