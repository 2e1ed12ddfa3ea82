//! `glassnet attach`: connects a network namespace, as an engine would through CNI.

use super::error::Error;
use super::netns::Netns;
use super::output::Output;
use super::publish::{self, Ports};
use super::{DONE, Outcome, ask, rate};
use crate::api::Api;
use crate::protocol::{AttachRequest, Attached, Request, Response};
use clap::Args;
use model::cluster::{AttachmentId, Bandwidth, ContainerId, NetworkName, Rate};
use model::explain::Text;
use model::net::{Family, LinkName, Mac};
use std::net::IpAddr;

/// Who has attached it, for the daemon's records.
const RUNTIME: &str = "cli";

/// Attach a network namespace to a network
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet attach blue
  glassnet attach 4711 --network web --name web-1 --publish 8080:80
  glassnet attach /run/netns/blue --address 10.88.0.9 --ingress 100mbit")]
pub(super) struct Attach {
    /// Network namespace: a name in /run/netns, a path, or the id of a process in it
    #[arg(value_name = "NETNS")]
    netns: Netns,

    /// Network to attach to; may be left out if there is one only
    #[arg(long, value_name = "NETWORK")]
    network: Option<NetworkName>,

    /// Container id to attach under; else it is made from NETNS
    #[arg(long, value_name = "ID")]
    name: Option<ContainerId>,

    /// Interface in the network namespace
    #[arg(long, value_name = "INTERFACE", default_value = "eth0")]
    interface: LinkName,

    /// Address to be given, at most one of each family
    #[arg(long = "address", value_name = "ADDRESS", alias = "ip")]
    addresses: Vec<IpAddr>,

    /// MAC address to be given
    #[arg(long, value_name = "MAC")]
    mac: Option<Mac>,

    /// Port to publish: [HOSTADDR:]HOSTPORT[-END]:PORT[-END][/tcp|udp]
    #[arg(long, short, value_name = "PORTS", value_parser = publish::parse)]
    publish: Vec<Ports>,

    /// Limit what the container receives, such as 100mbit
    #[arg(long, value_name = "RATE", value_parser = rate::parse)]
    ingress: Option<Rate>,

    /// Limit what the container sends
    #[arg(long, value_name = "RATE", value_parser = rate::parse)]
    egress: Option<Rate>,

    /// Set no default route through this network
    #[arg(long)]
    no_default_route: bool,
}

impl Attach {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let netns = self.netns.open()?;
        let network = match &self.network {
            Some(network) => network.clone(),
            None => only_network()?,
        };
        match ask::ask(&Request::Attach(self.request(network)?), Some(&netns))? {
            Response::Attached(attached) => told(&attached, out),
            other => Err(ask::unexpected(&other)),
        }
    }

    fn request(self, network: NetworkName) -> Result<AttachRequest, Error> {
        for family in Family::BOTH {
            let mut of_family = self.addresses.iter().filter(|a| Family::of(**a) == family);
            if let (Some(one), Some(two)) = (of_family.next(), of_family.next()) {
                return Err(Error::AddressTwice(*one, *two));
            }
        }
        let container = match self.name {
            Some(name) => name,
            None => self.netns.container()?,
        };
        Ok(AttachRequest {
            id: AttachmentId { container, interface: self.interface },
            network,
            runtime: RUNTIME.to_owned(),
            netns: self.netns.path().display().to_string(),
            addresses: self.addresses,
            mac: self.mac,
            publish: publish::join(&self.publish)?,
            bandwidth: Bandwidth { ingress: self.ingress, egress: self.egress },
            default_route: !self.no_default_route,
        })
    }
}

/// The network that is meant if none is named.
fn only_network() -> Result<NetworkName, Error> {
    let mut names: Vec<_> = Api::here().networks()?.into_iter().map(|n| n.name).collect();
    match names.len() {
        1 => Ok(names.remove(0)),
        _ => Err(Error::WhichNetwork(names)),
    }
}

fn told(attached: &Attached, out: &Output) -> Outcome {
    out.document(attached)?;
    let attachment = &attached.attachment;
    let addresses: Vec<String> = attachment.addresses.iter().map(IpAddr::to_string).collect();
    out.say(&Text::ContainerAttached {
        id: &attachment.id.to_string(),
        network: &attachment.network,
        addresses: &addresses.join(", "),
    })?;
    if !attachment.publish.is_empty() {
        out.say(&Text::PortsPublished { ports: &publish::show(&attachment.publish) })?;
    }
    for (limit, rate) in
        [(Text::Ingress, attachment.bandwidth.ingress), (Text::Egress, attachment.bandwidth.egress)]
    {
        if let Some(rate) = rate {
            let (limit, rate) = (out.word(limit), rate::show(rate));
            out.say(&Text::Limit { limit: &limit, rate: &rate })?;
        }
    }
    DONE
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        attach: Attach,
    }

    fn request(arguments: &[&str]) -> Result<AttachRequest, Error> {
        let line = Line::try_parse_from([&["attach"], arguments].concat()).unwrap();
        line.attach.request("blue".parse().unwrap())
    }

    #[test]
    fn what_is_typed_is_what_is_asked() {
        let asked = request(&[
            "4711",
            "--address",
            "10.88.0.9",
            "--ip",
            "fd00::9",
            "--mac",
            "02:00:5e:00:53:01",
            "-p",
            "80-81:80-81",
            "-p",
            "53:53/udp",
            "--egress",
            "1gbit",
            "--no-default-route",
        ]);
        let asked = asked.ok().unwrap();
        assert_eq!(asked.id.to_string(), "pid-4711/eth0");
        assert_eq!(asked.netns, "/proc/4711/ns/net");
        assert_eq!(asked.addresses.len(), 2);
        assert_eq!(publish::show(&asked.publish), "80-81:80-81/tcp, 53:53/udp");
        assert_eq!(asked.bandwidth.egress.map(rate::show).as_deref(), Some("1gbit"));
        assert_eq!(asked.bandwidth.ingress, None);
        assert!(!asked.default_route);
    }

    #[test]
    fn one_address_of_each_family() {
        let twice = request(&["blue", "--address", "10.0.0.1", "--address", "10.0.0.2"]);
        assert!(matches!(twice, Err(Error::AddressTwice(..))));
    }
}
