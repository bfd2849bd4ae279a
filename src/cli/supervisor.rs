//! What a supervisor is told that asks for it by `NOTIFY_SOCKET`: `sd_notify`(3), systemd's
//! `Type=notify`.

use std::{env, ffi::OsStr, io, os::unix::net::UnixDatagram};

/// Tells it that the server answers. One that asks and cannot be told is worth a warning: it will
/// take the server for one that hangs.
pub(super) fn tell_ready() {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    if let Err(error) = send(&socket, b"READY=1") {
        tracing::warn!(%error, "NOTIFY_SOCKET is set, and its supervisor cannot be told");
    }
}

fn send(socket: &OsStr, state: &[u8]) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to(state, socket)?;
    Ok(())
}
