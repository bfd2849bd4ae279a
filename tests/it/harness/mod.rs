//! A deterministic server and the people in front of it.
//!
//! A test starts a [`TestServer`] of its own: in this process, on a free port, with a database and
//! keys in a temporary folder, seeded randomness, a clock that only the test moves, and an Argon2
//! that costs nothing. It then acts as one of three: somebody without a credential (the server's
//! own `get`, `post`…), a [`Person`] who holds tokens, or a [`Browser`] that holds cookies.

mod answer;
mod browser;
mod clock;
mod document;
mod log;
mod person;
mod server;
mod store;
mod wire;

pub(crate) use answer::{Answer, Ask};
pub(crate) use browser::Browser;
use clock::ManualClock;
pub(crate) use document::fits;
pub(crate) use log::Log;
pub(crate) use person::{Key, Person, part};
pub(crate) use server::{ORIGIN, PASSWORD, TestServer};
pub(crate) use store::Store;
pub(crate) use wire::say;
