//! One port on both loopback addresses: `localhost` is either of them, as the client likes.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::TcpListener;

use crate::cli::{
    failure::{Failure, Kind},
    serve::address_of,
};

/// How often a free port of one address may be taken on the other.
const TRIES: usize = 16;

/// Binds `port` (0: a free one) on 127.0.0.1 and, where the machine has it, on `::1`.
pub(super) async fn bind(port: u16) -> Result<Vec<TcpListener>, Failure> {
    for _ in 0..TRIES {
        let first = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
        let first = first.map_err(|error| refused(port, &error))?;
        let same = address_of(&first)?.port();
        match listen(SocketAddr::from((Ipv6Addr::LOCALHOST, same))).await {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                return Err(refused(port, &error));
            }
            // No IPv6 on this machine: then nobody's localhost is ::1 either.
            Err(_) => return Ok(vec![first]),
        }
    }
    Err(Failure::new(
        Kind::Unavailable,
        "No port is free on both 127.0.0.1 and ::1; choose one with --port.",
    ))
}

async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

fn refused(port: u16, error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::AddrInUse => Failure::new(
            Kind::Unavailable,
            format_args!(
                "Port {port} is taken by another program; stop it, or choose another with --port (0 takes a free one)."
            ),
        ),
        ErrorKind::PermissionDenied => Failure::new(
            Kind::Usage,
            format_args!(
                "Port {port} is for the administrator only; choose one above 1023 with --port."
            ),
        ),
        _ => Failure::new(
            Kind::Failed,
            format_args!("Port {port} cannot be opened ({error}); choose another with --port."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_addresses_share_a_port_and_a_taken_one_is_named() {
        let listeners = bind(0).await.unwrap();
        let ports: Vec<u16> = listeners
            .iter()
            .map(|l| l.local_addr().unwrap().port())
            .collect();
        assert!(ports.iter().all(|port| *port == ports[0] && *port != 0));
        let failure = bind(ports[0]).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Unavailable);
    }
}
