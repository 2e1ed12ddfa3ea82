//! Waits until links are what they will be. A port of a bridge begins to forward when the kernel's
//! watch over links says that it is up (`net/core/link_watch.c`), which is a little later than it was
//! set up.

use super::{Built, Network};
use crate::error::{Error, Result};
use kernel::{Sockets, observe};
use model::host::{Link, Unknown};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn wait(network: &Network) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    for built in &network.spaces {
        let mut sockets = Sockets::open_in(built.as_fd())?;
        while !is_settled(&mut sockets)? {
            if Instant::now() > until {
                return Err(Error::NotReady(name(built)));
            }
            std::thread::sleep(Duration::from_millis(2));
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
