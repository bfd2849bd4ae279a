mod clients;
mod cookie;
mod login;
mod logout;
mod own_scopes;
mod refresh;
mod session_limit;
mod throttle;
