//! What is in use on this host: the same that the daemon looks at before it creates a network.
//!
//! The kernel shows routes and addresses to every user. Of glassnet's networks the daemon is asked;
//! without it, that part is named as not looked at.

use crate::api::Api;
use crate::cli::error::Error;
use model::cluster::{Network, NetworkName};
use model::explain::{Language, Text};
use model::host::{Namespace, Unknown};
use model::net::{IpNet, LinkName};
use serde::Serialize;

#[derive(Default)]
pub(super) struct Here {
    pub(super) used: Vec<Used>,
    pub(super) unseen: Vec<Unseen>,
}

/// A prefix that somebody uses.
#[derive(Debug, PartialEq)]
pub(super) struct Used {
    pub(super) prefix: IpNet,
    pub(super) by: By,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum By {
    /// A route of the host; those that lead nowhere have no link.
    Route {
        link: Option<LinkName>,
    },
    /// An address that the host has.
    Address {
        link: LinkName,
    },
    Network {
        name: NetworkName,
    },
}

/// What could not be looked at.
pub(super) struct Unseen {
    pub(super) part: Part,
    pub(super) why: String,
}

pub(super) enum Part {
    Routes,
    Networks,
}

impl Here {
    pub(super) fn look(language: Language) -> Self {
        let mut here = Self::default();
        let mut unseen = |part, error: Error| {
            here.unseen.push(Unseen { part, why: error.message(language) });
        };
        match crate::daemon::observe_routes() {
            Ok(host) => here.used.extend(by_host(&host)),
            Err(error) => unseen(Part::Routes, Error::Kernel(error)),
        }
        match Api::here().networks() {
            Ok(networks) => here.used.extend(by_networks(networks)),
            Err(error) => unseen(Part::Networks, Error::Api(error)),
        }
        here
    }
}

/// A default route is no use of all there is; our networks' own routes are the networks' to tell.
pub(super) fn by_host(host: &Namespace<Unknown>) -> Vec<Used> {
    let routes = crate::daemon::foreign_routes(host);
    let mut used: Vec<Used> = routes
        .filter(|route| route.destination.prefix_len() > 0)
        .map(|route| {
            let link = route.nexthops.first().and_then(|hop| hop.link.clone());
            Used { prefix: route.destination, by: By::Route { link } }
        })
        .collect();
    // Mostly an address has a route of its own. A link that is down has addresses and no routes.
    for (prefix, link) in crate::daemon::foreign_addresses(host) {
        if !used.iter().any(|route| route.prefix == prefix) {
            used.push(Used { prefix, by: By::Address { link } });
        }
    }
    used
}

fn by_networks(networks: Vec<Network>) -> impl Iterator<Item = Used> {
    networks.into_iter().flat_map(|network| {
        let name = network.name;
        network
            .pools
            .into_iter()
            .map(move |pool| Used { prefix: pool.subnet, by: By::Network { name: name.clone() } })
    })
}

impl By {
    pub(super) fn say(&self, language: Language) -> String {
        match self {
            Self::Route { link: Some(link) } => Text::ByRoute { link }.say(language),
            Self::Route { link: None } => Text::ByRouteToNowhere.say(language),
            Self::Address { link } => Text::ByAddress { link }.say(language),
            Self::Network { name } => Text::ByNetwork { name }.say(language),
        }
    }
}

impl Part {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Routes => "routes",
            Self::Networks => "networks",
        }
    }

    pub(super) fn word(&self) -> Text<'static> {
        match self {
            Self::Routes => Text::PartRoutes,
            Self::Networks => Text::PartNetworks,
        }
    }
}
