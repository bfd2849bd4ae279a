//! What the process tells its operators: log lines on stderr, and metrics for Prometheus.
//!
//! Owns the form of both. What is worth telling is said where it happens, with `tracing` and
//! `metrics`; nothing there may hold a password, token, key or cookie. The metrics listener itself
//! is http's: [`Metrics::render`] gives it its page.

mod lines;
mod logging;
mod metrics;

pub use self::metrics::{Metrics, MetricsError};
pub use logging::{LoggingError, install};
