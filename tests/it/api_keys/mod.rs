//! API keys through the front door: one's own, those that administrators see, and how each is
//! refused.

mod administered;
mod by_password;
mod escalation;
mod mine;
mod presented;
mod usage;
