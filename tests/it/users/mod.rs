mod guard;
mod import;
mod sessions;
