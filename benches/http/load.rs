//! A closed loop over kept-alive connections: each sends its next request once it has the answer.
//!
//! Written against the socket, since a full HTTP client would cost more than the servers it
//! measures.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::{cpu_time, cpu_time_of_all};
use crate::report::Path;
use crate::scripts::Script;

/// Where a server listens, and its process.
pub(crate) type Place = (SocketAddr, u32);

/// One path of one server, or of several in turn, with a script for each connection.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    places: Vec<Place>,
    scripts: Vec<Box<dyn Script>>,
}

/// What one round showed.
pub(crate) struct Round {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Of the server, per request.
    pub(crate) cpu: Duration,
    /// Of what stands behind it, Redis and PostgreSQL.
    pub(crate) cpu_behind: Duration,
}

impl Load {
    pub(crate) fn new<S: Script + 'static>(
        name: &'static str,
        places: &[Place],
        scripts: Vec<S>,
    ) -> Self {
        let scripts = scripts
            .into_iter()
            .map(|script| Box::new(script) as _)
            .collect();
        Self {
            name,
            places: places.to_vec(),
            scripts,
        }
    }

    /// Runs all connections for about `length`.
    pub(crate) async fn round(&mut self, length: Duration) -> Round {
        let mut connections = Vec::new();
        let places = self.places.iter().cycle();
        for (script, (address, _)) in self.scripts.drain(..).zip(places) {
            connections.push((Connection::open(*address).await, script));
        }
        let (cpu_before, all_before) = (self.cpu_time(), cpu_time_of_all());
        let start = Instant::now();
        let mut running = JoinSet::new();
        for (connection, script) in connections {
            running.spawn(run(connection, script, start + length));
        }
        let mut latencies = Vec::new();
        for (script, some) in running.join_all().await {
            self.scripts.push(script);
            latencies.extend(some);
        }
        let elapsed = start.elapsed();
        let cpu = self.cpu_time().saturating_sub(cpu_before);
        let all = cpu_time_of_all().saturating_sub(all_before);
        latencies.sort_unstable();
        let count = u32::try_from(latencies.len()).unwrap();
        Round {
            per_second: f64::from(count) / elapsed.as_secs_f64(),
            p50: latencies[latencies.len() / 2],
            p99: latencies[latencies.len() * 99 / 100],
            cpu: cpu / count,
            cpu_behind: all.saturating_sub(cpu) / count,
        }
    }

    fn cpu_time(&self) -> Duration {
        self.places.iter().map(|(_, pid)| cpu_time(*pid)).sum()
    }
}

async fn run(
    mut connection: Connection,
    mut script: Box<dyn Script>,
    end: Instant,
) -> (Box<dyn Script>, Vec<Duration>) {
    let mut latencies = Vec::new();
    let mut request = Vec::new();
    loop {
        request.clear();
        script.request(&mut request);
        let sent = Instant::now();
        let (status, body) = connection.exchange(&request).await;
        let answered = Instant::now();
        assert!(
            script.expects(status),
            "{status}: {}",
            String::from_utf8_lossy(body)
        );
        script.answered(body);
        latencies.push(answered - sent);
        if answered >= end {
            return (script, latencies);
        }
    }
}

/// An HTTP/1.1 connection that knows as much of HTTP as these servers answer.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
        }
    }

    /// Sends a whole request; returns the answer's status and body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> (u16, &[u8]) {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let head = loop {
            self.read().await;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
        let status = text["HTTP/1.1 ".len()..][..3].parse().unwrap();
        let whole = head + content_length(text);
        while self.buffer.len() < whole {
            self.read().await;
        }
        (status, &self.buffer[head..whole])
    }

    async fn read(&mut self) {
        let count = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert_ne!(count, 0, "the server closed the connection");
    }
}

/// Lets loads run in turn, `count` times for about `length` each. The rounds of each.
pub(crate) async fn in_turn(loads: &mut [Load], count: usize, length: Duration) -> Vec<Path> {
    let mut paths: Vec<Path> = loads.iter().map(|load| (load.name, Vec::new())).collect();
    for number in 1..=count {
        println!("round {number} of {count}");
        for (load, (_, rounds)) in loads.iter_mut().zip(&mut paths) {
            rounds.push(load.round(length).await);
        }
    }
    paths
}

fn content_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.parse().unwrap())
        .expect("every answer measured here tells its length")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
