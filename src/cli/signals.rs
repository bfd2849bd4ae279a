//! The signals that ask a server to stop.

use std::{future::Future, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::{Failure, Kind};

/// Ends with the first SIGTERM, SIGINT or SIGHUP from now on, also one that comes before it is
/// awaited. A SIGHUP that this process was started to ignore (`nohup`) stays ignored.
pub(super) fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut terminate = watch(SignalKind::terminate())?;
    let mut interrupt = watch(SignalKind::interrupt())?;
    let mut hangup = if ignores_hangup() {
        None
    } else {
        Some(watch(SignalKind::hangup())?)
    };
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hung_up => {}
        }
    })
}

fn watch(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error: io::Error| {
        Failure::new(
            Kind::Failed,
            format_args!("Signals cannot be watched ({error}); look at this machine's limits."),
        )
    })
}

/// Linux tells in a mask of the signals that are ignored; elsewhere nobody asks.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    is_ignored(&status, SignalKind::hangup().as_raw_value())
}

fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_which_signals_are_ignored() {
        let status = "Name:\tsignet\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(status, 1) && is_ignored(status, 13));
        assert!(!is_ignored(status, 2) && !is_ignored("", 1));
    }
}
