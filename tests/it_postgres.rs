//! Signet through its front door, all over again on PostgreSQL; and several nodes on one database.

#[path = "it/main.rs"]
mod it;
#[path = "it/nodes.rs"]
mod nodes;

use it::{harness, oauth, servers, verify};
