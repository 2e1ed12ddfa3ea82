//! Why no connection came about, found out by one more of our own.
//!
//! With TLS 1.3 a server judges our certificate after we believe to be connected, and its verdict
//! is lost in the layers between; a server that speaks TLS just hangs up on who does not. So after a
//! failure we begin as an HTTP/2 client does (RFC 9113 §3.4), and look at the answer ourselves.

use std::time::Duration;

use model::explain::StoreFault;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::credentials::Credentials;
use super::fault::of_io;
use super::{Endpoint, fault};

/// The preface with an empty SETTINGS frame.
const OPENING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The first byte of a TLS alert (RFC 8446 §5.1), which no HTTP/2 server begins with.
const TLS_ALERT: u8 = 0x15;

/// What stands in the way of a connection; `None` if nothing does any more.
pub(super) async fn diagnose(
    endpoint: &Endpoint,
    credentials: Option<&Credentials>,
    limit: Duration,
) -> Option<StoreFault> {
    let found = tokio::time::timeout(limit, look(endpoint, credentials)).await;
    found.unwrap_or_else(|_| Some(fault::no_answer(limit)))
}

async fn look(endpoint: &Endpoint, credentials: Option<&Credentials>) -> Option<StoreFault> {
    let identity = credentials.is_some_and(Credentials::have_identity);
    let read = |error| Some(of_io(&error, &endpoint.host, identity));
    let socket = match TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await {
        Ok(socket) => socket,
        Err(error) => return read(error),
    };
    let Some(credentials) = credentials else {
        return match first_byte(socket).await {
            Ok(Some(TLS_ALERT) | None) => Some(StoreFault::TlsWanted),
            Ok(Some(_)) => None,
            Err(error) => read(error),
        };
    };
    let name = match ServerName::try_from(endpoint.host.clone()) {
        Ok(name) => name,
        Err(error) => return Some(StoreFault::Tls { why: error.to_string() }),
    };
    let stream = TlsConnector::from(credentials.config()).connect(name, socket).await;
    match stream {
        // Who hangs up on a greeting has not understood it.
        Err(error) => read(error).map(|fault| match fault {
            StoreFault::Closed => StoreFault::NoTls,
            other => other,
        }),
        Ok(stream) => first_byte(stream).await.err().and_then(read),
    }
}

/// The first that a server says to an HTTP/2 client; `None` if it hangs up.
async fn first_byte(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> std::io::Result<Option<u8>> {
    stream.write_all(OPENING).await?;
    stream.flush().await?;
    let mut byte = [0];
    let read = stream.read(&mut byte).await?;
    Ok((read > 0).then_some(byte[0]))
}
