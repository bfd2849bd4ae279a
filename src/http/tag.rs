//! The chapters of the API description.

use poem_openapi::Tags;

/// What an operation is about.
#[derive(Tags)]
pub enum Tag {
    /// Logging in, staying logged in, logging out.
    Auth,
    /// What a logged-in person may do with their own account.
    Me,
    /// What verifiers and clients need to know about this server.
    Discovery,
}
