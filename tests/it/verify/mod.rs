//! Forward-auth, as gateways ask for it.

mod answers;
mod api_keys;
mod application;
mod basic;
mod credentials;
mod dialects;
pub(crate) mod gateway;
mod hostile;
mod nginx;
mod seeds;
mod session_cookie;
mod states;
