//! An application behind a gateway, which answers with what it was sent.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Answers every request with its head and body; ends with this value.
pub(super) struct Application {
    pub(super) address: SocketAddr,
    running: JoinHandle<()>,
}

impl Application {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(echo(stream));
            }
        });
        Self { address, running }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn echo(mut stream: TcpStream) {
    let mut said = Vec::new();
    while !is_whole(&said) {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(length) => said.extend(&part[..length]),
        }
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        said.len()
    );
    stream
        .write_all(&[head.as_bytes(), &said].concat())
        .await
        .ok();
}

fn is_whole(said: &[u8]) -> bool {
    let text = String::from_utf8_lossy(said).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    length.is_none_or(|length| body.len() >= length.trim().parse::<usize>().unwrap())
}
