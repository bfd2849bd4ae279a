//! What the main paths cost, beside a bare server and this machine's own rates: `make bench`. With
//! the argument `refresh`: what a refresh costs on each store, and as the sessions become many;
//! `refresh redis` measures the cases alone whose names begin so. With `verify`: what a gateway's
//! question costs, with `introspect` a resource server's, what a flood of made-up keys does to
//! either, and what API keys cost as they become many (`introspect 1000`: with so many alone). With
//! `oauth`: the documents and `/oauth/token`. With `signing`: an access token beside its signature.
//!
//! Every server is a process of its own; the load generator shares the machine with it. A machine's
//! speed moves from minute to minute, so all paths are measured in turn, round after round, and the
//! median round counts. Read the ratios, not the figures.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod bare;
mod introspect;
mod keys;
mod load;
mod machine;
mod made_up;
mod oauth;
mod paths;
mod process;
mod refresh;
mod report;
mod scripts;
#[path = "../../tests/servers/mod.rs"]
mod servers;
mod sessions;
mod signet;
mod signing;
mod verify;

use std::env;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match env::args().nth(1).as_deref() {
        Some(bare::ARGUMENT) => runtime.block_on(bare::serve()),
        Some("refresh") => {
            let only = env::args().nth(2).filter(|only| !only.starts_with("--"));
            runtime.block_on(refresh::measure(only.as_deref().unwrap_or_default()));
        }
        Some("introspect") => runtime.block_on(introspect::measure(number())),
        Some("oauth") => runtime.block_on(oauth::measure()),
        Some("signing") => signing::measure(),
        Some("verify") => runtime.block_on(verify::measure(number())),
        _ => runtime.block_on(paths::measure()),
    }
}

/// The number behind the first argument.
fn number() -> Option<usize> {
    env::args().nth(2)?.parse().ok()
}
