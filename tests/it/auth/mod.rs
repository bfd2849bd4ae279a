mod cookie;
mod login;
mod logout;
mod refresh;
mod throttle;
