mod administer;
mod guard;
mod import;
mod sessions;
mod update;
