//! Where the store is: `etcd://HOST:PORT[,HOST:PORT…]`, or `etcds://` with TLS.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::Error;

/// The port that etcd listens on unless told otherwise.
const PORT: u16 = 2379;

/// The members of one store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// At least one, each once.
    pub endpoints: Vec<Endpoint>,
    /// Whether TLS was asked for by name. Certificates ask for it too.
    pub tls: bool,
}

/// One member of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    pub port: u16,
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::BadAddress { text: text.to_owned() };
        let (scheme, members) = text.split_once("://").ok_or_else(bad)?;
        let tls = match scheme {
            "etcd" => false,
            "etcds" => true,
            _ => return Err(bad()),
        };
        let mut endpoints = Vec::new();
        for member in members.split(',') {
            let endpoint = Endpoint::parse(member).ok_or_else(bad)?;
            if !endpoints.contains(&endpoint) {
                endpoints.push(endpoint);
            }
        }
        Ok(Self { endpoints, tls })
    }
}

impl Endpoint {
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host.parse::<Ipv6Addr>().ok()?.to_string(), port)
            }
            None => {
                let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                let named = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
                if host.is_empty() || !host.bytes().all(named) {
                    return None;
                }
                (host.to_owned(), port)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok().filter(|port| *port != 0)?,
            None if port.is_empty() => PORT,
            None => return None,
        };
        Some(Self { host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_as_people_write_them() {
        let read = |text: &str| {
            let Address { endpoints, tls } = text.parse().unwrap();
            (endpoints.iter().map(Endpoint::to_string).collect::<Vec<_>>(), tls)
        };
        assert_eq!(read("etcd://10.0.0.1:2379"), (vec!["10.0.0.1:2379".into()], false));
        assert_eq!(read("etcd://a"), (vec!["a:2379".into()], false));
        let several = vec!["a:1".into(), "[fd00::1]:2379".into(), "[::1]:7".into()];
        assert_eq!(read("etcds://a:1,[fd00::1],a:1,[::1]:7"), (several, true));
    }

    #[test]
    fn what_is_no_address_is_said_to_be_none() {
        for text in [
            "",
            "10.0.0.1:2379",
            "http://a",
            "etcd://",
            "etcd://a,",
            "etcd://:2379",
            "etcd://a:0",
            "etcd://a:x",
            "etcd://a:70000",
            "etcd://fd00::1",
            "etcd://[fd00::1",
            "etcd://[a]:1",
            "etcd://[::1]x",
            "etcd://a/b",
            "etcd://u@a",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error, Error::BadAddress { text: text.to_owned() });
        }
    }
}
