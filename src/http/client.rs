//! Asks a server, over HTTP/1.1 and TLS: how `signet doctor` sees a deployment from outside.
//!
//! One connection a question, no redirect followed, the machine's own certificate authorities.

use std::{error::Error, io, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, crypto::ring::default_provider as provider,
        pki_types::ServerName,
    },
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer of ours is longer.
const MAX_BODY: usize = 1 << 20;

/// Asks. Knows whom this machine trusts.
pub struct Client(TlsConnector);

/// What was answered.
pub struct Told {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The address of this machine that was asked from.
    pub from: IpAddr,
}

/// Why there is no answer. Each is the end of a sentence that begins with the URL.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL names no server.
    #[error("is no URL of a server")]
    Url,
    /// Nobody listens there, or there is no such name.
    #[error("cannot be reached ({0})")]
    Unreachable(#[source] io::Error),
    /// The certificate is not to be trusted, or it speaks no TLS.
    #[error("does not speak TLS that this machine trusts ({0})")]
    Tls(#[source] io::Error),
    /// What it says is no HTTP.
    #[error("does not answer in HTTP ({0})")]
    Http(#[source] Box<dyn Error + Send + Sync>),
    /// It did not answer in time.
    #[error("does not answer within 10 s")]
    TooLate,
}

impl Client {
    /// Trusts whom this machine trusts.
    pub fn new() -> Result<Self, ClientError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| ClientError::Tls(io::Error::other(error)))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Sends a request to the server that its URL names.
    pub async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Told, ClientError> {
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        answer.map_err(|_| ClientError::TooLate)?
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<Told, ClientError> {
        let url = request.uri().clone();
        let is_secure = url.scheme_str() == Some("https");
        let host = url.host().ok_or(ClientError::Url)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        address(&mut request, &url)?;

        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(ClientError::Unreachable)?;
        let from = stream.local_addr().map_err(ClientError::Unreachable)?.ip();
        if is_secure {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| ClientError::Url)?;
            let stream = self.0.connect(name, stream).await;
            send(stream.map_err(ClientError::Tls)?, request, from).await
        } else {
            send(stream, request, from).await
        }
    }
}

/// Puts the path into the request's first line and the server into `Host` (RFC 9112 §3.2).
fn address(request: &mut Request<Full<Bytes>>, url: &Uri) -> Result<(), ClientError> {
    let host = url.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::try_from(host).map_err(|_| ClientError::Url)?;
    request.headers_mut().insert(header::HOST, host);
    let target = url.path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse().map_err(|_| ClientError::Url)?;
    Ok(())
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
    from: IpAddr,
) -> Result<Told, ClientError> {
    let wrong = |error: hyper::Error| ClientError::Http(error.into());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(wrong)?;
    // What goes wrong with the connection is told to whoever waits for the answer.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(wrong)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await;
    Ok(Told {
        status: head.status,
        headers: head.headers,
        body: body.map_err(ClientError::Http)?.to_bytes(),
        from,
    })
}
