//! Which client asks.

use crate::model::client::Client;

use super::Auth;

impl Auth {
    /// The client of that identifier; the default one where none is given, nothing where there is
    /// no such client.
    #[must_use]
    pub fn client_named(&self, id: Option<&str>) -> Option<&Client> {
        let default = &self.terms.default_client;
        let meant = id.is_none_or(|id| id.parse() == Ok(default.id));
        meant.then_some(default)
    }
}
