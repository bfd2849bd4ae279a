//! An API without its state: enough to describe it, nothing to run it.

use std::collections::HashMap;
use std::marker::PhantomData;

use http::Method;
use poem::endpoint::BoxEndpoint;
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaApi, MetaPath, Registry};

/// Describes `T`, each path once: the framework writes a path twice if two structs share it, and
/// readers then lose the first.
pub(super) struct Outline<T>(PhantomData<fn() -> T>);

impl<T> Outline<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: OpenApi> OpenApi for Outline<T> {
    fn meta() -> Vec<MetaApi> {
        let mut merged: Vec<MetaPath> = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            match merged.iter_mut().find(|known| known.path == path.path) {
                Some(known) => known.operations.extend(path.operations),
                None => merged.push(path),
            }
        }
        vec![MetaApi { paths: merged }]
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}
