mod password;
mod profile;
mod sessions;
