//! `/v1/clients`.

mod choices;
mod jwks;
mod shapes;

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use crate::{
    auth::Auth,
    http::{
        answer::{Answer, Created, NoContent},
        body::Body,
        problem::Refusal,
    },
    model::id::ClientId,
};

use super::{
    Tag,
    administrator::{Administrator, ClientsRead, ClientsWrite},
    caller::caller,
    listing::{Cursor, PageSize, named, paging},
};
use shapes::{
    ClientCreation, ClientItem, ClientPage, ClientSecretRotation, ClientUpdate, IssuedClientItem,
};

/// Administers clients.
pub struct ClientsApi(pub(super) Arc<Auth>);

#[OpenApi(tag = "Tag::Clients")]
impl ClientsApi {
    /// Register a client.
    ///
    /// A confidential one is given a secret, which is shown only now, and scopes of its own: no more
    /// than the caller's credential includes.
    #[oai(path = "/v1/clients", method = "post", operation_id = "createClient")]
    async fn create(
        &self,
        request: &Request,
        administrator: Administrator<ClientsWrite>,
        body: Body<ClientCreation>,
    ) -> Result<Created<IssuedClientItem>, Refusal> {
        let (by, Body(new), caller) = (&administrator.authority, body, caller(request));
        let shown = administrator.shown(new.current_password.as_ref(), &caller);
        let kind = new.kind.into();
        let made = self.0.create_client(by, Some(&shown), kind, new.wish());
        Ok(Created::new(made.await?.into()))
    }

    /// List clients.
    ///
    /// The oldest first, a page at a time, without the default client.
    #[oai(path = "/v1/clients", method = "get", operation_id = "listClients")]
    async fn list(
        &self,
        _administrator: Administrator<ClientsRead>,
        /// Where to go on: the `next_cursor` of the page before.
        cursor: Query<Option<Cursor<ClientId>>>,
        /// How many to list at most.
        #[oai(default)]
        limit: Query<PageSize>,
    ) -> Result<Answer<ClientPage>, Refusal> {
        let page = self.0.list_clients(paging(cursor, limit)).await?;
        Ok(Answer::new(page.into()))
    }

    /// Show a client.
    #[oai(path = "/v1/clients/:id", method = "get", operation_id = "getClient")]
    async fn get(
        &self,
        _administrator: Administrator<ClientsRead>,
        /// The client's identifier.
        id: Path<String>,
    ) -> Result<Answer<ClientItem>, Refusal> {
        let client = self.0.show_client(named(&id.0)?).await?;
        Ok(Answer::new(client.into()))
    }

    /// Choose anew what holds for a client.
    ///
    /// The whole of it: what is absent is as configured, not as it was (RFC 7592 section 2.2).
    #[oai(
        path = "/v1/clients/:id",
        method = "put",
        operation_id = "updateClient"
    )]
    async fn update(
        &self,
        request: &Request,
        administrator: Administrator<ClientsWrite>,
        /// The client's identifier.
        id: Path<String>,
        body: Body<ClientUpdate>,
    ) -> Result<Answer<ClientItem>, Refusal> {
        let (by, Body(update), caller) = (&administrator.authority, body, caller(request));
        let shown = administrator.shown(update.current_password.as_ref(), &caller);
        let id = named(&id.0)?;
        let client = self.0.update_client(by, Some(&shown), id, update.wish());
        Ok(Answer::new(client.await?.into()))
    }

    /// Disable a client.
    ///
    /// The sessions of its users end, its tokens count no more, and it is given nothing.
    #[oai(
        path = "/v1/clients/:id/disable",
        method = "post",
        operation_id = "disableClient"
    )]
    async fn disable(
        &self,
        administrator: Administrator<ClientsWrite>,
        /// The client's identifier.
        id: Path<String>,
    ) -> Result<Answer<ClientItem>, Refusal> {
        let by = &administrator.authority;
        let client = self.0.disable_client(by, named(&id.0)?).await?;
        Ok(Answer::new(client.into()))
    }

    /// Let a disabled client go on.
    ///
    /// Ended sessions stay ended.
    #[oai(
        path = "/v1/clients/:id/enable",
        method = "post",
        operation_id = "enableClient"
    )]
    async fn enable(
        &self,
        administrator: Administrator<ClientsWrite>,
        /// The client's identifier.
        id: Path<String>,
    ) -> Result<Answer<ClientItem>, Refusal> {
        let by = &administrator.authority;
        let client = self.0.enable_client(by, named(&id.0)?).await?;
        Ok(Answer::new(client.into()))
    }

    /// Give a confidential client another secret.
    ///
    /// The older one is worthless at once, or after the overlap that is asked for.
    #[oai(
        path = "/v1/clients/:id/rotate-secret",
        method = "post",
        operation_id = "rotateClientSecret"
    )]
    async fn rotate(
        &self,
        request: &Request,
        administrator: Administrator<ClientsWrite>,
        /// The client's identifier.
        id: Path<String>,
        body: Body<ClientSecretRotation>,
    ) -> Result<Answer<IssuedClientItem>, Refusal> {
        let (by, Body(rotation), caller) = (&administrator.authority, body, caller(request));
        let shown = administrator.shown(rotation.current_password.as_ref(), &caller);
        let (id, overlap) = (named(&id.0)?, rotation.overlap());
        let issued = self.0.rotate_client_secret(by, Some(&shown), id, overlap);
        Ok(Answer::new(issued.await?.into()))
    }

    /// Delete a client.
    ///
    /// The sessions of its users end, its tokens count no more; the identifier is never given again.
    #[oai(
        path = "/v1/clients/:id",
        method = "delete",
        operation_id = "deleteClient"
    )]
    async fn delete(
        &self,
        administrator: Administrator<ClientsWrite>,
        /// The client's identifier.
        id: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let by = &administrator.authority;
        self.0.delete_client(by, named(&id.0)?).await?;
        Ok(NoContent::default())
    }
}
