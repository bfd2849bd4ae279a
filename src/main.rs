//! The `signet` binary.

use std::process::ExitCode;

/// A refresh allocates some dozens of times: the system's allocator took a tenth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    signet::cli::main()
}
