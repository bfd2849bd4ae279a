//! API keys: one's own, those that administrators see, and one for a password.

mod all;
mod by_password;
mod mine;
mod shapes;

pub use all::ApiKeysApi;
pub use by_password::PasswordKeyApi;
pub use mine::MyApiKeysApi;
