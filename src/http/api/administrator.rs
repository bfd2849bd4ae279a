//! Who asks, where only those may who hold a scope of Signet's own.

use std::marker::PhantomData;

use poem::{Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};

use crate::{
    auth::{Caller, authenticate::Credential, reauthenticate::Reauthentication},
    http::{problem::Refusal, secret::Secret},
    model::{authority::Authority, own_scope::OwnScope},
};

use super::principal::{AnyBearer, auth};

/// The bearer of an access token or an API key that includes the scope `N`, which its owner is
/// granted still.
/// Anybody else is refused before the body is read (RFC 6750 §3.1).
pub(super) struct Administrator<N> {
    /// Who they are.
    pub credential: Credential,
    /// What they may do.
    pub authority: Authority,
    needs: PhantomData<N>,
}

/// A scope as a type, so that an operation's signature states what it needs.
pub(super) trait Need: Send + Sync + 'static {
    const SCOPE: OwnScope;
}

macro_rules! needs {
    ($($scope:ident)*) => {$(
        pub(super) struct $scope;
        impl Need for $scope {
            const SCOPE: OwnScope = OwnScope::$scope;
        }
    )*};
}

needs! {
    ApiKeysRead ApiKeysWrite ClientsRead ClientsWrite ScopesRead ScopesWrite SigningKeysRead
    SigningKeysWrite UsersRead UsersWrite
}

impl<N> Administrator<N> {
    /// How they show anew who they are.
    pub(super) fn shown<'a>(
        &'a self,
        current_password: Option<&'a Secret>,
        caller: &'a Caller,
    ) -> Reauthentication<'a> {
        Reauthentication {
            credential: &self.credential,
            current_password: current_password.map(Secret::expose),
            caller,
        }
    }
}

impl<'a, N: Need> ApiExtractor<'a> for Administrator<N> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        AnyBearer::register(registry);
    }

    /// The scope in place of a scheme: the document says of such an operation that a bearer is
    /// needed, and what it must hold.
    fn security_schemes() -> Vec<&'static str> {
        vec![N::SCOPE.as_str()]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let AnyBearer(credential) = AnyBearer::from_request(request, body, options).await?;
        let authority = auth(request)?.authorize(&credential, N::SCOPE).await;
        Ok(Self {
            authority: authority.map_err(Refusal::from)?,
            credential,
            needs: PhantomData,
        })
    }
}
