//! How the world speaks to Signet.
//!
//! Owns everything that is HTTP: sockets, request limits, bodies and headers in and out, CORS and
//! CSRF, the error shape, the OpenAPI document. It decides nothing about people, sessions or
//! tokens: a handler takes parsed input, calls one verb of `auth` and shapes the answer. Home of
//! poem, poem-openapi and hyper.

pub mod address;
pub mod answer;
pub mod api;
pub mod arrival;
pub mod bearer;
pub mod body;
pub mod client;
mod client_basic;
mod codes;
pub mod cookie;
pub mod cors;
pub mod csrf;
pub mod docs;
pub mod document;
pub mod edge;
mod errors;
pub mod headers;
pub mod host;
mod inline_type;
pub mod issuer_path;
mod json_object;
mod moment;
pub mod oauth;
pub mod prepared;
pub mod probes;
pub mod problem;
pub mod query;
pub mod routes;
pub mod secret;
pub mod server;
mod site;
mod spelling;
pub mod surface;
pub mod verify;
pub mod wellknown;
pub mod works;

pub use site::{Site, openapi, serve, serve_metrics};
