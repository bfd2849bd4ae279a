//! Creates a key for whoever knows a password: for scripts that have no access token.

use crate::{
    auth::{
        Auth, AuthError, Caller, Conflict,
        clients::{Asking, within_client},
    },
    model::{authority::Authority, scope::Scopes, user::User},
};

use super::{IssuedKey, KeyRef, KeyRotation, KeyWish};

/// What somebody wants a key with.
pub struct PasswordKey<'a> {
    /// A username or an e-mail address, as typed.
    pub login_name: &'a str,
    /// The password, as typed.
    pub password: &'a str,
    /// The client that asks.
    pub client: Asking<'a>,
    /// What the key is called.
    pub name: &'a str,
    /// Scopes and patterns; everything granted but Signet's own where absent.
    pub scopes: Option<&'a [String]>,
    /// Whether a key of this name is rotated.
    pub rotate: bool,
    /// Who asks.
    pub caller: &'a Caller,
}

impl Auth {
    /// Creates or rotates a key, if the password is right and the client allows it.
    pub async fn api_key_for_password(
        &self,
        wanted: PasswordKey<'_>,
    ) -> Result<(IssuedKey, User), AuthError> {
        let client = self.asked(&wanted.client, None, &[])?.client;
        if !client.keys_for_passwords {
            let detail = "This client makes no API keys for passwords: log in, then create one.";
            return Err(AuthError::field("/client_id", "not_allowed", detail));
        }
        if wanted
            .scopes
            .is_some_and(|all| all.iter().any(|one| one.starts_with("signet.")))
        {
            let detail = "Leave out signet.*: log in with it, then create a key.";
            return Err(AuthError::field("/scopes", "not_allowed", detail));
        }
        let account = self
            .check_password(wanted.login_name, wanted.password, wanted.caller)
            .await?;
        let user = account.user;
        // What a login that asks for nothing has.
        let registry = self.registry();
        let everyday: Scopes = user.grants.effective(None, &registry);
        let everyday = within_client(everyday, &client);
        let by = Authority::of(user.id, &user.grants, &everyday, &registry);
        let wish = KeyWish {
            name: Some(wanted.name),
            scopes: wanted.scopes,
            ..KeyWish::default()
        };
        let issued = match self.create_api_key(&by, Some(user.id), wish).await {
            Err(AuthError::Conflict(Conflict::ApiKeyExists(id))) if wanted.rotate => {
                let key = KeyRef {
                    id,
                    of: Some(user.id),
                };
                self.rotate_api_key(&by, &key, KeyRotation::default())
                    .await?
            }
            other => other?,
        };
        Ok((issued, user))
    }
}
