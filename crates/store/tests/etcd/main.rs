//! The client of etcd against etcd itself, on loopback, with its data in a temporary directory.

mod asks;
mod claims;
mod follow;
mod members;
mod networks;
mod outage;
mod server;
mod tls;

use std::time::Duration;

use model::cluster::{
    Alive, Backend, Claim, Entry, Member, Network, NetworkName, NodeName, Pool, Spread,
};
use store::etcd::{Client, Loaded};

fn name(name: &str) -> NetworkName {
    name.parse().unwrap()
}

fn node(name: &str) -> NodeName {
    name.parse().unwrap()
}

fn network(called: &str, vni: u32, subnet: &str) -> Network {
    let pools = vec![Pool::with_first_gateway(subnet.parse().unwrap())];
    let spread = Some(Spread::new(Backend::Auto, vni, &pools));
    Network { spread, ..Network::new(name(called), pools) }
}

fn claim(network: &str, prefix: &str, by: &str) -> Claim {
    Claim { network: name(network), prefix: prefix.parse().unwrap(), node: node(by) }
}

fn alive(machine: &str) -> Alive {
    Alive { machine: machine.to_owned(), boot: "b".to_owned() }
}

fn member(called: &str, machine: &str) -> Member {
    Member {
        name: node(called),
        machine: machine.to_owned(),
        boot: "b".to_owned(),
        addresses: vec!["10.9.0.1".parse().unwrap()],
        mtu: 1500,
        networks: std::collections::BTreeMap::new(),
    }
}

/// All that stands there, all of it readable.
async fn load(client: &Client) -> Loaded {
    let loaded = client.load().await.unwrap();
    assert!(loaded.unreadable.is_empty(), "{:?}", loaded.unreadable);
    loaded
}

async fn entries(client: &Client) -> Vec<Entry> {
    load(client).await.entries
}

/// Runs a test, which hangs for a minute at most.
async fn bounded<T>(test: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, test).await.expect("the test ends within a minute")
}
