//! Access tokens: what is in ours, and what is refused in others'.

mod bearer;
mod claims;
mod forge;
mod forged;
