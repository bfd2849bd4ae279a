//! Signet through its front door, all over again with Redis in front of PostgreSQL; several nodes on
//! both; and Redis going away.

#[path = "it/main.rs"]
mod it;
#[path = "it/nodes.rs"]
mod nodes;

use it::{harness, oauth, servers, verify};
