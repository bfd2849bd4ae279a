//! Forward-auth, as gateways ask for it.

mod answers;
mod basic;
mod credentials;
mod dialects;
pub(crate) mod gateway;
mod hostile;
mod session_cookie;
mod states;
