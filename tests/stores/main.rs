//! The stores, on a real database: what each promises in its documentation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Runs each of these functions, which take a [`Place`](place::Place), as a test on each database.
macro_rules! on_each_database {
    ($($promise:ident,)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    super::$promise(crate::place::Place::sqlite().await).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    super::$promise(crate::place::Place::postgres().await).await;
                }
            )*
        }
    };
}

mod api_keys;
mod changes;
mod circles;
mod everyone;
mod families;
mod heard;
mod housekeeping;
mod journal;
mod keys;
mod limit;
mod long_log;
mod migrations;
mod place;
mod redis;
mod rule;
mod scopes;
mod server;
#[path = "../servers/mod.rs"]
mod servers;
mod tested;
mod user_search;
mod users;
mod writer;
