//! For whom the process acts just now: what each line of the log names beside what it says itself.
//!
//! It is said once, where a request comes in and where somebody is recognised, and not by every
//! verb. Nothing is decided by it.

use std::{
    future::Future,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use crate::model::authority::Actor;

tokio::task_local! {
    static ACTING: Acting;
}

/// A request that is being answered.
#[derive(Debug, Clone)]
pub struct Acting(Arc<Request>);

#[derive(Debug)]
struct Request {
    id: String,
    address: IpAddr,
    actor: OnceLock<Actor>,
}

impl Acting {
    /// A request by that name, of somebody at that address.
    #[must_use]
    pub fn of(id: String, address: IpAddr) -> Self {
        let actor = OnceLock::new();
        Self(Arc::new(Request { id, address, actor }))
    }

    /// Does `work` as part of it.
    pub async fn doing<T>(self, work: impl Future<Output = T>) -> T {
        ACTING.scope(self, work).await
    }

    /// The one that this line is a part of, if it is one's.
    #[must_use]
    pub fn now() -> Option<Self> {
        ACTING.try_with(Self::clone).ok()
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Where it came from.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Whose credential it came with, once that was checked.
    #[must_use]
    pub fn actor(&self) -> Option<Actor> {
        self.0.actor.get().copied()
    }
}

/// Says who was recognised.
pub(super) fn acts(actor: Actor) {
    // The first one: a credential that is read again for another purpose is the same one's.
    let _: Result<_, _> = ACTING.try_with(|acting| acting.0.actor.set(actor));
}
