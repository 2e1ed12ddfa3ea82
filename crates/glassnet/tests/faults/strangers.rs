//! Two of one address (moby#33795), and addresses freed under those who have them (calico#5044).

use crate::host::{Host, in_a_private_host};
use crate::stage::{Place, addresses, attach, attach_place, cni, detach, shell};
use crate::until;
use serde_json::json;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn host() -> Host {
    let host = Host::new();
    host.recover();
    host.create_network().unwrap();
    host
}

/// Somebody plugs a device of theirs into our bridge, with addresses that the ledger holds for free.
#[test]
fn an_address_that_a_stranger_has_is_not_leased() {
    in_a_private_host(|| {
        let host = host();
        let _before = attach(&host, "before", &[]).unwrap();
        let stranger = Place::new("stranger");
        shell(&format!(
            "ip link add theirs type veth peer name eth0 netns {}; \
             ip link set theirs master gn-blue up",
            stranger.path()
        ));
        stranger.shell(
            "ip link set eth0 up; ip address add 10.9.0.3/24 dev eth0; ip address add 10.9.0.4/24 dev eth0; \
             ip address add fd09::5/64 dev eth0 nodad",
        );
        // What the daemon knows of ports it hears from the kernel, a moment later.
        until(Duration::from_secs(5), "the address is refused", || {
            match attach(&host, "asks", &["--address", "10.9.0.3"]) {
                Err(why) => {
                    assert!(why.contains("in use") && why.contains("theirs"), "{why}");
                    true
                }
                Ok(_) => {
                    detach(&host, "asks");
                    false
                }
            }
        });
        let places = ["a", "b", "c", "d"].map(|name| attach(&host, name, &[]).unwrap());
        for place in &places {
            let leased = addresses(&host, &place.name);
            for address in ["10.9.0.3", "10.9.0.4", "fd09::5"] {
                assert!(!leased.contains(&ip(address)), "{}: {leased:?}", place.name);
            }
        }
        assert_eq!(host.held().unwrap().len(), 5);
        // Nothing of a lease that was given up is left.
        let log = host.log();
        assert!(log.contains("10.9.0.3 is in use on network blue"), "{log}");
    });
}

fn collect(host: &Host, keep: &[&str]) {
    let valid: Vec<_> =
        keep.iter().map(|name| json!({ "containerID": name, "ifname": "eth0" })).collect();
    let valid = json!({ "cni.dev/valid-attachments": valid });
    cni(host, "GC", &Place::new("none"), &valid).unwrap();
}

/// A process that lives in the container, as a pod's does.
struct Inhabitant(std::process::Child);

impl Inhabitant {
    fn of(place: &Place) -> Self {
        let sleep = || Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        Self(place.within(sleep))
    }
}

impl Drop for Inhabitant {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The runtime says that it knows nobody. Whoever lives keeps what it has; who has no process goes.
#[test]
fn a_wrong_list_frees_nothing_that_lives() {
    in_a_private_host(|| {
        let host = host();
        let [alive, idle, named] = ["alive", "idle", "named"].map(Place::new);
        for place in [&alive, &idle, &named] {
            cni(&host, "ADD", place, &json!({})).unwrap();
        }
        let others = Place::new("others");
        attach_place(&host, &others, &[]).unwrap();
        let had = addresses(&host, "alive");
        let _process = Inhabitant::of(&alive);
        collect(&host, &["named"]);
        let names = || -> Vec<String> {
            let held = host.held().unwrap();
            held.iter().map(|row| row["container"].as_str().unwrap().to_owned()).collect()
        };
        until(Duration::from_secs(5), "what nobody lives in goes", || names().len() == 3);
        assert_eq!(names(), ["alive", "named", "others"]);
        let seen = alive.shell("ip -o address show dev eth0");
        for address in &had {
            assert!(seen.contains(&format!(" {address}/")), "{address} of {seen}");
        }
        assert!(idle.within(|| std::fs::read_to_string("/proc/net/dev")).is_ok());
        assert!(!idle.shell("ip -o link").contains("eth0"), "no address is free while it is there");
        // Nobody gets an address that is still somebody's.
        let new: Vec<Place> =
            (0..20).map(|n| attach(&host, &format!("new{n}"), &[]).unwrap()).collect();
        for place in &new {
            assert!(addresses(&host, &place.name).iter().all(|a| !had.contains(a)));
        }
    });
}
