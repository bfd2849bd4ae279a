//! Who asks, as far as the connection tells.

use poem::Request;

use crate::{
    auth::Caller,
    http::arrival::{self, Arrival},
};

/// The caller of `request`.
pub(in crate::http) fn caller(request: &Request) -> Caller {
    Caller {
        address: Arrival::of(request).address(),
        label: arrival::device_label(request.headers()),
    }
}
