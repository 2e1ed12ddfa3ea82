//! What a client is told: where the store is, how to prove who we are, how long to wait.

use std::path::PathBuf;
use std::time::Duration;

use super::{Address, Error};

/// Below which all of a cluster stands, unless told otherwise.
pub const PREFIX: &str = "/glassnet/v1/";

#[derive(Clone, Debug)]
pub struct Options {
    pub address: Address,
    /// Ends with '/'.
    pub prefix: String,
    pub tls: Option<Tls>,
    pub timeouts: Timeouts,
}

/// Files in PEM form. They are read anew for each connection, so one that was renewed is used from
/// then on.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate of the authority that issued the server's.
    pub ca: PathBuf,
    /// Our own, where the server wants one.
    pub identity: Option<Identity>,
}

#[derive(Clone, Debug)]
pub struct Identity {
    pub cert: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// How long one member has to answer, connecting included.
    pub attempt: Duration,
    /// How long a call takes at most, however many members are tried.
    pub call: Duration,
    /// After how long a silence a watch asks the server whether it is still there. One that does
    /// not answer within `attempt` then is given up.
    pub beat: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(3),
            call: Duration::from_secs(10),
            beat: Duration::from_secs(2),
        }
    }
}

impl Options {
    /// With usual timeouts. Certificates ask for TLS whatever the address says.
    pub fn new(address: &str, prefix: &str, tls: Option<Tls>) -> Result<Self, Error> {
        let address: Address = address.parse()?;
        if address.tls && tls.is_none() {
            return Err(Error::NoAuthority);
        }
        let prefix = format!("{}/", prefix.trim_end_matches('/'));
        Ok(Self { address, prefix, tls, timeouts: Timeouts::default() })
    }
}
