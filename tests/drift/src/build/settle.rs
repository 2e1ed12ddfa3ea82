//! Waits until links and addresses are what they will be. A port of a bridge begins to forward when the
//! kernel's watch over links says that it is up (`net/core/link_watch.c`), which is a little later than it
//! was set up; and an IPv6 address gets its route by a worker (`addrconf_dad_work`).

use super::{Built, Network};
use crate::error::{Error, Result};
use kernel::{Sockets, netns, observe};
use model::host::route::RouteKind;
use model::host::{Link, Unknown};
use model::path::Part;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(2);
const MOMENT: Duration = Duration::from_millis(2);

pub(super) fn wait(network: &Network) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    for built in &network.spaces {
        let mut sockets = Sockets::open_in(built.as_fd())?;
        while !(is_settled(&mut sockets)? && is_noticed(built, &mut sockets)?) {
            if Instant::now() > until {
                return Err(Error::NotReady(name(built)));
            }
            std::thread::sleep(MOMENT);
        }
        // An address may be one that gets none.
        let until = Instant::now() + PATIENCE / 4;
        while !has_routes(&mut sockets)? && Instant::now() < until {
            std::thread::sleep(MOMENT);
        }
    }
    Ok(())
}

fn name(built: &Built) -> String {
    format!("namespace {}", built.name)
}

fn is_settled(sockets: &mut Sockets) -> Result<bool> {
    let links = observe::links(sockets.route()?)?;
    let bridge_is_up = |link: &Link<Unknown>| {
        let master = link.master.as_ref().and_then(|master| links.get(master));
        master.is_some_and(|master| master.up)
    };
    // Disabled is what a port is until it is noticed; other states are set by hand.
    let is_late = |link: &Link<Unknown>| {
        let disabled = link.port.and_then(|port| port.state) == Some(0);
        link.up && link.carrier == Some(true) && disabled && bridge_is_up(link)
    };
    Ok(!links.iter().any(is_late))
}

/// Whether all links that have a carrier are said to run.
fn is_noticed(built: &Built, sockets: &mut Sockets) -> Result<bool> {
    let links = observe::links(sockets.route()?)?;
    let all = netns::within(built.as_fd(), getifaddrs)?
        .map_err(Error::system(format!("list the links of {}", built.name)))?;
    let running: BTreeSet<String> = all
        .filter(|one| one.flags.contains(InterfaceFlags::IFF_RUNNING))
        .map(|one| one.interface_name)
        .collect();
    let has_carrier = |link: &&Link<Unknown>| link.up && link.carrier == Some(true);
    Ok(links.iter().filter(has_carrier).all(|link| running.contains(link.name.as_str())))
}

/// Whether every IPv6 address of a link that is up is known as the host's own.
fn has_routes(sockets: &mut Sockets) -> Result<bool> {
    let links = observe::links(sockets.route()?)?;
    let addresses = observe::part(sockets, &links, &Part::Addresses)?.addresses;
    let routes = observe::part(sockets, &links, &Part::Routes)?.routes;
    let own: BTreeSet<IpAddr> = routes
        .iter()
        .filter(|route| route.kind == RouteKind::Local)
        .map(|route| route.destination.addr())
        .collect();
    let is_up = |link| links.get(link).is_some_and(|link| link.up);
    Ok(addresses.iter().all(|address| {
        let is = address.prefix.addr();
        is.is_ipv4() || address.tentative || !is_up(&address.link) || own.contains(&is)
    }))
}
