//! What went wrong at one member, told apart from what libraries and etcd say of it.
//!
//! etcd's own words are part of its protocol: its error texts are fixed (api/v3rpc/rpctypes/error.go)
//! and its clients tell the errors apart by them.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use etcd_client::Error as EtcdError;
use model::explain::StoreFault;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

/// What all error texts of etcd begin with.
const ETCD_SAYS: &str = "etcdserver: ";

/// How one attempt ended that brought no answer.
pub(super) enum Failed {
    /// The member could not do it; another may.
    Fault(StoreFault),
    /// The revision asked for is not kept any more.
    Compacted,
    /// The lease has run out.
    NoLease,
}

/// Reads an error that came from this host; `identity`: whether we showed a certificate.
pub(super) fn failed(error: &EtcdError, host: &str, identity: bool) -> Failed {
    // The client of etcd tells of it in its own words if that is the first answer of a stream.
    if matches!(error, EtcdError::LeaseKeepAliveError(said) if said == "lease not found") {
        return Failed::NoLease;
    }
    let said = match error {
        EtcdError::GRpcStatus(status) => status.message(),
        EtcdError::WatchError(reason) => reason,
        _ => "",
    };
    if let Some((_, said)) = said.split_once(ETCD_SAYS) {
        return said_by_etcd(said);
    }
    if let Some(found) = causes(error).find_map(|error| error.downcast_ref::<io::Error>()) {
        return Failed::Fault(of_io(found, host, identity));
    }
    Failed::Fault(match error {
        // What a server says comes alone. What has a source came about on the way.
        EtcdError::GRpcStatus(status) if status.source().is_some() => StoreFault::Closed,
        EtcdError::WatchError(_) | EtcdError::LeaseKeepAliveError(_) => StoreFault::Closed,
        _ => StoreFault::Other { why: last_of(error) },
    })
}

/// What the first cause of an error says; what is around it says little.
pub(super) fn last_of(error: &EtcdError) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

fn causes(error: &EtcdError) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: &(dyn StdError + 'static) = match error {
        // The client of etcd does not name these as the source of its own.
        EtcdError::GRpcStatus(status) => status,
        EtcdError::TransportError(error) => error,
        other => other,
    };
    std::iter::successors(Some(first), |&error| error.source())
}

fn said_by_etcd(said: &str) -> Failed {
    let why = || said.to_owned();
    Failed::Fault(match said {
        "mvcc: required revision has been compacted" => return Failed::Compacted,
        "requested lease not found" => return Failed::NoLease,
        "mvcc: database space exceeded" => StoreFault::Full,
        "no leader" | "leader changed" | "not capable" => StoreFault::Undecided { why: why() },
        _ if said.starts_with("request timed out") => StoreFault::Undecided { why: why() },
        "permission denied"
        | "user name is empty"
        | "user name not found"
        | "invalid auth token"
        | "authentication failed, invalid user ID or password" => {
            StoreFault::Forbidden { why: why() }
        }
        _ => StoreFault::Other { why: why() },
    })
}

/// What an error of the connection comes to.
pub(super) fn of_io(error: &io::Error, host: &str, identity: bool) -> StoreFault {
    if let Some(found) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(found, host, identity);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => StoreFault::Refused,
        io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::UnexpectedEof => StoreFault::Closed,
        _ => StoreFault::Unreached { why: error.to_string() },
    }
}

fn of_tls(error: &rustls::Error, host: &str, identity: bool) -> StoreFault {
    use AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(why) => of_certificate(why, host),
        rustls::Error::InvalidMessage(_) => StoreFault::NoTls,
        rustls::Error::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::CertificateRequired
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate
            | Alert::UnknownCA
            | Alert::AccessDenied),
        ) => {
            if identity {
                StoreFault::CertificateRefused { why: format!("{alert:?}") }
            } else {
                StoreFault::CertificateWanted
            }
        }
        other => StoreFault::Tls { why: other.to_string() },
    }
}

fn of_certificate(why: &CertificateError, host: &str) -> StoreFault {
    match why {
        // Another authority of the same name is found by its name, and has not signed.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            StoreFault::UnknownAuthority
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => StoreFault::NotValidNow,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            StoreFault::OtherName { host: host.to_owned() }
        }
        other => StoreFault::BadCertificate { why: other.to_string() },
    }
}

pub(super) fn no_answer(limit: Duration) -> StoreFault {
    let milliseconds = limit.as_millis().try_into().unwrap_or(u64::MAX);
    StoreFault::NoAnswer { milliseconds }
}
