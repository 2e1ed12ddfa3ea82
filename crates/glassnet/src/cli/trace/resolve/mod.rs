//! A host name as a container would understand it: by its own `/etc/hosts`, else by the servers that its
//! own `/etc/resolv.conf` names, asked from within its network (`nsswitch.conf` saying "files dns", as it
//! nearly always does; `hosts(5)`, `resolv.conf(5)`).

mod ask;
mod files;
mod hosts;
mod servers;

use crate::machine::Machine;
use ask::Asker;
use files::Files;
use kernel::NetNs;
use model::explain::TraceText;
use model::host::NamespaceId;
use model::net::Family;
use servers::Configuration;
use std::net::IpAddr;

/// Who told.
pub(super) enum By {
    HostsFile,
    Server {
        /// As it was completed by a search domain.
        name: String,
        server: IpAddr,
    },
}

/// Bytes of a name, and of one of its parts (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The address of a name, for who is in the namespace; IPv4 first.
pub(super) fn resolve(
    machine: &Machine,
    id: &NamespaceId,
    namespace: &NetNs,
    name: &str,
    family: Option<Family>,
) -> Result<(IpAddr, By), TraceText> {
    if !is_host_name(name) {
        return Err(TraceText::NotAName);
    }
    let files = Files::of(machine, id);
    let families: Vec<Family> = family.map_or_else(|| Family::BOTH.to_vec(), |one| vec![one]);
    let listed = hosts::addresses(&files.read("etc/hosts"), name);
    for family in &families {
        if let Some(address) = listed.iter().find(|address| Family::of(**address) == *family) {
            return Ok((*address, By::HostsFile));
        }
    }
    let configuration = Configuration::parse(&files.read("etc/resolv.conf"));
    let mut asker = Asker::new(namespace, &configuration);
    let mut why = TraceText::NoServers;
    for name in configuration.names(name) {
        for family in &families {
            match asker.ask(&name, *family) {
                Ok((address, server)) => return Ok((address, By::Server { name, server })),
                Err(no) => why = no,
            }
        }
    }
    Err(why)
}

fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.len() <= LONGEST_LABEL && label.bytes().all(plain)
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= LONGEST_NAME && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_name_is() {
        for name in ["db", "db.default.svc.cluster.local", "a_b-1.", "xn--bcher-kva.example"] {
            assert!(is_host_name(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", ".", "a..b", "a b", "pod:web", "a/b", &long] {
            assert!(!is_host_name(name), "{name}");
        }
    }
}
