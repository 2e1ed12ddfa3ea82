//! Addresses: nobody has another's, and one that moves is found where it is.

use super::{own_addresses, what_leads_to_peers, within};
use crate::fleet::{Container, Fleet, Ground, blue};
use std::collections::BTreeMap;
use std::time::Duration;

/// Addresses that come back rest a minute before another node may have them.
const REST: Duration = Duration::from_secs(80);

const MOVING: &str = "10.1.200.5";

fn attach_moving(fleet: &Fleet, host: &str) -> Option<Container> {
    fleet.attach(host, "moving", &["--address", MOVING, "--address", "fd00:1::200:5"])
}

/// An address that is freed on one node and given on another (moby#52661): who talked to the old one
/// finds the new one at once, and nothing leads to the old place.
#[test]
fn an_address_that_moves_to_another_node_is_reached_there() {
    let fleet = Fleet::up("moves", 3, &Ground::Router, &blue("auto"));
    let client = fleet.attach("h3", "client", &[]).unwrap();
    for host in ["h1", "h2"] {
        fleet.until_by("h3", host, "vxlan");
    }
    let (mut owner, mut next) = ("h1", "h2");
    let first = attach_moving(&fleet, owner).unwrap();
    fleet.all_reach_all(&[client.clone(), first.clone()]);
    let mut there = first;
    // Once the owner gives it back, once the owner is gone for good.
    for gone in [false, true] {
        if gone {
            fleet.must(&["kill", &format!("@{owner}")]);
            fleet.until("the dead node is forgotten", || {
                fleet.lab.run("h3", &["glassnet", "node", "forget", owner]).status.success()
            });
        } else {
            assert!(attach_moving(&fleet, next).is_none(), "{next} was given what {owner} has");
            fleet.detach(&there);
        }
        let mut moved = None;
        within(&fleet, REST, "it is given again", || {
            moved = attach_moving(&fleet, next);
            moved.is_some()
        });
        there = moved.unwrap();
        assert!(super::pings_all(&fleet, &there, &client), "its first packets were lost");
        assert!(super::pings_all(&fleet, &client, &there), "h3 looks for it elsewhere");
        let leads = what_leads_to_peers(&fleet, "h3");
        let routes: Vec<_> = leads.lines().filter(|line| line.starts_with(MOVING)).collect();
        assert_eq!(routes.len(), 1, "{leads}");
        std::mem::swap(&mut owner, &mut next);
    }
    // The one that was forgotten comes back, and claims nothing of what is another's now.
    let back = next;
    fleet.must(&["start", &format!("@{back}")]);
    fleet.until("the node is back", || {
        fleet.peers("h3").get(back).is_some_and(|peer| peer["alive"] == true)
    });
    assert!(attach_moving(&fleet, back).is_none(), "{back} was given what {owner} has");
    let mut new = None;
    fleet.until("it gives addresses", || {
        new = fleet.attach(back, "new", &[]);
        new.is_some()
    });
    fleet.all_reach_all(&[client, there, new.unwrap()]);
    all_are_unique(&fleet);
}

/// Every address in the network with who has it: nodes on their bridges, containers on their links.
fn all_are_unique(fleet: &Fleet) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for host in &fleet.hosts {
        let mut found: Vec<(String, String)> = own_addresses(fleet, host)
            .into_iter()
            .map(|own| (own, format!("{host} itself")))
            .collect();
        assert_eq!(found.len(), 4, "{host}: own and proof address of each family: {found:?}");
        let inside = "for n in $(ip netns list | cut -d' ' -f1); do \
                      ip -n $n -o address show scope global | sed s/^/$n' '/; done";
        let said = super::shell(fleet, host, inside);
        for line in said.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            found.push((words[4].to_owned(), format!("{} on {host}", words[0])));
        }
        for (address, owner) in found {
            let address = address.split('/').next().unwrap().to_owned();
            if let Some(other) = owners.insert(address.clone(), owner.clone()) {
                panic!("{owner} and {other} both have {address}");
            }
        }
    }
}

/// calico#13858: a node's tunnel address was given to a container after a restart.
#[test]
fn no_container_is_given_an_address_of_a_node() {
    let fleet = Fleet::up("own", 2, &Ground::Switch, &blue("auto"));
    let mut count = 0;
    let mut attach = |fleet: &Fleet, host: &str, how_many: usize| {
        for _ in 0..how_many {
            count += 1;
            let name = format!("c{count}");
            fleet.until("a container is attached", || fleet.attach(host, &name, &[]).is_some());
        }
    };
    for host in ["h1", "h2"] {
        attach(&fleet, host, 3);
    }
    all_are_unique(&fleet);
    for again in [&["stop", "@h1", "node"][..], &["kill", "@h1"], &["kill", "@h2"]] {
        fleet.must(again);
        let start = [&["start"], &again[1..]].concat();
        fleet.must(&start);
        for host in ["h1", "h2"] {
            attach(&fleet, host, 3);
        }
        all_are_unique(&fleet);
    }
    // With the store away too, when only the node itself knows what is taken.
    fleet.must(&["stop", "@keeper", "etcd"]);
    fleet.must(&["kill", "@h1"]);
    fleet.must(&["start", "@h1"]);
    attach(&fleet, "h1", 5);
    all_are_unique(&fleet);
    // Nor by asking for one.
    for own in own_addresses(&fleet, "h1").iter().chain(&own_addresses(&fleet, "h2")) {
        let address = own.split('/').next().unwrap();
        assert!(
            fleet.attach("h1", "asks", &["--address", address]).is_none(),
            "{address} was given to a container"
        );
    }
}
