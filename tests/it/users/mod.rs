mod guard;
mod sessions;
