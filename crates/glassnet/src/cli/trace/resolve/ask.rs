//! One question to name servers (RFC 1035), from within a namespace.

use super::servers::Configuration;
use kernel::NetNs;
use kernel::netns::inside;
use model::explain::{SystemFault, TraceText};
use model::net::Family;
use model::packet::Header as _;
use model::packet::dns::{self, Data, Dns};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

/// For one answer, and for all of them: whoever asks where a packet would go is not kept waiting as a
/// program would be.
const ONE: Duration = Duration::from_millis(1500);
const ALL: Duration = Duration::from_secs(5);
/// The response code for a name that is not there.
const NO_SUCH_NAME: u8 = 3;
const INTERNET: u16 = 1;

pub(super) struct Asker<'a> {
    namespace: &'a NetNs,
    servers: Vec<IpAddr>,
    /// Why the last of those that are asked no more is not.
    silent: Option<TraceText>,
    until: Instant,
}

impl<'a> Asker<'a> {
    pub(super) fn new(namespace: &'a NetNs, configuration: &Configuration) -> Self {
        let servers = configuration.servers.clone();
        Self { namespace, servers, silent: None, until: Instant::now() + ALL }
    }

    /// An address of the name, and who told. A server that does not answer is not asked again.
    pub(super) fn ask(
        &mut self,
        name: &str,
        family: Family,
    ) -> Result<(IpAddr, IpAddr), TraceText> {
        for server in self.servers.clone() {
            match self.of(server, name, family) {
                Ok(answer) => {
                    return address(&answer, family)
                        .map(|address| (address, server))
                        .ok_or_else(|| silence(&answer, server, family));
                }
                Err(error) => {
                    self.servers.retain(|other| *other != server);
                    self.silent = Some(match error.kind() {
                        io::ErrorKind::TimedOut => TraceText::ServerSilent { server },
                        _ => TraceText::ServerFailed { server, why: SystemFault::from(&error) },
                    });
                }
            }
        }
        Err(self.silent.clone().unwrap_or(TraceText::NoServers))
    }

    fn of(&self, server: IpAddr, name: &str, family: Family) -> io::Result<Dns> {
        let any: IpAddr = match server {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let open = || UdpSocket::bind(SocketAddr::new(any, 0));
        let socket = inside(self.namespace.as_fd(), open).map_err(io::Error::other)??;
        // From now on it hears the server alone.
        socket.connect((server, dns::PORT))?;
        let id = RandomState::new().build_hasher().finish() as u16;
        socket.send(&question(id, name, family))?;
        let until = self.until.min(Instant::now() + ONE);
        let mut buffer = [0; 4096];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            socket.set_read_timeout(Some(left))?;
            let length = match socket.recv(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                other => other?,
            };
            match Dns::parse(&buffer[..length]) {
                Ok((answer, _)) if answer.id == id && answer.is_response() => return Ok(answer),
                _ => {}
            }
        }
    }
}

fn question(id: u16, name: &str, family: Family) -> Vec<u8> {
    let kind = match family {
        Family::V4 => dns::kind::A,
        Family::V6 => dns::kind::AAAA,
    };
    let mut bytes = Vec::with_capacity(name.len() + 18);
    for half in [id, dns::flag::RECURSION_DESIRED, 1, 0, 0, 0] {
        bytes.extend(half.to_be_bytes());
    }
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend([kind, INTERNET].map(u16::to_be_bytes).concat());
    bytes
}

/// The first address that is answered. Whatever names led to it, the server has followed them.
fn address(answer: &Dns, family: Family) -> Option<IpAddr> {
    let answers = answer.records().into_iter().take(answer.counts[1].into());
    let mut addresses = answers.filter_map(|record| match (record.data, family) {
        (Data::V4(address), Family::V4) => Some(address.into()),
        (Data::V6(address), Family::V6) => Some(address.into()),
        _ => None,
    });
    addresses.next()
}

/// Why there is none.
fn silence(answer: &Dns, server: IpAddr, family: Family) -> TraceText {
    match answer.response_code() {
        0 => TraceText::NoneOfFamily { server, family },
        NO_SUCH_NAME => TraceText::NoSuchName { server },
        code => TraceText::ServerRefused { server, code },
    }
}
